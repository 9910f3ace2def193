"""协商: what the sides of a project write to each other, and when what they promise is held."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Row, instant, one_of, ref, sealed
from api.models.personal import MENTIONED, Personal

_WRITTEN = Personal("free_text", MENTIONED, "reporting_in")


class Booking(Row, table=True):
    """One occurrence of what a project takes of a resource: asked for, held from the agreement on, or freed again."""

    __tablename__ = "bookings"
    __table_args__ = (
        one_of("state", "asked", "held", "freed"),
        sa.CheckConstraint("starts_at < ends_at AND quantity > 0", name="lasts"),
        sa.Index("ix_bookings_resource", "resource_id", "state", "starts_at"),
    )
    project_id: UUID = ref("projects.id", index=True)
    resource_id: UUID = ref("resources.id")
    state: str = "asked"
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    quantity: int = Field(sa_type=sa.BigInteger)


class ProjectMessage(Row, table=True):
    """One entry of a negotiation, never edited: words, terms, a confirmation, or what the clock or a step brought."""

    __tablename__ = "project_messages"
    __table_args__ = (
        one_of("kind", "word", "terms", "confirmed", "lapsed", "released", "moved", "freed"),
        sa.Index("ix_project_messages_project", "project_id", "id"),
    )
    project_id: UUID = ref("projects.id")
    kind: str
    # The side that speaks; none where the clock does.
    organization_id: UUID | None = ref("organizations.id", optional=True)
    written_by: UUID
    text: str | None = sealed("project_messages.text", _WRITTEN, optional=True)
    terms: dict[str, Any] = sealed("project_messages.terms", _WRITTEN, kind="dict")
    created_at: datetime = instant()
