"""Organisations: created one by one or in bulk, edited, counted, moved and ended; found by id, code or name."""

from __future__ import annotations

import base64
import os
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session, new_id
from api.errors import Conflict, Invalid
from api.models import Organization, OrganizationCode, OrganizationCount, OrganizationLink
from api.services import changes, days
from api.services.places import governed, place
from api.visibility import visible

_SHOWN = sa.select(
    Organization.id, Organization.version, Organization.state, Organization.axis, Organization.kind, Organization.name,
    Organization.short_code, Organization.parent_id, Organization.path, Organization.community_class,
    Organization.disclosure, Organization.capacity, Organization.flags, Organization.point,
)  # fmt: skip
_LINKS = 100  # links shown with an organisation; all of them are in the list of links


class HasParts(Conflict):
    """An organisation with parts cannot end before them."""

    code, zh, en = "organization_has_parts", "“{name}”仍有下级组织，不能停用", "“{name}” still has parts and cannot end"


class PartOfItself(Invalid):
    """An organisation cannot hang under itself or its own part."""

    code = "organization_part_of_itself"
    zh, en = "“{name}”不能成为自身或其下级的一部分", "“{name}” cannot be part of itself or of its own part"


def new_short_codes(count: int) -> list[str]:
    """Return public short codes: 8 signs of 40 random bits each, in the letters that nobody confuses."""
    signs = base64.b32encode(os.urandom(5 * count)).decode().translate(_CLEAR)
    return [signs[start : start + 8] for start in range(0, len(signs), 8)]


_CLEAR = str.maketrans("IOLU", "0189")


def create(session: Session, actor: Actor, values: dict[str, Any], parent_id: UUID | None) -> UUID:
    """Create an organisation, part of `parent_id` on the same axis where there is one; return its id."""
    above = place(session, actor, parent_id, axis=values["axis"]) if parent_id else None
    short = new_short_codes(1)[0]
    node = {
        "disclosure": "named",
        "flags": [],
        "community_class": None,
        "capacity": None,
        **values,
        "short_code": short,
        "parent_id": parent_id,
        "path": f"{above.path if above else ''}{short}/",
    }
    organization_id = changes.create(session, actor, Organization, "organization.create", node, at=parent_id)
    if above is not None:
        since = days.today(session, actor.tenant_id)
        link(session, actor, "part_of", organization_id, above.id, since=since, basis="created")
    return organization_id


