"""Opening a person's fields in plain, for a stated purpose that stands in the log before the answer leaves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain.looking import PURPOSES
from api.domain.unmasking import role_that_opens
from api.models import Affiliation, Organization, Person
from api.visibility import DISPUTED, visible

_HELD = sa.select(Affiliation.organization_id, Organization.path).join(
    Organization, Organization.id == Affiliation.organization_id
)


def unmask(session: Session, actor: Actor, person_id: UUID, fields: list[str], purpose: str) -> dict[str, Any]:
    """Return the fields of a person in plain, None where nothing is known; each call is one row of the access log.

    NotFound where the actor may not know of the person; Forbidden where they work with them under no grant;
    NotForThisPurpose where none of their roles there opens these fields for the purpose.
    """
    row = found(session.first(sa.select(*Person.__table__.c).where(visible(actor, Person), Person.id == person_id)))
    held = session.rows(
        _HELD.where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == person_id,
            Affiliation.valid_to.is_(None), Affiliation.state != DISPUTED,
        ).order_by(Affiliation.id)
    )  # fmt: skip
    reached = [
        (reach.role, one.organization_id)
        for one in held
        for reach in actor.reaches_for("person.unmask")
        if one.path.startswith(reach.path)
    ]
    if not reached:
        require(actor, "person.unmask", "")
    role = role_that_opens([each for each, _ in reached], fields, purpose)
    session.look([person_id], sorted(fields), purpose, organization_id=dict(reversed(reached))[role])
    opened = {one: session.vault.open(row.wrapped_key, person_id, one, getattr(row, one)) for one in fields}
    ground = PURPOSES[purpose]
    return {
        "id": person_id, "name": None, "phone": None, "id_number": None, **opened, "purpose": purpose,
        "ground": {"zh": ground.ground_zh, "en": ground.ground_en},
    }  # fmt: skip
