"""资源清单: what units offer, and how much of it is promised; never more than there is."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.errors import Conflict
from api.models import Organization, Project, Resource
from api.services import changes, finding, search
from api.services.places import governed
from api.visibility import visible

# A project holds what it was promised from its agreement until it is closed or called off.
HOLDING = ("agreed", "in_progress", "delivered", "rated", "closed")


class ResourceNotOffered(Conflict):
    """The resource is not on the list, or what is left of it does not suffice."""

    code = "resource_not_available"
    zh, en = "资源未发布或余量不足（{wanted}）", "The resource is not offered, or less than {wanted} is left of it"


class VenueTaken(Conflict):
    """The venue is promised to others on days of this stretch."""

    code = "venue_taken"
    zh, en = "场地在 {startsOn} 至 {endsOn} 期间已被占用", "The venue is taken between {startsOn} and {endsOn}"


_SHOWN = sa.select(
    Resource.id, Resource.version, Resource.state, Resource.kind, Resource.title, Resource.description,
    Resource.category, Resource.quantity, Resource.promised, Resource.quantity_text, Resource.organization_id,
    Resource.reason, Resource.published_at, Resource.flags, Organization.name.label("organization_name"),
    Organization.path,
).join(Organization, Organization.id == Resource.organization_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Write a draft of what a unit offers; the unit's liaison does so."""
    unit, grant = governed(
        session, actor, "resource.create", values["organization_id"], axis="employer", pointer="/organizationId"
    )
    return changes.create(session, actor, Resource, "resource.create", values, at=unit.id, grant=grant)


def edit(session: Session, actor: Actor, resource_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew."""
    governed(session, actor, "resource.edit", values["organization_id"], axis="employer", pointer="/organizationId")
    return _step(session, actor, resource_id, "resource.edit", values)


def publish(session: Session, actor: Actor, resource_id: UUID) -> UUID:
    """Put a resource on the list, where its words find it."""
    _step(session, actor, resource_id, "resource.publish", {"published_at": session.now})
    shown = find(session, actor, resource_id)
    search.learn(session, actor.tenant_id, "resource", {resource_id: (shown.title, shown.description)})
    return resource_id


def withdraw(session: Session, actor: Actor, resource_id: UUID, reason: str) -> UUID:
    """Take a resource off the list; what was promised stays promised."""
    return _step(session, actor, resource_id, "resource.withdraw", {"reason": reason})


def one(session: Session, actor: Actor, resource_id: UUID) -> dict[str, Any]:
    """Return one resource as it stands for this actor; NotFound where they may not know of it."""
    return _view(actor, find(session, actor, resource_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the resources that the actor may see, newest first; NothingToFind."""
    statement, key = search.narrowed(session, actor, _SHOWN.where(visible(actor, Resource)), "resource", query.text)
    for column, wanted in (
        (Resource.state, query.state),
        (Resource.kind, query.kind),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.category is not None:
        statement = statement.where(finding.one_of(Resource.category, query.category))
    if query.organization_id is not None:
        at = finding.in_subtree(session, actor, Resource.organization_id, query.organization_id)
        statement = statement.where(at)
    answer = paging.page(session, statement, key, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def find(session: Session, actor: Actor, resource_id: UUID) -> Any:
    """Return a resource; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Resource), Resource.id == resource_id)))


def promise(session: Session, actor: Actor, project: Any) -> None:
    """Promise a project what it takes of its resource; raise ResourceNotOffered or VenueTaken where that is too much.

    The guard stands in the statement that promises, so that no two agreements at once can exceed the quantity. What is
    used up is marked exhausted.
    """
    resource = found(session.first(_HELD.with_for_update(), {"id": project.resource_id, "tenant": actor.tenant_id}))
    wanted = project.quantity or 1
    if resource.state != "published":
        raise ResourceNotOffered(wanted=wanted, resourceId=str(resource.id))
    if resource.kind == "venue":
        _require_free(session, resource, project, wanted)
        return
    enough = sa.or_(Resource.quantity.is_(None), Resource.promised + wanted <= Resource.quantity)
    promised = session.execute(
        sa.update(Resource)
        .where(Resource.id == resource.id, Resource.state == "published", enough)
        .values(promised=Resource.promised + wanted)
    )
    if promised.rowcount != 1:
        raise ResourceNotOffered(wanted=wanted, resourceId=str(resource.id))
    if resource.quantity is not None and resource.promised + wanted == resource.quantity:
        changes.take(session, actor, Resource, resource, "resource.exhaust", at=resource.organization_id)


def give_back(session: Session, actor: Actor, project: Any) -> None:
    """Take back what an agreed project was promised; what was exhausted is offered again."""
    resource = found(session.first(_HELD.with_for_update(), {"id": project.resource_id, "tenant": actor.tenant_id}))
    if resource.kind == "venue":
        return
    session.execute(
        sa.update(Resource)
        .where(Resource.id == resource.id)
        .values(promised=Resource.promised - (project.quantity or 1))
    )
    if resource.state == "exhausted":
        changes.take(session, actor, Resource, resource, "resource.release", at=resource.organization_id)


_HELD = sa.select(
    Resource.id, Resource.state, Resource.version, Resource.kind, Resource.quantity, Resource.promised,
    Resource.organization_id,
).where(Resource.id == sa.bindparam("id"), Resource.tenant_id == sa.bindparam("tenant"))  # fmt: skip


def _require_free(session: Session, venue: Any, project: Any, wanted: int) -> None:
    """Refuse a venue on days on which it is promised; its row is locked, so that nobody promises it meanwhile."""
    others = sa.select(Project.starts_on, Project.ends_on, Project.quantity).where(
        Project.resource_id == venue.id,
        Project.id != project.id,
        Project.state.in_(HOLDING),
        Project.starts_on < project.ends_on,
        Project.ends_on > project.starts_on,
    )
    held = [(row.starts_on, row.ends_on, row.quantity or 1) for row in session.rows(others)]
    if busiest(held, project.starts_on) + wanted > (venue.quantity or 1):
        raise VenueTaken(startsOn=project.starts_on.isoformat(), endsOn=project.ends_on.isoformat())


def busiest(held: list[tuple[date, date, int]], since: date) -> int:
    """Return the most that these half-open stretches hold on any one day from `since` on."""
    days = [since, *(start for start, _, _ in held if start > since)]
    return max(sum(amount for start, end, amount in held if start <= day < end) for day in days)


def _step(session: Session, actor: Actor, resource_id: UUID, step: str, values: dict[str, Any] | None = None) -> UUID:
    row = find(session, actor, resource_id)
    grant = require(actor, step, row.path)
    changes.take(session, actor, Resource, row, step, values, at=row.organization_id, grant=grant)
    return resource_id


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "allowed_actions": allowed(actor, "resource", row["state"], row["path"])}
