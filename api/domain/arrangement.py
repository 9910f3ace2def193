"""A plan of contacts (联系安排) while it is drafted: ids, periods and loads, kept as plain JSON beside the draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from api.domain.plan import PlanRow


@dataclass(frozen=True, slots=True)
class Line:
    """A unit at a community for `[starts_on, ends_on)`; `members` None is unknown, a `fixed` line is never moved."""

    unit: UUID
    community: UUID
    starts_on: date
    ends_on: date
    members: int | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a work committee arranges; capacity and load count units, or members where `measure` says so."""

    title: str
    reference: str | None
    starts_on: date
    ends_on: date
    measure: str
    capacities: Mapping[UUID, int]
    lines: tuple[Line, ...]

    @property
    def organizations(self) -> set[UUID]:
        """Every organisation that it names."""
        return {one for line in self.lines for one in (line.unit, line.community)} | set(self.capacities)

    def rows(self) -> list[PlanRow]:
        """Return the lines with what each costs of its community's capacity; unknown members cost nothing yet: 0."""
        by_members = self.measure == "members"
        return [
            PlanRow(
                line.unit,
                line.community,
                line.starts_on,
                line.ends_on,
                (line.members or 0) if by_members else 1,
                line.fixed,
            )
            for line in self.lines
        ]

    def moved(self, rows: Sequence[PlanRow]) -> Arrangement:
        """Return the same lines at the communities of `rows`, which stand in the same order."""
        lines = (replace(line, community=row.community) for line, row in zip(self.lines, rows, strict=True))
        return replace(self, lines=tuple(lines))

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON; `read` gives the same back."""
        return {
            "title": self.title, "reference": self.reference, "startsOn": self.starts_on.isoformat(),
            "endsOn": self.ends_on.isoformat(), "measure": self.measure,
            "capacities": {str(place): capacity for place, capacity in self.capacities.items()},
            "lines": [
                [str(line.unit), str(line.community), line.starts_on.isoformat(), line.ends_on.isoformat(),
                 line.members, line.fixed]
                for line in self.lines
            ],
        }  # fmt: skip

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Arrangement:
        """Return what `as_json` kept."""
        lines = (
            Line(UUID(unit), UUID(place), date.fromisoformat(start), date.fromisoformat(end), members, fixed)
            for unit, place, start, end, members, fixed in kept["lines"]
        )
        return cls(
            kept["title"], kept["reference"], date.fromisoformat(kept["startsOn"]), date.fromisoformat(kept["endsOn"]),
            kept["measure"], {UUID(place): capacity for place, capacity in kept["capacities"].items()}, tuple(lines),
        )  # fmt: skip
