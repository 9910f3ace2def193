"""Which office a complaint goes to: the nearest with somebody to answer, never the one that is complained of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.errors import Conflict
from api.models import Grant, Organization
from api.roles import roles_of
from api.services import days
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
    """Return the highest territory at which somebody may answer: where a complaint goes that names no office.

    A city's tree begins with its province, which has nobody on the platform. NoOfficeAbove where nobody has anywhere.
    """
    seats = _answering(session, actor).where(Organization.axis == "territory", Organization.state == "active")
    seat = session.first(seats.order_by(sa.func.length(Organization.path), Organization.id).limit(1))
    if seat is None:
        raise NoOfficeAbove
    return seat.id


def _nearest(session: Session, actor: Actor, office: Any) -> Any:
    if office.kind in OFFICES and session.first(_reaching(session, actor, office.path)) is not None:
        return office
    return _above(session, actor, office)


def _answering(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the organisations at which a grant in force lets somebody answer."""
    day = days.today(session, actor.tenant_id)
    return (
        sa.select(Organization.id)
        .join(Grant, Grant.organization_id == Organization.id)
        .where(
            Organization.tenant_id == actor.tenant_id, Grant.tenant_id == actor.tenant_id, Grant.state == "active",
            Grant.role.in_(sorted(roles_of("case.answer"))), Grant.person_id.is_not(None), Grant.valid_from <= day,
            sa.or_(Grant.valid_to.is_(None), Grant.valid_to > day),
        )
    )  # fmt: skip


def _reaching(session: Session, actor: Actor, path: str) -> sa.Select[Any]:
    keys = path.split("/")[:-1]  # a path is the keys of the ancestors and its own, each closed by "/"
    above = ["/".join(keys[: depth + 1]) + "/" for depth in range(len(keys))]
    return _answering(session, actor).where(Organization.path.in_(above)).limit(1)


def _above(session: Session, actor: Actor, office: Any) -> Any:
    if office.parent_id is None:
        raise NoOfficeAbove
    return _nearest(session, actor, place(session, actor, office.parent_id, pointer="/organizationId"))
