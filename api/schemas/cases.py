"""事项 on the wire: what somebody asks an office to decide."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.base import Body, Code, Day, ListQuery, Moment, Subject, Text


class Claim(Body):
    """The hours that an objection or a supplement is about: which entry or where, and when they should stand.

    An objection names its `entryId`; without times the entry is only to go. `fileId` is evidence that the caller
    brought; nobody has to bring any.
    """

    entry_id: UUID | None = None
    shift_id: UUID | None = None
    activity_id: UUID | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    file_id: UUID | None = None

    @model_validator(mode="after")
    def _of_one_stretch(self) -> Claim:
        if (self.starts_at is None) != (self.ends_at is None):
            raise ValueError("a stretch has a start and an end")
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("it ends after it starts")
        if self.entry_id is None and self.starts_at is None:
            raise ValueError("say from when to when")
        if (self.entry_id, self.shift_id, self.activity_id).count(None) < 2:
            raise ValueError("name one of entryId, shiftId and activityId")
        return self


class NewCase(Body):
    """What somebody asks an office; the kinds that rules open by themselves are not among these."""

    kind: Literal["objection", "appeal", "supplement", "complaint", "suggestion", "data_request", "prompt"]
    organization_id: UUID
    subject_kind: Code = "organization"
    subject_id: UUID | None = None
    reason: Annotated[Text, Field(min_length=1)]
    claim: Annotated[
        Claim | None, Field(description="of an objection or a supplement: the hours; what is accepted is posted")
    ] = None

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names; the claim as plain data."""
        return {**super().values(), "claim": self.claim and self.claim.values()}

    @model_validator(mode="after")
    def _names_its_case(self) -> NewCase:
        if self.claim is not None and self.kind != ("objection" if self.claim.entry_id else "supplement"):
            raise ValueError("an objection is about an entry, a supplement about hours that are missing")
        if self.subject_kind == "case" and self.subject_id is None:
            raise ValueError("an earlier case is named by its id")
        return self


class Case(Subject):
    """A case as it is shown; `late` says that its clock has run out unanswered."""

    kind: str
    organization_id: UUID
    organization_name: str
    subject_kind: str
    subject_id: UUID | None
    reason: str
    facts: dict[str, Any]
    due_on: date
    late: bool
    assigned_to: UUID | None
    answer: str | None
    created_at: datetime


class CaseQuery(ListQuery):
    """Which cases to list; `mine` are those assigned to the caller."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    kind: Annotated[str, Field(max_length=30, pattern="^[a-z_]+$")] | None = None
    organization_id: UUID | None = None
    subject_id: UUID | None = None
    mine: bool = False
    late: bool = False


class Assignment(Body):
    """Who is to answer; nobody named means the caller."""

    person_id: UUID | None = None


class Finding(Body):
    """Of whom a complaint was found true: one person or one unit, on a day, at a shift where it was at one."""

    person_id: UUID | None = None
    organization_id: UUID | None = None
    occurred_on: Day
    shift_id: UUID | None = None

    @model_validator(mode="after")
    def _of_one(self) -> Finding:
        if (self.person_id is None) == (self.organization_id is None):
            raise ValueError("a finding is of one person or of one unit")
        return self


class Stretch(Body):
    """From when to when."""

    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _forwards(self) -> Stretch:
        if self.ends_at <= self.starts_at:
            raise ValueError("it ends after it starts")
        return self


class CaseAnswer(Body):
    """The office's answer."""

    answer: Annotated[Text, Field(min_length=1)]
    outcome: Annotated[
        Literal["accepted", "declined", "keep", "both", "different_people", "upheld", "partly", "dismissed"] | None,
        Field(description="needed where something follows from the answer: a reported fact, a conflict, an appeal"),
    ] = None
    finding: Annotated[
        Finding | None, Field(description="of an accepted complaint: whom it was found of; before it nothing counts")
    ] = None
    accepted: Annotated[
        Stretch | None, Field(description="of an accepted claim of hours: the part of it that stands; else all of it")
    ] = None
    organization_id: Annotated[
        UUID | None, Field(description="of two employers the one that stays (keep) or is the principal one (both)")
    ] = None

    def told(self) -> dict[str, Any]:
        """Return what the answer says, by inner names."""
        inner = {"finding": self.finding, "accepted": self.accepted}
        return {**self.values(), **{name: each and each.values() for name, each in inner.items()}}
