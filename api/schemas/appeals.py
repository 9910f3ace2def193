"""申诉、复算与更正 on the wire: what is appealed against, and what a recomputation would change for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.domain.appeals import Ground
from api.schemas.assessment import State, Words
from api.schemas.base import Body, ListQuery, Subject, Text, View

Reasons = Annotated[Text, Field(min_length=1)]


class NewAppeal(Body):
    """Why a result is wrong. Without `organizationId` it is one's own; a liaison names the unit."""

    ground: Ground
    reason: Reasons
    organization_id: UUID | None = None
    file_id: Annotated[UUID | None, Field(description="evidence that the caller brought; nobody has to bring any")] = (
        None
    )


class NewRecomputation(Body):
    """Why the results of upheld appeals are computed again: what was corrected in the record."""

    reason: Reasons


class NewAmendment(Body):
    """Why sealed results are wrong, and which: they and the results of their units are computed again."""

    reason: Reasons
    assessment_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class Told(View):
    """A result as a reader is told it."""

    grade: str | None
    grade_labels: Words | None
    points: str | None
    outcome: str
    stands: str | None = Field(description="the grade that stands, after quotas and what people ruled")
    basis: str


class ChangedNumber(View):
    """One number of a judgement that differs."""

    rule: str
    labels: Words
    before: str | None
    after: str | None


class Result(View):
    """One subject that was computed again; `named` ones are those for whom it was done, the others contain them."""

    assessment_id: UUID
    former_id: UUID | None
    subject_kind: str
    subject_key: str
    named: bool
    before: Told | None
    after: Told
    changed: bool
    numbers: list[ChangedNumber]


class Rule(View):
    """The declared rule on what a recomputation does to others."""

    code: str
    zh: str
    en: str


class Other(View):
    """Somebody else of whom a quota's arithmetic would say `arithmetic` now; what `stands` for them stays."""

    subject_kind: str
    subject_key: str
    quota: str | None
    stands: str | None
    arithmetic: str | None
    decision: str


class ChangedSeats(View):
    """A group to which a quota applies and that counts otherwise than before."""

    quota: str
    grade: str
    within: str
    group_id: UUID
    counted_before: int
    counted: int
    seats_before: int
    seats: int


class Compared(View):
    """Somebody else whose points or grade other figures of a group would make; what stands for them stays."""

    subject_kind: str
    subject_key: str
    points_before: str | None
    points: str | None
    grade_before: str | None
    grade: str | None


class Effects(View):
    """What would change for whom; `unchanged` counts the subjects whose assessments stay byte for byte."""

    results: list[Result]
    others: list[Other]
    seats: list[ChangedSeats]
    compared: list[Compared] = Field(
        default=[], description="of a rule that compares: whom the changed best, mean or rank would judge otherwise"
    )
    unchanged: int
    rule: Rule


class Recomputation(Subject):
    """Results computed again for some subjects of a cycle; they stand once a second person adopts them."""

    kind: Literal["recomputation", "amendment"]
    cycle_id: UUID
    revision: int
    reason: str
    case_ids: list[UUID] = Field(description="the upheld appeals that it follows from")
    position: int | None = Field(description="the sealed position that it is as of")
    digest_before: str | None
    digest: str | None = Field(description="of all results of the cycle with these, chained to the one before")
    decided_at: datetime | None
    created_at: datetime


class RecomputationText(Recomputation):
    """A recomputation with what it would change; null while it is computed."""

    effects: Effects | None


class RecomputationQuery(ListQuery):
    """Which recomputations to list."""

    cycle_id: UUID | None = None
    state: State | None = None
