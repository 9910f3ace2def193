"""服务意愿: what people declare so that needs may be proposed to them; nobody is matched who did not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Availability, Organization
from api.services import changes
from api.services.homes import home_of
from api.services.places import place
from api.services.registrations import lock

TOLD = ("skills", "free", "preferred", "area_id", "reach_metres", "max_tasks", "wishes")
_NOTHING: dict[str, Any] = {
    "skills": [], "free": None, "preferred": [], "area_id": None, "reach_metres": 3000, "max_tasks": 1, "wishes": [],
}  # fmt: skip
_ROW = sa.select(Availability.id, Availability.tenant_id, Availability.version, Availability.active, Availability.told)


def edit(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Keep what the actor declares in place of what stood; return the actor's id, a repeat too. WrongKind, Stale.

    With `active` False nothing is proposed any more until they say otherwise.
    """
    if values["area_id"] is not None:
        place(session, actor, values["area_id"], axis="territory", pointer="/areaId")
    lock(session, actor.person_id)
    told = {name: values[name] for name in TOLD} | {"area_id": values["area_id"] and str(values["area_id"])}
    row = _row(session, actor)
    if row is None:
        kept = {"person_id": actor.person_id, "active": values["active"], "told": told}
        changes.create(session, actor, Availability, "availability.edit", kept, at=None)
        return actor.person_id
    changed = session.sealed(
        Availability, {"active": values["active"], "told": told, "version": row.version + 1}, row.id, row.tenant_id
    )
    session.execute(sa.update(Availability).where(Availability.id == row.id).values(**changed))
    changes.record(session, actor, "availability.edit", "availability", row.id, at=None, written=changed)
    return actor.person_id


def mine(session: Session, actor: Actor, _person_id: UUID | None = None) -> dict[str, Any]:
    """Return what the actor declared, and the area that counts: the declared one, else that of their registration."""
    row = _row(session, actor)
    told = _NOTHING | (row.told if row else {})
    home = home_of(session, actor.tenant_id, actor.person_id)
    area = told["area_id"] or (home and str(home))
    name = area and session.scalar(sa.select(Organization.name).where(Organization.id == UUID(area)))
    return {**told, "active": bool(row and row.active), "version": row.version if row else 0, "area_name": name}


def _row(session: Session, actor: Actor) -> Any:
    of = sa.and_(Availability.tenant_id == actor.tenant_id, Availability.person_id == actor.person_id)
    return session.first(_ROW.where(of))
