"""Two records of one human: no minute is credited twice, none is lost that only one of them has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.merging import Standing, carried, spans_of

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
Interval = tuple[int, int]
INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=7)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def entry(number: int, amount: int, start: int, end: int) -> Standing:
    return Standing(UUID(int=number), amount, at(start), at(end))


def ledger(intervals: list[Interval], first: int) -> tuple[list[Standing], set[int]]:
    """Post intervals as a settlement does: what comes later gets its uncovered rest, told by its outer bounds."""
    taken: set[int] = set()
    entries = []
    for number, (start, length) in enumerate(intervals, first):
        own = set(range(start, start + length)) - taken
        taken |= own
        if own:
            entries.append(entry(number, len(own), min(own), max(own) + 1))
    return entries, taken


def minutes(start: datetime | None, end: datetime | None) -> set[int]:
    assert start is not None
    assert end is not None
    return set(range((start - NOON) // timedelta(minutes=1), (end - NOON) // timedelta(minutes=1)))


@settings(max_examples=300, deadline=None)
@given(INTERVALS, INTERVALS)
def test_a_merge_credits_each_minute_of_either_record_once(theirs: list[Interval], own: list[Interval]) -> None:
    gone, time_of_theirs = ledger(theirs, 1)
    left, time_of_own = ledger(own, 101)
    posted = carried(gone, left)
    filled = [minute for each in posted for minute in minutes(each.started_at, each.ended_at)]
    assert len(filled) == len(set(filled)) == sum(each.amount for each in posted)
    assert not set(filled) & time_of_own
    assert set(filled) | time_of_own == time_of_theirs | time_of_own
    assert all(each.amount == len(minutes(each.started_at, each.ended_at)) for each in posted)


@settings(max_examples=200, deadline=None)
@given(INTERVALS)
def test_the_stretches_of_entries_are_found_again_from_their_bounds(intervals: list[Interval]) -> None:
    entries, taken = ledger(intervals, 1)
    spans = spans_of(entries)
    found = [minute + 0 for these in spans.values() for span in these for minute in range(*span)]
    origin = (NOON - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(minutes=1)
    assert sorted(found) == sorted(minute + origin for minute in taken)
    assert {each.id: each.amount for each in entries} == {
        each: sum(end - start for start, end in these) for each, these in spans.items()
    }


def test_a_merge_that_took_bounds_for_stretches_would_be_found_out() -> None:
    """The control: an entry of 9 to 11 with half past nine to ten taken out is not two whole hours."""
    gone, _ = ledger([(30, 30), (0, 120)], 1)
    naive = sum((each.ended_at - each.started_at) // timedelta(minutes=1) for each in gone)  # type: ignore[operator]
    assert naive == 150
    assert sum(each.amount for each in carried(gone, [])) == 120


def test_an_entry_without_instants_goes_over_whole() -> None:
    (one,) = carried([Standing(UUID(int=1), 45, None, None)], [entry(2, 60, 0, 60)])
    assert (one.amount, one.started_at, one.ended_at) == (45, None, None)


def test_what_is_covered_wholly_leaves_nothing_to_post() -> None:
    assert carried([entry(1, 30, 10, 40)], [entry(2, 60, 0, 60)]) == []
