"""身份冲突: what an office's answer makes of a person whom two employers list, or of a phone that two people have."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.identity_conflicts import OUTCOMES, Change, above_all, facts_of, settled
from api.models import Affiliation, Organization, Person
from api.services import changes, grant_ends, people
from api.services.days import today
from api.services.organizations import root_of
from api.visibility import DISPUTED

__all__ = ["OUTCOMES", "office_above", "settle"]

_HELD = sa.select(
    Affiliation.id, Affiliation.version, Affiliation.state, Affiliation.person_id, Affiliation.organization_id,
    Affiliation.principal, Affiliation.valid_to,
)  # fmt: skip


def office_above(session: Session, tenant_id: UUID, units: list[UUID], axis: str = "employer") -> UUID:
    """Return the lowest office of an axis above all of these: neither of two claimants decides between them."""
    paths = sa.select(Organization.path).where(Organization.tenant_id == tenant_id, Organization.id.in_(units))
    above = above_all([row.path for row in session.rows(paths)])
    office = sa.select(Organization.id).where(
        Organization.tenant_id == tenant_id, Organization.path == above, Organization.axis == axis,
        Organization.state == "active",
    )  # fmt: skip
    return session.scalar(office) or root_of(session, tenant_id, axis)


def settle(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Do what the outcome says; return what the case has to remember so that another answer can take it back.

    Answered anew after it was reopened, the employments first stand again as they stood before the first answer.
    """
    if case.reason != "listed_by_two_employers":
        _settle_phone(session, actor, case, grant, told["outcome"])
        return {}
    standing, claiming = facts_of(case.facts)
    changes_ = settled(told["outcome"], standing, claiming, told.get("organization_id"))
    _restore(session, actor, case.facts.get("before", ()), grant)
    held = {
        row.organization_id: row
        for row in session.rows(
            _HELD.where(
                Affiliation.tenant_id == actor.tenant_id,
                Affiliation.person_id == case.subject_id,
                Affiliation.kind == "employment",
                Affiliation.organization_id.in_([*standing, claiming]),
                Affiliation.valid_to.is_(None),
            ).with_for_update()
        )
    }
    for change in changes_:
        row = held.get(change.organization_id)
        if row is not None:
            _apply(session, actor, row, change, grant)
    return {"before": [_as_before(row) for row in held.values()]}


def _apply(session: Session, actor: Actor, row: Any, change: Change, grant: UUID) -> None:
    values: dict[str, Any]
    if change.becomes == "ends":
        values, step = {"state": "ended", "valid_to": today(session, actor.tenant_id)}, "affiliation.end"
    elif change.becomes == "parts":
        twin = _twin(session, actor, row.person_id)
        values, step = {"state": "active", "person_id": twin}, "affiliation.part"
    else:
        values, step = {"state": "active", "principal": change.principal}, "affiliation.uphold"
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    _write(session, actor, row, step, values, grant)
    if change.becomes == "ends":
        grant_ends.end_with(session, actor.aside(), [row.id], "identity_conflict")


def _write(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID | None) -> None:
    changed = {**values, "version": row.version + 1}
    session.execute(sa.update(Affiliation).where(Affiliation.id == row.id).values(**changed))
    changes.record(
        session, actor.aside(), step, "affiliation", row.id, at=row.organization_id, grant=grant, written=changed
    )


def _twin(session: Session, actor: Actor, person_id: UUID) -> UUID:
    """Keep a person of the same name and phone, of whom nothing else is known; the next roster tells the rest."""
    known = session.rows(
        sa.select(Person.wrapped_key, Person.name, Person.phone, Person.id).where(Person.id == person_id)
    )[0]
    plain = {
        column: session.vault.open(known.wrapped_key, person_id, column, getattr(known, column))
        for column in ("name", "phone")
    }
    return people.add(session, actor.aside(), plain, since=today(session, actor.tenant_id))


def _as_before(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id), "person": str(row.person_id), "state": row.state, "principal": row.principal,
        "until": row.valid_to and row.valid_to.isoformat(),
    }  # fmt: skip


def _restore(session: Session, actor: Actor, before: Any, grant: UUID) -> None:
    """Let the employments stand as they stood before an earlier answer; a person made by it is merged back."""
    for each in before:
        row = session.rows(_HELD.where(Affiliation.tenant_id == actor.tenant_id, Affiliation.id == UUID(each["id"])))[0]
        values = {
            "state": each["state"], "person_id": UUID(each["person"]), "principal": each["principal"],
            "valid_to": date.fromisoformat(each["until"]) if each["until"] else None,
        }  # fmt: skip
        if row.person_id != values["person_id"]:
            twin = sa.update(Person).where(Person.id == row.person_id)
            session.execute(twin.values(state="merged", merged_into=values["person_id"], version=Person.version + 1))
            changes.record(
                session, actor.aside(), "person.merge", "person", row.person_id, at=row.organization_id, grant=grant,
                written=each,
            )  # fmt: skip
        step = "affiliation.dispute" if each["state"] == DISPUTED else "affiliation.uphold"
        _write(session, actor, row, step, values, grant)


def _settle_phone(session: Session, actor: Actor, case: Any, grant: UUID, outcome: str) -> None:
    """Take the phone from the record of who has it no more, or believe it again; `declined` leaves all as it is."""
    if outcome == "declined":
        return
    values: dict[str, Any] = {"phone_state": "listed"}
    if outcome == "different_people":
        values |= {"phone": None, "phone_index": None}
    session.execute(sa.update(Person).where(Person.id == case.subject_id).values(**values, version=Person.version + 1))
    changes.record(
        session, actor.aside(), "person.edit", "person", case.subject_id, at=case.organization_id, grant=grant,
        written=outcome, details={"changed": ["phone"]},
    )  # fmt: skip
