"""线索 and 处置 on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.domain.signal_rules import SanctionKind, SignalKind
from api.schemas.base import Body, Day, ListQuery, Subject, Text, View


class Signal(Subject):
    """Something in the figures to look at, and the question that it puts; nothing follows from it by itself."""

    kind: str
    label: dict[str, str]
    question: dict[str, str]
    community_id: UUID
    community_name: str
    organizer_id: UUID
    organizer_name: str
    subject_kind: str
    subject_id: UUID
    since: date
    until: Annotated[date, Field(description="the first day after the period")]
    figures: dict[str, int]
    rules_version: str
    reply: str | None
    judgement: str | None
    judged_at: datetime | None
    created_at: datetime


class SignalQuery(ListQuery):
    """Which signals to list."""

    state: Literal["open", "explained", "founded", "dismissed"] | None = None
    kind: SignalKind | None = None
    community_id: UUID | None = None
    organizer_id: UUID | None = None


class SignalFact(View):
    """One fact that a signal rests on; `account_id` is a pseudonym."""

    id: UUID
    kind: str
    account_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    provenance: str
    shift_id: UUID | None
    pair: int | None
    reversed_by: UUID | None


class Reply(Body):
    """What the organiser has to say."""

    text: Annotated[Text, Field(min_length=1)]


class Judgement(Body):
    """What an officer found, in words."""

    verdict: Literal["explained", "founded", "dismissed"]
    text: Annotated[Text, Field(min_length=1)]


class NewSanction(Body):
    """What is to follow a founded signal: where it holds and what ends it; somebody else confirms."""

    kind: SanctionKind
    organization_id: Annotated[UUID, Field(description="at and below which it holds")]
    ends_on: Annotated[Day, Field(description="the first day on which it holds no more")]
    after_shifts: Annotated[
        int | None, Field(ge=1, le=100, description="it ends before, when recipients confirmed as many shifts")
    ] = None
    reason: Annotated[Text, Field(min_length=1)]


class Sanction(Subject):
    """A sanction as it stands today; `confirmedShifts` is counted where one is shown and they matter."""

    kind: str
    label: dict[str, str]
    effect: dict[str, str]
    signal_id: UUID | None
    organizer_id: UUID | None
    organizer_name: str | None
    person_id: UUID | None = Field(description="whom it concerns, where it follows a false claim of hours (`caseId`)")
    case_id: UUID | None
    organization_id: UUID
    organization_name: str
    reason: str
    rules_version: str
    ends_on: date
    after_shifts: int | None
    confirmed_shifts: int | None
    after_minutes: int | None = Field(description="it goes on after `endsOn` until as many are served")
    served_minutes: int | None
    imposed_at: datetime | None
    ended_at: datetime | None
    created_at: datetime


class SanctionQuery(ListQuery):
    """Which sanctions to list."""

    state: Literal["proposed", "imposed", "declined", "released", "lifted"] | None = None
    organizer_id: UUID | None = None
    signal_id: UUID | None = None
    case_id: UUID | None = None


class Suspension(Body):
    """Why a claim of hours is held to be false."""

    reason: Annotated[Text, Field(min_length=1)]


class Appeal(Body):
    """Why a sanction should be lifted."""

    reason: Annotated[Text, Field(min_length=1)]
