"""What stands already of the people of a roster: read for a part of it at once, found by blind index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Affiliation, Person, PersonStatus
from api.services.people import SEALED
from api.visibility import DISPUTED

_AFFILIATION = (
    Affiliation.id, Affiliation.person_id, Affiliation.organization_id, Affiliation.kind, Affiliation.roster_number,
    Affiliation.state, Affiliation.details, Affiliation.version,
)  # fmt: skip


@dataclass(slots=True)
class Lookup:
    """People and affiliations in force by the keys of a roster; `learn` adds whom the same part brings in."""

    session: Session
    tenant_id: UUID
    employments: dict[tuple[UUID, str | None], Any] = field(default_factory=dict)
    people: dict[UUID, Any] = field(default_factory=dict)
    by_identity: dict[str, UUID] = field(default_factory=dict)
    by_phone: dict[tuple[str, str | None], UUID] = field(default_factory=dict)
    employers: dict[UUID, set[UUID]] = field(default_factory=dict)
    statuses: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    branches: dict[UUID, Any] = field(default_factory=dict)
    at_unit: dict[tuple[UUID, UUID], Any] = field(default_factory=dict)
    holders: dict[str, set[UUID]] = field(default_factory=dict)
    _indexes: dict[int, dict[str, str | None]] = field(default_factory=dict)

    def indexes(self, row: Any) -> dict[str, str | None]:
        """Return the blind indexes of a row's name, phone and ID number."""
        found = self._indexes.get(row.row)
        if found is None:
            index = self.session.vault.index
            found = self._indexes[row.row] = {
                column: None if row.plain[column] is None else index(self.tenant_id, column, row.plain[column])
                for column in SEALED
            }
        return found

    def employment(self, row: Any) -> Any:
        """Return the employment in force at the row's unit: under its number, else the same person's under another."""
        numbered = self.employments.get((row.unit_id, row.roster_number))
        person_id = None if numbered is not None else self.person(row)[0]
        return self.at_unit.get((person_id, row.unit_id)) if person_id else numbered

    def person(self, row: Any) -> tuple[UUID | None, str]:
        """Return who the row lists and by what they are known: the ID number, else phone and name together."""
        found = self.indexes(row)
        if found["id_number"] in self.by_identity:
            return self.by_identity[found["id_number"]], "id_number"
        known = self.by_phone.get((found["phone"], found["name"])) if found["phone"] else None
        if known is None:
            return None, ""
        told = getattr(self.people.get(known), "id_number_index", None)
        both = found["id_number"] is not None and told is not None
        return (None, "") if both and told != found["id_number"] else (known, "phone_and_name")

    def is_another(self, row: Any) -> bool:
        """Say whether the row's roster number stands for somebody else: another name, and nothing that agrees."""
        employment = self.employment(row)
        person = self.people.get(employment.person_id) if employment is not None else None
        if person is None or person.name_index is None:
            return False
        found = self.indexes(row)
        told = [(found[column], getattr(person, f"{column}_index")) for column in ("phone", "id_number")]
        both = [(new, old) for new, old in told if new is not None and old is not None]
        return found["name"] != person.name_index and not any(new == old for new, old in both)

    def oddities(self, row: Any) -> list[str]:
        """Return what is odd about a row that is written: a conflict of identity, or another person's phone."""
        employment = self.employment(row)
        odd = ["identity_conflict"] if employment is not None and employment.state == DISPUTED else []
        found = self.indexes(row)
        others = self.holders.get(found["phone"], set()) if found["phone"] else set()
        if employment is not None and others - {employment.person_id}:
            odd.append("phone_of_another")
        return odd

    def learn(self, person_id: UUID, unit_id: UUID, state: str, found: dict[str, str | None]) -> None:
        """Remember an employment that this part is about to write."""
        if state == "active":
            self.employers.setdefault(person_id, set()).add(unit_id)
        if found["id_number"]:
            self.by_identity.setdefault(found["id_number"], person_id)
        if found["phone"]:
            self.by_phone.setdefault((found["phone"], found["name"]), person_id)


def standing_people(session: Session, actor: Actor, rows: Sequence[Any]) -> Lookup:
    """Return what stands of the people of these rows; five statements."""
    known = Lookup(session, actor.tenant_id)
    if not rows:
        return known
    _read_employments(session, actor, rows, known)
    _read_people(session, actor, rows, known)
    ids = sorted(known.people)
    held = sa.select(*_AFFILIATION).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id.in_(ids), Affiliation.state == "active",
        Affiliation.kind.in_(("employment", "party_relation")), Affiliation.valid_to.is_(None),
    )  # fmt: skip
    for row in session.rows(held):
        if row.kind == "employment":
            known.employers.setdefault(row.person_id, set()).add(row.organization_id)
            known.at_unit[row.person_id, row.organization_id] = row
        else:
            known.branches[row.person_id] = row
    statuses = sa.select(PersonStatus.id, PersonStatus.person_id, PersonStatus.kind, PersonStatus.value).where(
        PersonStatus.person_id.in_(ids), PersonStatus.valid_to.is_(None)
    )
    known.statuses = {(row.person_id, row.kind): row for row in session.rows(statuses)}
    return known


def _read_employments(session: Session, actor: Actor, rows: Sequence[Any], known: Lookup) -> None:
    numbers = {session.vault.index(actor.tenant_id, "affiliations.roster_number", row.roster_number) for row in rows}
    held = sa.select(*_AFFILIATION).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.kind == "employment", Affiliation.valid_to.is_(None),
        Affiliation.organization_id.in_(sorted({row.unit_id for row in rows})),
        Affiliation.roster_number_index.in_(sorted(numbers)),
    )  # fmt: skip
    known.employments = {(row.organization_id, row.roster_number): row for row in session.rows(held)}


def _read_people(session: Session, actor: Actor, rows: Sequence[Any], known: Lookup) -> None:
    indexes = [known.indexes(row) for row in rows]
    phones = sorted({found["phone"] for found in indexes if found["phone"]})
    identities = sorted({found["id_number"] for found in indexes if found["id_number"]})
    holders = sorted({row.person_id for row in known.employments.values()})
    people = sa.select(
        Person.id, Person.version, Person.wrapped_key, Person.name_index, Person.phone_index, Person.id_number_index
    ).where(
        Person.tenant_id == actor.tenant_id, Person.state == "active",
        sa.or_(Person.id.in_(holders), Person.phone_index.in_(phones), Person.id_number_index.in_(identities)),
    )  # fmt: skip
    for person in session.rows(people.order_by(Person.id)):
        known.people[person.id] = person
        if person.id_number_index:
            known.by_identity.setdefault(person.id_number_index, person.id)
        if person.phone_index:
            known.by_phone.setdefault((person.phone_index, person.name_index), person.id)
            known.holders.setdefault(person.phone_index, set()).add(person.id)
