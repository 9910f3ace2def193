"""投诉举报 without an account: the number and secret by which somebody follows a case, and how to reach them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Row, instant, ref, sealed
from api.models.personal import Personal


class ComplaintTicket(Row, table=True):
    """What leads whoever filed a case back to it; the secret is kept as a hash, the contact for the office alone."""

    __tablename__ = "complaint_tickets"
    __table_args__ = (sa.UniqueConstraint("case_id"),)
    case_id: UUID = ref("cases.id")
    number: str = Field(unique=True)
    secret_hash: str
    contact: str | None = sealed(
        "complaint_tickets.contact", Personal("contact", "mentioned", "request"), optional=True
    )
    created_at: datetime = instant()
