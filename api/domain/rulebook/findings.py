"""What lint can find: each code with its severity, its words and its remedy in both languages, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]

# Each code has its severity, what is wrong in zh and en, then the remedy in zh and en; facts stand in braces.
_TEXTS: dict[str, tuple[Severity, str, str, str, str]] = {
    "undefined": (
        "error",
        "{name} 在此处之前没有定义",
        "{name} is not defined before this place",
        "先定义再引用，或改正名称",
        "define it first, or correct the name",
    ),
    "defined_twice": ("error", "{name} 重复定义", "{name} is defined twice", "换一个名称", "choose another name"),
    "no_final": (
        "error",
        "有等次区间，但没有指定 final",
        "there is a band but no final number",
        "用 final 指明按哪个分数定等次",
        "name the number in final",
    ),
    "empty_band": (
        "error",
        "区间的下限高于上限",
        "the band ends before it begins",
        "对调或改正两端",
        "correct its ends",
    ),
    "unreachable_grade": (
        "error",
        "该等次谁也得不到",
        "nobody can come to this grade",
        "调整区间、次序或分值上限",
        "move the band, the order or the caps",
    ),
    "overlap": (
        "error",
        "与“{other}”的区间在{place_zh}重叠",
        "it overlaps the band of “{other}” at {place_en}",
        "让其中一端不含该值",
        "make one of the two ends exclusive",
    ),
    "gap": (
        "error",
        "从{from_zh}到{to_zh}的得分没有等次",
        "scores from {from_en} to {to_en} have no grade",
        "让区间相接，或设一个不带区间的兜底等次",
        "let the bands meet, or add a last grade without a band",
    ),
    "impossible_threshold": (
        "error",
        "{name} 只能在 {low} 到 {high} 之间，这个条件永远不会成立",
        "{name} lies between {low} and {high}: this can never hold",
        "调整门槛，或放宽上限",
        "change the threshold, or the caps below it",
    ),
    "minimum_over_cap": (
        "error",
        "{name} 最多只能到 {high}，低于门槛 {limit}：谁也达不到",
        "{name} reaches at most {high}, under the threshold {limit}: nobody can meet it",
        "降低门槛，或放宽上限",
        "lower the threshold, or raise the cap",
    ),
    "contradictory_caps": (
        "error",
        "{narrow} 的上限 {narrow_most} 与 {wide} 的上限 {wide_most} 矛盾",
        "the cap of {narrow} ({narrow_most}) contradicts the cap of {wide} ({wide_most})",
        "短范围的上限不应大于长范围的上限，同一范围只写一个上限",
        "a narrow span's cap must not be over a wider one's, and a span has one cap",
    ),
    "cap_never_binds": (
        "warning",
        "上限 {most} 永远用不到",
        "the cap {most} can never bind",
        "删去，或改小",
        "drop it, or make it smaller",
    ),
    "formalism": (
        "warning",
        "以“{kind}”作为考核指标，属于形式主义",
        "“{kind}” as a measure is formalism",
        "改为衡量实际服务",
        "measure the service itself",
    ),
    "forced_trace": (
        "warning",
        "以“{kind}”为计分或通过的条件，等于强制拍照或留痕",
        "“{kind}” as a condition forces photos or tracks on people",
        "改用到场确认，照片和轨迹只能自愿",
        "take the presence that was confirmed; photos and tracks are voluntary",
    ),
    "no_such_column": (
        "warning",
        "分录没有“{column}”这一列：该项始终未知",
        "entries have no column “{column}”: it stays unknown",
        "改用分录有的列，或改由记实事项（facts）记录",
        "take a column that entries have, or have it recorded as a fact",
    ),
    "mixed_units": (
        "warning",
        "没有写明一种单位（unit）：分钟、金额和积分会相加",
        "minutes, money and points are added up",
        "在 where 中写明 unit，如 volunteer_minutes",
        "name the unit in where, such as volunteer_minutes",
    ),
    "spendable": (
        "warning",
        "以可兑换积分计分：兑换了的人会因此落后",
        "it counts what can be spent: who redeems falls behind",
        "改用服务时长，或用 kind、nature 只取获得的积分",
        "take the hours, or what was earned, by kind or nature",
    ),
    "impossible_cadence": (
        "error",
        "每个 {each} 须达到 {least}，但上限使其最多只有 {most}",
        "each {each} has to reach {least}, and the caps leave it {most} at most",
        "降低每段的要求，或放宽上限",
        "ask less of each span, or raise the cap",
    ),
    "impossible_streak": (
        "error",
        "连续 {length} 段，但周期内最多只有 {spans} 段",
        "{length} spans in a row, and the period has {spans} at most",
        "缩短连续段数，或改用更短的时段",
        "ask for fewer, or count shorter spans",
    ),
    "floor_over_cap": (
        "error",
        "保底 {floor} 高于封顶 {cap}",
        "the floor {floor} is over the cap {cap}",
        "对调或改正两者",
        "correct them",
    ),
    "empty_window": (
        "error",
        "时间窗从 {since} 到 {before} 没有一天",
        "the window from {since} to {before} has no day",
        "改正两端；截止日不含在内",
        "correct its ends; the end is exclusive",
    ),
    "raised_by_quota": (
        "error",
        "名额用完后给的等次不低于原等次",
        "who gets no seat would get no lower grade",
        "在 instead 中写更低的等次",
        "name a lower grade in instead",
    ),
    "contradictory_seats": (
        "error",
        "至少 {fewest} 个名额与至多 {most} 个名额矛盾",
        "at least {fewest} seats contradicts at most {most}",
        "改正其一",
        "correct one of them",
    ),
    "figure_of_figure": (
        "error",
        "{name} 本身取决于全组情况，不能再在组内比较",
        "{name} itself depends on the group: it cannot be compared in it again",
        "改用由本人记录算出的数",
        "take a number that one's own record gives",
    ),
    "compared_spendable": (
        "error",
        "{name} 统计可消费的积分或资金，不得据此比较或排名",
        "{name} counts points or money that can be spent: nobody is compared by those",
        "在 where 中写明 unit（如 volunteer_minutes）",
        "name another unit in where, such as volunteer_minutes",
    ),
    "rivals": (
        "warning",
        "按名次或与最高者相比计分：小组里一人之差影响很大，年底容易突击攀比",
        "points by rank or against the best: in small groups one person decides, and the end of a year sees a rush",
        "改用固定门槛或档次",
        "take fixed thresholds or steps",
    ),
    "small_groups_unknown": (
        "warning",
        "不足五人的组不公布比较结果，该数对其成员始终未知",
        "of groups of fewer than five people nothing is compared: for them the number stays unknown",
        "写 underFive: cycle，以全周期代替",
        "say underFive: cycle, so that the whole cycle stands for them",
    ),
    "share_without_grade": (
        "error",
        "全周期的名额没有可依据的等次：考核机关不在本周期内评定等次",
        "a quota of the whole cycle has no grade to go by: its authority is not judged in it",
        "在 within 中写 unit、branch 或 community，或改用 source: facts",
        "name a unit, branch or community in within, or take facts",
    ),
    "fewer_seats_of_more": (
        "warning",
        "{more} 人以上的名额少于 {fewer} 人以上的名额",
        "a group of {more} has fewer seats than one of {fewer}",
        "检查 bySize 各档",
        "check the steps of bySize",
    ),
    "idle_quota": (
        "warning",
        "名额为全部人数，不起作用",
        "a quota of everybody does nothing",
        "写明 atMost、most 或 allBut",
        "say atMost, most or allBut",
    ),
    "group_of_one": (
        "warning",
        "{subject} 不按 {within} 分组，名额无从计算",
        "subjects of the kind {subject} stand in no {within}: the share has no group",
        "把 within 改为 cycle，或删去",
        "name the cycle, or drop within",
    ),
    "rubric_not_read": (
        "warning",
        "没有任何指标读取 {party} 的评议表",
        "no measure reads the rubric of {party}",
        "增加读取该方评议的指标，或删去评议表",
        "add a measure that reads it, or drop the rubric",
    ),
    "voice_not_asked": (
        "warning",
        "指标读取“{kind}”的评议，但没有评议表向任何一方征求：该项始终未知",
        "it reads voices of “{kind}”, and no rubric asks anybody for them: they stay unknown",
        "增加相应的评议表或评议项",
        "add a rubric or a criterion of that name",
    ),
    "long_stretch": (
        "warning",
        "连续 {days} 天超过时间窗的 {most} 天",
        "a stretch of {days} days is longer than the {most} days of the window",
        "缩短天数，或放宽时间窗",
        "take fewer days, or a longer window",
    ),
    "year_end_volume": (
        "warning",
        "只看年底的数量，会鼓励突击凑数",
        "counting only the last weeks of a year rewards a rush",
        "按季度或全年计算",
        "count by quarter, or the whole year",
    ),
    "departmental_veto": (
        "warning",
        "部门对社区设置一票否决",
        "a department decides over a community by a gate",
        "社区只由街道考核",
        "only the street assesses a community",
    ),
    "idle_gate": (
        "warning",
        "以最高等次为限，不起作用",
        "a ceiling at the best grade does nothing",
        "改为较低的等次",
        "name a lower grade",
    ),
    "weights": (
        "warning",
        "权重之和为 {total}，不是 1",
        "the weights come to {total}, not 1",
        "检查权重",
        "check them",
    ),
    "unused": (
        "warning",
        "{name} 没有参与任何结果",
        "{name} takes part in no result",
        "删去，或计入总分",
        "drop it, or let it count",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One finding; an `error` keeps a rulebook from being activated, a `warning` asks its author to think."""

    severity: Severity
    code: str
    pointer: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str

    def as_row(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "severity": self.severity,
            "code": self.code,
            "pointer": self.pointer,
            "detail": {"zh": self.zh, "en": self.en},
            "remedy": {"zh": self.remedy_zh, "en": self.remedy_en},
        }


def finding(code: str, pointer: str, **facts: object) -> Finding:
    """Return the finding of this code at this place, its words filled in with facts."""
    severity, zh, en, remedy_zh, remedy_en = _TEXTS[code]
    return Finding(severity, code, pointer, zh.format(**facts), en.format(**facts), remedy_zh, remedy_en)
