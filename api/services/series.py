"""班次系列: an activity over many days has a shift a day; a day that has one already keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.shifts import DailyWindow
from api.domain.steps import TABLES
from api.errors import StepNotAllowed
from api.models import Activity, Shift
from api.services import changes, shifts
from api.services.activities import grant_over, of
from api.services.days import zone_of
from api.visibility import visible

_LOCK = sa.select(Activity.id).where(Activity.id == sa.bindparam("activity")).with_for_update(key_share=True)


def create(session: Session, actor: Actor, activity_id: UUID, values: dict[str, Any]) -> UUID:
    """Add a shift on each of some days, at the same local hours; return the activity's id.

    `values` has `days`, `starts`, `ends`, `breaks` (local times) and `capacity`. A day on which the activity has a
    shift of these hours that was not called off keeps that one, whatever its capacity: a repeat adds nothing.
    """
    activity = of(session, actor, activity_id)
    grant = grant_over(actor, "shift.create_series", activity)
    if TABLES["activity"].is_final(activity.state):
        raise StepNotAllowed(state=activity.state, action="shift.create_series", allowedActions=[])
    session.execute(_LOCK, {"activity": activity_id})  # of two at once the second sees what the first made
    there = {(row.starts_at, row.ends_at) for row in _standing(session, activity_id)}
    wanted = _windows(session, actor, values)
    rows = [
        changes.born(session, actor, "shift", "shift.create_series", shifts.new_row(activity, window))
        for window in wanted
        if (window["starts_at"], window["ends_at"]) not in there
    ]
    changes.record(
        session, actor, "shift.create_series", "activity", activity_id, at=activity.community_id, grant=grant,
        written=rows, details={"shifts": [str(row["id"]) for row in rows]},
    )  # fmt: skip
    session.insert(Shift, rows)
    return activity_id


def shown(session: Session, actor: Actor, activity_id: UUID, values: dict[str, Any]) -> dict[str, Any]:
    """Return the shifts of an activity that have the hours of a series on its days, in their order."""
    hours = {(window["starts_at"], window["ends_at"]) for window in _windows(session, actor, values)}
    rows = session.rows(
        shifts.SHOWN.where(visible(actor, Shift), Shift.activity_id == activity_id, Shift.state != "cancelled")
        .order_by(Shift.starts_at, Shift.id)
    )  # fmt: skip
    found = [row._asdict() for row in rows if (row.starts_at, row.ends_at) in hours]
    return {"activity_id": activity_id, "items": [shifts.view(session, actor, row) for row in found]}


def _windows(session: Session, actor: Actor, values: dict[str, Any]) -> list[dict[str, Any]]:
    zone = zone_of(session, actor.tenant_id)
    daily = DailyWindow(values["starts"], values["ends"], values["breaks"])
    windows = []
    for day in sorted(set(values["days"])):
        starts_at, ends_at, breaks = daily.on(day, zone)
        windows.append(
            {"starts_at": starts_at, "ends_at": ends_at, "breaks": breaks, "capacity": values["capacity"]}
        )  # fmt: skip
    return windows


def _standing(session: Session, activity_id: UUID) -> Sequence[Any]:
    columns = sa.select(Shift.starts_at, Shift.ends_at)
    return session.rows(columns.where(Shift.activity_id == activity_id, Shift.state != "cancelled"))
