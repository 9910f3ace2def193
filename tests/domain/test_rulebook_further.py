"""Rules of the kinds that are published, beyond the shipped cases: each is data alone; values are by hand."""

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.quota import allot
from tests.domain.rulebook_bundles import bundle, fact, judged, review, service, value, written


def visits(*days, kind="visit", **columns):
    return [fact(f"{kind}{n:02d}", kind, day, **columns) for n, day in enumerate(days)]


QUARTERLY_AND_SIX = """
measures:
  - {id: quarters, source: facts, where: {kind: [visit]}, take: count, cadence: {each: quarter}}
  - {id: visits, source: facts, where: {kind: [visit]}, take: count}
grades:
  - {id: met, when: {all: [{value: quarters, atLeast: 4}, {value: visits, atLeast: 6}]}}
  - {id: unmet}
"""


@pytest.mark.parametrize(
    ("days", "grade"),
    [
        (["01-05", "04-05", "07-05", "10-05", "10-06", "10-07"], "met"),
        (["01-05", "04-05", "07-05", "10-05", "10-06"], "unmet"),
        (["01-05", "04-05", "07-05", "07-06", "07-07", "07-08"], "unmet"),
    ],
)
def test_once_a_quarter_and_at_least_six_in_the_year(days, grade):
    assert judged(QUARTERLY_AND_SIX, {"facts": visits(*(f"2026-{day}" for day in days))})["grade"] == grade


MISSED_IN_A_ROW = """
measures:
  - id: months
    source: entries
    where: {unit: [volunteer_minutes]}
    distinct: event
    cadence: {each: month, exempt: [ill]}
    streak: {of: missed, length: 2, again: true}
totals:
  - {id: points, op: deduct, full: 100, each: 5, of: months.streaks, atLeast: 0}
final: points
"""


@pytest.mark.parametrize(
    ("served", "exempt", "points"),
    [
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), [], "100"),
        ((1, 3, 5, 7, 9, 11), [], "100"),  # never two in a row
        ((1, 2, 5, 6, 7, 8, 9, 10, 11, 12), [], "95"),
        ((1, 6, 7, 8, 9, 10, 11, 12), [], "90"),  # four in a row are two times two
        ((1, 6, 7, 8, 9, 10, 11, 12), [{"key": "x", "kind": "ill", "start": "2026-03-01", "end": "2026-04-01"}], "95"),
    ],
)
def test_every_two_months_missed_in_a_row_take_5_points(served, exempt, points):
    rows = [service(f"e{month}", 60, f"2026-{month:02d}-09") for month in served]
    assert judged(MISSED_IN_A_ROW, {"entries": rows, "exemptions": exempt})["score"] == points


SAME_MATTER = """
measures:
  - id: awards
    source: facts
    where: {kind: [award]}
    take: {column: level, values: {province: 10, city: 8, district: 5}}
    keep: {per: matter}
    caps: [{per: year, atMost: 20}]
final: awards
"""


def test_one_matter_counts_once_at_its_highest_level():
    rows = [
        fact("a", "award", level="district", matter="flood"), fact("b", "award", level="province", matter="flood"),
        fact("c", "award", level="city", matter="reading"), fact("d", "award", level="district", matter="choir"),
    ]  # fmt: skip
    judgement = judged(SAME_MATTER, {"facts": rows})
    assert judgement["score"] == "20"  # 10 + 8 + 5 = 23, at most 20
    rows.append(fact("e", "award", level="district"))
    assert judged(SAME_MATTER, {"facts": rows})["score"] is None, "a matter that nobody noted is unknown"


QUARTERS = """
measures:
  - id: quarters
    source: facts
    where: {kind: [absence]}
    take: count
    series: {each: quarter, plus: 25, times: -5, atLeast: 0, join: sum}
final: quarters
"""


def test_each_quarter_has_25_points_of_its_own_and_its_own_floor():
    rows = visits(*["2026-02-01"] * 7, "2026-05-01", kind="absence")
    assert judged(QUARTERS, {"facts": rows})["score"] == "70"  # 0 + 20 + 25 + 25
    live = judged(QUARTERS, {"facts": rows, "through": "2026-08-01"})
    assert live["score"] == "20", "quarters that are not over give nothing yet"


