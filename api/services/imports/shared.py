"""What all imports share: their options, names that become organisations, and the one event of a bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.rows import RowError
from api.models import Organization
from api.services import changes

SLICE = 500
"""Rows that are read and written together: few statements, and no more parameters than a database takes."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """How one import is meant. `communities` and `units` say which organisation a name of the file stands for.

    `organization_id` is where the import is asked for, and stands where rows name no unit or superior of their own;
    `community_id` stands where a row's community is not known. `as_of` dates statuses and head-counts.
    """

    run_id: UUID
    kind: str
    digest: str
    organization_id: UUID
    as_of: date
    community_id: UUID | None = None
    communities: Mapping[str, UUID] = field(default_factory=dict)
    units: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(slots=True)
class Checked:
    """Rows whose every name is resolved, rows refused, what to look at again by row, and more for the report."""

    ready: list[Any] = field(default_factory=list)
    refused: list[RowError] = field(default_factory=list)
    flags: dict[int, list[str]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    words: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)  # of flags that name facts

    def flag(self, row: int, *codes: str) -> None:
        """Note that a row is to be looked at."""
        self.flags.setdefault(row, []).extend(codes)


class Place(NamedTuple):
    """An organisation that a name stands for."""

    id: UUID
    name: str
    path: str
    kind: str
    disclosure: str


@dataclass(slots=True)
class Named:
    """Names with the organisations they stand for; those that several bear are `ambiguous`, all others unknown."""

    places: dict[str, Place] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)

    def __getitem__(self, name: str | None) -> Place | None:
        return self.places.get(name) if name else None

    def as_table(self) -> list[dict[str, Any]]:
        """Return the mapping for the report, in the order of the names."""
        return [
            {"name": name, "organizationId": str(place.id), "organization": place.name}
            for name, place in sorted(self.places.items())
        ]


_PLACES = sa.select(
    Organization.id, Organization.name, Organization.path, Organization.kind, Organization.disclosure
).where(Organization.tenant_id == sa.bindparam("tenant"), Organization.state == "active")


def slices(rows: Sequence[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    """Yield the rows in parts of at most `size`."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def resolve(
    session: Session,
    actor: Actor,
    names: Iterable[str | None],
    axes: Sequence[str],
    given: Mapping[str, UUID] | None = None,
    step: str | None = None,
) -> Named:
    """Return the organisations in service that names stand for: first as `given`, else where exactly one is called so.

    With `step`, only organisations count where the actor may take it.
    """
    given = given or {}
    wanted = sorted({name for name in names if name})
    named = Named()
    by_id = {
        place.id: place
        for part in slices(sorted({given[name] for name in wanted if name in given}))
        for place in _read(session, actor, Organization.id.in_(part), step)
    }
    named.places = {name: by_id[given[name]] for name in wanted if given.get(name) in by_id}
    for part in slices([name for name in wanted if name not in given]):
        for place in _read(session, actor, sa.and_(Organization.name.in_(part), Organization.axis.in_(axes)), step):
            if named.places.setdefault(place.name, place) is not place:
                named.ambiguous.add(place.name)
    for name in named.ambiguous:
        del named.places[name]
    return named


def _read(session: Session, actor: Actor, condition: Any, step: str | None) -> list[Place]:
    rows = session.rows(_PLACES.where(condition).order_by(Organization.id), {"tenant": actor.tenant_id})
    places = [Place(*row) for row in rows]
    return places if step is None else [place for place in places if actor.grant_for(step, place.path) is not None]


def record_bulk(
    session: Session, actor: Actor, step: str, options: Options, written: Sequence[Any], **counts: int
) -> None:
    """Append the one event of what a part of an import has created, with the hash of all of it; nothing is no event."""
    if written:
        details = {"kind": options.kind, "file": options.digest, **counts}
        changes.record(
            session, actor, step, "job", options.run_id, at=options.organization_id, written=written, details=details
        )
