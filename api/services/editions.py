"""Rules that offices declare by edition, for themselves and all below: earlier ones stay, the nearest above holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.switches import SEATS, NotASeat
from api.models import Organization
from api.services import changes
from api.services.places import governed
from api.visibility import visible


def declare(
    session: Session, actor: Actor, table: Any, noun: str, organization_id: UUID, content: dict[str, Any], basis: str
) -> UUID:
    """Declare rules of a district and all below it as a new edition, as the step `noun.set`; return its id. NotASeat.

    `table` has organization_id, edition, content, basis, set_by, set_at.
    """
    step = f"{noun}.set"
    at, grant = governed(session, actor, step, organization_id, axis="territory", pointer="/organizationId")
    if at.kind not in SEATS:
        raise NotASeat(pointer="/organizationId")
    session.execute(sa.select(Organization.id).where(Organization.id == at.id).with_for_update())
    last = session.scalar(sa.select(sa.func.max(table.edition)).where(table.organization_id == at.id)) or 0
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "organization_id": at.id, "edition": last + 1,
        "content": content, "basis": basis, "set_by": actor.person_id, "set_at": session.now,
    }  # fmt: skip
    session.insert(table, [row])
    details = {"edition": last + 1}
    changes.record(session, actor, step, noun, row["id"], at=at.id, grant=grant, written=row, details=details)
    return row["id"]


def shown(table: Any) -> sa.Select[Any]:
    """Select the editions of a table with who declared them."""
    columns = (table.id, table.organization_id, table.edition, table.content, table.basis, table.set_at)
    named = sa.select(*columns, Organization.name.label("organization_name"), Organization.path)
    return named.join(Organization, Organization.id == table.organization_id)


def told(session: Session, actor: Actor, table: Any, path: str) -> Sequence[Any]:
    """Return the editions declared on the way down to a path, the oldest first."""
    rows = session.rows(shown(table).where(visible(actor, table)).order_by(table.id))
    return [row for row in rows if path.startswith(row.path)]


def nearest(rows: Sequence[Any]) -> Any:
    """Return the edition that holds: the last of the nearest office; None where nobody declared any."""
    return max(rows, key=lambda row: (len(row.path), row.edition), default=None)
