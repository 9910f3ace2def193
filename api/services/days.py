"""A day is a day in the tenant's time zone, not in UTC."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.db import Session
from api.models import Tenant


def zone_of(session: Session, tenant_id: UUID) -> ZoneInfo:
    """Return the tenant's time zone; one statement."""
    return ZoneInfo(session.scalar(sa.select(Tenant.zone).where(Tenant.id == tenant_id)))


def day_of(session: Session, tenant_id: UUID, moment: datetime) -> date:
    """Return the tenant's day on which an instant lies."""
    return moment.astimezone(zone_of(session, tenant_id)).date()


def today(session: Session, tenant_id: UUID) -> date:
    """Return the tenant's day on which this call began."""
    return day_of(session, tenant_id, session.now)
