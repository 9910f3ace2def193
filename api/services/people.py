"""People: kept once, encrypted under a key of their own, found by blind index, related to organisations by dates."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.models import Affiliation, Grant, Identity, Person, PersonStatus
from api.services import changes

SEALED = ("name", "phone", "id_number")


def person_row(session: Session, actor: Actor, plain: dict[str, str | None]) -> dict[str, Any]:
    """Return a new person as a row: what is personal sealed under a new key and indexed blind."""
    person_id = new_id()
    key = session.vault.new_key(person_id)
    row: dict[str, Any] = {
        "id": person_id, "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "state": "active",
        "account_id": new_id(), "wrapped_key": key,
    }  # fmt: skip
    for column in SEALED:
        text = plain.get(column)
        row[column] = None if text is None else session.vault.seal(key, person_id, column, text)
        row[f"{column}_index"] = None if text is None else session.vault.index(actor.tenant_id, column, text)
    return row


def add(
    session: Session, actor: Actor, plain: dict[str, str | None], statuses: dict[str, str] | None = None, *, since: date
) -> UUID:
    """Keep a person (`name`, `phone`, `id_number`) with dated statuses such as `political_status`; return the id."""
    row = person_row(session, actor, plain)
    session.insert(Person, [row])
    session.insert(
        PersonStatus, [status_row(actor, row["id"], kind, value, since) for kind, value in (statuses or {}).items()]
    )
    changes.record(session, actor, "person.create", "person", row["id"], at=None, written=row)
    return row["id"]


def status_row(actor: Actor, person_id: UUID, kind: str, value: str, since: date) -> dict[str, Any]:
    """Return a dated status as a row."""
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": person_id, "kind": kind, "value": value,
        "valid_from": since, "valid_to": None,
    }  # fmt: skip


def affiliation_row(
    session: Session, actor: Actor, person_id: UUID, organization_id: UUID, kind: str, **more: Any
) -> dict[str, Any]:
    """Return a new affiliation as a row.

    `since`, `state`, `basis`, `principal`, `roster_number`, `replaces_id` and `details` may be given.
    """
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "person_id": person_id,
        "organization_id": organization_id, "kind": kind, "valid_from": more.get("since") or session.now.date(),
        "valid_to": None, "basis": more.get("basis"), "state": more.get("state", "active"),
        "principal": more.get("principal", False),
        "roster_number": more.get("roster_number"), "reason": None, "replaces_id": more.get("replaces_id"),
        "details": more.get("details") or {},
    }  # fmt: skip


def affiliate(session: Session, actor: Actor, person_id: UUID, organization_id: UUID, kind: str, **more: Any) -> UUID:
    """Relate a person to an organisation from a day on; return the affiliation's id."""
    row = affiliation_row(session, actor, person_id, organization_id, kind, **more)
    session.insert(Affiliation, [row])
    changes.record(session, actor, "affiliation.create", "affiliation", row["id"], at=organization_id, written=row)
    return row["id"]


def grant(
    session: Session, actor: Actor, person_id: UUID, role: str, organization_id: UUID, *, since: date | None = None
) -> UUID:
    """Give a person a role at a node; return the grant's id."""
    values = {
        "role": role, "person_id": person_id, "client_id": None, "organization_id": organization_id,
        "affiliation_id": None, "given_by": actor.person_id, "valid_from": since or session.now.date(),
        "valid_to": None,
    }  # fmt: skip
    row = {"id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, **values}
    session.insert(Grant, [row])
    changes.record(session, actor, "grant.create", "grant", row["id"], at=organization_id, written=row)
    return row["id"]


def claim(session: Session, actor: Actor, person_id: UUID, provider: str, subject: str) -> None:
    """Let a way in speak for a person; a repeat changes nothing."""
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": person_id, "provider": provider, "subject": subject,
        "created_at": session.now,
    }  # fmt: skip
    session.insert_new(Identity, [row])


def account_of(session: Session, person_id: UUID) -> UUID:
    """Return the pseudonym under which a person's facts and entries stand."""
    return session.scalar(sa.select(Person.account_id).where(Person.id == person_id))
