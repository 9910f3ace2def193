"""Which office a complaint goes to: the one named or the nearest above, never the one that is complained of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.errors import Conflict
from api.models import Organization
from api.services.places import place

OFFICES = frozenset(
    {"community", "street", "town", "township", "functional_zone", "county", "district", "city", "province"}
)
"""Kinds of territory that have people to answer; below them (grids, estates, buildings) the nearest above does."""


class NoOfficeAbove(Conflict):
    """The highest office of the platform cannot judge itself."""

    code = "no_office_above"
    zh = "本平台没有更高一级，请通过12345或上级机关反映"
    en = "There is no higher office on this platform; please use 12345 or a superior authority"


def office_for(session: Session, actor: Actor, organization_id: UUID, about_id: UUID | None) -> Any:
    """Return the office that answers: what was named, or the nearest above that has people to answer.

    Where it is the organisation complained of or lies below it, the office above that one. NoOfficeAbove, WrongKind.
    """
    office = _nearest(
        session, actor, place(session, actor, organization_id, axis="territory", pointer="/organizationId")
    )
    if about_id is None:
        return office
    about = place(session, actor, about_id, pointer="/aboutId")
    if not office.path.startswith(about.path):
        return office
    return _above(session, actor, about)


def highest(session: Session, actor: Actor) -> UUID:
    """Return the highest territory of the actor's tenant: where a complaint goes that names no office."""
    roots = sa.select(Organization.id).where(
        Organization.tenant_id == actor.tenant_id, Organization.axis == "territory", Organization.state == "active"
    )
    return session.scalar(roots.order_by(sa.func.length(Organization.path), Organization.id).limit(1))


def _nearest(session: Session, actor: Actor, office: Any) -> Any:
    return office if office.kind in OFFICES else _above(session, actor, office)


def _above(session: Session, actor: Actor, office: Any) -> Any:
    if office.parent_id is None:
        raise NoOfficeAbove
    return _nearest(session, actor, place(session, actor, office.parent_id, pointer="/organizationId"))
