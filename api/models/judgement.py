"""评价 and 反馈: rulebooks, cycles, assessments, cases, documents and their delivery."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, json_field, ref, sealed
from api.models.personal import MENTIONED, Personal

_JUDGED = Personal("assessment", "subject_id", "assessment")
_ASKED = Personal("case", "opened_by", "request")
_NAMED = Personal("document", MENTIONED, "reporting_in")
_REMARKED = Personal("free_text", MENTIONED, "reporting_in")


class Rulebook(Changing, table=True):
    """Versioned rules as data."""

    __tablename__ = "rulebooks"
    __table_args__ = (sa.UniqueConstraint("organization_id", "code", "edition"),)
    organization_id: UUID = ref("organizations.id")  # whose rule it is: it judges there and below
    code: str
    edition: str
    subject: str
    state: str = "draft"
    effective_from: date
    effective_to: date | None = None
    content: dict[str, Any] = json_field()
    content_hash: str


class Cycle(Changing, table=True):
    """A period of assessment under an authority; `position` is what it was computed as of.

    `revision` names the assessments that stand: those of the last computation that came to its end, 0 before it.
    """

    __tablename__ = "cycles"
    __table_args__ = (sa.Index("ix_cycles_list", "tenant_id", "id"),)
    title: str
    state: str = "open"
    organization_id: UUID = ref("organizations.id")
    period_start: date
    period_end: date  # half-open: the first day after
    cut_off: date
    member_rulebook_id: UUID | None = ref("rulebooks.id", optional=True)  # those of a class: `cycle_rulebooks`
    unit_rulebook_id: UUID | None = ref("rulebooks.id", optional=True)
    position: int | None = Field(default=None, sa_type=sa.BigInteger)
    reviews_position: int | None = Field(default=None, sa_type=sa.BigInteger)  # up to which voices were weighed
    revision: int = 0
    digest: str | None = None  # of all canonical assessments, in the order of their subjects
    decisions_digest: str | None = None  # of what quotas and people made of grades, taken when it became final
    self_review_until: date | None = None  # the calendar: the last day of each phase
    public_review_until: date | None = None
    publish_by: date | None = None
    appeal_days: int | None = None  # working days in which appeals are taken
    appeals_until: date | None = None  # the last of them, counted when the window opens


class Assessment(Row, table=True):
    """A scored, explained judgement of one subject, with the bundle that it was computed from."""

    __tablename__ = "assessments"
    __table_args__ = (
        sa.UniqueConstraint("cycle_id", "subject_id", "revision"),
        sa.Index("ix_assessments_subject", "tenant_id", "subject_id"),
        sa.Index("ix_assessments_employer", "cycle_id", "employer_id"),
    )
    cycle_id: UUID = ref("cycles.id")
    subject_kind: str
    subject_id: UUID  # the account of a person, or an organisation
    subject_key: str = sealed(
        "assessments.subject_key", _JUDGED
    )  # the same on every database: what the canonical document calls its subject
    employer_id: UUID | None = None
    community_id: UUID | None = None
    revision: int
    outcome: str
    grade: str | None = None
    points: str | None = None
    minutes: int | None = None  # of volunteer service in the period, before any rule; unknown is not 0
    services: int | None = None
    bundle: dict[str, Any] = sealed("assessments.bundle", _JUDGED, kind="dict")
    bundle_hash: str
    judgement: dict[str, Any] = sealed("assessments.judgement", _JUDGED, kind="dict")
    judgement_hash: str
    created_at: datetime = instant()


class Case(Changing, table=True):
    """Somebody asks an office to decide, with a clock and an answer."""

    __tablename__ = "cases"
    __table_args__ = (
        sa.Index("ix_cases_inbox", "tenant_id", "organization_id", "state", "due_on"),
        sa.Index("ix_cases_subject", "tenant_id", "subject_id"),
        sa.Index("uq_cases_source", "tenant_id", "source", unique=True),
    )
    kind: str
    state: str = "open"
    organization_id: UUID = ref("organizations.id")
    subject_kind: str
    subject_id: UUID | None = None
    opened_by: UUID
    reason: str = sealed("cases.reason", _ASKED)
    facts: dict[str, Any] = sealed("cases.facts", _ASKED, kind="dict")
    source: str | None = None  # the imported row or fact that it came of: the same one opens one case
    due_on: date
    assigned_to: UUID | None = None
    answer: str | None = sealed("cases.answer", _ASKED, optional=True)
    answered_by: UUID | None = None


class Document(Changing, table=True):
    """An issued paper: frozen facts, number, hash, circle, validity."""

    __tablename__ = "documents"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.Index("ix_documents_recipient", "tenant_id", "recipient_id", "id"),
        sa.Index("ix_documents_issuer", "tenant_id", "issuer_id", "id"),
        sa.Index("ix_documents_supersedes", "supersedes_id"),
        sa.Index("uq_documents_source", "tenant_id", "source", unique=True),
    )
    kind: str
    state: str = "drafted"
    number: str | None = None
    issuer_id: UUID = ref("organizations.id")
    recipient_id: UUID | None = None
    circle: str = "parties"
    title: str = sealed("documents.title", _NAMED)
    template: str
    template_version: str
    content: dict[str, Any] = sealed("documents.content", _NAMED, kind="dict")
    content_hash: str | None = None
    issued_at: datetime | None = instant(optional=True)
    valid_to: date | None = None
    supersedes_id: UUID | None = None
    source: str | None = None  # what it was issued for: the same purpose issues one
    reason: str | None = sealed("documents.reason", _NAMED, optional=True)
    ended_at: datetime | None = instant(optional=True)  # when it was superseded or revoked
    proposed_by: UUID | None = None  # who asked for its revocation, which another has to confirm


class NumberSeries(Row, table=True):
    """The last number given in a series; taken under the row's lock, so that numbers have no gaps."""

    __tablename__ = "number_series"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "series"),)
    series: str
    last: int


class Delivery(Changing, table=True):
    """A document on its way to one recipient by one channel, and the answer."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("document_id", "recipient_id", "channel"),
        sa.Index("ix_deliveries_recipient", "tenant_id", "recipient_id", "id"),
    )
    document_id: UUID = ref("documents.id")
    recipient_id: UUID
    channel: str
    state: str = "queued"
    sent_at: datetime | None = instant(optional=True)
    acknowledged_at: datetime | None = instant(optional=True)
    acknowledged_by: UUID | None = None
    answered_at: datetime | None = instant(optional=True)
    answered_by: UUID | None = None
    remark: str | None = sealed("deliveries.remark", _REMARKED, optional=True)
