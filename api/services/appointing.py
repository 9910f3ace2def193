"""The first administrators of an installation, whom a command appoints because nobody is there yet to give."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.grants import keep_apart
from api.errors import Conflict
from api.models import Grant, Organization, Person
from api.services import people
from api.services.days import today

# How many of a role a command appoints: two who give access, since one confirms what the other proposes.
MOST = {"security_admin": 2, "system_admin": 1}


class EnoughAppointed(Conflict):
    """The tenant has its first administrators; they appoint whoever comes next."""

    code = "enough_appointed"
    zh, en = (
        "已有足够的 {role}，其余由安全管理员授权",
        "There are enough of {role}; security administrators give the rest",
    )


def appoint(session: Session, actor: Actor, role: str, name: str) -> dict[str, Any]:
    """Give a person of this name a role at the root of every tree; return `person` and at how many roots it is new.

    A repeat finds the person by name among those who hold the role, and adds the roots that were imported since.
    """
    holders = _holders(session, actor, role)
    index = session.vault.index(actor.tenant_id, "name", name)
    known = sa.select(Person.id).where(Person.id.in_(holders), Person.name_index == index).order_by(Person.id)
    person = session.scalar(known)
    if person is None:
        if len(holders) >= MOST[role]:
            raise EnoughAppointed(role=role)
        person = people.add(session, actor, {"name": name}, since=today(session, actor.tenant_id))
    keep_apart(role, _roles(session, actor, person))
    roots = sa.select(Organization.id).where(
        Organization.tenant_id == actor.tenant_id, Organization.parent_id.is_(None), Organization.state == "active"
    )
    held = {row.organization_id for row in session.rows(_held(actor, role).where(Grant.person_id == person))}
    new = [row.id for row in session.rows(roots.order_by(Organization.id)) if row.id not in held]
    for root in new:
        people.grant(session, actor, person, role, root)
    return {"person": person, "role": role, "roots": len(new)}


def _held(actor: Actor, role: str) -> Any:
    return sa.select(Grant.person_id, Grant.organization_id).where(
        Grant.tenant_id == actor.tenant_id, Grant.role == role, Grant.state == "active", Grant.valid_to.is_(None)
    )


def _holders(session: Session, actor: Actor, role: str) -> set[UUID]:
    return {row.person_id for row in session.rows(_held(actor, role)) if row.person_id is not None}


def _roles(session: Session, actor: Actor, person_id: UUID) -> set[str]:
    rows = session.rows(
        sa.select(Grant.role).where(
            Grant.tenant_id == actor.tenant_id, Grant.person_id == person_id, Grant.state == "active"
        )
    )
    return {row.role for row in rows}
