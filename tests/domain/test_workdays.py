"""Working days against the State Council's published notices, swapped days included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from api.domain.workdays import NotAWorkingDayCount, WorkCalendar, add_workdays, workdays_between

CHINA = WorkCalendar()

# 国办发明电〔2023〕7号, holidays of 2024: first and last day off, and the weekends worked for them.
NOTICE_2024 = [
    ("2024-02-10", "2024-02-17", ["2024-02-04", "2024-02-18"]),
    ("2024-04-04", "2024-04-06", ["2024-04-07"]),
    ("2024-05-01", "2024-05-05", ["2024-04-28", "2024-05-11"]),
    ("2024-06-10", "2024-06-10", []),
    ("2024-09-15", "2024-09-17", ["2024-09-14"]),
    ("2024-10-01", "2024-10-07", ["2024-09-29", "2024-10-12"]),
]


@pytest.mark.parametrize(("first", "last", "worked"), NOTICE_2024)
def test_days_of_2024_are_as_announced(first: str, last: str, worked: list[str]) -> None:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        assert not CHINA.is_working_day(day)
        day += timedelta(days=1)
    assert all(CHINA.is_working_day(date.fromisoformat(text)) for text in worked)


def test_2024_has_the_working_days_of_its_notice() -> None:
    weekdays = sum(date.fromordinal(day).weekday() < 5 for day in range(*year_of(2024)))
    off = {date.fromisoformat("2024-01-01")}
    for first, last, _ in NOTICE_2024:
        off |= {date.fromordinal(day) for day in range(*span(first, last))}
    expected = weekdays - sum(day.weekday() < 5 for day in off) + sum(len(worked) for *_, worked in NOTICE_2024)
    assert workdays_between(date(2023, 12, 31), date(2024, 12, 31), CHINA) == expected


def year_of(year: int) -> tuple[int, int]:
    return date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()


def span(first: str, last: str) -> tuple[int, int]:
    return date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2024-09-27", 1, "2024-09-29"),  # a Friday; the Sunday after is worked
        ("2024-09-29", 1, "2024-09-30"),
        ("2024-09-30", 1, "2024-10-08"),
        ("2024-09-30", 5, "2024-10-12"),  # 8, 9, 10, 11 and the worked Saturday
        ("2024-02-09", 2, "2024-02-19"),  # the eve was not a day off in 2024; the Sunday after is worked
        ("2024-03-01", 10, "2024-03-15"),
        ("2024-03-02", 0, "2024-03-02"),
    ],
)
def test_a_clock_counts_from_the_day_after(start: str, count: int, end: str) -> None:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    assert add_workdays(first, count, CHINA) == last
    assert workdays_between(first, last, CHINA) == count


def test_an_override_stands_before_the_library_and_shows_in_the_version() -> None:
    extra = WorkCalendar({date(2024, 3, 1): False, date(2024, 3, 2): True})
    assert not extra.is_working_day(date(2024, 3, 1))
    assert extra.is_working_day(date(2024, 3, 2))
    assert extra.version.startswith(CHINA.version + "+")
    assert extra.version == WorkCalendar({date(2024, 3, 2): True, date(2024, 3, 1): False}).version


def test_the_last_year_that_is_known_is_named() -> None:
    assert CHINA.known_until >= date(2026, 12, 31)
    year = CHINA.known_until.year + 1
    assert WorkCalendar({date(year, 2, 3): False}).known_until == date(year, 12, 31)


@pytest.mark.parametrize("count", [-1, 10_001])
def test_a_count_that_makes_no_sense_is_refused(count: int) -> None:
    with pytest.raises(NotAWorkingDayCount):
        add_workdays(date(2024, 1, 1), count, CHINA)