def test_the_average_of_the_last_three_months_and_the_better_half_year():
    rows = [service(f"e{month}", 60 * month, f"2026-{month:02d}-03") for month in range(1, 13)]
    text = """
measures:
  - {id: recent, source: entries, series: {each: month, times: 1/60, last: 3, join: average}}
  - {id: halves, source: entries, series: {each: half_year, times: 1/60, join: largest}}
  - {id: months, source: entries, series: {each: month, atMost: 300, best: 10, join: sum}}
totals:
  - {id: total, op: sum, of: [recent, halves, months]}
final: total
"""
    judgement = judged(text, {"entries": rows})
    assert value(judgement, "recent") == "11"  # (10 + 11 + 12) / 3
    assert value(judgement, "halves") == "57"  # 7 + … + 12
    assert value(judgement, "months") == "2820"  # the best ten of 60, 120, 180, 240, 300 × 8: 180 + 240 + 2400


def test_marks_are_averaged_without_the_highest_and_the_lowest():
    text = """
measures:
  - {id: mark, source: reviews, result: average, trim: 1}
final: mark
"""
    marks = [review(f"v{n}", "resident", amount) for n, amount in enumerate((60, 85, 90, 92, 100))]
    judgement = judged(text, {"reviews": marks})
    assert judgement["score"] == "89"  # (85 + 90 + 92) / 3
    assert [row["counted"] for row in judgement["numbers"][0]["inputs"]] == ["0", "85", "90", "92", "0"]
    assert judged(text, {"reviews": marks[:2]})["score"] is None, "of two marks none is left"


STARS = """
measures:
  - {id: minutes, source: entries, where: {unit: [volunteer_minutes]}, window: {lifetime: true}}
  - {id: standing, source: affiliations, where: {kind: [team]}, window: {lifetime: true}, take: months, result: largest}
totals:
  - {id: hours, op: rate, of: minutes, points: 1, per: 60}
gates:
  - {id: too_new, when: {value: standing, lessThan: 3}, effect: out_of_assessment}
final: hours
grades:
  - {id: two, band: {atLeast: 20}}
  - {id: one, band: {atLeast: 10, lessThan: 20}}
  - {id: none_yet, band: {lessThan: 10}}
"""


@pytest.mark.parametrize(
    ("start", "outcome", "grade"),
    [("2026-10-01", "graded", "two"), ("2026-10-02", "out_of_assessment", None), ("2020-01-31", "graded", "two")],
)
def test_stars_by_all_hours_after_three_months_in_the_team(start, outcome, grade):
    team = [{"key": "t", "kind": "team", "start": start, "end": None}]
    judgement = judged(STARS, {"entries": [service("e", 1200, "2024-05-05")], "affiliations": team})
    assert (judgement["outcome"], judgement["grade"]) == (outcome, grade)


PER_HEAD = """
measures:
  - {id: staff, source: denominators, name: staff}
  - {id: activities, source: facts, where: {kind: [joint_activity]}, take: count}
grades:
  - id: met
    when:
      any:
        - {all: [{value: staff, lessThan: 20}, {value: activities, atLeast: 2}]}
        - {all: [{value: staff, atLeast: 20, lessThan: 50}, {value: activities, atLeast: 4}]}
        - {all: [{value: staff, atLeast: 50}, {value: activities, atLeast: 6}]}
  - {id: unmet}
"""


@pytest.mark.parametrize(
    ("staff", "times", "grade"),
    [(19, 2, "met"), (20, 3, "unmet"), (20, 4, "met"), (50, 5, "unmet"), (50, 6, "met"), (None, 6, "met")],
)
def test_how_many_activities_by_the_size_of_the_unit(staff, times, grade):
    facts = visits(*["2026-03-03"] * times, kind="joint_activity")
    judgement = judged(PER_HEAD, {"facts": facts, "denominators": {"staff": staff}}, "unit")
    if staff is None:
        assert judgement["possible"] == ["met", "unmet"]
    else:
        assert judgement["grade"] == grade


