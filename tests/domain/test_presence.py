"""Who may be recorded as present: windows, order, vouching, and lists that answer as each alone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.domain.presence import (
    Arrival,
    CheckInClosed,
    CheckOutBeforeCheckIn,
    CheckOutClosed,
    ClockAhead,
    NotCheckedIn,
    NotSignedUp,
    PairOutOfRange,
    PresencePolicy,
    PresenceRow,
    PreviousPairOpen,
    SelfRecorded,
    ShiftCancelled,
    ShiftFacts,
    admit,
    admit_all,
    open_pairs,
)
from api.errors import Forbidden, NotFound, Problem

NINE = datetime(2026, 5, 9, 9, 0, tzinfo=UTC)
WHO, LEADER, PLACE = UUID(int=1), UUID(int=2), UUID(int=10)
SHIFT = ShiftFacts(PLACE, NINE, NINE + timedelta(hours=2))


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def coming(minutes: int, **other: object) -> Arrival:
    first = Arrival(WHO, PLACE, "check_in", 1, at(minutes), at(minutes), "code", WHO)
    return replace(first, **other)  # type: ignore[arg-type]


def standing(*moments: int) -> dict:
    """Facts of pair 1, 2, … at these minutes: in, out, in, out …"""
    rows = {}
    for number, moment in enumerate(moments):
        direction = "check_out" if number % 2 else "check_in"
        row = PresenceRow(WHO, PLACE, number // 2 + 1, direction, at(moment), at(moment), "code", WHO)
        rows[row.key] = row
    return rows


def test_a_person_with_a_place_is_admitted_in_the_window() -> None:
    row = admit(SHIFT, coming(-30), "confirmed", {})
    assert (row.kind, row.pair, row.at, row.walk_in, row.provisional) == ("check_in", 1, at(-30), False, False)


@pytest.mark.parametrize("minute", [-31, 120, 500])
def test_outside_the_window_check_in_is_closed_and_says_when_it_is_open(minute: int) -> None:
    with pytest.raises(CheckInClosed) as why:
        admit(SHIFT, coming(minute), "confirmed", {})
    assert why.value.facts == {"opensAt": "2026-05-09T08:30:00+00:00", "closesAt": "2026-05-09T11:00:00+00:00"}


def test_a_policy_may_close_check_in_soon_after_the_start() -> None:
    strict = replace(SHIFT, policy=PresencePolicy(late_minutes=15))
    assert admit(strict, coming(14), "confirmed", {}).at == at(14)
    with pytest.raises(CheckInClosed):
        admit(strict, coming(15), "confirmed", {})


@pytest.mark.parametrize("signup", [None, "waitlisted", "signed_up", "cancelled"])
def test_who_holds_no_place_is_not_admitted(signup: str | None) -> None:
    with pytest.raises(NotSignedUp):
        admit(SHIFT, coming(0), signup, {})


def test_a_policy_may_let_people_walk_in_and_the_row_says_so() -> None:
    assert admit(replace(SHIFT, policy=PresencePolicy(walk_in=True)), coming(0), None, {}).walk_in


def test_an_unknown_shift_is_not_found() -> None:
    with pytest.raises(NotFound):
        admit(None, coming(0), "confirmed", {})


@pytest.mark.parametrize("pair", [0, 4, -1])
def test_there_are_three_pairs(pair: int) -> None:
    with pytest.raises(PairOutOfRange):
        admit(SHIFT, coming(0, pair=pair), "confirmed", {})


def test_a_time_that_has_not_come_is_refused() -> None:
    with pytest.raises(ClockAhead):
        admit(SHIFT, coming(10, received_at=at(9)), "confirmed", {})


def test_a_cancelled_shift_admits_nobody_but_lets_those_inside_leave() -> None:
    off = replace(SHIFT, state="cancelled", cancelled_at=at(30))
    with pytest.raises(ShiftCancelled):
        admit(off, coming(30), "confirmed", {})
    assert admit(off, coming(35, direction="check_out"), "confirmed", standing(0)).kind == "check_out"
    early = coming(29, received_at=at(40), provenance="offline_code")
    assert admit(off, early, "confirmed", {}).provisional


def test_a_check_out_needs_its_check_in() -> None:
    with pytest.raises(NotCheckedIn):
        admit(SHIFT, coming(60, direction="check_out"), "confirmed", {})
    with pytest.raises(NotCheckedIn):
        admit(SHIFT, coming(60, direction="check_out", pair=2), "confirmed", standing(0))


def test_a_check_out_timed_before_its_check_in_is_refused() -> None:
    with pytest.raises(CheckOutBeforeCheckIn):
        admit(SHIFT, coming(9, direction="check_out", received_at=at(60)), "confirmed", standing(10))


def test_check_out_ends_two_hours_after_the_shift() -> None:
    assert admit(SHIFT, coming(239, direction="check_out"), "confirmed", standing(0))
    with pytest.raises(CheckOutClosed):
        admit(SHIFT, coming(240, direction="check_out"), "confirmed", standing(0))


def test_a_further_pair_begins_when_the_one_before_has_ended() -> None:
    assert admit(SHIFT, coming(50, pair=2), "confirmed", standing(0, 40)).pair == 2
    assert admit(SHIFT, coming(40, pair=2), "confirmed", standing(0, 40)).at == at(40)
    for facts, minute in [(standing(0), 50), (standing(0, 40), 39), ({}, 50)]:
        with pytest.raises(PreviousPairOpen):
            admit(SHIFT, coming(minute, pair=2), "confirmed", facts)


@pytest.mark.parametrize("provenance", ["roll_call", "organiser"])
def test_nobody_calls_their_own_name(provenance: str) -> None:
    with pytest.raises(SelfRecorded) as why:
        admit(SHIFT, coming(0, provenance=provenance), "confirmed", {})
    assert isinstance(why.value, Forbidden)
    assert admit(SHIFT, coming(0, provenance=provenance, recorded_by=LEADER), "confirmed", {})


def test_a_double_gets_what_stands_even_after_the_window() -> None:
    first = standing(0)
    late = coming(200)
    assert admit_all([late], {PLACE: SHIFT}, {}, first) == list(first.values())


def test_open_pairs_are_the_check_ins_without_check_out() -> None:
    rows = list(standing(0, 10, 20).values())
    assert [row.pair for row in open_pairs(rows)] == [2]


def storm(seed: int) -> list[Arrival]:
    """Arrivals of five people at two shifts, doubled, out of order and partly impossible."""
    dice = random.Random(seed)
    return [
        Arrival(
            UUID(int=dice.randint(1, 5)),
            UUID(int=dice.randint(10, 11)),
            dice.choice(["check_in", "check_out"]),
            dice.randint(1, 4),
            at(minute := dice.randint(-60, 200)),
            at(minute + dice.choice([0, 0, 5, -1])),
            dice.choice(["code", "roll_call", "offline_code"]),
            UUID(int=dice.randint(1, 5)),
        )
        for _ in range(40)
    ]


def told(outcome: PresenceRow | Problem) -> object:
    return (outcome.code, outcome.facts) if isinstance(outcome, Problem) else outcome


@pytest.mark.parametrize("hundred", range(20))
def test_a_list_answers_as_each_alone_in_any_grouping(hundred: int) -> None:
    shifts = {PLACE: SHIFT, UUID(int=11): replace(SHIFT, id=UUID(int=11), policy=PresencePolicy(walk_in=True))}
    signups = {(UUID(int=person), PLACE): "confirmed" for person in (1, 2, 3)}
    taken = refused = 0
    for seed in range(100 * hundred, 100 * hundred + 100):
        arrivals, dice = storm(seed), random.Random(-seed)
        whole = [told(outcome) for outcome in admit_all(arrivals, shifts, signups, {})]
        grouped: list[object] = []
        stands: dict = {}
        while len(grouped) < len(arrivals):
            group = arrivals[len(grouped) : len(grouped) + dice.randint(1, 9)]
            outcomes = admit_all(group, shifts, signups, stands)
            stands |= {outcome.key: outcome for outcome in outcomes if isinstance(outcome, PresenceRow)}
            grouped += [told(outcome) for outcome in outcomes]
        assert grouped == whole, seed
        taken, refused = taken + len(stands), refused + sum(isinstance(outcome, tuple) for outcome in whole)
    assert min(taken, refused) > 100
