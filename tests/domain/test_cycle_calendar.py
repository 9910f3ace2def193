"""考核日程: phases in their order, the clock that runs in each state, and the window that closes by itself."""

from __future__ import annotations

from datetime import date

import pytest

from api.domain.cycle_calendar import (
    AppealsStillTaken,
    Calendar,
    CalendarDates,
    clock,
    how_to_object,
    require_in_order,
    require_over,
    shut,
    window,
)
from api.domain.steps import TABLES
from api.domain.workdays import WorkCalendar
from api.errors import StepNotAllowed

CUT_OFF = date(2026, 2, 27)
WHOLE = Calendar(date(2026, 3, 6), date(2026, 3, 13), date(2026, 3, 20), 5, date(2026, 3, 30))
WORKDAYS = WorkCalendar()


@pytest.mark.parametrize(
    ("days", "pointer"),
    [
        ((date(2026, 2, 26), None, None), "/calendar/selfReviewUntil"),
        ((date(2026, 3, 6), date(2026, 3, 5), None), "/calendar/publicReviewUntil"),
        ((date(2026, 3, 6), None, date(2026, 3, 5)), "/calendar/publishBy"),
        ((None, date(2026, 3, 6), date(2026, 3, 5)), "/calendar/publishBy"),
    ],
)
def test_days_that_contradict_each_other_are_refused_where_the_later_one_stands(days, pointer) -> None:
    with pytest.raises(CalendarDates) as refused:
        require_in_order(Calendar(*days), CUT_OFF)
    assert refused.value.pointer == pointer


def test_phases_may_end_on_one_day_or_have_no_clock() -> None:
    day = date(2026, 3, 6)
    for calendar in (Calendar(), Calendar(day, day, day), Calendar(publish_by=day), WHOLE):
        require_in_order(calendar, CUT_OFF)


@pytest.mark.parametrize(
    ("state", "day", "phase", "soon", "late"),
    [
        ("computed", date(2026, 3, 2), "self_review", False, False),
        ("computed", date(2026, 3, 3), "self_review", True, False),  # Tuesday: the third working day after is Friday
        ("self_review", date(2026, 3, 6), "self_review", True, False),
        ("self_review", date(2026, 3, 7), "self_review", True, True),
        ("public_review", date(2026, 3, 13), "public_review", True, False),
        ("public_review", date(2026, 3, 14), "publication", False, False),
        ("public_review", date(2026, 3, 21), "publication", True, True),
        ("appeals", date(2026, 3, 30), "appeals", True, False),
        ("appeals", date(2026, 3, 31), "appeals", True, True),
    ],
)  # fmt: skip
def test_the_clock_of_each_state_says_what_is_due_soon_and_what_is_late(state, day, phase, soon, late) -> None:
    runs = clock(state, WHOLE, day, WORKDAYS)
    assert runs is not None
    assert (runs.phase, runs.soon, runs.late) == (phase, soon, late)


def test_no_clock_runs_where_none_was_set_or_nothing_is_due() -> None:
    assert clock("public_review", Calendar(), date(2026, 3, 2), WORKDAYS) is None
    assert clock("final", WHOLE, date(2026, 12, 2), WORKDAYS) is None
    alone = clock("public_review", Calendar(public_review_until=date(2026, 3, 6)), date(2026, 3, 9), WORKDAYS)
    assert alone is not None
    assert (alone.phase, alone.late) == ("public_review", True)


def test_a_window_is_counted_in_working_days_over_a_long_holiday() -> None:
    # Notice of the State Council for 2025: 1 to 8 October off, Sunday 28 September and Saturday 11 October worked.
    assert window(date(2025, 9, 26), Calendar(appeal_days=5), WORKDAYS) == date(2025, 10, 10)
    assert window(date(2025, 9, 26), Calendar(), WORKDAYS) is None


def test_the_last_day_of_the_window_is_inside() -> None:
    require_over(None, date(2026, 3, 2))
    require_over(date(2026, 3, 9), date(2026, 3, 10))
    for day in (date(2026, 3, 8), date(2026, 3, 9)):
        with pytest.raises(AppealsStillTaken):
            require_over(date(2026, 3, 9), day)


def test_what_the_days_refuse_is_not_offered() -> None:
    ended, until = date(2026, 1, 1), date(2026, 3, 9)
    assert shut(ended, None, date(2025, 12, 31)) == {"cycle.publish"}
    assert shut(ended, None, ended) == set()
    assert shut(ended, until, until) == {"cycle.finalize"}
    assert shut(ended, until, date(2026, 3, 10)) == {"cycle.appeal"}


def test_a_result_says_until_when_it_may_be_appealed_against() -> None:
    until = date(2026, 3, 9)
    assert "10 个工作日" in how_to_object("published", 10, None, until)[0]
    assert "2026-03-09（含当日）" in how_to_object("appeals", 10, until, until)[0]
    assert "up to and on 2026-03-09" in how_to_object("appeals", 10, until, until)[1]
    for state, day in (("appeals", date(2026, 3, 10)), ("final", until)):
        assert "已结束" in how_to_object(state, 10, until, day)[0]


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("published", "open_public_review"), ("appeals", "publish"), ("public_review", "open_self_review"),
        ("self_review", "publish"), ("computed", "publish"), ("final", "open_appeals"), ("delivered", "finalize"),
    ],
)  # fmt: skip
def test_no_phase_is_skipped_or_taken_back(state: str, step: str) -> None:
    with pytest.raises(StepNotAllowed):
        TABLES["cycle"].next(state, step)
