"""The plan of a work committee (联系安排): units × communities × period, its capacity check and its rebalancing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from api.errors import Invalid

REASONS: Mapping[str, tuple[str, str]] = {
    "over_capacity": (
        "{start} 起承接 {load}，超过承接能力 {capacity}",
        "From {start} it has {load}, over its capacity of {capacity}",
    ),
    "no_room": ("没有其他社区能够承接", "No other community has room for it"),
    "empty_period": ("起止日期有误", "The period ends before it begins"),
    "unknown_community": ("社区不在名单中", "The community is not among those of the plan"),
    "repeated_link": ("同一单位与社区的期间重叠（第 {first} 行）", "Row {first} links them for an overlapping period"),
    "bad_load": ("人数须为正整数", "The number of members must be positive"),
}
"""What a plan may say wrong and why a row moves: code → (zh-CN, en)."""


class PlanUnsound(Invalid):
    """Rows of the plan cannot stand; `errors` lists them."""

    code = "plan_unsound"
    zh, en = "联系安排中有 {count} 处错误", "The plan has {count} mistakes"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A unit at a community for a half-open period; `load` is what it costs of the capacity: members, or 1 a unit.

    A `fixed` row stays where it is, because its link is reported in to already or an officer wants it so.
    """

    unit: UUID
    community: UUID
    starts_on: date
    ends_on: date
    load: int = 1
    fixed: bool = False

    def meets(self, other: PlanRow) -> bool:
        """Say whether the periods have a day in common."""
        return self.starts_on < other.ends_on and other.starts_on < self.ends_on


@dataclass(frozen=True, slots=True)
class Use:
    """A community's part in the plan: rows, the highest load and its first day; capacity None is unknown."""

    community: UUID
    rows: int
    peak: int
    peak_on: date | None
    capacity: int | None

    @property
    def over(self) -> int:
        """How much the peak lies over the capacity; nought where that is unknown."""
        return 0 if self.capacity is None else max(self.peak - self.capacity, 0)


@dataclass(frozen=True, slots=True)
class Move:
    """A row that changes its community, with the reason and the facts that fill its words."""

    row: int
    unit: UUID
    source: UUID
    target: UUID | None
    reason: str
    facts: Mapping[str, object]

    def words(self) -> dict[str, str]:
        """Return the reason in zh and en."""
        zh, en = REASONS[self.reason]
        return {"zh": zh.format_map(self.facts), "en": en.format_map(self.facts)}


@dataclass(frozen=True, slots=True)
class Rebalanced:
    """The plan after rebalancing, the moves that led there, and the rows for which nobody has room (target None)."""

    rows: tuple[PlanRow, ...]
    moves: tuple[Move, ...]
    unplaced: tuple[Move, ...]


def require_sound(rows: Sequence[PlanRow], communities: Collection[UUID]) -> None:
    """Raise PlanUnsound with every row that cannot stand, each by its pointer `/rows/{number}`; numbers begin at 0."""
    found: list[tuple[int, str, dict[str, object]]] = []
    seen: dict[tuple[UUID, UUID], list[int]] = {}
    for number, row in enumerate(rows):
        if row.ends_on <= row.starts_on:
            found.append((number, "empty_period", {}))
        if row.load < 1:
            found.append((number, "bad_load", {}))
        if row.community not in communities:
            found.append((number, "unknown_community", {}))
        earlier = seen.setdefault((row.unit, row.community), [])
        first = next((other for other in earlier if rows[other].meets(row)), None)
        if first is not None:
            found.append((number, "repeated_link", {"first": first}))
        earlier.append(number)
    if found:
        errors = [
            {
                "pointer": f"/rows/{number}",
                "code": code,
                "detail": {"zh": REASONS[code][0].format_map(facts), "en": REASONS[code][1].format_map(facts)},
            }
            for number, code, facts in found
        ]
        raise PlanUnsound(count=len(found), errors=errors)


def preview(rows: Iterable[PlanRow], capacities: Mapping[UUID, int | None]) -> list[Use]:
    """Return each community's use, by id; those without rows too; unknown capacity is None, never nought."""
    by_community: dict[UUID, list[PlanRow]] = {community: [] for community in capacities}
    for row in rows:
        by_community.setdefault(row.community, []).append(row)
    return [
        Use(community, len(mine), *_peak(mine), capacities.get(community))
        for community, mine in sorted(by_community.items())
    ]


