"""More sentences of published rules as data: rates, shares, ballots, times of day; values are worked out by hand."""

import pytest

from tests.domain.rulebook_bundles import fact, judged, review, service, value

MINUTES = "source: entries, where: {unit: [volunteer_minutes]}"


def many(kind, times, on="2026-03-05", **columns):
    return [fact(f"{kind}-{n:03d}", kind, on, **columns) for n in range(times)]


# 工作日晚上、周末和节假日的服务计入，两者都是的只计一次。
OUT_OF_OFFICE_HOURS = """
measures:
  - id: minutes
    source: entries
    where: {unit: [volunteer_minutes], timeOfDay: [evening]}
    also: [{source: entries, where: {unit: [volunteer_minutes], dayKind: [weekend, holiday]}}]
    caps: [{per: day, atMost: 100}]
final: minutes
"""


def test_either_an_evening_or_a_weekend_counts_once_under_one_cap():
    rows = [
        service("a", 60, "2026-03-05", timeOfDay="evening", dayKind="workday"),
        service("b", 60, "2026-03-07", timeOfDay="evening", dayKind="weekend"),
        service("c", 60, "2026-03-07", timeOfDay="morning", dayKind="weekend"),
        service("d", 60, "2026-03-09", timeOfDay="morning", dayKind="workday"),
    ]
    assert judged(OUT_OF_OFFICE_HOURS, {"entries": rows})["score"] == "160"  # 60 + 100 of 120


# 每次服务不足半小时不计，满半小时不足一小时的按一小时计。
WHOLE_HOURS = f"""
measures:
  - {{id: minutes, {MINUTES}, rounding: {{per: event, quantum: 60, mode: half_up}}}}
totals:
  - {{id: hours, op: rate, of: minutes, points: 1, per: 60}}
final: hours
"""


def test_each_service_by_itself_in_whole_hours():
    rows = [service(f"e{n}", minutes) for n, minutes in enumerate((29, 30, 89, 90))]
    assert judged(WHOLE_HOURS, {"entries": rows})["score"] == "4"  # 0 + 1 + 1 + 2


# 加分不超过基础分的 10%；线上服务不超过计入总时长的一半。
SHARES = """
measures:
  - {id: items, source: facts, where: {kind: [item]}}
  - {id: merits, source: facts, where: {kind: [merit]}}
  - {id: onsite, source: entries, where: {unit: [volunteer_minutes], form: [onsite]}}
  - {id: online, source: entries, where: {unit: [volunteer_minutes], form: [online]}}
scores:
  - {id: tenth, op: rate, of: items, points: 10%}
  - {id: remote, op: best, choose: 1, lowest: true, of: [online, onsite]}
  - {id: minutes, op: sum, of: [onsite, remote]}
  - {id: hours, op: rate, of: minutes, points: 1, per: 60}
adjustments:
  - {id: bonus, op: best, choose: 1, lowest: true, of: [merits, tenth]}
totals:
  - {id: points, op: sum, of: [items, bonus, hours]}
final: points
"""


@pytest.mark.parametrize(("merits", "online", "points"), [(12, 600, "92"), (5, 60, "88"), (0, 0, "82")])
def test_what_is_extra_is_limited_by_a_share_of_what_is_not(merits, online, points):
    facts = [fact("i", "item", amount=80), fact("m", "merit", amount=merits)]
    rows = [service("a", 120, form="onsite"), service("b", online, form="online")]
    assert judged(SHARES, {"facts": facts, "entries": rows})["score"] == points  # 80 + min(8, m) + 2 + min(2, online)


# 请假三次以内不计，超过的按缺席；出勤率达到 80% 为合格。
ATTENDANCE = """
measures:
  - {id: came, source: facts, where: {kind: [presence]}, take: count}
  - {id: absent, source: facts, where: {kind: [absence]}, take: count}
  - {id: leaves, source: facts, where: {kind: [leave]}, take: count}
scores:
  - {id: three, op: constant, points: 3}
  - {id: too_many, op: sum, of: [leaves], minus: [three], atLeast: 0}
  - {id: due, op: sum, of: [came, absent, too_many]}
totals:
  - {id: rate, op: ratio, of: came, over: due, whenEmpty: 1}
final: rate
grades:
  - {id: met, band: {atLeast: 80%}}
  - {id: unmet, band: {lessThan: 80%}}
"""


@pytest.mark.parametrize(
    ("came", "absent", "leaves", "grade"),
    [(8, 0, 5, "met"), (8, 0, 6, "unmet"), (8, 2, 3, "met"), (8, 2, 4, "unmet"), (0, 0, 0, "met")],
)
def test_leave_beyond_the_third_is_absence(came, absent, leaves, grade):
    facts = [*many("presence", came), *many("absence", absent), *many("leave", leaves)]
    assert judged(ATTENDANCE, {"facts": facts})["grade"] == grade


