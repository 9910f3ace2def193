"""Variants of the published cases, each as data alone: other cut-offs, years before, tiers, floors; values by hand."""

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.quota import allot
from tests.domain.rulebook_bundles import bundle, fact, judged, service, value, written

YEAR_OF_ITS_OWN = """
measures:
  - id: minutes
    source: entries
    where: {unit: [volunteer_minutes]}
    window: {since: 12-01, yearsBack: 1, before: 12-01}
final: minutes
"""


def test_a_year_of_service_from_december_to_november():
    days = ("2025-11-30", "2025-12-01", "2026-11-30", "2026-12-01")
    rows = [service(f"e{n}", 2**n, day) for n, day in enumerate(days)]
    assert judged(YEAR_OF_ITS_OWN, {"entries": rows})["score"] == "6"  # 2 + 4


TWO_EXCELLENT_YEARS = """
measures:
  - {id: hours, source: facts, where: {kind: [hours]}}
  - id: excellent
    source: facts
    where: {kind: [final_grade], value: [excellent]}
    take: count
    window: {yearsBack: 2}
    cadence: {each: year}
    streak: {of: fulfilled, length: 2}
adjustments:
  - {id: merit, op: award, when: {value: excellent.longest, atLeast: 2}, points: 5}
totals:
  - {id: points, op: sum, of: [hours, merit]}
final: points
"""


@pytest.mark.parametrize(
    ("years", "points"), [((2024, 2025), "65"), ((2024,), "60"), ((2023, 2024, 2025), "65"), ((2023, 2025), "60")]
)
def test_two_excellent_years_in_a_row_are_five_points_more(years, points):
    facts = [fact(f"g{year}", "final_grade", f"{year}-12-31", value="excellent") for year in years]
    facts.append(fact("h", "hours", amount=60))
    assert judged(TWO_EXCELLENT_YEARS, {"facts": facts})["score"] == points


FEWER_POINTS_PAST_20_HOURS = """
measures:
  - {id: all, source: entries, where: {unit: [volunteer_minutes]}}
  - {id: first, source: entries, where: {unit: [volunteer_minutes]}, caps: [{per: period, atMost: 1200}]}
scores:
  - {id: more, op: sum, of: [all], minus: [first]}
totals:
  - {id: points, op: weighted, parts: [{of: first, weight: 1/60}, {of: more, weight: 1/120}]}
final: points
"""


@pytest.mark.parametrize(("hours", "points"), [(20, "20"), (21, "20.5"), (30, "25")])
def test_an_hour_is_a_point_up_to_twenty_and_half_a_point_after(hours, points):
    assert judged(FEWER_POINTS_PAST_20_HOURS, {"entries": [service("a", 60 * hours)]})["score"] == points


BASELINE_OF_70 = """
measures:
  - {id: meetings, source: facts, where: {kind: [party_meeting]}, take: count}
  - {id: faults, source: facts, where: {kind: [fault]}, take: {column: level, values: {minor: 2, major: 10}}}
scores:
  - {id: base, op: constant, points: 70}
  - {id: life, op: rate, of: meetings, points: 4, atMost: 40}
totals:
  - {id: points, op: sum, of: [base, life], minus: [faults], atLeast: 30}
gates:
  - {id: free, when: {attribute: memberClass, among: [retired, floating]}, effect: exempt}
final: points
"""


@pytest.mark.parametrize(
    ("meetings", "faults", "of_class", "points", "outcome"),
    [
        (12, ["major"], "in_service", "100", "ungraded"),  # 70 + 40 − 10
        (0, ["minor", "major"] * 4, "in_service", "30", "ungraded"),  # 70 − 48 = 22, under the floor
        (0, [], "retired", "70", "exempt"),
    ],
)
def test_a_baseline_of_70_with_deductions_down_to_a_floor(meetings, faults, of_class, points, outcome):
    facts = [fact(f"m{n}", "party_meeting") for n in range(meetings)]
    facts += [fact(f"f{n}", "fault", level=level) for n, level in enumerate(faults)]
    judgement = judged(BASELINE_OF_70, {"facts": facts, "attributes": {"memberClass": of_class}})
    assert (judgement["score"], judgement["outcome"]) == (points, outcome)


TEN_PIONEERS = """
measures:
  - {id: minutes, source: entries, where: {unit: [volunteer_minutes]}}
final: minutes
grades:
  - {id: pioneer, band: {atLeast: 60}}
  - {id: ordinary, when: {value: minutes, atLeast: 0}}
  - {id: talked_to}
quotas:
  - {id: ten, grade: pioneer, most: 2, rank: minutes, instead: ordinary}
  - {id: last, grade: ordinary, orBetter: true, atMost: 80%, seats: up, rank: minutes, instead: talked_to}
"""


def test_the_first_two_are_named_and_the_last_fifth_is_talked_to():
    book = written(TEN_PIONEERS, "member")
    rows = [evaluate(book, bundle(entries=[service("a", minutes)])) for minutes in (90, 80, 70, 30, 20)]
    assert [row["grade"] for row in allot(book, rows)] == ["pioneer", "pioneer", "ordinary", "ordinary", "talked_to"]


def test_half_of_last_years_points_is_carried_over():
    text = """
measures:
  - {id: both, source: entries, where: {unit: [volunteer_minutes]}, window: {yearsBack: 1}}
  - {id: this, source: entries, where: {unit: [volunteer_minutes]}}
scores:
  - {id: last, op: sum, of: [both], minus: [this]}
totals:
  - {id: points, op: weighted, parts: [{of: this, weight: 1/60}, {of: last, weight: 1/120}]}
final: points
"""
    rows = [service("a", 600, "2025-06-01"), service("b", 300), service("c", 900, "2024-12-31")]
    judgement = judged(text, {"entries": rows})
    assert (value(judgement, "last"), judgement["score"]) == ("600", "10")  # 5 + 10 / 2
