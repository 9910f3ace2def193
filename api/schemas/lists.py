"""清单 and 对接 on the wire: needs, resources, projects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.domain.matching import times
from api.schemas.base import Body, Code, Day, Fen, Line, ListQuery, Subject, Text, View, Words
from api.schemas.finding import Categories
from api.schemas.needs import NewWindow, Window
from api.schemas.negotiation import NewBooking, Quantity


class Reason(Body):
    """Why a step is taken."""

    reason: Line


ResourceKind = Literal["venue", "fund", "skill", "service", "goods", "information"]
ProjectKind = Literal["project", "pairing", "duty_post", "pledge", "booking", "purchase"]


class NewResource(Body):
    """What a unit offers; without a quantity it is unknown how much there is."""

    kind: ResourceKind
    title: Line
    description: Text = ""
    category: Code
    quantity: Quantity | None = None
    quantity_text: Line | None = None
    organization_id: UUID
    windows: Annotated[list[NewWindow], Field(max_length=30, description="null: at any time")] | None = None

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the windows as the domain takes them."""
        windows = self.windows and [times.Window(**window.values()) for window in self.windows]
        return {**super().values(), "windows": windows or None}


class Resource(Subject):
    """A resource as it is shown, with who offers it."""

    kind: str
    title: str
    description: str
    category: str
    quantity: int | None = Field(description="pieces, places or people; of a fund fen; null where unknown")
    promised: int = Field(description="how much of it agreed projects hold; of what is lent the most at one time")
    quantity_text: str | None
    organization_id: UUID
    organization_name: str
    reason: str | None
    published_at: datetime | None
    windows: list[Window] | None = Field(description="when it is open; null at any time")
    flags: list[str]


class ResourceQuery(ListQuery):
    """Which resources to list."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    kind: ResourceKind | None = None
    organization_id: Annotated[UUID | None, Field(description="or what is above it: all below")] = None
    category: Categories | None = None
    text: Words | None = None


class PartyTerms(Body):
    """One party of a project and what it takes on."""

    organization_id: UUID
    side: Literal["asks", "offers", "joins"]
    duties: Annotated[list[Line], Field(min_length=1, max_length=20)]


class Terms(Body):
    """What the parties of a project agree on; `endsOn` is the first day after the last."""

    starts_on: Day
    ends_on: Day
    quantity: Quantity | None = None
    budget_fen: Fen | None = None
    parties: Annotated[list[PartyTerms], Field(min_length=2, max_length=12)]
    bookings: Annotated[
        list[NewBooking], Field(max_length=30, description="none: whenever the resource is open in these days")
    ] = []
    reply_by: Annotated[Day, Field(description="the last day for an answer; null: as the district set it")] | None = (
        None
    )


class Ground(Body):
    """Why a project is proposed."""

    code: Code
    text: Line


class NewProject(Terms):
    """A project as one side proposes it, for a need, with a resource, or for itself."""

    kind: Annotated[
        Literal["project", "pairing", "booking", "purchase"],
        Field(description="posts and pledges of persons are published as such: /duty-posts, /pledges"),
    ] = "project"
    category: Literal["party_building", "livelihood"]
    title: Line
    community_id: UUID
    need_id: UUID | None = None
    resource_id: UUID | None = None
    reasons: Annotated[list[Ground], Field(max_length=10)] = []


class Declining(Body):
    """Declining needs no reason."""

    reason: Line | None = None


class Delivering(Body):
    """What came of a project."""

    summary: Annotated[str, Field(min_length=1, max_length=2000)]


class Rating(Body):
    """How the community found the result."""

    stars: Annotated[int, Field(ge=1, le=5)]
    remark: Text = ""


class Party(View):
    """One party of a project."""

    organization_id: UUID
    organization_name: str
    side: str
    duties: list[str]
    confirmed_at: datetime | None


class ShownTerms(View):
    """What a duty post or pairing asks of whoever takes it on."""

    sort: str | None = None
    duties: list[str] = []
    months: int | None = None
    gates: dict[str, Any] = {}
    risks: str = ""
    by_organiser: bool = False
    scheme: str | None = None


class ProjectResult(View):
    """What came of a project; null is unknown."""

    summary: str | None
    delivered_at: datetime | None
    stars: int | None
    remark: str | None
    kept: bool | None = Field(description="of a pledge: whether it was kept; null while nobody has said so")


class Project(Subject):
    """A project as it is shown to this caller."""

    kind: str
    category: str
    title: str
    community_id: UUID
    community_name: str
    need_id: UUID | None
    resource_id: UUID | None
    quantity: int | None
    headcount: int | None = Field(description="how many people may take part; null: as many as come")
    taken: int = Field(description="how many do, or asked to")
    circle: str = Field(description="public, or parties: nobody else reads it")
    terms: ShownTerms | None = Field(description="of duty posts and pairings")
    starts_on: date | None
    ends_on: date | None
    budget_fen: int | None
    reasons: list[dict[str, str]]
    reason: str | None
    agreement_id: UUID | None
    reply_by: date | None = Field(description="the last day on which a proposal waits for its answer")
    renews_id: UUID | None = Field(description="the project that this one goes on from")
    result: ProjectResult
    parties: list[Party]
    flags: list[str]


class ProjectQuery(ListQuery):
    """Which projects to list; `mine`: in which the caller takes part."""

    mine: bool = False
    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    kind: ProjectKind | None = None
    community_id: UUID | None = None
    organization_id: UUID | None = None
    need_id: UUID | None = None
