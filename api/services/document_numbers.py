"""The next number of a series of documents: counted by tenant, kind and year, without gaps."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from api.db import Session, new_id
from api.domain.documents import document_number, issuing_code
from api.models import NumberSeries, Tenant


def next_number(session: Session, tenant_id: UUID, kind: str) -> str:
    """Take the next number; a transaction that fails gives it back, and until it ends nobody else takes one.

    The year is that of the tenant's day on which the call began. `divisionCode` in the tenant's settings, else the
    tenant's own code, stands in the number (`issuing_code`).
    """
    tenant = session.first(sa.select(Tenant.code, Tenant.zone, Tenant.settings).where(Tenant.id == tenant_id))
    assert tenant is not None  # noqa: S101 - an actor's tenant stands
    code = issuing_code(tenant.settings.get("divisionCode"), tenant.code)
    year = session.now.astimezone(ZoneInfo(tenant.zone)).year
    dialect = postgresql if session.dialect == "postgresql" else sqlite
    first = dialect.insert(NumberSeries).values(
        id=new_id(), tenant_id=tenant_id, series=f"{kind}:{code}:{year}", last=1
    )
    taken = first.on_conflict_do_update(
        index_elements=["tenant_id", "series"], set_={"last": NumberSeries.last + 1}
    ).returning(NumberSeries.last)
    return document_number(kind, code, year, session.scalar(taken))
