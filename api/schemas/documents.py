"""文书 and 送达 on the wire: documents, their files, what the public may verify, and deliveries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Day, Line, ListQuery, Query, Subject, View
from api.schemas.proofs import Checkpoint

State = Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")]


class Document(Subject):
    """A document without its content; `contentHash` is the SHA-256 of the content's RFC 8785 bytes."""

    kind: str
    title: str
    number: str | None
    issuer_id: UUID
    issuer_name: str
    recipient_id: UUID | None
    recipient_name: str | None = Field(description="null where the recipient is a person, or all who are named")
    circle: str
    content_hash: str | None
    issued_at: datetime | None
    valid_to: date | None = Field(description="the first day on which it no longer holds")
    supersedes_id: UUID | None
    ended_at: datetime | None = Field(description="when it was superseded or revoked")
    reason: str | None


class DocumentWithContent(Document):
    """A document with its frozen facts."""

    content: dict[str, Any]
    verify_url: str | None
    checkpoint: Checkpoint | None = Field(
        description="the first checkpoint that covers its issue, until then the newest; null before the first"
    )


class DocumentQuery(ListQuery):
    """Which documents to list; `box` says in which capacity the caller holds them."""

    box: Literal["own", "received", "issued"] | None = None
    kind: Code | None = None
    state: State | None = None
    issuer_id: UUID | None = None
    recipient_id: UUID | None = None


class Certified(Body):
    """The days of service that a certificate is to show: from `since`, before `until`."""

    since: Day
    until: Day


class FileQuery(Query):
    """In which form a document is wanted."""

    format: Literal["json", "xlsx", "pdf"] = "pdf"


class Verification(View):
    """What the public may know of a document: nobody's data."""

    number: str
    kind: str
    issuer: str
    issued_on: date
    state: Literal["issued", "superseded", "revoked", "expired"]
    sha256: str
    changed_on: date | None = Field(description="the day on which it ceased to stand")
    superseded_by: str | None = Field(description="the number of the document that stands in its place")


class Delivery(Subject):
    """A document on its way to an organisation, and what it answered."""

    channel: str
    document_id: UUID
    document_kind: str
    document_state: str
    title: str
    number: str
    issuer_id: UUID
    issuer_name: str
    recipient_id: UUID
    recipient_name: str
    sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    answered_at: datetime | None
    answered_by: UUID | None
    remark: str | None
    checkpoint: Checkpoint | None = Field(description="the newest checkpoint, for the recipient to keep")


class DeliveryQuery(ListQuery):
    """Which deliveries to list."""

    box: Literal["received", "issued"] | None = None
    kind: Code | None = None
    state: State | None = None
    document_id: UUID | None = None


class Adoption(Body):
    """That a result was taken over, with what there is to say about it."""

    remark: Line | None = None


class Dispute(Body):
    """What is wrong with a document."""

    remark: Line
