"""Somebody on a unit's roster with a phone, and newcomers who come by an identity provider with a ticket."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.models import Case
from api.services import claims, people
from tests.support import world as worlds
from tests.support.importing import rows
from tests.support.world import World

NUMBERS = count(1)
PHONE = "+8613800000001"


def another(first: World, name: str = "赵一") -> World:
    """Build a tenant of its own with one person of that name and phone on the roster, known as `listed`."""
    fresh = worlds.another(first, f"claiming{next(NUMBERS)}")
    fresh.people["listed"] = listed(fresh, name, PHONE, "T01")
    return fresh


def listed(world: World, name: str, phone: str, number: str) -> UUID:
    """Keep somebody on the unit's roster, as an import does."""

    def keep(session: Any, actor: Any) -> UUID:
        person_id = people.add(session, actor, {"name": name, "phone": phone}, since=worlds.LONG_AGO)
        at = world.places["unit"]
        people.affiliate(session, actor, person_id, at, "employment", roster_number=number, since=worlds.LONG_AGO)
        return person_id

    return world.run(keep)


def vouched(world: World, phone: str = PHONE, provider: str = "wechat", **more: Any) -> UUID | None:
    """Return who a phone is that a provider vouches for, if it proves anybody."""

    def ask(session: Any, actor: Any) -> UUID | None:
        return claims.by_phone(session, actor, actor.tenant_id, phone, provider=provider, **more)

    return world.run(ask)


def link(world: World, person: UUID, subject: str = "openid-old", provider: str = "wechat") -> None:
    """Let a person have come by this identity."""
    way = {"provider": provider, "subject": subject}
    world.run(lambda session, actor: claims.link(session, actor, actor.tenant_id, person, **way))


def ticket(world: World, subject: str = "openid-new", phone: str | None = None, provider: str = "wechat") -> str:
    """Return the ticket of somebody who came by an identity that is linked to nobody."""
    told = {"provider": provider, "subject": subject, "phone": phone}
    return world.run(lambda session, actor: claims.ticket(session, actor.tenant_id, **told))


def cases(world: World) -> list[tuple[Any, ...]]:
    """Return reason and subject of each conflict of identities that an office was asked about."""
    found = sa.select(Case.reason, Case.subject_id).where(
        Case.tenant_id == world.operator.tenant_id, Case.kind == "identity_conflict"
    )
    return rows(world, found)
