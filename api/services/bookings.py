"""预约: what a project takes of a resource and when; held from the agreement on, never more at once than there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain import bookings as rules
from api.domain.bookings import Asked, Span
from api.domain.matching.times import Window, require_windows, windows_of
from api.errors import Conflict, Invalid
from api.models import Booking, Project, Resource
from api.services import changes, purses
from api.services.days import zone_of
from api.visibility import visible

MONTH, LONGEST = timedelta(days=31), timedelta(days=92)
"""As much of a calendar as is shown where nothing is said, and at most."""


class ResourceNotOffered(Conflict):
    """The resource is not on the list, or what is left of it does not suffice."""

    code = "resource_not_available"
    zh, en = "资源未发布或余量不足（{wanted}）", "The resource is not offered, or less than {wanted} is left of it"


class NoSuchStretch(Invalid):
    """A calendar is shown from a moment before another, not too long after it."""

    code = "no_such_stretch"
    zh = "请给出起止时间，终止须晚于起始，最长 {days} 天"
    en = "Give from and to: the end after the start, at most {days} days later"


_HELD = sa.select(
    Resource.id, Resource.state, Resource.version, Resource.kind, Resource.quantity, Resource.promised,
    Resource.organization_id, Resource.windows,
).where(Resource.id == sa.bindparam("id"), Resource.tenant_id == sa.bindparam("tenant"))  # fmt: skip
_LOCKED = _HELD.with_for_update()
_COLUMNS = (
    Booking.id, Booking.project_id, Booking.state, Booking.starts_at, Booking.ends_at, Booking.quantity
)  # fmt: skip
_OF_PROJECT = (
    sa.select(*_COLUMNS).where(Booking.project_id == sa.bindparam("project")).order_by(Booking.starts_at, Booking.id)
)


def ask(session: Session, actor: Actor, project_id: UUID, terms: dict[str, Any]) -> None:
    """Write what a proposal would take of its resource, in place of what it asked for before; nothing is held by it.

    `terms` has `resource_id`, `quantity`, `starts_on`, `ends_on` and `bookings`, windows with a quantity each; without
    any it takes the resource whenever that is open in its days. BookingsUnfit, BookingOutside, ResourceClosed,
    WindowContradicts.
    """
    session.execute(sa.delete(Booking).where(Booking.project_id == project_id, Booking.state == "asked"))
    listed = terms.get("bookings") or ()
    if terms["resource_id"] is None:
        if listed:
            raise rules.BookingsUnfit(most=rules.MOST, pointer="/bookings")
        return
    zone, amount = zone_of(session, actor.tenant_id), terms["quantity"] or 1
    asked = [
        Asked(Window(each.starts_at, each.ends_at, each.every, each.until), each.quantity or amount) for each in listed
    ]
    require_windows([each.window for each in asked], zone, "/bookings")
    resource = found(session.first(_HELD, {"id": terms["resource_id"], "tenant": actor.tenant_id}))
    if resource.kind == "fund":
        return  # money is moved from account to account, not booked
    whole = rules.days(terms["starts_on"], terms["ends_on"], zone)
    spans = rules.planned(asked, windows_of(resource.windows), whole, amount, zone)
    session.insert(
        Booking,
        [
            {
                "id": new_id(), "tenant_id": actor.tenant_id, "project_id": project_id, "resource_id": resource.id,
                "state": "asked", **span._asdict(),
            }
            for span in spans
        ],
    )  # fmt: skip


def hold(session: Session, actor: Actor, project: Any) -> None:
    """Hold what an agreed project asked for; ResourceNotOffered or ResourceTaken where there is not enough of it.

    The resource's row is locked until the transaction ends, so that of many agreements each finds what those before
    left. What is used up is marked exhausted.
    """
    resource = found(session.first(_LOCKED, {"id": project.resource_id, "tenant": actor.tenant_id}))
    if resource.kind == "fund":
        purses.promise(session, actor, project, resource)
        return
    asked = [_span(row) for row in of(session, project.id) if row.state == "asked"]
    if resource.state != "published":
        raise ResourceNotOffered(wanted=sum(span.quantity for span in asked), resourceId=str(resource.id))
    _require_left(session, actor, resource, asked)
    mine = sa.update(Booking).where(Booking.project_id == project.id, Booking.state == "asked")
    session.execute(mine.values(state="held"))
    _count(session, actor, resource)


def free(session: Session, actor: Actor, project: Any, since: datetime | None = None) -> None:
    """Free what a project holds and is not over, or of what is lent what begins at `since` or later."""
    resource = found(session.first(_LOCKED, {"id": project.resource_id, "tenant": actor.tenant_id}))
    if resource.kind == "fund" or (since is not None and resource.kind in rules.USED_UP):
        return  # what was given is given, and what is left of money flows back from the project's account
    ahead = Booking.ends_at > session.now if since is None else Booking.starts_at >= since
    mine = sa.update(Booking).where(Booking.project_id == project.id, Booking.state == "held", ahead)
    session.execute(mine.values(state="freed"))
    _count(session, actor, resource)


def free_one(session: Session, actor: Actor, project: Any, booking: Any) -> None:
    """Free one occurrence."""
    resource = found(session.first(_LOCKED, {"id": project.resource_id, "tenant": actor.tenant_id}))
    session.execute(sa.update(Booking).where(Booking.id == booking.id).values(state="freed"))
    _count(session, actor, resource)


def move_one(
    session: Session, actor: Actor, project: Any, booking: Any, starts_at: datetime, ends_at: datetime
) -> None:
    """Hold one occurrence at another time; ResourceTaken, ResourceClosed, BookingOutside, and then it stays."""
    resource = found(session.first(_LOCKED, {"id": project.resource_id, "tenant": actor.tenant_id}))
    zone = zone_of(session, actor.tenant_id)
    window = Window(starts_at, ends_at)
    require_windows([window], zone, "/bookings")
    whole = rules.days(project.starts_on, project.ends_on, zone)
    spans = rules.planned([Asked(window, booking.quantity)], windows_of(resource.windows), whole, 1, zone)
    _require_left(session, actor, resource, spans, but=booking.id)
    moved = {"starts_at": starts_at, "ends_at": ends_at}
    session.execute(sa.update(Booking).where(Booking.id == booking.id).values(**moved))
    _count(session, actor, resource)


def of(session: Session, project_id: UUID) -> Sequence[Any]:
    """Return the bookings of a project, the earliest first."""
    return session.rows(_OF_PROJECT, {"project": project_id})


def listed(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """Return the bookings of a project to who may know of it."""
    found(session.first(sa.select(Project.id).where(visible(actor, Project), Project.id == project_id)))
    return {"items": [row._asdict() for row in of(session, project_id)]}


def calendar(
    session: Session, actor: Actor, resource_id: UUID, since: datetime | None, before: datetime | None
) -> dict[str, Any]:
    """Return what is promised of a resource between two moments and what is free; NoSuchStretch, NotFound.

    Where nothing is said it is from now on, and for a month. Of what is used up `free` is what is left, at any time.
    """
    since = since or session.now
    before = before or since + MONTH
    columns = (Resource.id, Resource.kind, Resource.quantity, Resource.promised, Resource.windows)
    row = found(session.first(sa.select(*columns).where(visible(actor, Resource), Resource.id == resource_id)))
    if not since < before <= since + LONGEST:
        raise NoSuchStretch(days=LONGEST.days, pointer="?from")
    lent, limit = row.kind not in rules.USED_UP, _limit(row)
    held = [_span(each) for each in session.rows(_held(row, since, before))] if lent else []
    zone = zone_of(session, actor.tenant_id)
    items = rules.calendar(held, limit if lent else None, windows_of(row.windows), since, before, zone)
    left = None if limit is None else limit - row.promised
    return {
        "resource_id": row.id, "kind": row.kind, "quantity": limit, "used_up": not lent,
        "items": items if lent else [{**each, "promised": row.promised, "free": left} for each in items],
    }  # fmt: skip


def _limit(resource: Any) -> int | None:
    """Return how much there is of a resource; a venue of which nothing is said is one."""
    return 1 if resource.quantity is None and resource.kind == "venue" else resource.quantity


def _held(resource: Any, since: datetime, before: datetime) -> Any:
    """Select what is held of a resource: of what is lent at this time, of what is used up ever."""
    held = sa.select(*_COLUMNS).where(Booking.resource_id == resource.id, Booking.state == "held")
    if resource.kind in rules.USED_UP:
        return held
    return held.where(Booking.starts_at < before, Booking.ends_at > since)


def _require_left(
    session: Session, actor: Actor, resource: Any, wanted: Sequence[Span], but: UUID | None = None
) -> None:
    limit = _limit(resource)
    if limit is None:
        return
    since, before = min(span.starts_at for span in wanted), max(span.ends_at for span in wanted)
    held = [_span(row) for row in session.rows(_held(resource, since, before)) if row.id != but]
    if resource.kind not in rules.USED_UP:
        rules.require_left(wanted, held, limit, zone_of(session, actor.tenant_id))
        return
    asked = sum(span.quantity for span in wanted)
    if asked + sum(span.quantity for span in held) > limit:
        raise ResourceNotOffered(wanted=asked, resourceId=str(resource.id))


def _count(session: Session, actor: Actor, resource: Any) -> None:
    """Note at the resource how much of it is promised: all of what is used up, of what is lent the most at once."""
    standing = sa.select(*_COLUMNS).where(Booking.resource_id == resource.id, Booking.state == "held")
    if resource.kind in rules.USED_UP:
        promised = sum(row.quantity for row in session.rows(standing))
    else:
        promised = rules.at_once(_span(row) for row in session.rows(standing.where(Booking.ends_at > session.now)))
    session.execute(sa.update(Resource).where(Resource.id == resource.id).values(promised=promised))
    full = resource.kind in rules.USED_UP and promised == resource.quantity
    if full and resource.state == "published":
        changes.take(session, actor, Resource, resource, "resource.exhaust", at=resource.organization_id)
    elif not full and resource.state == "exhausted":
        changes.take(session, actor, Resource, resource, "resource.release", at=resource.organization_id)


def _span(row: Any) -> Span:
    return Span(row.starts_at, row.ends_at, row.quantity)