# 无故连续两次不参加组织生活的提醒；请了假的不算，也不打断。
TWICE_ABSENT = """
measures:
  - id: meetings
    source: facts
    where: {kind: [presence, absence]}
    take: {column: kind, values: {presence: 1, absence: 0}}
    cadence: {each: event}
    streak: {of: missed, length: 2}
grades:
  - {id: reminded, when: {value: meetings.streaks, atLeast: 1}}
  - {id: fine}
"""


@pytest.mark.parametrize(("between", "grade"), [("leave", "reminded"), ("presence", "fine")])
def test_two_absences_in_a_row_with_a_leave_between_them(between, grade):
    kinds = ("absence", between, "absence")
    facts = [fact(f"f{n}", kind, f"2026-0{n + 1}-05") for n, kind in enumerate(kinds)]
    assert judged(TWICE_ABSENT, {"facts": facts})["grade"] == grade


# 每个没有缺席的季度得 1 分，四个季度都没有的再加 2 分。
FULL_QUARTERS = """
measures:
  - {id: absent, source: facts, where: {kind: [absence]}, take: count, cadence: {each: quarter}}
adjustments:
  - {id: all_year, op: award, when: {value: absent.missed, atLeast: 4}, points: 2}
totals:
  - {id: points, op: sum, of: [absent.missed, all_year]}
final: points
"""


@pytest.mark.parametrize(
    ("days", "through", "points"), [((), None, "6"), (("05-05", "05-06"), None, "3"), ((), "2026-07-09", "2")]
)
def test_a_point_for_each_quarter_that_is_over_without_absence(days, through, points):
    given = {"facts": [fact(day, "absence", f"2026-{day}") for day in days], "through": through}
    assert judged(FULL_QUARTERS, given)["score"] == points


# 队伍人数：不足 50 人的单位 10 人，50 至 100 人的 15 人，超过 100 人的每增加 50 人（不足的按 50 人）再加 5 人。
TEAM = """
measures:
  - {id: staff, source: denominators, name: staff}
  - {id: volunteers, source: denominators, name: volunteers}
scores:
  - {id: first, op: lookup, of: staff, steps: [{reaches: 50, points: 15}], below: 10}
  - {id: hundred, op: constant, points: 100}
  - {id: beyond, op: sum, of: [staff], minus: [hundred], atLeast: 0}
  - {id: more, op: rate, of: beyond, points: 5, per: 50, rounding: {quantum: 5, mode: up}}
  - {id: due, op: sum, of: [first, more]}
grades:
  - {id: met, when: {value: volunteers, atLeast: 1, proRata: due}}
  - {id: unmet}
"""


@pytest.mark.parametrize(
    ("staff", "volunteers", "grade"),
    [(49, 10, "met"), (50, 14, "unmet"), (100, 15, "met"), (101, 19, "unmet"), (150, 20, "met"), (151, 24, "unmet")],
)
def test_a_team_grows_with_each_fifty_begun(staff, volunteers, grade):
    heads = {"staff": staff, "volunteers": volunteers}
    assert judged(TEAM, {"denominators": heads}, "unit")["grade"] == grade


# 满意度 90% 以上得满分 10 分，每低 1 个百分点（不足的按 1 个）扣 0.5 分。
SATISFACTION = """
measures:
  - {id: satisfied, source: facts, where: {kind: [satisfaction]}, result: average}
scores:
  - {id: ninety, op: constant, points: 90}
  - {id: short, op: sum, of: [ninety], minus: [satisfied], rounding: {quantum: 1, mode: up}, atLeast: 0}
totals:
  - {id: points, op: deduct, full: 10, each: 0.5, of: short, atLeast: 0}
final: points
"""


@pytest.mark.parametrize(("percent", "points"), [("88.4", "9"), ("90", "10"), ("97.5", "10"), ("60", "0")])
def test_half_a_point_for_each_per_cent_begun_under_ninety(percent, points):
    facts = [fact("s", "satisfaction", amount=percent)]
    assert judged(SATISFACTION, {"facts": facts}, "community")["score"] == points


# 不涉及的项目不计，按其余项目的得分率折算为百分制，保留两位小数。
RESCALED = """
measures:
  - {id: party, source: facts, where: {kind: [party_work]}}
  - {id: estates, source: facts, where: {kind: [estate_work]}}
scores:
  - {id: none, op: constant, points: 0}
  - {id: seventy, op: constant, points: 70}
  - {id: hundred, op: constant, points: 100}
  - {id: also, op: cases, cases: [{when: {attribute: class, among: [village]}, take: none}], otherwise: estates}
  - {id: full, op: cases, cases: [{when: {attribute: class, among: [village]}, take: seventy}], otherwise: hundred}
  - {id: got, op: sum, of: [party, also]}
  - {id: share, op: ratio, of: got, over: full}
totals:
  - {id: points, op: rate, of: share, points: 100, rounding: {quantum: 0.01, mode: half_up}}
final: points
"""


