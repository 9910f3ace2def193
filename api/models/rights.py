"""A person's rights: consents, which document tells of whom, exports of one's own data, and what was erased."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import NOBODY, Changing, Row, instant, partial_unique, ref, sealed
from api.models.personal import Personal, info


class Consent(Changing, table=True):
    """What a person said about one purpose to one recipient, under one version of its text; the newest row stands."""

    __tablename__ = "consents"
    __table_args__ = (
        sa.Index("ix_consents_person", "tenant_id", "person_id", "purpose", "id"),
        sa.Index("ix_consents_recipient", "tenant_id", "recipient_id", "purpose", "state"),
        partial_unique(
            "uq_consents_given", "tenant_id", "person_id", "purpose", "recipient_id", where="state = 'given'"
        ),
    )
    person_id: UUID = ref("people.id")
    purpose: str = Field(sa_column_kwargs=info("consent", "person_id", "accountability", "plain"))
    recipient_id: UUID = NOBODY  # NOBODY where the purpose names no organisation
    text_version: int
    state: str
    ended_at: datetime | None = instant(optional=True)
    guardian: dict[str, Any] | None = sealed(
        "consents.guardian", Personal("guardian", "person_id", "accountability"), kind="dict", optional=True
    )  # who consented for a child, as an office recorded it
    recorded_by: UUID | None = None


class Disclosure(Row, table=True):
    """Where an issued document tells of a person, to whom and for what purpose; `pointer` is the place in its content.

    What rests on it: a consent that is withdrawn stops the document's queued deliveries, an erasure blanks the place.
    """

    __tablename__ = "disclosures"
    __table_args__ = (
        sa.UniqueConstraint("document_id", "pointer"),
        sa.Index("ix_disclosures_person", "tenant_id", "person_id", "purpose", "recipient_id"),
    )
    document_id: UUID = ref("documents.id")
    person_id: UUID = ref("people.id")
    recipient_id: UUID
    purpose: str
    pointer: str


class DataExport(Changing, table=True):
    """Everything about one person, packed for that person: fetched once, gone after a week."""

    __tablename__ = "data_exports"
    __table_args__ = (
        sa.Index("ix_data_exports_person", "tenant_id", "person_id", "id"),
        sa.Index("ix_data_exports_due", "tenant_id", "state", "expires_at"),
    )
    person_id: UUID = ref("people.id")
    job_id: UUID
    state: str
    content: bytes | None = sealed(
        "data_exports.content", Personal("export", "person_id", "request"), kind="bytes", optional=True
    )
    size: int | None = None
    digest: str | None = None
    expires_at: datetime | None = instant(optional=True)
    fetched_at: datetime | None = instant(optional=True)


class Erasure(Row, table=True):
    """That somebody was erased: ids alone, appended and never changed; a restored backup is erased again from it."""

    __tablename__ = "erasures"
    __table_args__ = (sa.UniqueConstraint("person_id"), sa.Index("ix_erasures_tenant", "tenant_id", "id"))
    person_id: UUID = ref("people.id")
    receipt: str = Field(unique=True)
    erased_at: datetime = instant()
    kept_until: date | None = None  # the last day of the service record's ten years; empty where nothing was kept


class RestrictedPerson(Row, table=True):
    """Who stands behind a service record that has to be kept: for auditors alone, until the record's ten years end.

    The key stays on the person's own row, so that it turns with all others and dies in one place.
    """

    __tablename__ = "restricted_people"
    __table_args__ = (sa.Index("ix_restricted_people_due", "tenant_id", "until"),)
    person_id: UUID = ref("people.id", unique=True)
    account_id: UUID = Field(unique=True)
    name: bytes | None = Field(
        default=None, sa_type=sa.LargeBinary, sa_column_kwargs=info("name", "person_id", "service_record")
    )
    id_number: bytes | None = Field(
        default=None, sa_type=sa.LargeBinary, sa_column_kwargs=info("id_number", "person_id", "service_record")
    )
    until: date
