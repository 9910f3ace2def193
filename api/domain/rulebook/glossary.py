"""What each part of a rulebook is called in both languages, with one example line: for the schema and the guide."""

from __future__ import annotations

GLOSSARY: dict[str, tuple[str, str, str]] = {
    "RowMeasure.source": ("来源", "source", "source: entries"),
    "RowMeasure.where": ("只取这些记录", "rows that count", "where: {unit: [volunteer_minutes]}"),
    "RowMeasure.without": ("不取这些记录", "rows that do not", "without: {nature: [paid_work]}"),
    "Window.since": ("从某月某日起", "from a day of the year", "window: {since: 03-01}"),
    "Window.before": ("某月某日之前（截止日）", "before a day of the year", "window: {before: 12-01}"),
    "Window.yearsBack": ("向前若干年", "with years before", "window: {yearsBack: 1}"),
    "Window.lifetime": ("历年累计", "of a lifetime", "window: {lifetime: true}"),
    "Window.lastDays": ("截止日前若干天", "days before the end", "window: {lastDays: 90}"),
    "Window.lastMonths": ("截止日前若干月", "months before the end", "window: {lastMonths: 12}"),
    "RowMeasure.take": ("取数额、次数或月数", "amount, count or months", "take: count"),
    "Table": ("按级别、名次等取分", "points by a level", "take: {column: level, values: {city: 8}, otherwise: 0}"),
    "MemberNumber": ("取成员的分数", "a number of members", "take: {number: hours}"),
    "Factor.table": (
        "按角色等乘系数", "a factor", "factors: [{table: {column: role, values: {leader: 1.4}, otherwise: 1}}]",
    ),
    "Factor.fact": (
        "按认定的事项乘系数", "a factor by a finding",
        "factors: [{table: {column: value, values: {fair: 0.5}, otherwise: 1}, fact: {where: {kind: [conduct]}}}]",
    ),
    "ByFact": ("查实的事项使其不计", "void by a finding", "voidedBy: [{where: {kind: [finding]}, match: activity}]"),
    "Also": (
        "并入其他来源，共用上限", "further sources",
        "also: [{source: facts, where: {kind: [meeting]}, take: count}]",
    ),
    "SpanRounding": ("每个时段取整", "round each span", "rounding: {per: day, quantum: 30, mode: down}"),
    "Approval": (
        "超出部分须审批", "approval by tiers",
        "approval: {per: day, kind: hours_approved, tiers: [{upTo: 480}, {level: parent}]}",
    ),
    "Qualify": ("时段最低数", "minimum of a span", "qualify: {per: event, atLeast: 30}"),
    "SpanSteps": (
        "按时段合计的档次计分", "points by the sum of a span",
        "steps: {per: event, steps: [{reaches: 7, points: 2}], below: 1}",
    ),
    "Keep": ("同一事项只取最高的几条", "the best of each", "keep: {per: matter, choose: 1}"),
    "RowMeasure.distinct": ("同一时段、活动或值只计一次", "once each", "distinct: event"),
    "Cap": ("上限", "cap", "caps: [{per: month, atMost: 300}]"),
    "Cap.days": (
        "任意连续若干天、若干月的上限", "cap of any days or months",
        "caps: [{days: 30, atMost: 300}, {months: 3, atMost: 600}]",
    ),
    "Cap.by": ("某列各个取值分别封顶", "a cap for each value", "caps: [{per: year, by: community, atMost: 1200}]"),
    "RowMeasure.distinctPer": (
        "每个时段内各不相同的只计一次", "once each in every span",
        "distinct: household, distinctPer: month, cadence: {each: month, atLeast: 2}",
    ),
    "Keep.by": ("取最低、最早或最近的几条", "the lowest, first or last", "keep: {per: period, choose: 10, by: latest}"),
    "During": (
        "只计在册期间、豁免之外或某事之后的", "only in some days",
        "during: {affiliations: [registration], notExempt: [ill], since: {kind: [decision]}}",
    ),
    "RowMeasure.result": ("平均、中位数、最高或最低", "average, median or extremes", "result: median"),
    "RowMeasure.trim": ("去掉最高分和最低分", "without the extremes", "result: average, trim: 1"),
    "RowMeasure.quorum": ("法定票数", "quorum", "quorum: 3"),
    "RowMeasure.informative": ("只供参考", "for information", "informative: true"),
    "Cadence": (
        "频次：逐个时段达到", "cadence",
        "cadence: {each: month, atLeast: 60, exempt: [ill], exemptWhen: any_day, wholeSpans: true}",
    ),
    "Cadence.each": (
        "逐次活动", "event by event", "cadence: {each: event}, streak: {of: fulfilled, length: 3}",
    ),
    "FewDays": (
        "豁免后不足若干天的时段不计", "too few days left",
        "cadence: {each: month, exempt: [ill], exemptWhen: {daysLeftUnder: 15}}",
    ),
    "Until": ("每个时段若干天内", "by a day of each span", "cadence: {each: month, until: {days: 5}}"),
    "Until.dayOfLastMonth": (
        "时段末月某日前", "by a day of its last month", "cadence: {each: quarter, until: {dayOfLastMonth: 25}}",
    ),
    "Streak": (
        "连续达到或未达到", "runs of spans", "cadence: {each: month}, streak: {of: missed, length: 2, again: true}",
    ),
    "Series": (
        "逐段计分后合并", "a score for each span",
        "series: {each: quarter, plus: 25, times: -5, atLeast: 0, atMost: 25, last: 3, best: 2, join: sum}",
    ),
    "Series.drop": ("去掉最低的几段", "all but the worst spans", "series: {each: month, drop: 1, join: average}"),
    "Rolling": ("任意连续若干天", "rolling days", "rolling: {days: 90, of: largest}"),
    "Deadline": (
        "报到等之后若干天内", "days after joining",
        "deadline: {after: [registration], days: 30, atLeast: 60, exempt: [ill], exemptWhen: whole}",
    ),
    "Answered": (
        "按期答复：若干天或工作日内", "answered in time",
        "answered: {where: {kind: [feedback]}, match: matter, days: 7}",
    ),
    "Answered.workingDays": (
        "按工作日计的答复期限", "in working days",
        "answered: {where: {kind: [answer]}, match: matter, workingDays: 5}",
    ),
    "Bar": (
        "停止资格期间不计", "bars",
        (
            "bars: [{strikes: {kind: [false_hours]}, count: 1, lasts: {months: 12}, until: {source: entries, where: "
            "{unit: [volunteer_minutes]}, atLeast: 6000}, ends: last}]"
        ),
    ),
    "BarMeasure": (
        "截止日是否停止资格（天数、次数）", "barred at the end, days or times",
        (
            "source: bars, bar: {strikes: {kind: [strike]}, count: 3, within: {days: 365}, lasts: {months: 6}}, "
            "result: at_end"
        ),
    ),
    "DenominatorMeasure": ("人数（分母）", "head-count", "source: denominators, name: eligible_members"),
    "PresenceMeasure": (
        "在岗比例（折算）", "share of the period",
        "source: presence, per: month, exempt: [not_yet_joined], exemptWhen: any_day",
    ),
    "Figure": (
        "与所在单位、支部、社区或全周期相比", "a figure of the group",
        "of: n, take: best, within: unit, underFive: cycle, among: {attribute: memberClass, among: [in_service]}",
    ),
    "Figure.lowest": ("名次、领先或落后者占比", "a place in the group", "of: n, take: rank, lowest: true"),
    "Constant": ("固定分", "fixed points", "op: constant, points: 60"),
    "Rate": ("按比例换算", "rate", "op: rate, of: n, points: 1, per: 60"),
    "Deduct": ("从满分扣减", "deduct", "op: deduct, full: 40, each: 5, of: n"),
    "Award": ("满足条件计分", "award", "op: award, when: {value: n, atLeast: 1}, points: 3, otherwise: 0"),
    "Lookup": ("按档次取分", "lookup", "op: lookup, of: n, steps: [{reaches: 10, points: 5}], below: 0"),
    "Sum": ("相加减", "sum", "op: sum, of: [n], minus: [n]"),
    "Weighted": ("加权", "weighted", "op: weighted, parts: [{of: n, weight: 50%}]"),
    "Product": ("相乘", "product", "op: product, of: [n, n]"),
    "Ratio": ("比率", "ratio", "op: ratio, of: n, over: n, whenEmpty: 1"),
    "Best": ("取最高或最低的几项", "the best of several", "op: best, choose: 1, lowest: true, of: [n, n]"),
    "Tally": ("满足几项（M 选 N）", "how many hold", "op: tally, of: [{value: n, atLeast: 1}]"),
    "Cases": (
        "分情形取值", "cases",
        "op: cases, cases: [{when: {attribute: memberClass, among: [retired]}, take: n}], otherwise: n",
    ),
    "Rounding": (
        "取整、保底、封顶", "rounding, floor, ceiling",
        "op: sum, of: [n], rounding: {quantum: 0.01, mode: half_up}, atLeast: 0, atMost: 100",
    ),
    "Compare": (
        "与门槛比较，可折算", "compare", "value: n, atLeast: 10, moreThan: 9, atMost: 30, lessThan: 31, proRata: n",
    ),
    "AttributeIn": ("对象属于某类", "attribute", "attribute: memberClass, among: [retired]"),
    "All": ("且", "and", "all: [{value: n, atLeast: 1}]"),
    "AnyOf": ("或", "or", "any: [{value: n, atLeast: 1}]"),
    "Not": ("非", "not", "negate: {value: n, atLeast: 1}"),
    "Gate.effect": (
        "免考、不参评、定为、不得高于", "gates", "when: {value: n, lessThan: 1}, effect: becomes, grade: low",
    ),
    "Band": ("分数区间", "band", "band: {atLeast: 60, lessThan: 90}"),
    "Grade.when": ("等次的条件", "condition of a grade", "when: {value: n, moreThan: 0}"),
    "Quota.atMost": (
        "名额比例", "quota",
        "grade: high, atMost: 1/3, seats: up, fewest: 1, most: 5, of: all, within: branch, rank: n, instead: low",
    ),
    "Quota.orBetter": (
        "某等次及以上合计", "a grade or better", "grade: high, orBetter: true, atMost: 60%, rank: n, instead: low",
    ),
    "Quota.bySize": (
        "按人数分档定名额", "seats by size",
        "grade: high, bySize: [{reaches: 3, seats: 1}, {reaches: 20, atMost: 15%}], rank: n, instead: low",
    ),
    "Quota.shareBy": (
        "按单位等次定比例", "a share by the unit's grade",
        (
            "grade: high, atMost: 15%, within: unit, shareBy: {source: facts, where: {kind: [final_grade]}, column: "
            "value, yearsBack: 1, shares: {excellent: 20%, poor: 10%}}, rank: n, instead: low"
        ),
    ),
    "Quota.allBut": ("末位除外", "all but the last", "grade: high, allBut: 1, rank: n, instead: low"),
    "Rubric": (
        "评议表", "rubric",
        (
            "party: panel, labels: {zh: 票, en: Ballot}, criteria: [{id: vote, labels: {zh: 意见, en: Vote}, levels: "
            "[{id: good, labels: {zh: 好, en: Good}, points: 100}, {id: poor, labels: {zh: 差, en: Poor}, points: 0}]}]"
        ),
    ),
    "AppliesTo": (
        "适用于哪类单位、社区", "classes",
        "appliesTo: {organizationKinds: [school], communityClasses: [old_town]}",
    ),
    "Effective": ("施行日期", "effective dates", "effective: {since: 2026-01-01, until: 2027-01-01}"),
    "Rulebook.period": ("周期", "period", "period: half_year"),
}  # fmt: skip
"""By the name in the JSON Schema, of a definition or of one of its members: Chinese, English and an example."""
