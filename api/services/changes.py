"""The one way to change a row that can change: the state table decides, the version guards, one Event remembers."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, takes
from api.db import Session, new_id
from api.domain.steps import TABLES
from api.errors import Stale, StepNotAllowed
from api.models import Event


def create(
    session: Session,
    actor: Actor,
    table: Any,
    step: str,
    values: dict[str, Any],
    *,
    at: UUID | None,
    grant: UUID | None = None,
    to: str | None = None,
    details: dict[str, Any] | None = None,
) -> UUID:
    """Insert a row in the state that `step` leads to, and its event; return its id. `at` is whom it concerns."""
    noun = step.split(".", 1)[0]
    row = session.sealed(table, born(session, actor, noun, step, values, to=to))
    session.insert(table, [row])
    record(session, actor, step, noun, row["id"], at=at, grant=grant, written=row, details=details)
    return row["id"]


def born(
    session: Session, actor: Actor, noun: str, step: str, values: dict[str, Any], to: str | None = None
) -> dict[str, Any]:
    """Return a new row of a changing table with id, tenant, version, time and first state; for inserts in bulk."""
    row = {"id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, **values}
    if TABLES[noun].states:
        row["state"] = TABLES[noun].next(None, step, to)
    return row


def take(
    session: Session,
    actor: Actor,
    table: Any,
    row: Any,
    step: str,
    values: dict[str, Any] | None = None,
    *,
    at: UUID | None,
    grant: UUID | None = None,
    to: str | None = None,
    details: dict[str, Any] | None = None,
) -> str:
    """Take a step on a row (with id, state, version) and return its new state.

    Raises StepNotAllowed where the table has no such step from its state, Stale where somebody changed it meanwhile or
    the request's If-Match named another version.
    """
    noun = step.split(".", 1)[0]
    try:
        state = TABLES[noun].next(row.state, step, to)
    except StepNotAllowed as why:
        why.facts["allowedActions"] = [other for other in why.facts["allowedActions"] if takes(actor, other)]
        raise
    if actor.step == step and actor.if_match not in (None, row.version):
        raise Stale
    changed = {"version": row.version + 1, **(values or {})}
    if state is not None and state != row.state:
        changed["state"] = state
    changed = session.sealed(table, changed, row.id, actor.tenant_id)
    done = session.execute(sa.update(table).where(table.id == row.id, table.version == row.version).values(**changed))
    if done.rowcount != 1:
        raise Stale
    record(session, actor, step, noun, row.id, at=at, grant=grant, written=changed, details=details)
    return state or row.state


def record(
    session: Session,
    actor: Actor,
    step: str,
    subject_kind: str,
    subject_id: UUID,
    *,
    at: UUID | None,
    grant: UUID | None = None,
    written: Any = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Append one event. `details` are for readers of the log and hold no personal data."""
    session.insert(
        Event,
        [event(session, actor, step, subject_kind, subject_id, at=at, grant=grant, written=written, details=details)],
    )


def event(
    session: Session,
    actor: Actor,
    step: str,
    subject_kind: str,
    subject_id: UUID,
    *,
    at: UUID | None,
    grant: UUID | None = None,
    written: Any = None,
    details: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one event as a row; the first of a request carries its Idempotency-Key."""
    return {
        "id": new_id(),
        "tenant_id": actor.tenant_id,
        "recorded_at": session.now,
        "actor_id": actor.person_id,
        "grant_id": grant,
        **actor.take_key(),
        "kind": step,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "organization_id": at,
        "content_hash": hash_of(written),
        "details": details or {},
    }


def hash_of(written: Any) -> str:
    """Return the hash of what was written, with keys in order; bytes count by their own hash."""
    return hashlib.sha256(json.dumps(written, default=_plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)