def overloaded(rows: Iterable[PlanRow], capacities: Mapping[UUID, int | None]) -> list[Use]:
    """Return the communities whose peak lies over their capacity, by id: the capacity check."""
    return [use for use in preview(rows, capacities) if use.over]


def rebalance(
    rows: Sequence[PlanRow],
    capacities: Mapping[UUID, int | None],
    near: Mapping[UUID, Sequence[UUID]] | None = None,
) -> Rebalanced:
    """Move as few rows as bring every community within its capacity; the same input always gives the same moves.

    Only communities over their capacity lose rows. On the first day that is too full the smallest row goes that
    relieves it alone, else the largest; among equals the one that lasts longest, so that with equal loads no fewer rows
    could go. Each goes to a community of known capacity with room for its whole period: those `near` first in their
    order, else the one with most room. A row for which nobody has room then stays and is listed as unplaced.
    """
    plan = list(rows)
    moves: list[Move] = []
    unplaced: list[Move] = []
    for number, reason in _leaving(plan, capacities):
        row = plan[number]
        target = _target(number, plan, capacities, (near or {}).get(row.community, ()))
        if target is None:
            unplaced.append(Move(number, row.unit, row.community, None, "no_room", {}))
            continue
        plan[number] = replace(row, community=target)
        moves.append(Move(number, row.unit, row.community, target, "over_capacity", reason))
    return Rebalanced(tuple(plan), tuple(moves), tuple(unplaced))


def _leaving(rows: Sequence[PlanRow], capacities: Mapping[UUID, int | None]) -> list[tuple[int, dict[str, object]]]:
    """Return the rows that must go, in order of community and day, each with the facts of the excess it relieves."""
    leaving: list[tuple[int, dict[str, object]]] = []
    for use in overloaded(rows, capacities):
        capacity = use.capacity or 0
        mine = [number for number, row in enumerate(rows) if row.community == use.community]
        for day in sorted({rows[number].starts_on for number in mine}):
            present = [number for number in mine if rows[number].starts_on <= day < rows[number].ends_on]
            load = sum(rows[number].load for number in present)
            facts = {"start": day.isoformat(), "load": load, "capacity": capacity}
            free = [number for number in present if not rows[number].fixed]
            while load > capacity and free:
                gone = _relief(free, rows, load - capacity)
                leaving.append((gone, facts))
                free.remove(gone)
                mine.remove(gone)
                load -= rows[gone].load
    return leaving


def _relief(free: Sequence[int], rows: Sequence[PlanRow], excess: int) -> int:
    """Return the row whose going relieves the excess best, with as few rows as possible."""
    enough = [number for number in free if rows[number].load >= excess]
    pool = enough or free
    wanted = (min if enough else max)(rows[number].load for number in pool)
    equal = [number for number in pool if rows[number].load == wanted]
    return max(equal, key=lambda number: (rows[number].ends_on, rows[number].unit, number))


def _target(
    number: int, plan: Sequence[PlanRow], capacities: Mapping[UUID, int | None], near: Sequence[UUID]
) -> UUID | None:
    row = plan[number]
    meeting: dict[UUID, list[PlanRow]] = {}
    for other in plan:
        if other.meets(row):
            meeting.setdefault(other.community, []).append(other)
    room: dict[UUID, int] = {}
    for community, capacity in capacities.items():
        there = meeting.get(community, [])
        if capacity is None or any(other.unit == row.unit for other in there):
            continue
        left = capacity - _peak(there, row)[0]
        if left >= row.load:
            room[community] = left
    for community in near:
        if community in room:
            return community
    return min(room, key=lambda community: (-room[community], community), default=None)


def _peak(rows: Sequence[PlanRow], during: PlanRow | None = None) -> tuple[int, date | None]:
    """Return the highest load of a community's rows, in the period of one row if given, and the first day of it."""
    changes: dict[date, int] = {}
    for row in rows:
        start = max(row.starts_on, during.starts_on) if during else row.starts_on
        end = min(row.ends_on, during.ends_on) if during else row.ends_on
        changes[start] = changes.get(start, 0) + row.load
        changes[end] = changes.get(end, 0) - row.load
    load, highest, first = 0, 0, None
    for day, change in sorted(changes.items()):
        load += change
        if load > highest:
            highest, first = load, day
    return highest, first
