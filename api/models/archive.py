"""The personal archive: what volunteers tell of themselves, records of other platforms, and what certificates rest on.

民政部令第67号 names the fields; GB/T 40143 gives them their order.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import Changing, Row, instant, one_of, partial_unique, ref, sealed
from api.models.personal import Personal, info

_PROFILE = Personal("profile", "person_id", "service_record")
_NUMBER = Personal("national_number", "person_id", "service_record")
_RECORD = Personal("outside_record", "person_id", "service_record")


class Profile(Changing, table=True):
    """What a volunteer tells of themselves beside name, phone and ID number; each field may stay empty.

    The national volunteer number is what the national system calls them: opaque, and set by imports alone.
    """

    __tablename__ = "profiles"
    __table_args__ = (
        partial_unique(
            "uq_profiles_national_number", "tenant_id", "national_number_index",
            where="national_number_index IS NOT NULL",
        ),
    )  # fmt: skip
    person_id: UUID = ref("people.id", unique=True)
    sex: str | None = sealed("profiles.sex", _PROFILE, optional=True)
    birth_date: str | None = sealed("profiles.birth_date", _PROFILE, optional=True)
    residence: str | None = sealed("profiles.residence", _PROFILE, optional=True)
    contact: str | None = sealed("profiles.contact", _PROFILE, optional=True)
    skills: list[str] = sealed("profiles.skills", _PROFILE, kind="list")
    service_kinds: list[str] = sealed("profiles.service_kinds", _PROFILE, kind="list")
    national_number: str | None = sealed("profiles.national_number", _NUMBER, optional=True, indexed=True)
    national_number_index: str | None = Field(
        default=None, sa_column_kwargs=info("national_number", "person_id", "service_record", "index")
    )


class OutsideRecord(Row, table=True):
    """A record of service kept by the national system or another platform, once; what of it was credited here.

    `covered` says that all of its time was credited already; `details` are the order's fields in that platform's words.
    """

    __tablename__ = "outside_records"
    __table_args__ = (
        one_of("state", "credited", "covered", "in_review"),
        sa.UniqueConstraint("tenant_id", "platform", "record_number_index"),
        sa.Index("ix_outside_records_person", "tenant_id", "person_id", "served_on"),
    )
    person_id: UUID = ref("people.id")
    platform: str
    record_number: str = sealed("outside_records.record_number", _RECORD, indexed=True)
    record_number_index: str = Field(sa_column_kwargs=info("outside_record", "person_id", "service_record", "index"))
    content_index: str = Field(sa_column_kwargs=info("outside_record", "person_id", "service_record", "index"))
    state: str
    served_on: date
    starts_at: datetime | None = instant(optional=True)
    ends_at: datetime | None = instant(optional=True)
    stated_minutes: int | None = None
    credited_minutes: int = 0
    recorded_on: date | None = None  # there; where it is not told, the day of the import counts
    imported_at: datetime = instant()
    details: dict[str, Any] = sealed("outside_records.details", _RECORD, kind="dict")


class CertifiedEntry(SQLModel, table=True):
    """Which entries a certificate or archive counts: where one is reversed, the paper no longer stands."""

    __tablename__ = "certified_entries"
    __table_args__ = (
        sa.Index("ix_certified_entries_entry", "entry_id"),
        sa.Index("ix_certified_entries_person", "tenant_id", "person_id"),
    )
    tenant_id: UUID = ref("tenants.id")
    document_id: UUID = Field(primary_key=True, foreign_key="documents.id")
    entry_id: UUID = Field(primary_key=True, foreign_key="entries.id")
    person_id: UUID = ref("people.id")