@pytest.mark.parametrize(("of_class", "points"), [("village", "85.71"), ("estate", "80")])
def test_a_part_that_does_not_apply_is_scaled_away(of_class, points):
    facts = [fact("p", "party_work", amount=60), fact("e", "estate_work", amount=20)]
    given = {"facts": facts, "attributes": {"class": of_class}}
    assert judged(RESCALED, given, "community")["score"] == points


# 测评票：到会不足应到的 80% 无效；不称职票超过三分之一为不称职；优秀票达到 80% 为优秀。
BALLOT = """
measures:
  - {id: voters, source: denominators, name: voters}
  - {id: cast, source: reviews, take: count}
  - {id: good, source: reviews, where: {level: [good]}, take: count}
  - {id: poor, source: reviews, where: {level: [poor]}, take: count}
scores:
  - {id: turnout, op: ratio, of: cast, over: voters}
  - {id: for_it, op: ratio, of: good, over: cast}
  - {id: against, op: ratio, of: poor, over: cast}
gates:
  - {id: void, when: {value: turnout, lessThan: 80%}, effect: out_of_assessment}
  - {id: refused, when: {value: against, moreThan: 1/3}, effect: becomes, grade: incompetent}
grades:
  - {id: excellent, when: {value: for_it, atLeast: 80%}}
  - {id: competent, when: {value: for_it, atLeast: 1/2}}
  - {id: incompetent}
"""


@pytest.mark.parametrize(
    ("good", "poor", "result"),
    [(8, 2, "excellent"), (6, 3, "competent"), (5, 4, "incompetent"), (7, 0, "out_of_assessment")],
)
def test_ballots_by_turnout_by_a_third_against_and_by_four_fifths_for(good, poor, result):
    votes = [(f"g{n}", "good") for n in range(good)] + [(f"p{n}", "poor") for n in range(poor)]
    reviews = [review(key, "ballot", 1) | {"level": level} for key, level in votes]
    judgement = judged(BALLOT, {"reviews": reviews, "denominators": {"voters": 10}}, "secretary")
    assert (judgement["grade"] or judgement["outcome"]) == result


# 月度考核平均占 60%，低于 60 分的月份记 0 分；年终测评占 40%。
MONTHS = """
measures:
  - id: running
    source: facts
    where: {kind: [month_mark]}
    steps: {per: month, steps: [{reaches: 60, points: 60}, {reaches: 80, points: 80}, {reaches: 90, points: 95}]}
    series: {each: month, join: average, exempt: [ill]}
  - {id: final_mark, source: reviews, result: average}
totals:
  - {id: points, op: weighted, parts: [{of: running, weight: 60%}, {of: final_mark, weight: 40%}]}
final: points
"""


@pytest.mark.parametrize(("ill", "running", "points"), [(False, "475/6", "83.5"), (True, "95", "93")])
def test_the_average_of_months_of_which_poor_ones_count_nothing_and_ill_ones_fall_away(ill, running, points):
    marks = [fact(f"m{month}", "month_mark", f"2026-{month:02d}-28", amount=59 if month < 3 else 92)
             for month in range(1, 13)]  # fmt: skip
    free = [{"key": "x", "kind": "ill", "start": "2026-01-01", "end": "2026-03-01"}] if ill else []
    judgement = judged(MONTHS, {"facts": marks, "reviews": [review("r", "street", 90)], "exemptions": free})
    assert (value(judgement, "running"), judgement["score"]) == (running, points)  # 95 × 10/12; 57 + 36


@pytest.mark.parametrize(
    ("by", "result", "points"),
    [
        ("latest", "average", "60"),
        ("highest", "smallest", "70"),
        ("earliest", "median", "50"),
        ("lowest", "largest", "50"),
    ],
)
def test_of_the_marks_that_are_kept_alone_the_average_and_the_extremes_are_made(by, result, points):
    text = f"""
measures:
  - {{id: mark, source: reviews, result: {result}, quorum: 3, keep: {{per: period, choose: 2, by: {by}}}}}
final: mark
"""
    given = ((1, 90), (2, 10), (3, 50), (4, 70))
    marks = [review(f"v{month}", "resident", mark, f"2026-0{month}-01") for month, mark in given]
    assert judged(text, {"reviews": marks})["score"] == points
