"""Exempt by the record, pro-rata to the day, and what costs nobody anything."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import get_args
from uuid import UUID

import pytest

from api.domain.belonging import Belonging, Pairing, Span, relation
from api.domain.bundle_rows import RECORDED_HERE
from api.domain.exemptions import OPEN, Standing, exempt_spans
from api.domain.facts import PERSON_KINDS, UNIT_KINDS
from api.domain.place_facts import DERIVED
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.filters import RowSource
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped
from api.domain.settlement import unit_of
from tests.domain.rulebook_bundles import bundle

D = date.fromisoformat


def spans(*standings):
    return [(row["kind"], row["start"], row["end"]) for row in exempt_spans(standings)]


def test_days_before_somebody_joined_count_only_where_another_standing_is_on_record():
    joined = Standing("political_status", "full", D("2025-06-01"))
    assert spans(joined) == []  # a roster that begins in June says nothing of May
    before = Standing("political_status", "applicant", D("2024-01-01"), D("2025-06-01"))
    assert spans(before, joined) == [("not_yet_joined", "2024-01-01", "2025-06-01")]
    after = Standing("political_status", "none", D("2025-09-01"))
    assert spans(joined, after) == []


def test_retired_floating_and_seconded_days_follow_from_the_record():
    assert spans(
        Standing("member_class", "in_service", D("2020-01-01"), D("2025-03-01")),
        Standing("member_class", "retired", D("2025-03-01")),
        Standing("member_class", "floating_out", D("2024-03-01"), D("2024-09-01")),
        Standing("seconded", "seconded", D("2025-01-01"), D("2025-02-01")),
    ) == [
        ("floating", "2024-03-01", "2024-09-01"), ("retired", "2025-03-01", OPEN),
        ("seconded", "2025-01-01", "2025-02-01"),
    ]  # fmt: skip


def by_day():
    """R-13's 48 hours with the threshold in proportion to the days that were not exempt, as data alone."""
    document = shipped("r13-shishi-member").document()
    (present,) = [each for each in document["measures"] if each["source"] == "presence"]
    present |= {"per": "day", "exempt": ["not_yet_joined", "ill", "seconded", "retired", "floating"]}
    return read(document | {"version": "by-day"})


@pytest.mark.parametrize(("minutes", "grade"), [(2414, "unmet"), (2415, "met")])
def test_a_threshold_is_shortened_by_exempt_days_to_the_minute(minutes, grade):
    # 59 days of 2025 lie before 1 March: 2 880 × 306 ÷ 365 = 2 414.46… minutes
    assert Fraction(2880 * 306, 365) > 2414
    row = {
        "key": "a",
        "unit": "volunteer_minutes",
        "amount": minutes,
        "servedOn": "2025-05-01",
        "activity": "a",
        "count": 1,
    }
    free = {"key": "x", "kind": "not_yet_joined", "start": "2020-01-01", "end": "2025-03-01"}
    given = bundle(entries=[row], exemptions=[free]) | {"period": {"start": "2025-01-01", "end": "2026-01-01"}}
    assert evaluate(by_day(), given)["grade"] == grade


def test_a_service_is_at_home_else_where_the_unit_of_the_day_is_paired():
    me, home, paired, unit, row = (UUID(int=n) for n in (1, 2, 3, 4, 5))
    belonging = Belonging.of([
        Span(row, me, home, "registration", D("2025-01-01"), D("2025-07-01"), True),
        Span(row, me, unit, "employment", D("2025-01-01")),
    ])  # fmt: skip
    pairings = {unit: [Pairing(paired, D("2025-03-01")), Pairing(home, D("2025-01-01"))]}
    asked = [
        (home, "2025-06-30"),
        (home, "2025-07-01"),
        (paired, "2025-02-28"),
        (paired, "2025-03-01"),
        (None, "2025-03-01"),
    ]
    told = [relation(belonging, pairings, me, at, D(day)) for at, day in asked]
    assert told == ["home", "paired", "other", "paired", "none"]


def test_declining_and_cancelling_in_time_leave_nothing_that_a_measure_could_read():
    assert set(get_args(RowSource)) == {
        "entries", "facts", "reviews", "members", "affiliations", "grades",
    }  # fmt: skip  # no sign-ups
    kinds = PERSON_KINDS | UNIT_KINDS | RECORDED_HERE | DERIVED
    assert not [kind for kind in kinds if any(word in kind for word in ("declin", "cancel", "signup", "invit"))]


@pytest.mark.parametrize("nature", ["paid_work", "party_duty", "organizational_life", "training"])
def test_a_work_shift_is_no_volunteer_service_however_somebody_joined_it(nature):
    assert unit_of(nature, True) == unit_of(nature, False) == "participation"
    assert unit_of("volunteer_service", False) == "participation"