RATES = """
measures:
  - {id: minutes, source: entries, where: {unit: [volunteer_minutes]}}
  - {id: online, source: entries, where: {unit: [volunteer_minutes], form: [online]}}
  - {id: late, source: facts, where: {kind: [late]}, take: count}
  - {id: courage, source: facts, where: {kind: [act_of_courage]}, take: count}
scores:
  - {id: first, op: rate, of: minutes, points: 1, per: 60, atMost: 10}
  - {id: hours, op: rate, of: minutes, points: 1, per: 60}
  - {id: more, op: sum, of: [hours], minus: [first]}
  - {id: half, op: rate, of: more, points: 0.5}
  - {id: share, op: rate, of: hours, points: 0.3}
  - {id: online_hours, op: rate, of: online, points: 1, per: 60}
  - {id: online_counted, op: best, choose: 1, lowest: true, of: [online_hours, share]}
  - {id: three_late, op: rate, of: late, points: 1, per: 3, rounding: {quantum: 1, mode: down}}
adjustments:
  - {id: bonus, op: award, when: {all: [{value: courage, atLeast: 1}, {value: hours, atLeast: 10}]}, points: 5}
totals:
  - {id: total, op: sum, of: [first, half, bonus], minus: [three_late]}
final: total
"""


def test_ten_hours_at_one_point_the_rest_at_a_half_three_times_late_is_once_absent_and_a_bonus_with_a_condition():
    rows = [service("a", 840, form="onsite"), service("b", 600, form="online")]
    facts = [*visits(*["2026-01-01"] * 7, kind="late"), fact("c", "act_of_courage")]
    judgement = judged(RATES, {"entries": rows, "facts": facts})
    assert judgement["score"] == "20"  # 10 + 14 / 2 + 5 − 2
    assert value(judgement, "online_counted") == "7.2"  # 10 h online, at most 30 % of 24 h
    few = judged(RATES, {"entries": [service("a", 300, form="onsite")], "facts": [fact("c", "act_of_courage")]})
    assert few["score"] == "5", "no bonus under ten hours"


def test_eighty_per_cent_of_members_with_at_least_ten_hours_each():
    text = """
measures:
  - {id: eligible, source: denominators, name: eligible}
  - {id: active, source: members, take: {number: hours}, qualify: {per: event, atLeast: 10}, distinct: event}
totals:
  - {id: rate, op: ratio, of: active, over: eligible, whenEmpty: 1}
final: rate
grades:
  - {id: passed, band: {atLeast: 80%}}
  - {id: failed, band: {lessThan: 80%}}
"""
    hours = ("10", "9.5", "40", "12", "31/3")
    members = [{"key": f"{n}", "outcome": "graded", "grade": "x", "numbers": {"hours": h}} for n, h in enumerate(hours)]
    given = {"members": members, "denominators": {"eligible": 5}}
    assert judged(text, given, "unit")["grade"] == "passed"  # 4 of 5
    assert judged(text, given | {"denominators": {"eligible": 6}}, "unit")["grade"] == "failed"


def group(scores, **quota):
    text = """
measures:
  - {id: points, source: facts, where: {kind: [item]}}
final: points
grades:
  - {id: excellent, labels: {zh: 优, en: A}}
  - {id: qualified, labels: {zh: 合格, en: B}}
quotas:
  - {id: best, labels: {zh: 前, en: top}, grade: excellent, instead: qualified, rank: points}
"""
    book = written(text, "member", **quota)
    judgements = [evaluate(book, bundle(facts=[fact("f", "item", amount=score)])) for score in scores]
    return [(row["grade"] or row["decision"])[0] for row in allot(book, judgements)]


def test_the_first_thirty_per_cent_are_excellent_with_seats_rounded_as_the_rule_says():
    assert group([9, 8, 7, 6, 5], atMost="30%") == ["e", "q", "q", "q", "q"]  # 1.5 seats
    assert group([9, 8, 7, 6, 5], atMost="30%", seats="half_up") == ["e", "e", "q", "q", "q"]
    assert group([9, 8, 7], atMost="30%") == ["n", "n", "n"], "0.9 of a seat: people decide"
    assert group([9, 8, 7], atMost="30%", fewest=1) == ["e", "q", "q"]
    assert group([9, 8, 8], atMost="30%", seats="up", fewest=2) == ["e", "n", "n"], "a tie across the line"
    assert group([9, 8, 7, 6, 5, 4, 3], atMost="60%", most=2) == ["e", "e", "q", "q", "q", "q", "q"]
