"""Which rows count: capped by value, once in a span, the last ones, and only on some days."""

import pytest

from api.domain.rulebook.bundle import grouping, kinds_asked
from tests.domain.rulebook_bundles import fact, judged, registration, service, value, written

HOURS = """
measures:
  - {id: hours, source: entries, where: {unit: [volunteer_minutes]}, &}
final: hours
"""


def hours(rule, entries, **more):
    return judged(HOURS.replace("&", rule), {"entries": entries, **more})["score"]


def test_each_community_is_capped_by_itself_and_all_of_them_together_after_that():
    """Modelled on rules that count at most so much in one community, one kind of activity or one family."""
    entries = [
        service("a", 80, "2026-01-05", community="east"),
        service("b", 80, "2026-02-05", community="east"),
        service("c", 80, "2026-03-05", community="west"),
    ]
    assert hours("caps: [{per: year, by: community, atMost: 100}]", entries) == "180"
    assert hours("caps: [{per: year, by: community, atMost: 100}, {per: year, atMost: 150}]", entries) == "150"
    assert hours("caps: [{per: month, by: community, atMost: 50}]", entries) == "150"
    assert hours("caps: [{days: 40, by: community, atMost: 100}]", entries) == "180"
    assert hours("caps: [{per: year, by: community, atMost: 100}]", [service("d", 5)]) is None  # nobody knows where


def test_two_different_homes_a_month_are_not_two_homes_a_year():
    """Modelled on 每月至少走访两户不同家庭: the same home counts again in another month."""
    book = """
measures:
  - id: visits
    source: facts
    where: {kind: [visit]}
    distinct: household
    distinctPer: month
    cadence: {each: month, atLeast: 2}
final: visits
"""
    months = {"01": "ab", "02": "ab", "03": "aa", "04": "bc"}
    facts = [
        fact(f"{month}{n}", "visit", f"2026-{month}-1{n}", household=home)
        for month, homes in months.items()
        for n, home in enumerate(homes)
    ]
    assert judged(book, {"facts": facts})["score"] == "3"
    assert judged(book.replace("    distinctPer: month\n", ""), {"facts": facts})["score"] == "1"  # once in all


@pytest.mark.parametrize(("by", "total"), [("latest", "70"), ("earliest", "60"), ("lowest", "30"), ("highest", "100")])
def test_the_last_two_of_the_period_count_or_the_first_or_the_least(by, total):
    entries = [service(f"e{n}", minutes, f"2026-0{n + 1}-01") for n, minutes in enumerate((50, 10, 20, 50))]
    assert hours(f"keep: {{per: period, choose: 2, by: {by}}}", entries) == total


def test_the_same_offence_again_counts_double_by_its_kind():
    """Modelled on 同类再犯加倍: a second offence of a kind counts three, of another kind one."""
    book = """
measures:
  - id: offences
    source: facts
    where: {kind: [offence]}
    steps: {per: period, by: value, steps: [{reaches: 1, points: 1}, {reaches: 2, points: 3}]}
final: offences
"""
    facts = [fact(f"o{n}", "offence", value=kind) for n, kind in enumerate(("late", "late", "absent"))]
    assert judged(book, {"facts": facts})["score"] == "4"


SERVED = [service("a", 1, "2026-02-28"), service("b", 10, "2026-03-01"), service("c", 100, "2026-06-01")]


@pytest.mark.parametrize(
    ("rule", "total"),
    [
        ("affiliations: [registration]", "10"),  # registered from 1 March to 31 May
        ("notExempt: [ill]", "101"),  # ill all March
        ("since: {kind: [decision]}", "110"),
        ("affiliations: [registration], notExempt: [ill]", "0"),
        ("since: {kind: [nothing]}", "0"),
    ],
)
def test_rows_count_only_while_registered_while_not_ill_or_since_a_decision(rule, total):
    more = {
        "affiliations": [registration("2026-03-01", "2026-06-01")],
        "exemptions": [{"key": "x", "kind": "ill", "start": "2026-03-01", "end": "2026-04-01"}],
        "facts": [fact("f", "decision", "2026-02-01"), fact("g", "decision", "2026-03-01")],
    }
    assert hours(f"during: {{{rule}}}", SERVED, **more) == total


def test_days_that_nobody_kept_leave_the_sum_unknown():
    for rule, source in (("affiliations: [team]", "affiliations"), ("notExempt: [ill]", "exemptions")):
        assert hours(f"during: {{{rule}}}", SERVED, **{source: None}) is None
    told = judged(HOURS.replace("&", "during: {notExempt: [ill]}"), {"entries": SERVED})
    assert value(told, "hours") == "111"


def test_a_bundle_holds_every_column_and_kind_that_a_rule_over_time_looks_at():
    book = written(
        """
measures:
  - id: hours
    source: entries
    where: {unit: [volunteer_minutes]}
    factors: [{table: {column: level, values: {city: 2}, otherwise: 1}, fact: {where: {kind: [praise]}}}]
    bars: [{strikes: {kind: [strike], by: [street]}, until: {source: facts, where: {kind: [course]}, atLeast: 1}}]
    during: {since: {kind: [decision]}}
    caps: [{per: year, by: community, atMost: 600}]
final: hours
""",
        "member",
    )
    need = grouping(book)
    assert {"level", "activity", "by", "kind"} <= {*need["facts"]["columns"]}
    assert (need["facts"]["lifetime"], need["facts"]["date"], need["entries"]["lifetime"]) == (True, "day", False)
    assert "community" in need["entries"]["columns"]
    assert kinds_asked(book) == {"praise", "strike", "course", "decision"}
