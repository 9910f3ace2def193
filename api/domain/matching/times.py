"""When needs want somebody and when people are free: windows that repeat, weeks of half days, and how urgent it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from api.domain.matching.slots import PARTS
from api.errors import Invalid

HalfDay = Literal[
    "mon.night", "mon.morning", "mon.afternoon", "mon.evening", "tue.night", "tue.morning", "tue.afternoon",
    "tue.evening", "wed.night", "wed.morning", "wed.afternoon", "wed.evening", "thu.night", "thu.morning",
    "thu.afternoon", "thu.evening", "fri.night", "fri.morning", "fri.afternoon", "fri.evening", "sat.night",
    "sat.morning", "sat.afternoon", "sat.evening", "sun.night", "sun.morning", "sun.afternoon", "sun.evening",
]  # fmt: skip
HALF_DAYS: tuple[str, ...] = get_args(HalfDay)
"""A week in quarters of six hours, as people say when they are free: `sat.morning`."""

Every = Literal["day", "week"]
STEP_DAYS: dict[str, int] = {"day": 1, "week": 7}
SOON, LONG = 30, 60
"""Days: a need that expires within SOON grows urgent, and so does one that has waited up to LONG."""


class WindowContradicts(Invalid):
    """A window ends before it begins, or its repetition ends before its first day."""

    code = "window_contradicts"
    zh, en = (
        "时间段的结束须晚于开始，重复截止日须晚于首日",
        "A window must end after it begins and repeat after its first day",
    )


@dataclass(frozen=True, slots=True)
class Window:
    """When somebody is wanted; with `every` again each day or week at the same local hours, before the day `until`."""

    starts_at: datetime
    ends_at: datetime
    every: Every | None = None
    until: date | None = None


def plain(window: Window) -> dict[str, Any]:
    """Return a window as it is stored; `windows_of` reads it again."""
    until = None if window.until is None else window.until.isoformat()
    return {
        "startsAt": window.starts_at.isoformat(), "endsAt": window.ends_at.isoformat(), "every": window.every,
        "until": until,
    }  # fmt: skip


def windows_of(stored: Iterable[Any] | None) -> list[Window] | None:
    """Return stored windows; None where the need names no time."""
    if stored is None:
        return None
    return [
        Window(
            datetime.fromisoformat(each["startsAt"]), datetime.fromisoformat(each["endsAt"]), each.get("every"),
            None if each.get("until") is None else date.fromisoformat(each["until"]),
        )
        for each in stored
    ]  # fmt: skip


def require_windows(windows: Iterable[Window], zone: ZoneInfo, pointer: str = "/windows") -> None:
    """Raise WindowContradicts for the first window that cannot be, with its place."""
    for number, window in enumerate(windows):
        first = window.starts_at.astimezone(zone).date()
        if window.ends_at <= window.starts_at or (window.until is not None and window.until <= first):
            raise WindowContradicts(pointer=f"{pointer}/{number}")


def occurrences(
    windows: Iterable[Window], zone: ZoneInfo, since: datetime, before: datetime
) -> list[tuple[datetime, datetime]]:
    """Return (begin, end) of each occurrence that begins in [since, before), in order and each once.

    A window that ends before it begins has none. A repeated one keeps its local hours, whatever the clocks do.
    """
    found: set[tuple[datetime, datetime]] = set()
    for window in windows:
        long = window.ends_at - window.starts_at
        if long <= timedelta(0):
            continue
        local = window.starts_at.astimezone(zone)
        step = STEP_DAYS.get(window.every or "", 0)
        skipped = max(0, (since.astimezone(zone).date() - local.date()).days) // step * step if step else 0
        at = local.date() + timedelta(days=skipped)
        while True:
            begins = datetime.combine(at, local.timetz().replace(tzinfo=None), zone)
            if begins >= before or (window.until is not None and at >= window.until):
                break
            if begins >= since:
                found.add((begins.astimezone(since.tzinfo), (begins + long).astimezone(since.tzinfo)))
            if not step:
                break
            at += timedelta(days=step)
    return sorted(found)


def half_days(first: date, days: int, wanted: Collection[int]) -> dict[str, tuple[int, ...]]:
    """Return for each of HALF_DAYS those of the wanted slots that it is in so many days from `first` on."""
    found: dict[str, list[int]] = {each: [] for each in HALF_DAYS}
    for day in range(first.toordinal(), first.toordinal() + days):
        begins = date.fromordinal(day).weekday() * len(PARTS)
        for part in range(len(PARTS)):
            if day * len(PARTS) + part in wanted:
                found[HALF_DAYS[begins + part]].append(day * len(PARTS) + part)
    return {each: tuple(slots) for each, slots in found.items()}


def week_slots(free: Iterable[str], ahead: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the slots, of those that `half_days` gave, at which somebody is free who names half days of a week."""
    return tuple(sorted(chain.from_iterable(map(ahead.__getitem__, set(free)))))


def urgency(published_on: date | None, expires_on: date | None, today: date) -> int:
    """Return 0 to 100: 100 for what expires today or has waited LONG days, in equal steps from nothing before."""
    waited = 0 if published_on is None else min(max((today - published_on).days, 0), LONG) * 100 // LONG
    left = SOON if expires_on is None else min(max((expires_on - today).days, 0), SOON)
    return max(waited, 100 - left * 100 // SOON)
