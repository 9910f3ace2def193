"""联系安排 on the wire: what a work committee arranges, what it costs of each community's capacity, its history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Count, Day, Line, Subject, View

Members = Annotated[int, Field(ge=1, le=1_000_000)]


class PlanLine(Body):
    """A unit at a community; without days of its own it lasts as long as the plan. `endsOn` is the first day after."""

    unit_id: UUID
    community_id: UUID
    starts_on: Day | None = None
    ends_on: Day | None = None
    members: Members | None = None
    fixed: bool = False


class PlanCapacity(Body):
    """How much a community can take: units, or members where the plan measures those."""

    community_id: UUID
    capacity: Count


class PlanEdit(Body):
    """What a plan says; many rows come as a table instead. `measure` is what capacities and loads count."""

    title: Line
    reference: Line | None = Field(default=None, description="the number of the committee's own paper")
    starts_on: Day
    ends_on: Day
    measure: Literal["units", "members"] = "units"
    capacities: Annotated[list[PlanCapacity], Field(max_length=500)] = []
    rows: Annotated[list[PlanLine], Field(max_length=500)] | None = None


class NewPlan(PlanEdit):
    """A plan, or with `supersedesId` a new edition of an issued one; without rows it begins with those that stand."""

    issuer_id: UUID
    supersedes_id: UUID | None = None


class Issuing(Body):
    """Whether the plan may be issued although it asks more of a community than it can take."""

    over_capacity: bool = False


class PlannedLine(View):
    """A row of a plan; once it is issued it is a registration, whose state it shows."""

    unit_id: UUID
    unit_name: str
    community_id: UUID
    community_name: str
    street_name: str | None
    starts_on: date
    ends_on: date | None
    members: int | None
    fixed: bool
    registration_id: UUID | None
    registration_state: str | None


class CommunityUse(View):
    """What the draft asks of a community; capacity null is unknown."""

    community_id: UUID
    community_name: str
    rows: int
    peak: int
    peak_on: date | None
    capacity: int | None
    over: int


class Plan(Subject):
    """A plan with its rows; of a draft also with what it asks of each community."""

    title: str
    number: str | None
    reference: str | None
    issuer_id: UUID
    issuer_name: str
    starts_on: date
    ends_on: date
    measure: str | None
    content_hash: str | None
    supersedes_id: UUID | None
    rows: list[PlannedLine]
    uses: list[CommunityUse]


class PlanMove(View):
    """A row that rebalancing moved, or could not move where `toId` is null."""

    unit_id: UUID
    from_id: UUID
    to_id: UUID | None
    reason: str
    words: dict[str, str]


class PlanChange(View):
    """One step of a plan or of an earlier edition of it."""

    plan_id: UUID
    step: str
    at: datetime
    rows: int | None
    moves: list[PlanMove]
    unplaced: list[PlanMove]


class PlanHistory(View):
    """How a plan came to be what it is, the oldest step first."""

    items: list[PlanChange]
