"""When a past service was given, as far as its record tells: one window, a stretch on each of several days, or shifts.

A record of many days states its hours in all. Where its clock shows the same hours for each day, and they are enough
for what is stated, the minutes are shared over the days evenly by largest remainder, the earlier days first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

MOST_DAYS = 31
"""Days that one record may be spread over; more is no record of a service but of a post."""

_SHIFT = re.compile(
    r"(\d{1,2})(?::(\d{2}))?\s*[-–~至]\s*(\d{1,2})(?::(\d{2}))?\s*[(（]\s*(\d{1,4})\s*"
    r"(?:people|persons|volunteers|人|名)\s*[)）]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a record with its whole minutes for one participant; all of them lie between its two instants."""

    starts_at: datetime
    ends_at: datetime
    minutes: int
    participants: int | None

    @property
    def room(self) -> Fraction:
        """The minutes between its two instants."""
        return minutes_between(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Division:
    """How a record falls into stretches: whole, by day, or by shifts that its note names."""

    kind: Literal["whole", "by_day", "by_shift"]
    stretches: tuple[Stretch, ...]


def minutes_between(start: datetime, end: datetime) -> Fraction:
    """Return the exact minutes from one instant to the other."""
    return Fraction(round((end - start) / timedelta(microseconds=1)), 60_000_000)


def shares(total: int, parts: int) -> list[int]:
    """Return `total` in so many parts that differ by one at most, the larger ones first: the largest remainder."""
    least, rest = divmod(total, parts)
    return [least + (number < rest) for number in range(parts)]


def divide(
    starts_at: datetime, ends_at: datetime, minutes: int, participants: int | None, note: str, zone: ZoneInfo
) -> Division | None:
    """Return how a record of so many minutes a participant falls into stretches; None where it is not told.

    Shifts that the note names with their clock and people count where all figures agree: they lie in the window one
    after the other, their lengths add up to the minutes and their people to the participants. Else a window of up to a
    day is one stretch, and one of several days a stretch a day where its clock runs forward from start to end, the days
    lie in one year (what is served in a year is judged with that year) and have room for all minutes.
    """
    named = _named_shifts(starts_at, ends_at, note, zone)
    lengths = [int(each.room) for each in named]
    if len(named) > 1 and sum(lengths) == minutes and sum(each.participants or 0 for each in named) == participants:
        return Division("by_shift", tuple(named))
    if ends_at - starts_at <= timedelta(days=1):
        return Division("whole", (Stretch(starts_at, ends_at, minutes, participants),))
    windows = _daily(starts_at.astimezone(zone), ends_at.astimezone(zone))
    if not windows or sum(minutes_between(*window) for window in windows) < minutes:
        return None
    parts = zip(windows, shares(minutes, len(windows)), strict=True)
    return Division("by_day", tuple(Stretch(*window, share, participants) for window, share in parts))


def capped(stretches: Iterable[Stretch], zone: ZoneInfo, tier: int) -> list[Stretch]:
    """Return the stretches with no more minutes than each has room for, nor than `tier` on any day, in order."""
    used: dict[date, int] = {}
    kept = []
    for each in stretches:
        day = each.starts_at.astimezone(zone).date()
        minutes = min(each.minutes, int(each.room), tier - used.get(day, 0))
        if minutes > 0:
            used[day] = used.get(day, 0) + minutes
            kept.append(Stretch(each.starts_at, each.ends_at, minutes, each.participants))
    return kept


def most_a_day(stretches: Iterable[Stretch], zone: ZoneInfo) -> int:
    """Return the minutes of the day that has most of them."""
    days: dict[date, int] = {}
    for each in stretches:
        day = each.starts_at.astimezone(zone).date()
        days[day] = days.get(day, 0) + each.minutes
    return max(days.values(), default=0)


def _daily(start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime]]:
    days = (end.date() - start.date()).days + 1
    if end.time() <= start.time() or days > MOST_DAYS or start.year != end.year:
        return ()
    dates = [start.date() + timedelta(days=number) for number in range(days)]
    return [(_at(day, start.time(), start), _at(day, end.time(), start)) for day in dates]


def _at(day: date, clock: time, like: datetime) -> datetime:
    return datetime.combine(day, clock, like.tzinfo)


def _named_shifts(start: datetime, end: datetime, note: str, zone: ZoneInfo) -> list[Stretch]:
    """Return the shifts that a note names, where they lie in the window one after the other; else none."""
    day, after, found = start.astimezone(zone).date(), start, []
    for hour, minute, until, until_minute, people in _SHIFT.findall(note):
        if max(int(hour), int(until)) > 23 or max(int(minute or 0), int(until_minute or 0)) > 59:
            return []
        since = datetime.combine(day, time(int(hour), int(minute or 0)), zone)
        upto = datetime.combine(day, time(int(until), int(until_minute or 0)), zone)
        if not after <= since < upto <= end:
            return []
        after = upto
        found.append(Stretch(since, upto, int(minutes_between(since, upto)), int(people)))
    return found
