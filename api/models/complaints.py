"""投诉举报 without an account: the number and secret by which somebody follows a case."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Row, instant, ref


class ComplaintTicket(Row, table=True):
    """What leads whoever filed a case back to it; the secret is kept as a hash."""

    __tablename__ = "complaint_tickets"
    __table_args__ = (sa.UniqueConstraint("case_id"),)
    case_id: UUID = ref("cases.id")
    number: str = Field(unique=True)
    secret_hash: str
    created_at: datetime = instant()
