"""Rows of the record under the names that a bundle gives them: the same on every database, unique in one bundle.

What a bundle calls an `activity` is one occasion: a shift where there was one (its start, title and community), else
the activity, so that a cap "an event" is a cap on one occasion of a weekly patrol, not on its whole year. An entry
that belongs to no activity is an occasion of its own and has no such name. Things that would have the same name are
numbered in the order in which they were first kept (`#2`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.workdays import WorkCalendar

_PLAIN = frozenset({"kind", "nature", "provenance", "unit"})
NONE = "none"  # a column that does not apply to the row

# Facts that this platform records itself: where there is none, there was none. Of any other kind nobody may have kept
# a record, and then it is unknown.
RECORDED_HERE = frozenset(
    {"check_in", "check_out", "absence", "leave", "complaint_finding", "exemption", "make_up_finding"}
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """An activity, with the start of its shift where there was one."""

    id: UUID
    title: str
    community: str
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Stable names of what rows refer to: organisations and occasions by id, and the zone in which days are written."""

    zone: ZoneInfo
    organizations: Mapping[UUID, str] = field(default_factory=dict)
    occasions: Mapping[UUID, str] = field(default_factory=dict)

    def of(self, column: str, value: Any) -> Any:
        """Return the value of a column as the bundle writes it."""
        if column == "activity":
            return self.occasions.get(value)
        if column in ("community", "employer"):
            return NONE if value is None or value.int == 0 else self.organizations.get(value)
        if isinstance(value, datetime):
            return value.astimezone(self.zone).isoformat(timespec="minutes")
        return value.isoformat() if isinstance(value, date) else value


def numbered(named: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    """Return a name for each id, the ids in order; the second of a name is `name#2`."""
    seen: dict[str, int] = {}
    found: dict[UUID, str] = {}
    for name, each in sorted(named, key=lambda pair: pair[1]):
        seen[name] = seen.get(name, 0) + 1
        found[each] = name if seen[name] == 1 else f"{name}#{seen[name]}"
    return found


def occasion_names(occasions: Iterable[Occasion], zone: ZoneInfo) -> dict[UUID, str]:
    """Return the names of the occasions of one bundle."""
    return numbered((_occasion(each, zone), each.id) for each in occasions)


def _occasion(occasion: Occasion, zone: ZoneInfo) -> str:
    name = f"{occasion.title}@{occasion.community}"
    if occasion.starts_at is None:
        return name
    return f"{occasion.starts_at.astimezone(zone):%Y-%m-%dT%H:%M} {name}"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_COLUMNS = frozenset({"weekday", "dayKind", "timeOfDay"})
"""Columns that follow from the day of a row and the beginning of its shift; a rule names those it wants."""
_STARTED = re.compile(r"\d{4}-\d{2}-\d{2}T(\d{2}):\d{2} ")


def day_columns(row: Mapping[str, Any], on: str, asked: Collection[str]) -> dict[str, str]:
    """Return those of the DAY_COLUMNS that are asked for, of a written row and its ISO date.

    `weekday` is monday to sunday, `dayKind` workday, weekend or holiday by the calendar that the bundle names.
    `timeOfDay` is night (0 to 6), morning (to 12), afternoon (to 18) or evening, none without a shift.
    """
    if DAY_COLUMNS.isdisjoint(asked):
        return {}
    day, started = date.fromisoformat(on), _STARTED.match(row.get("activity") or "")
    times = ("night", "morning", "afternoon", "evening")
    told = {
        "weekday": WEEKDAYS[day.weekday()],
        "dayKind": WorkCalendar().kind_of_day(day),
        "timeOfDay": times[int(started[1]) // 6] if started else NONE,
    }
    return {name: word for name, word in told.items() if name in asked}


def keyed(columns: Sequence[str], groups: Sequence[tuple[Any, ...]], names: Names) -> list[str]:
    """Return a key for each group of one source of one bundle: its columns as they are written, joined by `/`.

    `columns` name the members of each group; a column `id` is not written and only keeps groups apart. Groups that
    read alike are numbered in the order of what is in them, so that the key of a group never depends on the query.
    """
    return _keys(columns, groups, [_written(columns, group, names) for group in groups])


def entry_rows(
    columns: Sequence[str], groups: Sequence[tuple[tuple[Any, ...], int, int]], names: Names
) -> list[dict[str, Any]]:
    """Return the bundle's entries from `(group, amount, count)`; `servedOn` is one of the columns."""
    written = [_written(columns, group, names) for group, _, _ in groups]
    keys = _keys(columns, [group for group, _, _ in groups], written)
    rows = []
    for key, values, (_, amount, count) in zip(keys, written, groups, strict=True):
        shown = {name: value for name, value in zip(columns, values, strict=True) if value is not None and name != "id"}
        rows.append({"key": key, "amount": amount, "count": count, **shown})
    return sorted(rows, key=itemgetter("key"))


def _written(columns: Sequence[str], group: Sequence[Any], names: Names) -> list[Any]:
    return [value if name in _PLAIN else names.of(name, value) for name, value in zip(columns, group, strict=True)]


def _keys(columns: Sequence[str], groups: Sequence[tuple[Any, ...]], written: Sequence[list[Any]]) -> list[str]:
    order = sorted((name, n) for n, name in enumerate(columns) if name != "id")
    keys = ["/".join(str(values[n] or "-") for _, n in order) for values in written]
    alike: dict[str, list[int]] = {}
    for n, key in enumerate(keys):
        alike.setdefault(key, []).append(n)
    for key, places in alike.items():
        if len(places) > 1:
            places.sort(key=lambda n: [str(value) for value in groups[n]])
            for number, n in enumerate(places[1:], start=2):
                keys[n] = f"{key}#{number}"
    return keys


def served(rows: Iterable[Mapping[str, Any]], start: str, end: str) -> tuple[int, int]:
    """Return the minutes of volunteer service in the half-open period and how many services they are."""
    found = [row for row in rows if row["unit"] == "volunteer_minutes" and start <= row["servedOn"] < end]
    return sum(row["amount"] for row in found), sum(row["count"] for row in found)
