"""The plain words in which a judgement explains itself, in Chinese and English."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

SOURCES = {
    "entries": ("记实分录", "entry"),
    "facts": ("记实事项", "fact"),
    "reviews": ("评议", "review"),
    "members": ("成员", "member"),
    "affiliations": ("隶属关系", "affiliation"),
    "grades": ("往期结果", "earlier result"),
    "bars": ("停止资格", "bar"),
    "presence": ("豁免", "exemption"),
    "denominators": ("人数", "head-count"),
}

OPERATIONS = {
    "constant": ("固定分值", "a fixed number"),
    "rate": ("按比例换算", "at the rule's rate"),
    "deduct": ("从满分扣减", "deducted from the full score"),
    "award": ("满足条件计分", "for meeting the condition"),
    "lookup": ("按档次取分", "by the step that is reached"),
    "sum": ("相加（减）", "added (and taken away)"),
    "weighted": ("加权合计", "added by weight"),
    "product": ("相乘", "multiplied"),
    "ratio": ("前者除以后者", "the first over the second"),
    "best": ("取最高（或最低）的几项相加", "the highest (or lowest) of them added"),
    "tally": ("满足的条件数", "how many conditions hold"),
    "cases": ("按适用情形取值", "by the case that applies"),
    "group_best": ("所在范围内最高", "the highest of the group"),
    "group_least": ("所在范围内最低", "the lowest of the group"),
    "group_mean": ("所在范围内平均", "the mean of the group"),
    "group_median": ("所在范围内中位数", "the median of the group"),
    "group_sum": ("所在范围内合计", "the sum of the group"),
    "group_size": ("所在范围内人数", "how many are in the group"),
    "group_rank": ("所在范围内名次", "the rank in the group"),
    "group_ahead": ("所在范围内领先者的占比", "the share of the group that is ahead"),
    "group_behind": ("所在范围内落后者的占比", "the share of the group that is behind"),
}

SPANS = {
    "event": ("每次活动", "an activity"),
    "day": ("每日", "a day"),
    "week": ("每周", "a week"),
    "ten_days": ("每旬", "ten days of a month"),
    "two_weeks": ("每两周", "two weeks"),
    "half_month": ("每半月", "half a month"),
    "month": ("每月", "a month"),
    "two_months": ("每两个月", "two months"),
    "quarter": ("每季度", "a quarter"),
    "half_year": ("每半年", "a half-year"),
    "year": ("每年", "a year"),
    "period": ("本周期", "the period"),
}

REASONS = {
    "cap": ("超过{}上限", "over the cap of {}"),
    "cap_days": ("超过任意连续{}天的上限", "over the cap of any {} days"),
    "cap_months": ("超过任意连续{}个月的上限", "over the cap of any {} months"),
    "under_minimum": ("{}未达最低数", "under the minimum of {}"),
    "same": ("重复，只计一次（{}）", "counted once for {}"),
    "factor": ("按系数计（{}）", "multiplied by a factor ({})"),
    "voided": ("因查实的情况不计", "void because of a finding"),
    "rounded": ("取整", "rounded"),
    "lower": ("{}只取较高者", "only the higher ones of {} count"),
    "higher": ("{}只取较低者", "only the lower ones of {} count"),
    "later": ("{}只取最早的", "only the first ones of {} count"),
    "earlier": ("{}只取最近的", "only the last ones of {} count"),
    "outside": ("不在所要求的期间", "outside of the days asked for"),
    "overdue": ("过了时段内的截止日，不计", "after the last day of its span"),
    "step": ("按{}合计的档次计分", "points by what {} comes to"),
    "trimmed": ("去掉的最高分或最低分", "among the highest or lowest that are left out"),
    "barred": ("停止资格期间，不计", "barred on that day"),
    "late": ("未按期答复", "not answered in time"),
    "awaited": ("答复期限未到", "may still be answered"),
    "waits": ("等待{}确认", "waits for approval by {}"),
}

STATES = {
    "fulfilled": ("达到", "fulfilled"),
    "missed": ("未达到", "missed"),
    "exempt": ("豁免", "exempt"),
    "cut": ("不满一个时段，不作要求", "not a whole span, not required"),
    "open": ("尚未结束", "not over yet"),
    "counted": ("计入", "counted"),
    "barred": ("停止资格中", "barred"),
    "over": ("已恢复", "over"),
    "left_out": ("未选取", "not chosen"),
}

EFFECTS = {
    "cannot_be_better_than": ("不得评为高于“{}”的等次", "no grade better than “{}”"),
    "becomes": ("等次为“{}”", "the grade is “{}”"),
    "out_of_assessment": ("不参加评定", "out of the assessment"),
    "exempt": ("免于考核", "exempt"),
}

OUTCOMES = {
    "graded": ("等次：{}", "Grade: {}"),
    "ungraded": ("本规则不评定等次", "No grade is given"),
    "exempt": ("免于考核", "Exempt from assessment"),
    "out_of_assessment": ("不参加评定", "Out of the assessment"),
    "unknown": ("尚不能评定：资料不全，可能的结果为 {}", "Cannot be decided yet; possible: {}"),
}

SENTENCES = {
    "number": ("{label}：{value}", "{label}: {value}"),
    "computed": ("{label}：{value}（{how}：{inputs}）", "{label}: {value} ({how}: {inputs})"),
    "given": ("{label}：{value}（{how}）", "{label}: {value} ({how})"),
    "before": ("　取整、封顶或保底前为 {before}", "  before rounding, floor and cap: {before}"),
    "input": (
        "　{source} {key}：记录 {recorded}，计入 {counted}",
        "  {source} {key}: recorded {recorded}, counted {counted}",
    ),
    "span": ("　{span}：{sum}，{state}", "  {span}: {sum}, {state}"),
    "scored_span": ("　{span}：{sum}，得 {value}，{state}", "  {span}: {sum}, scores {value}, {state}"),
    "streak": (
        "　连续达到要求的段数 {streaks}，最长 {longest}",
        "  runs long enough {streaks}, the longest {longest}",
    ),
    "fact": ("　依据事项 {key}", "  on the ground of fact {key}"),
    "unknown": ("　未知：{what}", "  not known: {what}"),
    "gate": ("{label}：{effect}", "{label}: {effect}"),
    "gate_unknown": ("{label}：资料不全，尚不能判断", "{label}: cannot be told yet"),
    "pending": ("{span} 合计 {sum}，等待{level}确认后计入", "{span}: {sum} in all, counts after approval by {level}"),
}

LACKS = {
    "exemptions": ("豁免", "exemptions"),
    "restDays": ("休息日历", "the calendar of days of rest"),
    "quorum": ("只有 {} 票，法定 {} 票", "{} of the {} voices that are needed"),
    "none": ("没有{}", "there is no {}"),
}
"""What a number lacks, beside the sources by their names."""

UNKNOWN = ("未知", "unknown")
COMMA = ("，", ", ")
SEMICOLON = ("；", "; ")


def pick(pair: tuple[str, str], language: Language) -> str:
    """Return the Chinese or the English of a pair."""
    return pair[0] if language == "zh" else pair[1]


def reason(code: str, language: Language) -> str:
    """Return the words for why an input counts another number than was recorded, such as cap:event."""
    kind, _, about = code.partition(":")
    span = pick(SPANS[about], language) if about in SPANS else about
    return pick(REASONS[kind], language).format(span)
