"""征求意见 on the wire: what is asked, said, drafted and issued."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Day, ListQuery, Subject, Text, View

Written = Annotated[Text, Field(min_length=1)]
Conclusion = Literal["supports", "supports_with_remarks", "does_not_support"]


class Label(View):
    """A title in both languages."""

    zh: str
    en: str


class Reader(Body):
    """Somebody who may read what is issued: a person who holds an office, or an office, one of the two."""

    person_id: UUID | None = None
    organization_id: UUID | None = None


class NewOpinion(Body):
    """What an organisation asks, why and on what legal ground; `since` and `until` bound the record that counts.

    About a person who belongs to the asker, or about a unit; of a unit with several communities `communityId` says
    which one hears.
    """

    procedure: Code
    asker_id: UUID
    person_id: UUID | None = None
    unit_id: UUID | None = None
    community_id: UUID | None = None
    purpose: Written
    ground: Written
    since: Day
    until: Day
    readers: Annotated[list[Reader], Field(max_length=20)] = []

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the readers as plain data."""
        return {**super().values(), "readers": [reader.values() for reader in self.readers]}


class Statement(Body):
    """What an organisation that is heard says."""

    organization_id: UUID
    stance: Literal["agrees", "agrees_with_remarks", "disagrees", "knows_nothing"]
    statement: Written


class OpinionRoster(Body):
    """Who deliberates."""

    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class Vote(Body):
    """One vote, with a reason in writing."""

    choice: Literal["for", "against", "abstain"]
    reason: Written | None = None


class OpinionDraft(Body):
    """What is meant to be issued, as the person is told it."""

    conclusion: Conclusion
    text: Written


class OpinionReply(Body):
    """What the person says to the draft."""

    text: Written


class OpinionIssue(Body):
    """What is issued, where it is not the draft as it stands; votes decide the conclusion where there are any."""

    conclusion: Conclusion | None = None
    text: Written | None = None
    supersedes_id: Annotated[UUID | None, Field(description="the opinion in force whose place it takes")] = None


class OpinionQuery(ListQuery):
    """Which opinions to list."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    procedure: Code | None = None
    asker_id: UUID | None = None
    organization_id: UUID | None = None


class OpinionItem(Subject):
    """An opinion as lists show it: without anybody's name."""

    procedure: str
    title: Label
    asker_id: UUID
    asker_name: str
    organization_id: UUID = Field(description="who leads the hearing and issues")
    organization_name: str
    case_id: UUID
    due_on: date
    late: bool
    person_id: UUID | None
    unit_id: UUID | None
    created_at: datetime


class HeardOrganization(View):
    """An organisation that is heard; what it said only to those who are heard."""

    organization_id: UUID
    organization_name: str
    at: Literal["community", "street"]
    stays_out: bool
    spoken: bool
    stance: str | None
    statement: str | None


class Draft(View):
    """The draft with the record as of a sealed position."""

    conclusion: dict[str, str]
    text: str
    record: list[dict[str, Any]]
    position: int


class Votes(View):
    """How many deliberate and voted; `counts` when the round is over."""

    roster: int
    quorum: int
    voted: int
    quorate: bool
    counts: dict[str, int] | None


class Opinion(OpinionItem):
    """An opinion as this caller may see it: draft and reply to who is heard and to the person."""

    subject_name: str
    subject_of: str | None
    purpose: str
    ground: str
    basis: Label
    since: date
    until: date
    disclosed: bool
    withheld_because: Label | None
    speak_until: date
    reply_until: date | None
    vote_until: date | None
    heard: list[HeardOrganization]
    readers: list[str]
    draft: Draft | None
    reply: str | None
    votes: Votes | None
    document_id: UUID | None
    number: str | None


class HeardAt(View):
    """A level at which a Party organisation is heard, and the role that speaks for it."""

    at: str
    role: str


class VoteRule(View):
    """What a vote demands: people on the roster, the share that votes, and more than this share of them for."""

    fewest: int
    quorum: str
    carried_over: str
    vote_days: int


class Procedure(View):
    """A declared procedure; days are working days."""

    code: str
    title: Label
    basis: Label
    subject: Literal["person", "unit"]
    askers: list[str]
    heard: list[HeardAt]
    leads: str
    answer_days: int
    speak_days: int
    reply_days: int | None
    votes: VoteRule | None
    disclosed: bool
    withheld_because: Label | None
    record: list[str]
    valid_months: int


class Procedures(View):
    """All declared procedures of one version."""

    version: str
    items: list[Procedure]
