"""What is due without anybody asking: for now the statements of cycles that are final and not delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import found
from api.db import Session
from api.models import Cycle, Event


@dataclass(frozen=True, slots=True)
class Due:
    """A cycle whose statements are due, and the person who made it final, for whom the schedule acts."""

    tenant_id: UUID
    cycle_id: UUID
    title: str
    person_id: UUID


def due(session: Session, _actor: Any) -> list[Due]:
    """Return the cycles of all tenants whose statements are due, the oldest first; nothing changes."""
    final = sa.select(Cycle.id, Cycle.tenant_id, Cycle.title).where(Cycle.state == "final").order_by(Cycle.id)
    return [
        Due(row.tenant_id, row.id, row.title, took(session, row.tenant_id, row.id, "cycle.finalize"))
        for row in session.rows(final)
    ]


def took(session: Session, tenant_id: UUID, subject_id: UUID, step: str) -> UUID:
    """Return the person who last took a step on a subject; NotFound where nobody did."""
    statement = sa.select(Event.actor_id).where(
        Event.tenant_id == tenant_id, Event.subject_id == subject_id, Event.kind == step
    )
    return found(session.scalar(statement.order_by(Event.id.desc()).limit(1)))
