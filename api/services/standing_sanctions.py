"""Which sanctions hold now: what other services ask before an organiser publishes, adds a shift or calls a roll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain.sanctions import OrganizerSanctioned, SecondRollCaller
from api.models import Activity, Organization, Sanction, Shift
from api.services.days import today

_where = aliased(Organization, name="where")


def require_free(session: Session, tenant_id: UUID, organizer_id: UUID, host_path: str) -> None:
    """Raise OrganizerSanctioned while the organiser may publish nothing new at the place with this path."""
    standing = sa.select(Sanction.ends_on, _where.path).join(_where, _where.id == Sanction.organization_id)
    rows = session.rows(standing.where(*_in_force(session, tenant_id, "no_new_activities", [organizer_id])))
    ends = [row.ends_on for row in rows if host_path.startswith(row.path)]
    if ends:
        raise OrganizerSanctioned(endsOn=max(ends).isoformat())


def second_callers(session: Session, tenant_id: UUID, shifts: Mapping[UUID, Any]) -> dict[UUID, date]:
    """Return until when the rolls of these shifts are called by somebody from outside the organiser; one statement.

    `shifts` are rows with `host_path`, by id.
    """
    organizers = sa.select(Activity.organizer_id).join(Shift, Shift.activity_id == Activity.id)
    of_these = organizers.where(Shift.id.in_(sorted(shifts)))
    standing = (
        sa.select(Shift.id, Sanction.ends_on, _where.path)
        .join(Activity, Activity.id == Shift.activity_id)
        .join(Sanction, Sanction.organizer_id == Activity.organizer_id)
        .join(_where, _where.id == Sanction.organization_id)
        .where(Shift.id.in_(sorted(shifts)), *_in_force(session, tenant_id, "second_roll_call", of_these))
    )
    return {row.id: row.ends_on for row in session.rows(standing) if shifts[row.id].host_path.startswith(row.path)}


def barred(until: Mapping[UUID, date], actor: Actor, shift: Any) -> SecondRollCaller | None:
    """Return why the actor may not call the roll of a shift for now: its leader, or of the organiser and not the host.

    Where the host organises itself, whoever of it does not lead the shift may. `until` is of `second_callers`.
    """
    if shift.id not in until:
        return None
    outside = shift.leader_id != actor.person_id and actor.grant_for("shift.roll_call", shift.host_path) is not None
    return None if outside else SecondRollCaller(endsOn=until[shift.id].isoformat())


def _in_force(session: Session, tenant_id: UUID, kind: str, organizers: Iterable[UUID] | sa.Select[Any]) -> list[Any]:
    return [
        Sanction.tenant_id == tenant_id, Sanction.kind == kind, Sanction.state == "imposed",
        Sanction.ends_on > today(session, tenant_id), Sanction.organizer_id.in_(organizers),
    ]  # fmt: skip
