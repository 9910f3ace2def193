"""From windows of time to slots: half days of the tenant's zone, each with a whole number of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARTS = ("night", "morning", "afternoon", "evening")
"""The parts of a day, six hours each, from 00:00."""

Window = tuple[datetime, datetime]
"""A half-open stretch of aware instants."""


def slot_of(instant: datetime, zone: ZoneInfo) -> int:
    """Return the slot in which an instant lies: days since 0001-01-01 times four, plus the part of the day."""
    local = instant.astimezone(zone)
    return local.toordinal() * len(PARTS) + local.hour // 6


def slots_of(windows: Iterable[Window], zone: ZoneInfo, until: datetime | None = None) -> tuple[int, ...]:
    """Return the slots in which the windows begin, in order and each once; nothing for windows that contradict.

    A window is left out where it does not end after it begins, or begins at or after `until` (when the need expires).
    A task belongs to the slot in which it begins; each occurrence of a repeated window is a window of its own.
    """
    return tuple(
        sorted(
            {slot_of(begins, zone) for begins, ends in windows if begins < ends and (until is None or begins < until)}
        )
    )


def free_slots(windows: Iterable[Window], zone: ZoneInfo) -> tuple[int, ...]:
    """Return every slot that the windows touch, in order: when somebody says that they are free."""
    found: set[int] = set()
    for begins, ends in windows:
        if begins < ends:
            found.update(range(slot_of(begins, zone), slot_of(ends - timedelta(microseconds=1), zone) + 1))
    return tuple(sorted(found))


def begins_at(slot: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which a slot begins, in UTC."""
    day, part = divmod(slot, len(PARTS))
    local = datetime.combine(date.fromordinal(day), datetime.min.time(), zone) + timedelta(hours=6 * part)
    return local.astimezone(UTC)
