"""What a computation is as of: its period, its cut-off day and the sealed position up to which it looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.db import Session
from api.domain.bundle_rows import Occasion
from api.models import Activity, Event, Organization, Position, Shift


@dataclass(frozen=True, slots=True)
class Cut:
    """Half-open period, cut-off day and sealed position; days are the tenant's."""

    tenant_id: UUID
    zone: ZoneInfo
    start: date
    end: date
    cut_off: date
    position: int


def last_recorded(session: Session, tenant_id: UUID, steps: Collection[str] = ()) -> int:
    """Return the last sealed position that holds a fact, an entry or one of these steps, 0 where none does.

    Other events lie between them in the same order; what a job or a log-in leaves behind must not make the same record
    look like another one.
    """
    statement = sa.select(Position.position).where(
        Position.tenant_id == tenant_id, Position.kind.in_(("fact", "entry"))
    )
    last = session.scalar(statement.order_by(Position.position.desc()).limit(1)) or 0
    if not steps:
        return last
    taken = (
        sa.select(sa.func.max(Position.position))
        .join(Event, Event.id == Position.row_id)
        .where(Position.tenant_id == tenant_id, Position.position > last, Event.kind.in_(steps))
    )
    return session.scalar(taken) or last


def occasions(session: Session, wanted: Iterable[UUID]) -> dict[UUID, Occasion]:
    """Return the shifts and activities among these ids as occasions; other ids are left out."""
    ids = sorted(set(wanted))
    if not ids:
        return {}
    shifts = (
        sa.select(Shift.id, Activity.title, Organization.name, Shift.starts_at)
        .join(Activity, Activity.id == Shift.activity_id)
        .join(Organization, Organization.id == Shift.community_id)
        .where(Shift.id.in_(ids))
    )
    found = {row[0]: Occasion(*row) for row in session.rows(shifts)}
    rest = [each for each in ids if each not in found]
    if rest:
        activities = (
            sa.select(Activity.id, Activity.title, Organization.name)
            .join(Organization, Organization.id == Activity.community_id)
            .where(Activity.id.in_(rest))
        )
        found |= {row[0]: Occasion(*row) for row in session.rows(activities)}
    return found
