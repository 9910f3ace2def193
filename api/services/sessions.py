"""Who is signed in; the demo log-in; whether the database is ready."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.errors import NotFound
from api.models import Identity, Person, Tenant
from api.services import people


def ready(session: Session, _actor: Actor) -> str:
    """Return `ok` where the tables stand; whatever is wrong raises."""
    session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return "ok"


def demo_account(session: Session, _actor: Actor, account: str) -> tuple[UUID, UUID]:
    """Return person and tenant of a demo account; NotFound in production, as if the route were not there."""
    if session.settings.production:
        raise NotFound
    indexes = [people.subject_index(session, row.id, account) for row in session.rows(sa.select(Tenant.id))]
    row = session.first(
        sa.select(Identity.person_id, Identity.tenant_id).where(
            Identity.provider == "demo", Identity.subject_index.in_(indexes)
        )
    )
    return tuple(found(row))


def me(session: Session, actor: Actor) -> dict[str, Any]:
    """Return the actor's own name and roles."""
    row = found(session.first(sa.select(Person.name, Person.wrapped_key).where(Person.id == actor.person_id)))
    return {
        "person_id": actor.person_id,
        "tenant_id": actor.tenant_id,
        "name": session.vault.open(row.wrapped_key, actor.person_id, "name", row.name),
        "roles": [{"role": reach.role, "organization_id": reach.organization_id} for reach in actor.reaches],
    }
