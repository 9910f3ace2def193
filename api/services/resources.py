"""资源清单: what units offer, and how much of it is promised; never more than there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain.matching import times
from api.models import Organization, Resource
from api.services import changes, finding, search
from api.services.days import zone_of
from api.services.places import governed, place
from api.visibility import visible

_SHOWN = sa.select(
    Resource.id, Resource.version, Resource.state, Resource.kind, Resource.title, Resource.description,
    Resource.category, Resource.quantity, Resource.promised, Resource.quantity_text, Resource.organization_id,
    Resource.reason, Resource.published_at, Resource.flags, Resource.windows,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Resource.organization_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Write a draft of what a unit offers, by its liaison; a place has funds of public money, by its office."""
    unit, grant = _owner(session, actor, "resource.create", values)
    values = _kept(session, actor, values)
    return changes.create(session, actor, Resource, "resource.create", values, at=unit.id, grant=grant)


def edit(session: Session, actor: Actor, resource_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew."""
    _owner(session, actor, "resource.edit", values)
    return _step(session, actor, resource_id, "resource.edit", _kept(session, actor, values))


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
    statement, key = search.narrowed(
        session, actor, _SHOWN.where(visible(actor, Resource)), "resource", query.text,
        placed=query.organization_id is not None,
    )  # fmt: skip
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


def _owner(session: Session, actor: Actor, step: str, values: dict[str, Any]) -> tuple[Any, UUID]:
    """Return whose resource it is, and the grant: a unit's, but for funds, which a place may hold too."""
    at = place(session, actor, values["organization_id"], pointer="/organizationId")
    axis = "territory" if values["kind"] == "fund" and at.axis == "territory" else "employer"
    return governed(session, actor, step, at.id, axis=axis, pointer="/organizationId")


def find(session: Session, actor: Actor, resource_id: UUID) -> Any:
    """Return a resource; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Resource), Resource.id == resource_id)))


def _kept(session: Session, actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a resource as it is stored; WindowContradicts for opening hours that cannot be."""
    windows = values["windows"]
    if windows is None:
        return values
    times.require_windows(windows, zone_of(session, actor.tenant_id))
    return {**values, "windows": [times.plain(window) for window in windows]}


def _step(session: Session, actor: Actor, resource_id: UUID, step: str, values: dict[str, Any] | None = None) -> UUID:
    row = find(session, actor, resource_id)
    grant = require(actor, step, row.path)
    changes.take(session, actor, Resource, row, step, values, at=row.organization_id, grant=grant)
    return resource_id


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "allowed_actions": allowed(actor, "resource", row["state"], row["path"])}
