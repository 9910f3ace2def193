"""Organisations as documents name them: by the name and code of the day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.documents import Party
from api.models import Organization, OrganizationCode

# Rosters number units in their own way, which means nothing outside of them.
_NAMED = sa.select(Organization.id, Organization.name).where(
    Organization.tenant_id == sa.bindparam("tenant"), Organization.id.in_(sa.bindparam("ids", expanding=True))
)
_CODED = (
    sa.select(OrganizationCode.organization_id, OrganizationCode.code)
    .where(
        OrganizationCode.tenant_id == sa.bindparam("tenant"),
        OrganizationCode.organization_id.in_(sa.bindparam("ids", expanding=True)),
        OrganizationCode.scheme.in_(("credit", "statistical")),
        OrganizationCode.valid_from <= sa.bindparam("day"),
        sa.or_(OrganizationCode.valid_to.is_(None), OrganizationCode.valid_to > sa.bindparam("day")),
    )
    .order_by(OrganizationCode.year, OrganizationCode.id)
)


def parties(session: Session, actor: Actor, organization_ids: Iterable[UUID], day: date) -> dict[UUID, Party]:
    """Return each organisation as a party; of several codes in force the newest edition's counts. Two statements."""
    ids = sorted(set(organization_ids))
    if not ids:
        return {}
    asked = {"tenant": actor.tenant_id, "ids": ids}
    codes: dict[UUID, str] = {row.organization_id: row.code for row in session.rows(_CODED, {**asked, "day": day})}
    return {row.id: Party(row.name, codes.get(row.id)) for row in session.rows(_NAMED, asked)}
