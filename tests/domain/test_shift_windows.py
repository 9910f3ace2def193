"""Breaks that credit nothing, and the hours of a shift a day, also over midnight."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.settlement import Presence, credits_of
from api.domain.shifts import BreaksUnfit, DailyWindow, require_breaks, without_breaks

NINE = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def test_breaks_are_put_in_order() -> None:
    assert require_breaks(at(0), at(240), [(at(180), at(190)), (at(60), at(90))]) == [
        (at(60), at(90)), (at(180), at(190))
    ]  # fmt: skip
    assert require_breaks(at(0), at(60), []) == []


@pytest.mark.parametrize(
    "breaks",
    [
        [(-1, 10)], [(230, 241)], [(300, 310)], [(30, 30)], [(40, 30)], [(10, 30), (29, 40)], [(0, 240)],
        [(0, 120), (120, 240)],
    ],
)  # fmt: skip
def test_a_break_lies_within_the_shift_beside_the_others_and_leaves_some_of_it(breaks) -> None:
    with pytest.raises(BreaksUnfit):
        require_breaks(at(0), at(240), [(at(start), at(end)) for start, end in breaks])


@given(st.integers(0, 50), st.integers(0, 60), st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 20)), max_size=5))
def test_what_is_left_beside_breaks_is_what_a_count_by_minutes_leaves(start, length, breaks) -> None:
    windows = [(begin, begin + long) for begin, long in breaks]
    resting = {minute for begin, over in windows for minute in range(begin, over)}
    left = without_breaks(start, start + length, windows)
    assert [minute for begin, over in left for minute in range(begin, over)] == [
        minute for minute in range(start, start + length) if minute not in resting
    ]
    assert all(begin < over for begin, over in left)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=SHANGHAI)


def test_a_day_has_its_hours_and_breaks_in_the_local_zone() -> None:
    window = DailyWindow(time(8, 30), time(17), [(time(12), time(13))])
    begin, end, breaks = window.on(date(2026, 5, 1), SHANGHAI)
    assert (begin, end, breaks) == (local(1, 8, 30), local(1, 17), [(local(1, 12), local(1, 13))])
    assert begin == datetime(2026, 5, 1, 0, 30, tzinfo=UTC)


def test_a_watch_over_midnight_ends_on_the_day_after_with_its_breaks() -> None:
    window = DailyWindow(time(22), time(6), [(time(23, 50), time(0, 10)), (time(3), time(3, 30))])
    assert window.on(date(2026, 5, 31), SHANGHAI) == (
        local(31, 22), datetime(2026, 6, 1, 6, tzinfo=SHANGHAI),
        [
            (local(31, 23, 50), datetime(2026, 6, 1, 0, 10, tzinfo=SHANGHAI)),
            (datetime(2026, 6, 1, 3, tzinfo=SHANGHAI), datetime(2026, 6, 1, 3, 30, tzinfo=SHANGHAI)),
        ],
    )  # fmt: skip


def test_equal_times_are_a_whole_day() -> None:
    begin, end, _ = DailyWindow(time(8), time(8)).on(date(2026, 5, 1), SHANGHAI)
    assert end - begin == timedelta(days=1)


def stay(shift: int, checked_in: int, checked_out: int, breaks=(), window=(0, 480)) -> Presence:
    resting = tuple((at(start), at(end)) for start, end in breaks)
    return Presence(
        UUID(int=shift), 1, at(checked_in), at(checked_out), at(window[0]), at(window[1]), "volunteer_service", True,
        breaks=resting,
    )  # fmt: skip


def test_a_break_credits_nothing_and_is_no_overlap() -> None:
    (credit,) = credits_of([stay(1, 30, 300, [(180, 240)])], SHANGHAI).values()
    assert (credit.minutes, credit.overlapped, credit.held) == (210, 0, 0)
    assert credit.spans == ((at(30), at(180)), (at(240), at(300)))


def test_who_serves_elsewhere_in_a_break_is_credited_there() -> None:
    found = credits_of([stay(1, 0, 480, [(180, 240)]), stay(2, 170, 250, window=(170, 250))], SHANGHAI)
    assert {key[0].int: (credit.minutes, credit.overlapped) for key, credit in found.items()} == {
        1: (420, 0), 2: (60, 20)
    }  # fmt: skip


def test_who_came_and_left_within_a_break_is_credited_nothing() -> None:
    (credit,) = credits_of([stay(1, 190, 230, [(180, 240)])], SHANGHAI).values()
    assert (credit.minutes, credit.spans, credit.started_at) == (0, (), None)
