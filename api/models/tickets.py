"""Tickets that were spent: what is sealed and handed out for one use leaves its number here when it comes back."""

from datetime import datetime

import sqlalchemy as sa

from api.models.base import Row, instant


class SpentTicket(Row, table=True):
    """The number of a ticket that came back; after `expires_at` nobody would take it anyway and the row may go."""

    __tablename__ = "spent_tickets"
    __table_args__ = (sa.Index("ix_spent_tickets_expires_at", "tenant_id", "expires_at"),)
    expires_at: datetime = instant()
