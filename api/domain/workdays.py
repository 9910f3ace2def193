"""Working days of mainland China with swapped days, from the `holidays` library and a table of overrides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version as installed

import holidays

from api.errors import Invalid

_MOST_DAYS = 10_000  # some forty years; a longer clock is a mistake


class NotAWorkingDayCount(Invalid):
    """A number of working days that cannot be counted."""

    code = "working_day_count"
    zh, en = "工作日数须为 0 至 {most} 的整数", "A number of working days lies between 0 and {most}"


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=range(2015, 2041))


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked; `overrides` (day → is worked) stand before the library, for days announced after it.

    The swapped days of a year are announced the autumn before. Beyond `known_until` only the statutory holidays are
    known, so a clock that runs past it is to be counted anew when a newer calendar is installed.
    """

    overrides: Mapping[date, bool] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """Say whether `day` is worked: by the override, else the notice of its year, else Monday to Friday."""
        known = self.overrides.get(day)
        return _china().is_working_day(day) if known is None else known

    def kind_of_day(self, day: date) -> str:
        """Return what kind of day it is: workday, weekend, or holiday with the days off that go with one."""
        if self.is_working_day(day):
            return "workday"
        return "holiday" if day in _china() else "weekend"

    @property
    def known_until(self) -> date:
        """The last day of the last year whose swapped days are known, from the library or the overrides."""
        return date(max(day.year for day in (*_china().weekend_workdays, *self.overrides)), 12, 31)

    @property
    def version(self) -> str:
        """Name what was counted with: library, its release, and a fingerprint of the overrides where there are any."""
        name = f"holidays-{installed('holidays')}-CN"
        if not self.overrides:
            return name
        listed = ";".join(f"{day.isoformat()}={int(worked)}" for day, worked in sorted(self.overrides.items()))
        return f"{name}+{hashlib.sha256(listed.encode()).hexdigest()[:12]}"


def add_workdays(day: date, count: int, calendar: WorkCalendar) -> date:
    """Return the day on which a clock of `count` working days ends; the first counted is the one after `day`.

    Nought gives `day` itself, worked or not. Raises NotAWorkingDayCount below nought and above some forty years.
    """
    if not 0 <= count <= _MOST_DAYS:
        raise NotAWorkingDayCount(most=_MOST_DAYS)
    while count:
        day += timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day


def workdays_between(after: date, until: date, calendar: WorkCalendar) -> int:
    """Return how many working days lie after `after` up to and including `until`; nought where none do."""
    days = (after + timedelta(days=number) for number in range(1, (until - after).days + 1))
    return sum(calendar.is_working_day(day) for day in days)