def add(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Create an organisation under `parent_id`, where the actor may; return its id."""
    parent_id = values["parent_id"]
    governed(session, actor, "organization.create", parent_id, pointer="/parentId")
    return create(session, actor, {name: value for name, value in values.items() if name != "parent_id"}, parent_id)


def edit(session: Session, actor: Actor, organization_id: UUID, values: dict[str, Any]) -> UUID:
    """Give an organisation in service another name, kind, class, capacity or disclosure."""
    return _step(session, actor, organization_id, "organization.edit", values)


def count(session: Session, actor: Actor, organization_id: UUID, source: str, counts: list[dict[str, Any]]) -> UUID:
    """Keep dated head-counts; another value for the same kind and day takes the place of the former, with an event."""
    said = [{**item, "as_of": item["as_of"].isoformat()} for item in counts]
    _step(session, actor, organization_id, "organization.count", details={"source": source, "counts": said})
    for item in counts:
        key = {"organization_id": organization_id, "kind": item["kind"], "as_of": item["as_of"]}
        changed = session.execute(
            sa.update(OrganizationCount)
            .where(*(getattr(OrganizationCount, name) == value for name, value in key.items()))
            .values(value=item["value"], source=source)
        )
        if changed.rowcount == 0:
            row = {"id": new_id(), "tenant_id": actor.tenant_id, **key, "value": item["value"], "source": source}
            session.insert(OrganizationCount, [row])
    return organization_id


def move(session: Session, actor: Actor, organization_id: UUID, parent_id: UUID) -> UUID:
    """Hang an organisation with all its parts under another parent of its axis; a person does that, never a list."""
    node = _visible(session, actor, organization_id)
    above, _ = governed(session, actor, "organization.move", parent_id, axis=node.axis, pointer="/parentId")
    if above.path.startswith(node.path):
        raise PartOfItself(name=node.name, pointer="/parentId")
    _step(session, actor, organization_id, "organization.move", {"parent_id": parent_id})
    today = days.today(session, actor.tenant_id)
    _end_part_of(session, actor, organization_id, today)
    link(session, actor, "part_of", organization_id, parent_id, since=today, basis="moved")
    rest = sa.func.substr(Organization.path, len(node.path) + 1)
    session.execute(
        sa.update(Organization)
        .where(Organization.tenant_id == actor.tenant_id, Organization.path.startswith(node.path))
        .values(path=sa.literal(f"{above.path}{node.short_code}/") + rest)
    )
    return organization_id


def end(session: Session, actor: Actor, organization_id: UUID, reason: str) -> UUID:
    """End an organisation that has no parts in service; nothing that refers to it is touched. Raises HasParts."""
    node = _visible(session, actor, organization_id)
    parts = sa.exists().where(Organization.parent_id == organization_id, Organization.state != "ended")
    _step(session, actor, organization_id, "organization.end", details={"reason": reason})
    if session.scalar(sa.select(parts)):
        raise HasParts(name=node.name)
    _end_part_of(session, actor, organization_id, days.today(session, actor.tenant_id))
    return organization_id


def one(session: Session, actor: Actor, organization_id: UUID) -> dict[str, Any]:
    """Return an organisation with its codes, newest head-counts and the links in force that the actor may see."""
    row = _visible(session, actor, organization_id)
    today = days.today(session, actor.tenant_id)
    codes = session.rows(
        sa.select(
            OrganizationCode.scheme, OrganizationCode.code, OrganizationCode.level, OrganizationCode.issuer,
            OrganizationCode.year, OrganizationCode.valid_from, OrganizationCode.valid_to,
        )
        .where(OrganizationCode.organization_id == organization_id)
        .order_by(OrganizationCode.year.desc(), OrganizationCode.id)
    )  # fmt: skip
    counted = session.rows(
        sa.select(OrganizationCount.kind, OrganizationCount.as_of, OrganizationCount.value, OrganizationCount.source)
        .where(OrganizationCount.organization_id == organization_id)
        .order_by(OrganizationCount.as_of)
    )
    links = session.rows(
        LINKS_SHOWN.where(visible(actor, OrganizationLink), touching(organization_id), in_force(today))
        .order_by(OrganizationLink.id)
        .limit(_LINKS)
    )
    return {
        **_views(session, actor, [row._asdict()])[0],
        "codes": [code._asdict() for code in codes],
        "counts": list({item.kind: item._asdict() for item in counted}.values()),
        "links": [item._asdict() for item in links],
    }


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of organisations, newest first; every given parameter narrows it."""
    statement = _SHOWN.where(visible(actor, Organization))
    for column in ("axis", "kind", "state", "parent_id"):
        wanted = getattr(query, column)
        if wanted is not None:
            statement = statement.where(getattr(Organization, column) == wanted)
    if query.name is not None:
        statement = statement.where(Organization.name.contains(query.name, autoescape=True))
    if query.name_prefix is not None:
        statement = statement.where(Organization.name.startswith(query.name_prefix, autoescape=True))
    if query.within is not None:
        path = _visible(session, actor, query.within).path
        statement = statement.where(Organization.path >= path, Organization.path < f"{path[:-1]}0")
    if query.code is not None:
        holders = sa.select(OrganizationCode.organization_id).where(
            OrganizationCode.tenant_id == actor.tenant_id, OrganizationCode.code == query.code,
            OrganizationCode.scheme.in_(("statistical", "credit", "roster")),
        )  # fmt: skip
        statement = statement.where(Organization.id.in_(holders))
    answer = paging.page(session, statement, Organization.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def link(
    session: Session, actor: Actor, kind: str, from_id: UUID, to_id: UUID, *, since: date, basis: str | None = None
) -> UUID:
    """Write a dated relation between two organisations; return its id."""
    values = {
        "kind": kind, "from_id": from_id, "to_id": to_id, "basis": basis, "valid_from": since, "valid_to": None,
        "reason": None, "document_id": None, "details": {},
    }  # fmt: skip
    return changes.create(session, actor, OrganizationLink, "organization_link.create", values, at=to_id)


def root_of(session: Session, tenant_id: UUID, axis: str) -> UUID:
    """Return the id of the root of the employer or party tree of a tenant."""
    roots = sa.select(Organization.id).where(
        Organization.tenant_id == tenant_id, Organization.axis == axis, Organization.parent_id.is_(None)
    )
    return found(session.first(roots.order_by(Organization.id).limit(1)))[0]


LINKS_SHOWN = sa.select(
    OrganizationLink.id, OrganizationLink.version, OrganizationLink.state, OrganizationLink.kind,
    OrganizationLink.from_id, OrganizationLink.to_id, OrganizationLink.basis, OrganizationLink.valid_from,
    OrganizationLink.valid_to, OrganizationLink.reason,
)  # fmt: skip


def touching(organization_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition: the link begins or ends at the organisation."""
    return sa.or_(OrganizationLink.from_id == organization_id, OrganizationLink.to_id == organization_id)


def in_force(day: date) -> sa.ColumnElement[bool]:
    """Return the condition: the link holds on a day."""
    still = sa.or_(OrganizationLink.valid_to.is_(None), OrganizationLink.valid_to > day)
    return sa.and_(OrganizationLink.valid_from <= day, still)


def _visible(session: Session, actor: Actor, organization_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Organization), Organization.id == organization_id)))


def _step(
    session: Session,
    actor: Actor,
    organization_id: UUID,
    step: str,
    values: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
) -> UUID:
    row = _visible(session, actor, organization_id)
    grant = require(actor, step, row.path)
    changes.take(session, actor, Organization, row, step, values, at=organization_id, grant=grant, details=details)
    return organization_id


def _end_part_of(session: Session, actor: Actor, organization_id: UUID, today: date) -> None:
    standing = LINKS_SHOWN.where(
        OrganizationLink.tenant_id == actor.tenant_id, OrganizationLink.from_id == organization_id,
        OrganizationLink.kind == "part_of", OrganizationLink.state == "active",
    )  # fmt: skip
    for row in session.rows(standing):
        last = max(today, row.valid_from)
        changes.take(
            session, actor, OrganizationLink, row, "organization_link.end", {"valid_to": last}, at=organization_id
        )


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return organisations as they are shown; one with parts in service is not offered to end."""
    views = [{**row, "allowed_actions": allowed(actor, "organization", row["state"], row["path"])} for row in rows]
    ending = [view for view in views if "organization.end" in view["allowed_actions"]]
    if ending:
        parts = sa.select(Organization.parent_id).where(
            Organization.parent_id.in_([view["id"] for view in ending]), Organization.state != "ended"
        )
        above = {row.parent_id for row in session.rows(parts.distinct())}
        for view in ending:
            if view["id"] in above:
                view["allowed_actions"].remove("organization.end")
    return views
