"""The rows that a part of a roster writes, gathered and inserted table by table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Affiliation, Event, Person, PersonStatus
from api.services import cases, changes
from api.services.identity_conflicts import office_above
from api.services.imports.shared import Options
from api.services.imports.standing_people import Lookup
from api.services.people import SEALED, affiliation_row, person_row, status_row
from api.visibility import DISPUTED


class Batch:
    """Gathers new people and changes to known ones; `insert` writes them all."""

    def __init__(self, session: Session, actor: Actor, options: Options):
        self._session, self._actor, self._options = session, actor, options
        self._rows: dict[Any, list[dict[str, Any]]] = {Person: [], PersonStatus: [], Affiliation: [], Event: []}
        self._conflicts: list[tuple[UUID, str, list[UUID], UUID]] = []
        self._written: list[dict[str, Any]] = []

    def accept(self, row: Any, known: Lookup) -> None:
        """Add an employment, and the person where nobody is known by ID number, or phone and name.

        Somebody whom another employer lists is one person with two claims: the new employment is kept as disputed and a
        case opened. A person who was known already keeps name, phone and ID number: a roster does not take over people.
        """
        person_id, by = known.person(row)
        state = "active"
        if person_id is None:
            person = person_row(self._session, self._actor, row.plain)
            self._rows[Person].append(person)
            self._written.append(person)
            person_id = person["id"]
        else:
            others = known.employers.get(person_id, set()) - {row.unit_id}
            if others:
                state = DISPUTED
                self._conflicts.append((person_id, by, sorted(others), row.unit_id))
        if state == "active":
            self._set_statuses(row, person_id, known)
            self._set_branch(row, person_id, known)
        self._affiliate(row, person_id, row.unit_id, "employment", state)
        known.learn(person_id, row.unit_id, state, known.indexes(row))

    def update(self, row: Any, employment: Any, known: Lookup) -> bool:
        """Bring a person of the unit to what the roster says now; return whether anything differs.

        What the roster does not say stays. A disputed employment changes nothing about its person.
        """
        person = known.people.get(employment.person_id)
        changed: list[str] = []
        if employment.state != DISPUTED and person is not None:
            changed += self._reseal(row, person, known)
            changed += self._set_statuses(row, employment.person_id, known)
            changed += ["party_relation"] if self._set_branch(row, employment.person_id, known) else []
        changed += self._set_employment(row, employment)
        if changed:
            event = changes.event(
                self._session, self._actor, "person.edit", "person", employment.person_id, at=row.unit_id,
                written=[changed, row.statuses, row.details, row.branch_id],
                details={"import": str(self._options.run_id), "changed": changed},
            )  # fmt: skip
            self._rows[Event].append(event)
        return bool(changed)

    def insert(self) -> list[dict[str, Any]]:
        """Write everything and open the cases; return the new rows, which the import's one event stands for."""
        for table in (Person, PersonStatus, Affiliation, Event):
            self._session.insert(table, self._rows[table])
        if self._conflicts:
            asked = [self._conflict(*conflict) for conflict in self._conflicts]
            cases.open_cases(self._session, self._actor, asked)
        return self._written

    def _conflict(self, person_id: UUID, by: str, others: list[UUID], unit_id: UUID) -> dict[str, Any]:
        office = office_above(self._session, self._actor.tenant_id, [*others, unit_id])
        return {
            "kind": "identity_conflict", "organization_id": office, "reason": "listed_by_two_employers",
            "facts": {"by": by, "standing": [str(unit) for unit in others], "claiming": str(unit_id)},
            "subject_kind": "person", "subject_id": person_id, "source": f"identity:{person_id}:{unit_id}",
        }  # fmt: skip

    def _affiliate(self, row: Any, person_id: UUID, organization_id: UUID, kind: str, state: str) -> None:
        employed = kind == "employment"
        affiliation = affiliation_row(
            self._session, self._actor, person_id, organization_id, kind, state=state, basis="roster",
            since=self._options.as_of, roster_number=row.roster_number if employed else None,
            details=row.details if employed else None,
        )  # fmt: skip
        self._rows[Affiliation].append(affiliation)
        self._written.append(affiliation)

    def _reseal(self, row: Any, person: Any, known: Lookup) -> list[str]:
        found = known.indexes(row)
        new = [c for c in SEALED if found[c] is not None and found[c] != getattr(person, f"{c}_index")]
        if not new or person.wrapped_key is None:
            return []
        values: dict[str, Any] = {}
        for column in new:
            values[column] = self._session.vault.seal(person.wrapped_key, person.id, column, row.plain[column])
            values[f"{column}_index"] = found[column]
        self._session.execute(
            sa.update(Person)
            .where(Person.id == person.id, Person.version == person.version)
            .values(**values, version=person.version + 1)
        )
        return new

    def _set_employment(self, row: Any, employment: Any) -> list[str]:
        details = {**employment.details, **row.details}
        if details == employment.details and row.roster_number == employment.roster_number:
            return []
        values = {"details": details, "roster_number": row.roster_number, "version": employment.version + 1}
        self._session.execute(
            sa.update(Affiliation)
            .where(Affiliation.id == employment.id, Affiliation.version == employment.version)
            .values(**self._session.sealed(Affiliation, values, employment.id, self._actor.tenant_id))
        )
        return ["employment"]

    def _set_statuses(self, row: Any, person_id: UUID, known: Lookup) -> list[str]:
        since, changed = self._options.as_of, []
        for kind, value in row.statuses.items():
            standing = known.statuses.get((person_id, kind))
            if standing is not None and standing.value == value:
                continue
            if standing is not None:
                ended = sa.update(PersonStatus).where(PersonStatus.id == standing.id).values(valid_to=since)
                self._session.execute(ended)
            status = status_row(self._actor, person_id, kind, value, since)
            self._rows[PersonStatus].append(status)
            self._written.append(status)
            changed.append(kind)
        return changed

    def _set_branch(self, row: Any, person_id: UUID, known: Lookup) -> bool:
        standing = known.branches.get(person_id)
        if row.branch_id is None or (standing is not None and standing.organization_id == row.branch_id):
            return False
        if standing is not None:
            self._session.execute(
                sa.update(Affiliation)
                .where(Affiliation.id == standing.id, Affiliation.version == standing.version)
                .values(valid_to=self._options.as_of, state="ended", version=standing.version + 1)
            )
        self._affiliate(row, person_id, row.branch_id, "party_relation", "active")
        return True
