"""Forgotten check-outs and claims of hours, purely: nobody gains by their own word, and only free minutes count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import hour_claims
from api.domain.forgotten import POLICIES, CheckOutOpen, LeftAfterWindow, judge_left, policy_of
from api.domain.hour_claims import Standing
from api.domain.presence import CheckOutBeforeCheckIn, ClockAhead

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 5, 9, 9, 0, tzinfo=SHANGHAI)


def clock(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-09T{text}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("version", "came", "ends", "cancelled", "presumed"),
    [
        (1, "09:00", "11:00", None, "11:00"),
        (1, "09:00", "17:00", None, "13:00"),
        (1, "10:30", "11:00", None, "11:00"),
        (1, "11:10", "11:00", None, "11:10"),
        (1, "09:00", "17:00", "10:15", "10:15"),
        (1, "10:30", "17:00", "10:15", "10:30"),
        (2, "09:00", "11:00", None, "09:00"),
    ],
)
def test_a_forgotten_check_out_ends_with_the_plan_the_cap_or_the_calling_off(version, came, ends, cancelled, presumed):
    called_off = clock(cancelled) if cancelled else None
    assert POLICIES[version].presumed_end(clock(came), clock(ends), called_off) == clock(presumed)


def test_an_activity_names_its_version_and_has_the_first_without_one():
    assert (policy_of({}).version, policy_of({"forgotten": 2}).version) == (1, 2)
    assert {version: policy.version for version, policy in POLICIES.items()} == {1: 1, 2: 2}


@pytest.mark.parametrize(
    ("stated", "now", "why"),
    [
        ("10:00", "12:59", CheckOutOpen), ("14:01", "14:00", ClockAhead), ("08:59", "14:00", CheckOutBeforeCheckIn),
        ("13:01", "14:00", LeftAfterWindow),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_refused(stated, now, why):
    with pytest.raises(why):
        judge_left(clock(stated), came_at=NINE, presumed=clock("11:00"), closes_at=clock("13:00"), now=clock(now))


@given(stated=st.integers(0, 240), presumed=st.integers(0, 240))
def test_nobody_gains_by_their_own_word(stated, presumed):
    verdict = judge_left(
        NINE + stated * MINUTE, came_at=NINE, presumed=NINE + presumed * MINUTE, closes_at=clock("13:00"),
        now=clock("13:00"),
    )  # fmt: skip
    assert verdict == ("taken" if stated <= presumed else "claimed")


SPANS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 90)), max_size=6)


def standing(start: int, length: int) -> Standing:
    return Standing(NINE + start * MINUTE, NINE + (start + length) * MINUTE, NINE.date(), length)


@given(start=st.integers(0, 200), length=st.integers(1, 200), known=SPANS)
def test_what_is_free_of_a_claim_is_its_minutes_less_those_that_stand(start, length, known):
    free = hour_claims.free(
        (NINE + start * MINUTE, NINE + (start + length) * MINUTE), [standing(*each) for each in known]
    )
    brute = set(range(start, start + length)) - {at for since, many in known for at in range(since, since + many)}
    found = [at for since, end in free for at in range((since - NINE) // MINUTE, (end - NINE) // MINUTE)]
    assert sorted(brute) == found
    assert hour_claims.minutes_of(free) == len(brute)


@pytest.mark.parametrize(
    ("stands", "asked", "level"), [(0, 480, 0), (0, 481, 1), (480, 0, 0), (420, 61, 1), (480, 240, 1), (480, 241, 2)]
)
def test_over_eight_and_over_twelve_hours_a_day_somebody_above_agrees(stands, asked, level):
    known = [Standing(None, None, NINE.date(), stands), Standing(None, None, date(2026, 5, 8), 700)]
    window = (NINE.astimezone(UTC), (NINE + asked * MINUTE).astimezone(UTC))
    assert hour_claims.levels_above(window, known, SHANGHAI) == level
