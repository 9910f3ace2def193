"""需求 on the wire: what is asked, of whom, until when; claims, contacts, thanks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.domain.matching import times
from api.domain.matching.times import Every
from api.schemas.base import Body, Code, Count, Day, Fen, Line, Moment, Subject, Text, View
from api.schemas.finding import Finding, Metres
from api.schemas.service import Gates

NeedKind = Literal["need", "micro_wish", "livelihood_project", "proposal"]


class NewWindow(Body):
    """When somebody is wanted; with `every` again each day or week at the same local hours, before the day `until`."""

    starts_at: Moment
    ends_at: Moment
    every: Every | None = None
    until: Day | None = None


class Window(View):
    """A window of a need."""

    starts_at: datetime
    ends_at: datetime
    every: str | None
    until: date | None


class NewNeed(Body):
    """A need as somebody asks for it; what is not known stays out."""

    kind: NeedKind = "need"
    title: Line
    description: Text = ""
    category: Code
    target_group: Line | None = None
    headcount: Annotated[int, Field(ge=1, le=100_000)] | None = None
    quantity: Line | None = None
    when_text: Line | None = None
    budget_fen: Fen | None = None
    community_id: UUID
    expires_on: Annotated[Day | None, Field(description="the first day on which it is not on the list any more")] = None
    reply_by: Annotated[Day | None, Field(description="the last day on which units and people may answer")] = None
    windows: Annotated[list[NewWindow], Field(max_length=30, description="null: no time is said")] | None = None
    gates: Gates = Gates()
    risks: Text | None = None
    place: Annotated[Line | None, Field(description="where in the community; for who serves it alone")] = None
    recipient: Annotated[
        Line | None, Field(description="for whom it is and how to reach them; for who serves it alone")
    ] = None
    attachments: Annotated[
        list[UUID], Field(max_length=9, description="the caller's own files: JPEG, PNG, WebP or PDF")
    ] = []

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the windows as the domain takes them."""
        windows = self.windows and [times.Window(**window.values()) for window in self.windows]
        return {**super().values(), "windows": windows or None, "gates": self.gates.values()}


class ShownGates(View):
    """What is asked of whoever serves."""

    qualifications: list[str] = []
    trained: list[str] = []
    insurance: bool = False
    age_from: int | None = None
    age_to: int | None = None
    groups: list[str] = []


class Need(Subject):
    """A need as it is shown; who asks, for whom and where exactly is not."""

    kind: str
    title: str
    description: str
    category: str
    target_group: str | None
    headcount: Count | None
    quantity: str | None
    when_text: str | None
    budget_fen: int | None
    community_id: UUID
    community_name: str
    reason: str | None
    published_at: datetime | None
    verify_by: Day | None = Field(description="the last day on which the community checks it; then its street may")
    reply_by: Day | None = Field(description="the last day on which units and people may answer")
    expires_on: Day | None
    for_month: Day | None = Field(description="the first day of the month whose list it stands in")
    windows: list[Window] | None
    metres: Metres = None
    gates: ShownGates
    risks: str | None
    attachments: list[UUID]
    claimed_at: datetime | None
    claimed_for: UUID | None = Field(description="the unit that claimed it; null where a person did, or nobody")
    claimed_by_me: bool
    thanks: str | None = Field(description="for who served, who asked and the community; null for others")
    flags: list[str]


class NeedQuery(Finding):
    """Which needs to list."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    kind: NeedKind | None = None
    for_month: Day | None = None
    claimed: Annotated[Literal["me"] | None, Field(description="me: what the caller claimed and still holds")] = None


class Claiming(Body):
    """Who claims: the caller, or the unit that they speak for."""

    organization_id: UUID | None = None


class Releasing(Body):
    """Who claimed it needs no reason to let it go; the community says one."""

    reason: Line | None = None


class Prolonging(Body):
    """Until when, from now on, units and people may answer."""

    reply_by: Day
    expires_on: Day | None = None


class Thanking(Body):
    """What who asked says to who served."""

    thanks: Annotated[str, Field(min_length=1, max_length=1000)]


class Contact(View):
    """Where and for whom a need is, for who serves it."""

    need_id: UUID
    place: str | None
    recipient: str | None
