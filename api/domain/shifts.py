"""What a shift may be: a window of at most a day, with places, and with presences it keeps its times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from api.errors import Conflict, Invalid

LONGEST = timedelta(hours=24)  # an activity over many days has a shift a day (model: Settlement)

Stretch = tuple[datetime, datetime]
"""A half-open stretch of time between aware instants."""


class EndsBeforeStart(Invalid):
    """The shift does not end after it starts."""

    code = "shift_ends_before_start"
    zh, en = "班次结束时间必须晚于开始时间", "A shift must end after it starts"


class TooLong(Invalid):
    """The shift is longer than a day."""

    code = "shift_too_long"
    zh, en = "班次不能超过 {hours} 小时，请按日拆分", "A shift lasts at most {hours} hours; make one for each day"


class CapacityTaken(Conflict):
    """More places are taken than the new capacity has."""

    code = "capacity_taken"
    zh, en = "已有 {confirmed} 人确认，名额不能少于此数", "{confirmed} places are taken; there cannot be fewer"


class PresencesStand(Conflict):
    """Somebody has been recorded at this shift, so that its times stand."""

    code = "presences_stand"
    zh, en = "已有签到记录，不能修改时间", "Somebody has been recorded here already; its times stand"


class BreaksUnfit(Invalid):
    """A break does not lie within its shift, or lies over another one."""

    code = "breaks_unfit"
    zh = "休息时间须在班次时间内、有长度且互不重叠，并且不能占满整个班次"
    en = "Breaks lie within the shift, have length, do not overlap, and leave some of it"


class ShiftsAhead(Conflict):
    """A shift of the activity has not ended yet."""

    code = "shifts_ahead"
    zh, en = "还有班次尚未结束", "A shift of it has not ended yet"


def require_window(starts_at: datetime, ends_at: datetime) -> None:
    """Raise EndsBeforeStart or TooLong unless the half-open window is longer than nothing and at most a day."""
    if ends_at <= starts_at:
        raise EndsBeforeStart(pointer="/endsAt")
    if ends_at - starts_at > LONGEST:
        raise TooLong(pointer="/endsAt", hours=LONGEST // timedelta(hours=1))


def require_breaks(starts_at: datetime, ends_at: datetime, breaks: Iterable[Stretch]) -> list[Stretch]:
    """Return the breaks in their order; BreaksUnfit unless they lie apart within the shift and leave some of it."""
    ordered = sorted(breaks)
    for start, end in ordered:
        if not starts_at <= start < end <= ends_at:
            raise BreaksUnfit(pointer="/breaks")
    if any(one[1] > other[0] for one, other in pairwise(ordered)):
        raise BreaksUnfit(pointer="/breaks")
    if sum((end - start for start, end in ordered), timedelta()) >= ends_at - starts_at:
        raise BreaksUnfit(pointer="/breaks")
    return ordered


def without_breaks(start: int, end: int, breaks: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of a half-open stretch beside the breaks, in whatever whole unit all of them are."""
    left: list[tuple[int, int]] = []
    for begin, over in sorted(breaks):
        if start < min(begin, end):
            left.append((start, min(begin, end)))
        start = max(start, over)
    return [*left, (start, end)] if start < end else left


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """The hours of a shift a day, local: one that does not end after it starts ends on the day after."""

    starts: time
    ends: time
    breaks: Sequence[tuple[time, time]] = ()

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime, list[Stretch]]:
        """Return start, end and breaks on a day of the zone; what lies before the start is of the day after."""
        begin = datetime.combine(day, self.starts, zone)
        end = _next(self.ends, begin)
        stretches = []
        for since, until in self.breaks:
            start = begin if since == self.starts else _next(since, begin)
            stretches.append((start, _next(until, start)))
        return begin, end, stretches


def _next(clock: time, after: datetime) -> datetime:
    """Return the first moment after another one at which the local clock shows this time."""
    same = datetime.combine(after.date(), clock, after.tzinfo)
    return same if same > after else datetime.combine(after.date() + timedelta(days=1), clock, after.tzinfo)


def require_capacity(capacity: int, confirmed: int) -> None:
    """Raise CapacityTaken where fewer places remain than are taken."""
    if capacity < confirmed:
        raise CapacityTaken(pointer="/capacity", confirmed=confirmed)
