"""Which sanctions hold now: what other services ask before an organiser publishes, adds a shift or calls a roll."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain.sanctions import OrganizerSanctioned, SecondRollCaller
from api.models import Organization, Sanction
from api.services.days import today

_where = aliased(Organization, name="where")


def require_free(session: Session, tenant_id: UUID, organizer_id: UUID, host_path: str) -> None:
    """Raise OrganizerSanctioned while the organiser may publish nothing new at the place with this path."""
    standing = sa.select(Sanction.ends_on, _where.path).join(_where, _where.id == Sanction.organization_id)
    rows = session.rows(standing.where(*_in_force(session, tenant_id, "no_new_activities", organizer_id)))
    ends = [row.ends_on for row in rows if host_path.startswith(row.path)]
    if ends:
        raise OrganizerSanctioned(endsOn=max(ends).isoformat())


def second_roll_until(tenant_id: Any, organizer_id: Any, host_path: Any) -> sa.ScalarSelect[Any]:
    """Return a column: until when an organiser's rolls at a place are called by somebody from outside, or null.

    It goes into the statement that finds the shifts; `barred` looks at it as `second_until`.
    """
    return (
        sa.select(sa.func.max(Sanction.ends_on))
        .join(_where, _where.id == Sanction.organization_id)
        .where(
            Sanction.tenant_id == tenant_id, Sanction.organizer_id == organizer_id,
            Sanction.kind == "second_roll_call", Sanction.state == "imposed",
            sa.func.substr(host_path, 1, sa.func.length(_where.path)) == _where.path,
        )
        .correlate_except(Sanction, _where)
        .scalar_subquery()
    )  # fmt: skip


def barred(actor: Actor, shift: Any, now: datetime) -> SecondRollCaller | None:
    """Return why the actor may not call the roll of a shift for now: its leader, or of the organiser and not the host.

    Where the host organises itself, whoever of it does not lead the shift may. `shift` has `second_until` and `zone`.
    """
    until: date | None = shift.second_until
    if until is None or until <= now.astimezone(ZoneInfo(shift.zone)).date():
        return None
    outside = shift.leader_id != actor.person_id and actor.grant_for("shift.roll_call", shift.host_path) is not None
    return None if outside else SecondRollCaller(endsOn=until.isoformat())


def _in_force(session: Session, tenant_id: UUID, kind: str, organizer_id: UUID) -> list[Any]:
    return [
        Sanction.tenant_id == tenant_id, Sanction.kind == kind, Sanction.state == "imposed",
        Sanction.ends_on > today(session, tenant_id), Sanction.organizer_id == organizer_id,
    ]  # fmt: skip
