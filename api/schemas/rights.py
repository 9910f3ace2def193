"""A person's rights on the wire: consents, exports, corrections, erasure, and the registry of what is held."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.domain.consents import Recipient
from api.schemas.base import Body, Code, Line, ListQuery, Page, Subject, Text, View


class InTwo(View):
    """The same words in both languages."""

    zh: str
    en: str


class Holds(View):
    """Whether a purpose may be followed for one recipient now; no recipient means the public."""

    recipient_id: UUID | None
    holds: bool


class Asked(View):
    """One purpose that people may be asked about, with the words in force and their version."""

    purpose: str
    recipient: Recipient
    title: InTwo
    ground: InTwo
    version: int
    text: InTwo
    unless_refused: bool = Field(description="it rests on another ground and holds until the person refuses")
    holds: list[Holds]


class Consent(Subject):
    """What the caller said about one purpose to one recipient."""

    purpose: str
    recipient_id: UUID | None
    recipient_name: str | None
    text_version: int
    created_at: datetime
    ended_at: datetime | None


class Consents(Page[Consent]):
    """What the caller said, newest first, and what may be asked."""

    purposes: list[Asked]


class ConsentQuery(ListQuery):
    """Which page of one's own consents."""


class Agreement(Body):
    """Consent to a purpose, for a recipient, in the words of the version that was read."""

    purpose: Code
    recipient_id: UUID | None = None
    version: Annotated[int, Field(ge=1, le=10_000)]


class Refusal(Body):
    """No to a purpose; nothing else hangs on it."""

    purpose: Code
    recipient_id: UUID | None = None


class DataExport(Subject):
    """A copy of everything about the caller; fetched once, gone after a week."""

    job_id: UUID
    created_at: datetime
    size: int | None
    digest: str | None = Field(description="SHA-256 of the file")
    expires_at: datetime | None
    fetched_at: datetime | None


class Correction(Body):
    """What is wrong about the caller on the roster, and what it should say."""

    field: Literal["name", "phone", "id_number"]
    value: Line
    reason: Annotated[Text, Field(min_length=1)]


class Erased(View):
    """One kind of data that goes, or that is kept, and why."""

    data: InTwo
    why: InTwo
    until: date | None = None


class ErasurePreview(View):
    """What an erasure would take at once and what the law keeps; `confirm` is the word that starts it today."""

    shredded: list[Erased]
    kept: list[Erased]
    confirm: str


class Erase(Body):
    """The word that the preview showed, so that nobody is erased by a slip."""

    confirm: Annotated[str, Field(min_length=1, max_length=40, pattern="^[A-Za-z0-9-]+$")]


class ErasureReceipt(View):
    """Evidence of an erasure: its number, when, what went and what was kept, why and until when."""

    id: UUID
    receipt: str
    erased_at: datetime
    kept_until: date | None
    shredded: list[Erased]
    kept: list[Erased]


class RestrictedRecord(View):
    """Who asked to be erased and whose service record is kept, as an auditor sees it."""

    id: UUID
    person_id: UUID
    account_id: UUID
    receipt: str
    erased_at: datetime
    kept_until: date | None
    name: str | None


class HeldColumn(View):
    """One place in which data of a kind lies, and in which form."""

    table: str
    column: str
    form: Literal["sealed", "index", "plain"]


class Holding(View):
    """One kind of personal data: what for, on what ground, how long, what an erasure does, and where it lies."""

    what: str
    title: InTwo
    purpose: InTwo
    ground: InTwo
    keep: InTwo
    erasure: InTwo
    columns: list[HeldColumn]


class Registry(View):
    """The registry of what is held of people."""

    holdings: list[Holding]
