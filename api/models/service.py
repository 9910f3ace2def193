"""服务: activities, their shifts, and who signed up."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Json, instant, json_field, one_of, ref, sealed
from api.models.personal import MENTIONED, Personal

_WRITTEN = Personal("free_text", MENTIONED, "service_record")
_NONE_YET = {"server_default": "[]"}

NATURES = ("volunteer_service", "party_duty", "organizational_life", "training", "paid_work")


class Activity(Changing, table=True):
    """People are due somewhere, come, and it counts; `nature` says as what."""

    __tablename__ = "activities"
    __table_args__ = (
        one_of("kind", "service", "visit", "meeting", "training", "forum", "reception"),
        one_of("nature", *NATURES),
        sa.Index("ix_activities_list", "tenant_id", "state", "id"),
        sa.Index("ix_activities_community", "tenant_id", "community_id", "id"),
    )
    kind: str
    nature: str
    voluntary: bool = True
    state: str = "draft"
    title: str
    description: str = sealed("activities.description", _WRITTEN)
    risks: str = sealed("activities.risks", _WRITTEN)
    category: str | None = None
    place: str = ""
    point: dict[str, Any] | None = Field(default=None, sa_type=Json)  # latitude, longitude and their system
    community_id: UUID = ref("organizations.id")
    organizer_id: UUID = ref("organizations.id")
    leader_id: UUID | None = None
    project_id: UUID | None = Field(default=None, foreign_key="projects.id")
    reason: str | None = sealed("activities.reason", _WRITTEN, optional=True)
    policy: dict[str, Any] = json_field()
    flags: list[str] = json_field(list)


class Shift(Changing, table=True):
    """One window of an activity; `confirmed` counts places and changes only in the statement that takes them."""

    __tablename__ = "shifts"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at OR imported", name="ends_after_start"),
        sa.CheckConstraint("confirmed <= capacity OR imported", name="within_capacity"),
        sa.Index("ix_shifts_activity", "activity_id", "starts_at"),
        sa.Index("ix_shifts_list", "tenant_id", "starts_at", "id"),
        sa.Index(
            "ix_shifts_unlapsed",
            "tenant_id",
            "ends_at",
            sqlite_where=sa.text("lapsed_at IS NULL"),
            postgresql_where=sa.text("lapsed_at IS NULL"),
        ),
    )
    activity_id: UUID = ref("activities.id")
    community_id: UUID = ref("organizations.id")
    state: str = "open"
    short_code: str = Field(unique=True)
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    # Windows as [start, end) in ISO 8601 that credit nothing unless the activity's policy says so.
    breaks: list[Any] = Field(default_factory=list, sa_type=Json, nullable=False, sa_column_kwargs=_NONE_YET)
    capacity: int
    confirmed: int = 0
    cancelled_at: datetime | None = instant(optional=True)
    lapsed_at: datetime | None = instant(optional=True)  # when hours that nobody confirmed became final
    imported: bool = False  # history is taken over as it was and flagged
    secret: bytes | None = Field(default=None, sa_type=sa.LargeBinary)


class Signup(Changing, table=True):
    """A volunteer's own act; order in the waiting list is order of coming."""

    __tablename__ = "signups"
    __table_args__ = (
        sa.UniqueConstraint("shift_id", "person_id"),
        sa.Index("ix_signups_person_id", "person_id", "state"),
        sa.Index("ix_signups_shift", "shift_id", "state", "queued_at", "id"),
    )
    shift_id: UUID = ref("shifts.id")
    person_id: UUID = ref("people.id")
    state: str
    queued_at: datetime = instant()  # when the person last asked; a cancelled sign-up that returns queues anew
