"""项目 on its way: declined, called off, started, delivered, rated, closed; its need moves along."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain.bookings import BookingOver, BookingPast
from api.models import Need, Project
from api.services import bookings, changes, livelihood, needs, project_messages, projects, purses
from api.services.agreements import need_step
from api.visibility import visible


def decline(session: Session, actor: Actor, project_id: UUID, reason: str | None) -> UUID:
    """Refuse a proposal, with or without a reason; the need can be claimed by others."""
    return _step(session, actor, project_id, "project.decline", {"reason": reason})


def cancel(session: Session, actor: Actor, project_id: UUID, reason: str) -> UUID:
    """Call a project off; its need goes back to the list and its resource is offered again. PaymentsWaiting."""
    row, grant = projects.governed(session, actor, project_id, "project.cancel")
    _call_off(session, actor, row, reason, grant)
    if row.state != "proposed":
        need_step(session, actor, row, "need.release")
    return project_id


def start(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Begin the work; the need is in progress. A livelihood project has to be wanted, noticed and funded: NotReady."""
    row, _ = projects.governed(session, actor, project_id, "project.start")
    if row.state == "agreed":
        livelihood.require_ready(session, actor, row)
    return _step(session, actor, project_id, "project.start", None, "need.start")


def deliver(session: Session, actor: Actor, project_id: UUID, summary: str) -> UUID:
    """Say what came of it; the need is done, and what is lent and not begun yet is free for others."""
    result = {"summary": summary, "delivered_at": session.now.isoformat()}
    _step(session, actor, project_id, "project.deliver", {"result": result}, "need.complete")
    row = projects.find(session, actor, project_id)
    if row.resource_id is not None:
        bookings.free(session, actor.aside(), row, since=session.now)
    return project_id


def rate(session: Session, actor: Actor, project_id: UUID, stars: int, remark: str) -> UUID:
    """Rate the result for the community."""
    row, grant = projects.governed(session, actor, project_id, "project.rate")
    values = {"result": {**row.result, "stars": stars, "remark": remark}}
    changes.take(session, actor, Project, row, "project.rate", values, at=row.community_id, grant=grant)
    return project_id


def close(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Close a rated project; a need that nobody confirmed yet is confirmed by it, and money left goes back.

    PaymentsWaiting where something that it paid is still to be confirmed.
    """
    row, grant = projects.governed(session, actor, project_id, "project.close")
    changes.take(session, actor, Project, row, "project.close", at=row.community_id, grant=grant)
    purses.end(session, actor.aside(), row)
    if row.need_id is not None and session.scalar(sa.select(Need.state).where(Need.id == row.need_id)) == "done":
        need_step(session, actor, row, "need.confirm")
    return project_id


def release_need(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Take a matched need back to the list; the project that served it is called off with the same reason."""
    need = found(session.first(needs.SHOWN.where(visible(actor, Need), Need.id == need_id)))
    grant = require(actor, "need.release", need.path)
    live = projects.claiming(session, need_id)
    # First the project, then its need: in the order in which whoever accepts or cancels it locks them.
    held = None if live is None else projects.governed(session, actor, live.id, "project.cancel")
    changes.take(session, actor, Need, need, "need.release", at=need.community_id, grant=grant)
    if held is not None:
        row, grant = held
        _call_off(session, actor.aside(), row, reason, grant)
    return need_id


def move_booking(
    session: Session, actor: Actor, project_id: UUID, booking_id: UUID, starts_at: datetime, ends_at: datetime
) -> UUID:
    """Let one occurrence take place at another time, for any side; the others find it among what waits for them.

    ResourceTaken, ResourceClosed, BookingPast or BookingOutside where that cannot be, and then it stays where it is.
    """
    row, grant = projects.governed(session, actor, project_id, "project.move_booking")
    booking = _ahead(session, booking_id, row)
    if starts_at <= session.now:
        raise BookingPast(pointer="/startsAt")
    bookings.move_one(session, actor.aside(), row, booking, starts_at, ends_at)
    told = {**_times(booking), "to": {"startsAt": starts_at.isoformat(), "endsAt": ends_at.isoformat()}}
    _tell(session, actor, row, "moved", told, grant)
    return project_id


def cancel_booking(session: Session, actor: Actor, project_id: UUID, booking_id: UUID, reason: str) -> UUID:
    """Call one occurrence off, for any side; its time is free again and the others are told why."""
    row, grant = projects.governed(session, actor, project_id, "project.cancel_booking")
    booking = _ahead(session, booking_id, row)
    bookings.free_one(session, actor.aside(), row, booking)
    _tell(session, actor, row, "freed", _times(booking), grant, reason)
    return project_id


def _ahead(session: Session, booking_id: UUID, row: Any) -> Any:
    """Return an occurrence of a project that is held; NotFound, and BookingOver where it has begun."""
    booking = found(next((each for each in bookings.of(session, row.id) if each.id == booking_id), None))
    if booking.state != "held" or booking.starts_at <= session.now:
        raise BookingOver
    return booking


def _times(booking: Any) -> dict[str, Any]:
    return {
        "bookingId": str(booking.id), "startsAt": booking.starts_at.isoformat(), "endsAt": booking.ends_at.isoformat(),
    }  # fmt: skip


def _tell(
    session: Session, actor: Actor, row: Any, kind: str, told: dict[str, Any], grant: UUID, text: str | None = None
) -> None:
    step = "project.move_booking" if kind == "moved" else "project.cancel_booking"
    changes.take(session, actor, Project, row, step, at=row.community_id, grant=grant, details=told)
    side = project_messages.speaks_for(actor, step, row, projects.parties_of(session, [row.id])[row.id])
    project_messages.note(session, actor, row.id, kind, side, terms=told, text=text)


def _call_off(session: Session, actor: Actor, row: Any, reason: str, grant: UUID) -> None:
    changes.take(session, actor, Project, row, "project.cancel", {"reason": reason}, at=row.community_id, grant=grant)
    purses.end(session, actor.aside(), row)
    if row.resource_id is not None and row.state != "proposed":
        bookings.free(session, actor.aside(), row)


def _step(
    session: Session, actor: Actor, project_id: UUID, step: str, values: dict[str, Any] | None, along: str | None = None
) -> UUID:
    row, grant = projects.governed(session, actor, project_id, step)
    changes.take(session, actor, Project, row, step, values, at=row.community_id, grant=grant)
    if along is not None:
        need_step(session, actor, row, along)
    return project_id
