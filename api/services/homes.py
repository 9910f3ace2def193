"""Where a person reports in: the community of their principal registration."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.models import Affiliation


def home_of(session: Session, tenant_id: UUID, person_id: UUID) -> UUID | None:
    """Return the community of a person's accepted principal registration; None without one."""
    return session.scalar(_HOME, {"tenant": tenant_id, "person": person_id})


_HOME = sa.select(Affiliation.organization_id).where(
    Affiliation.tenant_id == sa.bindparam("tenant"), Affiliation.person_id == sa.bindparam("person"),
    Affiliation.kind == "registration", Affiliation.principal, Affiliation.state == "accepted",
    Affiliation.valid_to.is_(None),
)  # fmt: skip
