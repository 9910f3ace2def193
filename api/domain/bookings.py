"""预约: when a project takes something of a resource, how much is held at once, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from api.domain.matching.times import Window, occurrences
from api.errors import Conflict, Invalid

USED_UP = frozenset({"goods", "fund"})
"""Kinds of resources that are gone once given; the others are lent for a time and free again after it."""

MOST = 400
"""As many occurrences as one project books: every day of a year, with some to spare."""


class Span(NamedTuple):
    """A half-open stretch of time, and how much of a resource it takes."""

    starts_at: datetime
    ends_at: datetime
    quantity: int


class ResourceTaken(Conflict):
    """Others hold so much of the resource at that time that not enough is left."""

    code = "resource_taken"
    zh, en = "{startsAt} 至 {endsAt} 已被预约，余量不足", "Too little is left of it from {startsAt} until {endsAt}"


class ResourceClosed(Invalid):
    """The resource is not open at that time."""

    code = "resource_closed"
    zh, en = "{startsAt} 至 {endsAt} 不在开放时间内", "It is not open from {startsAt} until {endsAt}"


class BookingOutside(Invalid):
    """A booking lies within the days of its project."""

    code = "booking_outside"
    zh, en = "预约时间须在项目起止日期之内", "Bookings lie within the days of the project"


class BookingOver(Conflict):
    """Only what is held and lies ahead is moved or called off."""

    code, zh, en = (
        "booking_over",
        "该次预约已开始、已取消或尚未确认",
        "This booking has begun, is freed or not held yet",
    )


class BookingPast(Invalid):
    """A booking is moved to a time that lies ahead."""

    code, zh, en = "booking_past", "只能改到今后的时间", "Move it to a time that lies ahead"


class BookingsUnfit(Invalid):
    """Bookings are of a resource; at least one occurrence and no more than there are days in a year."""

    code = "bookings_unfit"
    zh = "预约须指明资源，次数在 1 至 {most} 之间，彼此不得重叠"
    en = "Bookings are of a resource: from 1 to {most} occurrences, none of which overlap"


@dataclass(frozen=True, slots=True)
class Asked:
    """A window that a project asks for, with its repetition, and how much in each occurrence."""

    window: Window
    quantity: int


def days(starts_on: date, ends_on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which the first of these days begins and the last one is over."""
    return datetime.combine(starts_on, time(), zone), datetime.combine(ends_on, time(), zone)


def planned(
    asked: Sequence[Asked], opened: Sequence[Window] | None, whole: tuple[datetime, datetime], quantity: int,
    zone: ZoneInfo,
) -> list[Span]:  # fmt: skip
    """Return the occurrences that a project books in its days, in order.

    Where it asks for none: each time the resource is open within them, or all of them where it is always open. Raises
    BookingOutside, ResourceClosed, and BookingsUnfit for too many, none at all, or some that overlap.
    """
    if asked:
        spans = [Span(*times, each.quantity) for each in asked for times in _within(each.window, whole, zone)]
    elif opened is None:
        spans = [Span(*whole, quantity)]
    else:
        spans = [
            Span(start, min(end, whole[1]), quantity) for start, end in occurrences(opened, zone, whole[0], whole[1])
        ]
    spans.sort()
    if not 1 <= len(spans) <= MOST or any(one.ends_at > other.starts_at for one, other in pairwise(spans)):
        raise BookingsUnfit(most=MOST, pointer="/bookings")
    require_open(spans, opened, zone)
    return spans


def _within(window: Window, whole: tuple[datetime, datetime], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    since, before = whole
    found = occurrences([window], zone, since, before)
    late = window.until is not None and window.every is not None and window.until > before.astimezone(zone).date()
    if not since <= window.starts_at < before or late or any(end > before for _, end in found):
        raise BookingOutside(pointer="/bookings")
    return found


def require_open(spans: Iterable[Span], opened: Sequence[Window] | None, zone: ZoneInfo) -> None:
    """Raise ResourceClosed for the first span at part of which a resource is not open; None is open at any time."""
    if opened is None:
        return
    listed = list(spans)
    if not listed:
        return
    before = max(span.ends_at for span in listed)
    hours = _hours(opened, zone, min(span.starts_at for span in listed), before)
    for span in listed:
        if not any(start <= span.starts_at and span.ends_at <= end for start, end in hours):
            raise ResourceClosed(
                pointer="/bookings", startsAt=span.starts_at.isoformat(), endsAt=span.ends_at.isoformat()
            )


def _hours(
    opened: Sequence[Window], zone: ZoneInfo, since: datetime, before: datetime
) -> list[tuple[datetime, datetime]]:
    """Return when it is open, what meets joined, of all that is not over at `since`."""
    longest = max((window.ends_at - window.starts_at for window in opened), default=timedelta(0))
    joined: list[tuple[datetime, datetime]] = []
    for start, end in occurrences(opened, zone, since - longest, before):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def levels(held: Iterable[Span]) -> list[Span]:
    """Return how much is held at each time: stretches in order, without overlap or gap between first and last."""
    changes: dict[datetime, int] = {}
    for start, end, quantity in held:
        changes[start] = changes.get(start, 0) + quantity
        changes[end] = changes.get(end, 0) - quantity
    moments, level, found = sorted(changes), 0, []
    for moment, after in pairwise(moments):
        level += changes[moment]
        found.append(Span(moment, after, level))
    return found


def at_once(held: Iterable[Span]) -> int:
    """Return the most that is held at any one time."""
    return max((level.quantity for level in levels(held)), default=0)


def require_left(wanted: Sequence[Span], held: Sequence[Span], quantity: int, zone: ZoneInfo) -> None:
    """Raise ResourceTaken where these spans together with what is held exceed the quantity at any time of theirs."""
    for level in levels([*held, *wanted]):
        if level.quantity > quantity and any(
            span.starts_at < level.ends_at and level.starts_at < span.ends_at for span in wanted
        ):
            start, end = level.starts_at.astimezone(zone), level.ends_at.astimezone(zone)
            raise ResourceTaken(startsAt=start.isoformat(), endsAt=end.isoformat())


def calendar(
    held: Iterable[Span], quantity: int | None, opened: Sequence[Window] | None, since: datetime, before: datetime,
    zone: ZoneInfo,
) -> list[dict[str, object]]:  # fmt: skip
    """Return what is promised and what is free between two moments: stretches in order, closed ones left out.

    `free` is None where it is not known how much there is.
    """
    hours = [(since, before)]
    if opened is not None:
        hours = _hours(opened, zone, since, before)
        hours = [(max(start, since), min(end, before)) for start, end in hours if end > since]
    cut = [
        Span(max(since, span.starts_at), min(before, span.ends_at), span.quantity)
        for span in held if span.starts_at < before and span.ends_at > since
    ]  # fmt: skip
    busy = levels([*cut, Span(since, before, 0)])
    return [
        {
            "starts_at": max(start, level.starts_at).astimezone(zone),
            "ends_at": min(end, level.ends_at).astimezone(zone), "promised": level.quantity,
            "free": None if quantity is None else max(0, quantity - level.quantity),
        }
        for start, end in hours for level in busy if level.starts_at < end and start < level.ends_at
    ]  # fmt: skip
