"""班次: the windows of an activity, their places, and the code on the organiser's screen."""

from __future__ import annotations

import operator
import os
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain import codes
from api.domain.shifts import PresencesStand, require_capacity, require_window
from api.domain.steps import TABLES
from api.errors import StepNotAllowed
from api.models import Activity, Fact, Shift
from api.services import changes, signups
from api.services.activities import HOST, ORGANIZER, actions, grant_over, of
from api.services.organizations import new_short_codes
from api.visibility import visible

SHOWN = (
    sa.select(
        Shift.id, Shift.version, Shift.state, Shift.activity_id, Shift.community_id, Shift.short_code, Shift.starts_at,
        Shift.ends_at, Shift.capacity, Shift.confirmed, Shift.imported, Shift.secret, Activity.title, Activity.kind,
        Activity.nature, Activity.place, Activity.leader_id, Activity.state.label("activity_state"),
        HOST.name.label("community_name"), HOST.path.label("host_path"), ORGANIZER.path.label("organizer_path"),
    )
    .join(Activity, Activity.id == Shift.activity_id)
    .join(HOST, HOST.id == Shift.community_id)
    .join(ORGANIZER, ORGANIZER.id == Activity.organizer_id)
)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Add a shift to an activity that is not over; the window must be longer than nothing and at most a day."""
    activity = of(session, actor, values["activity_id"])
    grant = grant_over(actor, "shift.create", activity)
    if TABLES["activity"].is_final(activity.state):
        raise StepNotAllowed(state=activity.state, action="shift.create", allowedActions=[])
    require_window(values["starts_at"], values["ends_at"])
    row = {
        **values, "community_id": activity.community_id, "short_code": new_short_codes(1)[0], "confirmed": 0,
        "imported": False, "secret": os.urandom(32),
    }  # fmt: skip
    return changes.create(session, actor, Shift, "shift.create", row, at=activity.community_id, grant=grant)


def edit(session: Session, actor: Actor, shift_id: UUID, values: dict[str, Any]) -> UUID:
    """Change window or capacity of an open shift; new places go to who waits longest.

    Its times stand once somebody has been recorded there.
    """
    signups.hold(session, [shift_id])
    shift = of_shift(session, actor, shift_id)
    grant = grant_over(actor, "shift.edit", shift)
    require_window(values["starts_at"], values["ends_at"])
    require_capacity(values["capacity"], shift.confirmed)
    moved = (values["starts_at"], values["ends_at"]) != (shift.starts_at, shift.ends_at)
    if moved and session.first(sa.select(Fact.id).where(Fact.shift_id == shift_id).limit(1)) is not None:
        raise PresencesStand
    changes.take(session, actor, Shift, shift, "shift.edit", values, at=shift.community_id, grant=grant)
    signups.promote(session, actor, shift_id, shift.community_id)
    return shift_id


def cancel(session: Session, actor: Actor, shift_id: UUID) -> UUID:
    """Call an open shift off; who is inside may still leave, and what they served counts."""
    shift = of_shift(session, actor, shift_id)
    grant = grant_over(actor, "shift.cancel", shift)
    changes.take(session, actor, Shift, shift, "shift.cancel", at=shift.community_id, grant=grant)
    return shift_id


def code(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return the code that proves presence now, for the screen of who leads or hosts the shift."""
    shift = of_shift(session, actor, shift_id)
    grant_over(actor, "shift.show_code", shift)
    TABLES["shift"].next(shift.state, "show_code")
    return {"code": codes.code_at(shift.secret, session.now), "changes_at": codes.changes_at(session.now)}


def one(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return one shift as it stands for this actor; NotFound where they may not know of it."""
    return _view(session, actor, of_shift(session, actor, shift_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the shifts that the actor may see, newest first."""
    statement = SHOWN.where(visible(actor, Shift))
    for column, holds, wanted in (
        (Shift.state, operator.eq, query.state),
        (Shift.activity_id, operator.eq, query.activity_id),
        (Shift.community_id, operator.eq, query.community_id),
        (Shift.starts_at, operator.ge, query.starts_from),
        (Shift.starts_at, operator.lt, query.starts_before),
    ):
        if wanted is not None:
            statement = statement.where(holds(column, wanted))
    answer = paging.page(session, statement, Shift.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(session, actor, item) for item in answer["items"]]
    return answer


def of_shift(session: Session, actor: Actor, shift_id: UUID) -> Any:
    """Return a shift's row with its activity's leader and the paths of host and organiser; NotFound where hidden."""
    return found(session.first(SHOWN.where(visible(actor, Shift), Shift.id == shift_id)))


def _view(session: Session, actor: Actor, item: dict[str, Any]) -> dict[str, Any]:
    left = max(item["capacity"] - item["confirmed"], 0)
    too_early = {"shift.settle"} if session.now < item["ends_at"] else set()
    steps = [step for step in actions(actor, "shift", item["state"], item) if step not in too_early]
    return {**item, "places_left": left, "allowed_actions": steps}
