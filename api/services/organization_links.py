"""Dated relations between organisations: where 条 and 块 meet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api import paging
from api.access import Actor, found, may, require
from api.db import Session
from api.domain.periods import EndsBeforeItBegins
from api.errors import Conflict, Invalid
from api.models import Organization, OrganizationLink
from api.services import changes, days, organizations
from api.services.organizations import LINKS_SHOWN, in_force, touching
from api.services.places import governed, place
from api.visibility import visible


class LinkStands(Conflict):
    """The same relation between the same organisations holds already."""

    code, zh, en = "organization_link_stands", "该组织关系已存在", "This relation holds already"


class LinkToItself(Invalid):
    """Both ends are the same organisation."""

    code, zh, en = (
        "organization_link_to_itself",
        "组织不能与自身建立关系",
        "An organisation cannot be related to itself",
    )


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Relate two organisations from a day on, by default today; return the link's id. Raises LinkStands for a double.

    The authority is that of the end which the link points to: who governs it lets another cover it, never the reverse,
    because a grant at an organisation reaches what it covers.
    """
    from_id, to_id = values["from_id"], values["to_id"]
    if from_id == to_id:
        raise LinkToItself(pointer="/toId")
    place(session, actor, from_id, pointer="/fromId")
    governed(session, actor, "organization_link.create", to_id, pointer="/toId")
    since = values["valid_from"] or days.today(session, actor.tenant_id)
    double = LINKS_SHOWN.where(
        OrganizationLink.tenant_id == actor.tenant_id, OrganizationLink.kind == values["kind"],
        OrganizationLink.from_id == from_id, OrganizationLink.to_id == to_id, OrganizationLink.state == "active",
    )  # fmt: skip
    if session.first(double) is not None:
        raise LinkStands
    return organizations.link(session, actor, values["kind"], from_id, to_id, since=since, basis=values["basis"])


def end(session: Session, actor: Actor, link_id: UUID, values: dict[str, Any]) -> UUID:
    """End a relation on a day, by default today; a tree's and a registration's end in their own ways."""
    row = _one(session, actor, link_id)
    grant = require(actor, "organization_link.end", row.path)
    if row.kind in ("part_of", "registration"):
        raise Conflict
    last = values["valid_to"] or days.today(session, actor.tenant_id)
    if last < row.valid_from:
        raise EndsBeforeItBegins(pointer="/validTo")
    changed = {"valid_to": last, "reason": values["reason"]}
    changes.take(session, actor, OrganizationLink, row, "organization_link.end", changed, at=row.to_id, grant=grant)
    return link_id


def one(session: Session, actor: Actor, link_id: UUID) -> dict[str, Any]:
    """Return one relation."""
    return _view(actor, _one(session, actor, link_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of relations, newest first: of an organisation at either end, of a kind, in force on a day."""
    statement = _SHOWN.where(visible(actor, OrganizationLink))
    if query.organization_id is not None:
        statement = statement.where(touching(query.organization_id))
    if query.kind is not None:
        statement = statement.where(OrganizationLink.kind == query.kind)
    if query.on is not None:
        statement = statement.where(in_force(query.on))
    answer = paging.page(session, statement, OrganizationLink.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


_SHOWN = LINKS_SHOWN.add_columns(Organization.path).join(Organization, Organization.id == OrganizationLink.to_id)


def _one(session: Session, actor: Actor, link_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, OrganizationLink), OrganizationLink.id == link_id)))


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    ours = row["kind"] not in ("part_of", "registration") and row["state"] == "active"
    steps = ["organization_link.end"] if ours and may(actor, "organization_link.end", row["path"]) else []
    return {**row, "allowed_actions": steps}
