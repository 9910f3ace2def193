"""What does not fit in a part of a rulebook, said in both languages; nothing but the part itself is looked at."""

from __future__ import annotations

_TEXTS: dict[str, tuple[str, str]] = {
    "nothing_compared": (
        "比较须写 atLeast、moreThan、atMost 或 lessThan 之一",
        "a comparison needs atLeast, moreThan, atMost or lessThan",
    ),
    "members_have_no_days": (
        "成员结果针对整个周期：不能设时间窗，也不能按时段，只能逐人",
        "members are judgements of a whole period: no window and no span but each by itself",
    ),
    "affiliations_last": (
        "隶属关系是持续的：可设时间窗，不能设上限、频次、最低数、档次、审批，也不能并入其他来源",
        "affiliations last: they have a window, but no caps, cadence, minimum, steps, approval or further sources",
    ),
    "months_of_affiliations": (
        "只有隶属关系可以按月数计",
        "only affiliations last for months",
    ),
    "numbers_of_members": (
        "只有成员和往期结果有各自的分数",
        "only members and earlier results have numbers of their own",
    ),
    "cadence_or_series": (
        "频次、逐段计分、连续天数、限期与按期答复按各时段合计计算，且只能用其中一个",
        "a cadence, series, rolling, deadline or answers takes days by their sum, and only one of them stands",
    ),
    "no_first_day": (
        "按时段计算须有起始日：请用 yearsBack，不用 lifetime；限期自隶属关系之日起算，不再设时间窗",
        "spans need a first day: take yearsBack instead of lifetime; a deadline has no window",
    ),
    "begins_once": (
        "时间窗的起点只能写一种：since、yearsBack、lifetime、lastDays 或 lastMonths",
        "a window begins in one way: since, yearsBack, lifetime, lastDays or lastMonths",
    ),
    "streak_without_cadence": (
        "连续计数须与频次一起使用",
        "a streak counts the spans of a cadence",
    ),
    "best_or_drop": (
        "best 与 drop 都是取舍时段，只能用一个",
        "best and drop both choose among spans: only one of them stands",
    ),
    "until_one_day": (
        "until 须写 days 或 dayOfLastMonth 之一",
        "until is either days or dayOfLastMonth",
    ),
    "until_of_spans": (
        "逐次活动和逐日没有截止日；末月截止日只用于月份及更长的时段",
        "single events and days have no last day; dayOfLastMonth is of months and what consists of them",
    ),
    "trim_of_average": (
        "只有平均值可以去掉最高分和最低分",
        "only an average leaves out the highest and the lowest",
    ),
    "per_without_distinct": (
        "distinctPer 说明在什么时段内只计一次，须与 distinct 一起写",
        "distinctPer says in which span distinct counts once: it needs distinct",
    ),
    "during_something": (
        "during 须写 affiliations、notExempt 或 since 之一",
        "during names affiliations, notExempt or since",
    ),
    "keep_or_distinct": (
        "keep 与 distinct 都是取舍记录，只能用一个",
        "keep and distinct both choose among rows: only one of them stands",
    ),
    "same_criterion": (
        "两个评议项或同一项的两个档次编号相同",
        "two criteria, or two levels of one, have the same id",
    ),
    "criterion_like_party": (
        "评议项的编号不能与评议方相同",
        "a criterion cannot have the name of a party",
    ),
    "party_twice": (
        "每一评议方只能有一张评议表",
        "one party has one rubric",
    ),
    "same_step": (
        "有两档的起点相同",
        "two steps begin at the same number",
    ),
    "grade_of_gate": (
        "becomes 和 cannot_be_better_than 须写等次，exempt 和 out_of_assessment 不写等次",
        "becomes and cannot_be_better_than name a grade; exempt and out_of_assessment do not",
    ),
    "both_ends": (
        "区间的同一端只能写含或不含其一",
        "an end of a band is either inclusive or exclusive",
    ),
    "seats_or_share": (
        "每一档须写 seats 或 atMost 之一",
        "each step has either seats or atMost",
    ),
    "one_share": (
        "写了 bySize 就不再写 atMost",
        "bySize stands in the place of atMost",
    ),
    "facts_of_share": (
        "按记实事项定比例须在 where 中写 kind；按本周期等次定比例不写 kind 和 yearsBack",
        "a share by facts names their kind in where; one by assessments has neither kind nor yearsBack",
    ),
    "days_or_months": (
        "时长须写 days 或 months 之一",
        "a length is either days or months",
    ),
    "cap_of_one": (
        "上限须写 per、days 或 months 之一",
        "a cap is of a span (per), or of any so many days or months",
    ),
    "days_or_working_days": (
        "期限须写 days 或 workingDays 之一",
        "a time is either days or workingDays",
    ),
    "rows_that_are_answered": (
        "只有记实分录和记实事项可以要求答复",
        "only entries and facts are answered in time",
    ),
    "released_by_one": (
        "ends 说明 lasts 与 until 以先到还是后到为准，须两者都写",
        "ends says which of lasts and until counts: it needs both",
    ),
    "lowest_of_places": (
        "只有名次和占比可以从低到高排",
        "only a rank and shares of a group count from the lowest",
    ),
    "ends_before": (
        "截止日须晚于起始日",
        "until must be after since",
    ),
    "not_exact": (
        '须为整数，或写作 "1.4"、"1/3"、"95%" 的精确数',
        'an exact number is an integer or a string such as "1.4", "1/3" or "95%"',
    ),
    "over_nothing": (
        "分母不能为 0",
        "a fraction cannot have the denominator 0",
    ),
}


class Unfit(ValueError):
    """A part of a rulebook contradicts itself, or is not what it should be."""

    def __init__(self, slip: str) -> None:
        self.zh, english = _TEXTS[slip]
        super().__init__(english)
