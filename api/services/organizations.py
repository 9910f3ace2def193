"""Organisations: created one by one or in bulk, linked and dated, found by id, code or name."""

from __future__ import annotations

import base64
import os
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.models import Organization, OrganizationLink
from api.services import changes
from api.services.places import place


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
        link(session, actor, "part_of", organization_id, above.id, since=session.now.date(), basis="created")
    return organization_id


def link(
    session: Session, actor: Actor, kind: str, from_id: UUID, to_id: UUID, *, since: date, basis: str | None = None
) -> UUID:
    """Write a dated relation between two organisations; return its id."""
    values = {
        "kind": kind, "from_id": from_id, "to_id": to_id, "basis": basis, "valid_from": since, "valid_to": None,
        "reason": None, "document_id": None, "details": {},
    }  # fmt: skip
    row = {
        "id": new_id(),
        "tenant_id": actor.tenant_id,
        "version": 1,
        "created_at": session.now,
        "state": "active",
        **values,
    }
    session.insert(OrganizationLink, [row])
    changes.record(session, actor, "organization_link.create", "organization_link", row["id"], at=to_id, written=row)
    return row["id"]


def root_of(session: Session, tenant_id: UUID, axis: str) -> UUID:
    """Return the id of the root of the employer or party tree of a tenant."""
    roots = sa.select(Organization.id).where(
        Organization.tenant_id == tenant_id, Organization.axis == axis, Organization.parent_id.is_(None)
    )
    return found(session.first(roots.order_by(Organization.id).limit(1)))[0]
