"""What lint warns of, because an author may not have meant it: words and remedies, as data."""

from __future__ import annotations

WARNINGS: dict[str, tuple[str, str, str, str]] = {
    "cap_never_binds": (
        "上限 {most} 永远用不到",
        "the cap {most} can never bind",
        "删去，或改小",
        "drop it, or make it smaller",
    ),
    "window_over_new_year": (
        "从 {since} 到次年 {before}：只有在这两日之间开始的年度才有这些日子，自然年度里一天也没有",
        "from {since} to {before} of the next year: only a year that begins between the two has such days",
        "年度自 1 月 1 日起的，改正两端，或分成两个指标",
        "where years begin on 1 January correct its ends, or take two measures",
    ),
    "formalism": (
        "以“{kind}”作为考核指标，属于形式主义",
        "“{kind}” as a measure is formalism",
        "改为衡量实际服务",
        "measure the service itself",
    ),
    "forced_trace": (
        "以“{kind}”为计分或通过的条件，等于强制拍照或留痕",
        "“{kind}” as a condition forces photos or tracks on people",
        "改用到场确认，照片和轨迹只能自愿",
        "take the presence that was confirmed; photos and tracks are voluntary",
    ),
    "no_such_column": (
        "分录没有“{column}”这一列：该项始终未知",
        "entries have no column “{column}”: it stays unknown",
        "改用分录有的列，或改由记实事项（facts）记录",
        "take a column that entries have, or have it recorded as a fact",
    ),
    "once_for_all_spans": (
        "同一个 {column} 只在第一次出现的时段计数，以后各时段不再计",
        "each {column} counts in the first span alone where it occurs",
        "各时段分别计的，另写 distinctPer",
        "name the span in distinctPer where each one counts anew",
    ),
    "mixed_units": (
        "没有写明一种单位（unit）：分钟、金额和积分会相加",
        "minutes, money and points are added up",
        "在 where 中写明 unit，如 volunteer_minutes",
        "name the unit in where, such as volunteer_minutes",
    ),
    "spendable": (
        "以可兑换积分计分：兑换了的人会因此落后",
        "it counts what can be spent: who redeems falls behind",
        "改用服务时长，或用 kind、nature 只取获得的积分",
        "take the hours, or what was earned, by kind or nature",
    ),
    "rivals": (
        "按名次或与最高者相比计分：小组里一人之差影响很大，年底容易突击攀比",
        "points by rank or against the best: in small groups one person decides, and the end of a year sees a rush",
        "改用固定门槛或档次",
        "take fixed thresholds or steps",
    ),
    "small_groups_unknown": (
        "不足五人的组不公布比较结果，该数对其成员始终未知",
        "of groups of fewer than five people nothing is compared: for them the number stays unknown",
        "写 underFive: cycle，以全周期代替",
        "say underFive: cycle, so that the whole cycle stands for them",
    ),
    "fewer_seats_of_more": (
        "{more} 人以上的名额少于 {fewer} 人以上的名额",
        "a group of {more} has fewer seats than one of {fewer}",
        "检查 bySize 各档",
        "check the steps of bySize",
    ),
    "idle_cadence": (
        "每个时段的合计都不会低于 {least}，频次总能达到",
        "no span comes to less than {least}: the cadence is always reached",
        "写一个大于 0 的 atLeast",
        "take an atLeast over 0",
    ),
    "idle_until": (
        "每个时段都不长于 {days} 天，截止日不起作用",
        "no span is longer than {days} days: the last day does nothing",
        "缩短天数，或删去 until",
        "take fewer days, or drop until",
    ),
    "idle_quota": (
        "名额为全部人数，不起作用",
        "a quota of everybody does nothing",
        "写明 atMost、most 或 allBut",
        "say atMost, most or allBut",
    ),
    "group_of_one": (
        "{subject} 不按 {within} 分组，名额无从计算",
        "subjects of the kind {subject} stand in no {within}: the share has no group",
        "把 within 改为 cycle，或删去",
        "name the cycle, or drop within",
    ),
    "rubric_not_read": (
        "没有任何指标读取 {party} 的评议表",
        "no measure reads the rubric of {party}",
        "增加读取该方评议的指标，或删去评议表",
        "add a measure that reads it, or drop the rubric",
    ),
    "voice_not_asked": (
        "指标读取“{kind}”的评议，但没有评议表向任何一方征求：该项始终未知",
        "it reads voices of “{kind}”, and no rubric asks anybody for them: they stay unknown",
        "增加相应的评议表或评议项",
        "add a rubric or a criterion of that name",
    ),
    "long_stretch": (
        "连续 {days} 天超过时间窗的 {most} 天",
        "a stretch of {days} days is longer than the {most} days of the window",
        "缩短天数，或放宽时间窗",
        "take fewer days, or a longer window",
    ),
    "year_end_volume": (
        "只看年底的数量，会鼓励突击凑数",
        "counting only the last weeks of a year rewards a rush",
        "按季度或全年计算",
        "count by quarter, or the whole year",
    ),
    "departmental_veto": (
        "部门对社区设置一票否决",
        "a department decides over a community by a gate",
        "社区只由街道考核",
        "only the street assesses a community",
    ),
    "idle_gate": (
        "以最高等次为限，不起作用",
        "a ceiling at the best grade does nothing",
        "改为较低的等次",
        "name a lower grade",
    ),
    "gate_always_holds": (
        "条件对谁都成立：这条门槛对所有人起作用",
        "it holds whatever the numbers are, so the gate bears on everybody",
        "检查界限（如 atLeast: 0）；确要人人适用的，直接改等次或得分",
        "check its bounds (such as atLeast: 0); what is meant for everybody belongs into grades or points",
    ),
    "weights": (
        "权重之和为 {total}，不是 1",
        "the weights come to {total}, not 1",
        "检查权重",
        "check them",
    ),
    "unused": (
        "{name} 没有参与任何结果",
        "{name} takes part in no result",
        "删去，或计入总分",
        "drop it, or let it count",
    ),
}
"""By code: what is wrong in zh and en, then the remedy in zh and en; facts stand in braces."""
