"""Hours that somebody asks for (补录) or objects to: what a claim may say, what of it is free, and who has to agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.domain.overlap import Covered
from api.domain.supplementary import LATE_AFTER, PARENT_TIER, UPPER_TIER
from api.domain.workdays import WorkCalendar, workdays_between
from api.errors import Invalid

Window = tuple[datetime, datetime]
_ORIGIN, _MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=1)


class ClaimAhead(Invalid):
    """Hours are asked for when they have been served."""

    code, zh, en = "claim_ahead", "只能申请已经完成的服务时间", "Ask for time that has passed"


class ClaimTooLong(Invalid):
    """A claim is about one stretch of at most a day."""

    code, zh, en = (
        "claim_too_long",
        "一次申请不超过一天，请按日分开提出",
        "A claim is of at most a day; ask for each day",
    )


class ClaimOutsideShift(Invalid):
    """What a shift credits lies between its start and its end."""

    code = "claim_outside_shift"
    zh, en = "申请的时间须在班次 {startsAt} 至 {endsAt} 之内", "The time lies within the shift, {startsAt} to {endsAt}"


class WrongOffice(Invalid):
    """The community where it happened decides first."""

    code, zh, en = "wrong_office", "请向服务所在社区提出", "The community where it happened decides; name that one"


class PartOutsideClaim(Invalid):
    """Of a claim somebody accepts a part; more than what was asked for is another claim."""

    code = "part_outside_claim"
    zh, en = "认可的时间须在申请的时间之内", "What is accepted lies within what was asked for"


@dataclass(frozen=True, slots=True)
class Standing:
    """Minutes that a person has already: their bounds where they are known, the day and the amount."""

    started_at: datetime | None
    ended_at: datetime | None
    served_on: date
    minutes: int


def require_window(window: Window, now: datetime, shift: Window | None) -> None:
    """Raise ClaimAhead, ClaimTooLong or ClaimOutsideShift where this stretch of time cannot be asked for."""
    if window[1] > now:
        raise ClaimAhead(pointer="/claim/endsAt")
    if window[1] - window[0] > timedelta(days=1):
        raise ClaimTooLong(pointer="/claim/endsAt")
    if shift is not None and (window[0] < shift[0] or window[1] > shift[1]):
        raise ClaimOutsideShift(pointer="/claim/startsAt", startsAt=_iso(shift[0]), endsAt=_iso(shift[1]))


def accepted_of(asked: Window | None, part: Window | None) -> Window | None:
    """Return the stretch that stands: the part that was accepted, else all that was asked for; PartOutsideClaim."""
    if part is None:
        return asked
    if asked is None or part[0] < asked[0] or part[1] > asked[1]:
        raise PartOutsideClaim(pointer="/accepted")
    return part


def free(window: Window, standing: Iterable[Standing]) -> list[Window]:
    """Return the stretches of a window, in whole minutes, that no standing minutes of the person cover."""
    bounds = ((each.started_at, each.ended_at) for each in standing)
    covered = Covered((_minute(start), _minute(end)) for start, end in bounds if start and end)
    return [
        (_ORIGIN + start * _MINUTE, _ORIGIN + end * _MINUTE)
        for start, end in covered.take(_minute(window[0]), _minute(window[1]))
    ]


def minutes_of(windows: Iterable[Window]) -> int:
    """Return the whole minutes of disjoint stretches."""
    return sum((end - start) // _MINUTE for start, end in windows)


def levels_above(window: Window, standing: Iterable[Standing], zone: ZoneInfo) -> int:
    """Return how far above the community somebody has to agree: 0, 1 over 8 h a day, 2 over 12 h (rule R-25)."""
    known = list(standing)
    day = window[0].astimezone(zone).date()
    total = minutes_of(free(window, known)) + sum(each.minutes for each in known if each.served_on == day)
    return (total > PARENT_TIER) + (total > UPPER_TIER)


def is_late(window: Window, today: date, zone: ZoneInfo, calendar: WorkCalendar) -> bool:
    """Say whether hours are asked for later than 10 working days after the service (order 67)."""
    served_on = window[0].astimezone(zone).date()
    return today > served_on and workdays_between(served_on, today, calendar) > LATE_AFTER


def _minute(at: datetime) -> int:
    return (at - _ORIGIN) // _MINUTE


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
