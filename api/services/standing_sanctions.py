"""Which sanctions hold now: what others ask before an organiser publishes or calls a roll, or hours are made up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain.sanctions import (
    MAKE_UP,
    MakeUpSuspended,
    OrganizerSanctioned,
    SecondRollCaller,
    in_hours,
    still_suspended,
)
from api.models import Entry, Organization, Person, Sanction
from api.services.days import day_of, today

_where = aliased(Organization, name="where")
_reversed = aliased(Entry, name="reversed_entry")


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


def suspended(session: Session, tenant_id: UUID, accounts: Collection[UUID]) -> dict[UUID, MakeUpSuspended]:
    """Return why each of these accounts may make up no hours for now; one statement where nobody was ever suspended."""
    rows = session.rows(
        sa.select(Sanction.ends_on, Sanction.after_minutes, Sanction.imposed_at, Sanction.person_id, Person.account_id)
        .join(Person, Person.id == Sanction.person_id)
        .where(
            Sanction.tenant_id == tenant_id, Sanction.kind == MAKE_UP, Sanction.state == "imposed",
            Person.account_id.in_(sorted(accounts)),
        )
        .order_by(Sanction.imposed_at, Sanction.id)
    )  # fmt: skip
    day = today(session, tenant_id) if rows else None
    found: dict[UUID, MakeUpSuspended] = {}
    for row in rows:
        since = day_of(session, tenant_id, row.imposed_at)
        served = served_since(session, tenant_id, row.person_id, since)
        if day is not None and still_suspended(row.ends_on, row.after_minutes, served, day):
            found[row.account_id] = MakeUpSuspended(
                endsOn=row.ends_on.isoformat(), since=since.isoformat(), hours=in_hours(row.after_minutes),
                remaining=in_hours(max(0, row.after_minutes - served)),
            )  # fmt: skip
    return found


def served_since(session: Session, tenant_id: UUID, person_id: UUID, since: date) -> int:
    """Return the volunteer minutes that a person served from a day on; what was made up is none of them."""
    accounts = sa.select(Person.account_id).where(
        Person.tenant_id == tenant_id, sa.or_(Person.id == person_id, Person.merged_into == person_id)
    )
    kind = sa.func.coalesce(_reversed.kind, Entry.kind)
    total = (
        sa.select(sa.func.coalesce(sa.func.sum(Entry.amount), 0))
        .outerjoin(_reversed, _reversed.id == Entry.reverses_id)
        .where(
            Entry.tenant_id == tenant_id, Entry.account_id.in_(accounts), Entry.unit == "volunteer_minutes",
            Entry.served_on >= since, kind != "supplementary",
        )
    )  # fmt: skip
    return int(session.scalar(total) or 0)


def _in_force(session: Session, tenant_id: UUID, kind: str, organizer_id: UUID) -> list[Any]:
    return [
        Sanction.tenant_id == tenant_id, Sanction.kind == kind, Sanction.state == "imposed",
        Sanction.ends_on > today(session, tenant_id), Sanction.organizer_id == organizer_id,
    ]  # fmt: skip
