"""班次: the windows of an activity, their places, and the code on the organiser's screen."""

from __future__ import annotations

import operator
import os
from datetime import UTC
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain import codes
from api.domain.shifts import PresencesStand, require_breaks, require_capacity, require_window
from api.domain.steps import TABLES
from api.errors import StepNotAllowed
from api.models import Activity, Fact, Shift
from api.services import changes, match_ends, signups, standing_sanctions
from api.services.activities import HOST, ORGANIZER, actions, grant_over, of
from api.services.organizations import new_short_codes
from api.visibility import visible

SHOWN = (
    sa.select(
        Shift.id, Shift.version, Shift.state, Shift.activity_id, Shift.community_id, Shift.short_code, Shift.starts_at,
        Shift.ends_at, Shift.capacity, Shift.confirmed, Shift.imported, Shift.secret, Activity.title, Activity.kind,
        Activity.nature, Activity.place, Activity.leader_id, Activity.state.label("activity_state"),
        HOST.name.label("community_name"), HOST.path.label("host_path"), ORGANIZER.path.label("organizer_path"),
        Shift.breaks,
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
    standing_sanctions.require_free(session, actor.tenant_id, activity.organizer_id, activity.host_path)
    return changes.create(
        session, actor, Shift, "shift.create", new_row(activity, values), at=activity.community_id, grant=grant
    )


def new_row(activity: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a new shift of an activity, with its secret; raises what its window or breaks are not."""
    return {
        **values, **_window(values), "activity_id": activity.id, "community_id": activity.community_id,
        "short_code": new_short_codes(1)[0], "confirmed": 0, "imported": False, "secret": os.urandom(32),
    }  # fmt: skip


def _window(values: dict[str, Any]) -> dict[str, Any]:
    starts_at, ends_at = values["starts_at"], values["ends_at"]
    require_window(starts_at, ends_at)
    breaks = require_breaks(starts_at, ends_at, values.get("breaks", ()))
    kept = [[moment.astimezone(UTC).isoformat() for moment in stretch] for stretch in breaks]
    return {"starts_at": starts_at, "ends_at": ends_at, "breaks": kept}


def edit(session: Session, actor: Actor, shift_id: UUID, values: dict[str, Any]) -> UUID:
    """Change window, breaks or capacity of an open shift; new places go to who waits longest.

    Its times and breaks stand once somebody has been recorded there.
    """
    signups.hold(session, [shift_id])
    shift = of_shift(session, actor, shift_id)
    grant = grant_over(actor, "shift.edit", shift)
    window = _window(values)
    require_capacity(values["capacity"], shift.confirmed)
    moved = any(getattr(shift, name) != value for name, value in window.items())
    if moved and session.first(sa.select(Fact.id).where(Fact.shift_id == shift_id).limit(1)) is not None:
        raise PresencesStand
    changed = {**values, **window}
    changes.take(session, actor, Shift, shift, "shift.edit", changed, at=shift.community_id, grant=grant)
    signups.promote(session, actor, shift_id, shift.community_id)
    return shift_id


def cancel(session: Session, actor: Actor, shift_id: UUID) -> UUID:
    """Call an open shift off; who is inside may still leave, and what they served counts."""
    shift = of_shift(session, actor, shift_id)
    grant = grant_over(actor, "shift.cancel", shift)
    off = {"cancelled_at": session.now}
    changes.take(session, actor, Shift, shift, "shift.cancel", off, at=shift.community_id, grant=grant)
    match_ends.reopen(session, actor, [shift_id])
    return shift_id


def code(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return the code that proves presence now, for the screen of who leads or hosts the shift; NoCode of history."""
    shift = of_shift(session, actor, shift_id)
    grant_over(actor, "shift.show_code", shift)
    TABLES["shift"].next(shift.state, "show_code")
    return {"code": codes.code_at(shift.secret, session.now), "changes_at": codes.changes_at(session.now)}


def one(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return one shift as it stands for this actor; NotFound where they may not know of it."""
    return view(session, actor, of_shift(session, actor, shift_id)._asdict())


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
    answer["items"] = [view(session, actor, item) for item in answer["items"]]
    return answer


def of_shift(session: Session, actor: Actor, shift_id: UUID) -> Any:
    """Return a shift's row with its activity's leader and the paths of host and organiser; NotFound where hidden."""
    return found(session.first(SHOWN.where(visible(actor, Shift), Shift.id == shift_id)))


def view(session: Session, actor: Actor, item: dict[str, Any]) -> dict[str, Any]:
    """Return a row of SHOWN as it is shown to this actor, with the places that are left and what may be done now."""
    left = max(item["capacity"] - item["confirmed"], 0)
    breaks = [{"starts_at": start, "ends_at": end} for start, end in item["breaks"]]
    over = session.now >= item["ends_at"]
    not_now = {"shift.print_sheet"} if over else {"shift.settle"}
    if item["secret"] is None:
        not_now |= {"shift.print_sheet", "shift.show_code"}
    steps = [step for step in actions(actor, "shift", item["state"], item) if step not in not_now]
    return {**item, "breaks": breaks, "places_left": left, "allowed_actions": steps}
