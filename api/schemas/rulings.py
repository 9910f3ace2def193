"""名额 and 裁定 on the wire: calendars of cycles, seats of quotas, and what people decide of grades."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Day, ListQuery, Subject, Text, View

Words = dict[Literal["zh", "en"], str]


class CycleCalendar(Body):
    """The last day of each phase of a cycle, and for how many working days appeals are taken; all may be left out."""

    self_review_until: Day | None = None
    public_review_until: Day | None = None
    publish_by: Day | None = None
    appeal_days: Annotated[int, Field(ge=1, le=60)] | None = None


class ShownCalendar(View):
    """A cycle's calendar; `appealsUntil` is counted by the calendar of working days when the window opens."""

    self_review_until: Day | None
    public_review_until: Day | None
    publish_by: Day | None
    appeal_days: int | None
    appeals_until: Day | None


class Clock(View):
    """The clock that runs; `late` says that its last day is over. It reminds; people take the next step."""

    phase: Literal["self_review", "public_review", "publication", "appeals"]
    labels: Words
    last_day: Day
    soon: bool
    late: bool


class QuotaGroup(View):
    """One group of one quota: how many count, how many may have the grade, and how it stands now."""

    id: UUID
    subject_kind: str
    quota: str
    grade: str
    within: Literal["cycle", "unit", "branch", "community"]
    group_id: UUID | None = Field(
        description="the unit, branch or community; null for the cycle, or where none is known"
    )
    group_name: str | None
    counted: int
    seats: int = Field(
        description="the whole part of the share, of the least where several are possible; where it is nought, people "
        "may give one unless the rule says none"
    )
    words: list[str] | None = Field(
        description="where the share hangs on the group's grade, or on a fact about it: what may be said of it"
    )
    held: int
    lowered: int
    waiting: int = Field(description="subjects whom the quota leaves for people to decide, and nobody has yet")


class Allotment(View):
    """What the quotas made of one subject, and the grade that stands."""

    id: UUID
    assessment_id: UUID
    subject_kind: str
    subject_key: str
    quota: str | None = Field(description="the one that lowered the grade or waits for people")
    decision: Literal["kept", "lowered", "needs_decision"]
    before: str | None = Field(description="the grade as computed")
    standing_grade: str | None
    basis: str
    ruling_id: UUID | None


class AllotmentQuery(ListQuery):
    """Which subjects to list; `open` for those who wait for people."""

    decision: Literal["kept", "lowered", "needs_decision"] | None = None
    open: bool = False


class NewRuling(Body):
    """A grade that people give: where a quota left it to them, or instead of the computed one; with the reason."""

    assessment_id: UUID
    kind: Literal["quota_choice", "override"]
    grade: Code
    reason: Annotated[Text, Field(min_length=1)]


class Ruling(Subject):
    """A ruling on one subject's grade; it holds once somebody other than who proposed it confirms it."""

    kind: Literal["quota_choice", "override", "appeal", "amendment"]
    cycle_id: UUID
    cycle_title: str
    assessment_id: UUID
    subject_kind: str
    subject_key: str
    before: str | None = Field(description="the grade as computed")
    outcome: str
    grade: str | None
    grade_labels: Words | None
    reason: str
    proposed_by: UUID
    confirmed_by: UUID | None
    created_at: datetime
    decided_at: datetime | None


class RulingQuery(ListQuery):
    """Which rulings to list."""

    cycle_id: UUID | None = None
    state: Literal["proposed", "confirmed", "declined"] | None = None
    kind: Literal["quota_choice", "override", "appeal", "amendment"] | None = None


class StandingGrade(View):
    """The grade that stands and on what it rests: as computed, a quota, or what people decided, with their reason."""

    outcome: str
    grade: str | None
    grade_labels: Words | None
    basis: str
    basis_labels: Words
    before: str | None = Field(description="the grade as computed")
    ruling_id: UUID | None
    reason: str | None
    decided_at: datetime | None
    recomputation_id: UUID | None
    decision_labels: Words | None = Field(description="what two people decided, where it rests on a recomputation")
