"""查阅记录: who opened whose personal data, when, why and under which grant; apart from events, dropped by month."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from api.models.base import Row, instant, ref


class AccessLog(Row, table=True):
    """One read request of sensitive data of others; the database refuses to edit it, only retention drops it."""

    __tablename__ = "access_logs"
    __table_args__ = (
        sa.Index("ix_access_logs_list", "tenant_id", "id"),
        sa.Index("ix_access_logs_actor", "tenant_id", "actor_id", "id"),
        sa.Index("ix_access_logs_at", "at"),
    )
    at: datetime = instant()
    actor_id: UUID
    grant_id: UUID | None = None
    organization_id: UUID | None = None  # under whose authority it was read: the node of the grant, or whom it concerns
    step: str
    purpose: str
    request_id: UUID | None = None  # none where a job read
    count: int  # of the people whose data were opened


class AccessLogSubject(Row, table=True):
    """One person of whom a logged request opened some fields."""

    __tablename__ = "access_log_subjects"
    __table_args__ = (sa.Index("ix_access_log_subjects_person", "tenant_id", "person_id", "id"),)
    log_id: UUID = ref("access_logs.id", index=True)
    person_id: UUID
    fields: str  # names of columns in order, with commas between
