"""评议 on the wire: voices, recusals, replies, and residents' panels."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.domain.panels import MOST
from api.domain.reviews import LONGEST
from api.schemas.base import Body, Day, ListQuery, Subject, Text, View

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Party = Literal["self", "community", "street", "resident", "panel"]
Marks = Annotated[
    dict[Identifier, Identifier], Field(max_length=20, description="the level that is given on each criterion")
]
Comment = Annotated[Text, Field(max_length=LONGEST)]
Said = Annotated[Text, Field(min_length=1, max_length=LONGEST)]
Words = dict[Literal["zh", "en"], str]


class NewReview(Body):
    """One voice on one subject; `party` says whose: an office's, one's own as a recipient, or on a panel."""

    subject_id: UUID
    party: Party
    marks: Marks
    comment: Comment | None = None


class SlipReview(Body):
    """The voice of who confirmed a service with the code of its slip, without an account."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    marks: Marks
    comment: Comment | None = None


class NewRecusal(Body):
    """Why somebody will not judge a subject."""

    subject_id: UUID
    party: Party
    reason: Said


class NewReply(Body):
    """What the subject says to a voice."""

    text: Said


class Review(View):
    """One voice as it is shown: of which party and organisation, never of which person."""

    id: UUID
    cycle_id: UUID
    subject_kind: str
    subject_id: UUID
    party: str
    kind: str
    organization_id: UUID | None
    organization_name: str | None
    answers_id: UUID | None
    rubric: str | None
    marks: dict[str, str]
    amount: str | None = Field(description="the sum of the marks, exact")
    comment: str | None
    given_on: Day
    mine: bool


class SpokenBySlip(View):
    """That a voice was taken."""

    given_on: Day
    amount: str


class ReviewQuery(ListQuery):
    """Which voices of a cycle to list."""

    subject_id: UUID | None = None
    kind: Literal["rating", "reply", "recusal"] | None = None


class DueReview(View):
    """A subject of whom the caller is asked, and with which voices."""

    cycle_id: UUID
    cycle_title: str
    cycle_state: str
    subject_kind: str
    subject_id: UUID
    name: str
    parties: list[str]
    allowed_actions: list[str]


class DueQuery(ListQuery):
    """Of which cycle."""

    cycle_id: UUID | None = None


class AskedLevel(View):
    """One answer and what it is worth."""

    id: str
    labels: Words
    points: str


class AskedCriterion(View):
    """One question."""

    id: str
    labels: Words
    note: str | None
    levels: list[AskedLevel]


class AskedRubric(View):
    """What one party is asked of one kind of subject."""

    subject_kind: str
    rulebook: str
    party: str
    labels: Words
    criteria: list[AskedCriterion]


class Rubrics(View):
    """Everything that a cycle asks."""

    items: list[AskedRubric]


class PartyTurnout(View):
    """How far a party has spoken."""

    party: str
    voices: int
    subjects: int
    recusals: int


class PanelTurnout(View):
    """How a panel stands: of how many `subjects` it is asked, and how many of them lack its quorum (`short`)."""

    id: UUID
    organization_id: UUID
    state: str
    roster: int
    voted: int
    quorum: int
    quorate: bool
    subjects: int
    short: int


class Turnout(View):
    """Who has spoken in a cycle, in numbers."""

    items: list[PartyTurnout]
    panels: list[PanelTurnout]


Quorum = Annotated[int, Field(ge=1, le=MOST)]


class NewPanel(Body):
    """A panel of an organisation for the public round of a cycle."""

    organization_id: UUID
    cycle_id: UUID
    quorum: Quorum


class Roster(Body):
    """Who sits on a panel, and how many of them must speak."""

    people: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]
    quorum: Quorum


class Panel(Subject):
    """One panel; `people` only for whom it is governed by."""

    organization_id: UUID
    organization_name: str
    round_kind: str
    round_id: UUID
    quorum: int
    roster: int
    people: list[UUID]


class PanelQuery(ListQuery):
    """Of which cycle."""

    cycle_id: UUID | None = None
