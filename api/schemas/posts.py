"""岗位, 承诺 and 结对 on the wire: what persons take on of their own accord."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.domain.posts import DIARY_LEAST, Sort
from api.schemas.base import Body, Day, Line, ListQuery, Subject, Text, View
from api.schemas.service import Gates

Duties = Annotated[list[Line], Field(min_length=1, max_length=20)]
Places = Annotated[int, Field(ge=1, le=100_000)]
Months = Annotated[int, Field(ge=1, le=60)]
State = Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")]


class NewDutyPost(Body):
    """A duty post (岗位) or responsibility area (责任区); without a head-count as many may claim it as come."""

    sort: Sort = "post"
    title: Line
    duties: Duties
    organization_id: Annotated[UUID, Field(description="the community or Party organisation that sets it up")]
    community_id: UUID
    headcount: Places | None = None
    starts_on: Day
    ends_on: Annotated[Day | None, Field(description="the first day after its last; null: it stands")] = None
    months: Annotated[Months | None, Field(description="how long one holds it before it is renewed")] = None
    gates: Gates = Gates()
    risks: Text = ""
    by_organiser: Annotated[bool, Field(description="the organiser has to agree to each claim")] = False
    scheme: Line | None = None

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the gates as they are kept."""
        return {**super().values(), "gates": self.gates.values()}


class Leaving(Body):
    """Leaving needs no reason."""

    reason: Line | None = None


class ProjectClaim(Body):
    """What the caller takes a place of."""

    project_id: UUID


class ProjectPerson(Subject):
    """Somebody's part in a project: theirs, or shown to who organises it."""

    project_id: UUID
    kind: str
    title: str
    community_id: UUID
    person_id: UUID
    name: str
    mine: bool
    starts_on: date | None
    ends_on: date | None = Field(description="the first day after the term; null: it stands until somebody ends it")
    agreed_at: datetime | None
    ended_at: datetime | None
    words: str | None = Field(description="what was pledged")
    reason: str | None
    marked_on: date | None = Field(description="since when it is a demonstration post (示范岗)")
    mark_reason: str | None


class ProjectPersonQuery(ListQuery):
    """Which parts to list."""

    mine: bool = False
    project_id: UUID | None = None
    kind: Literal["duty_post", "pledge", "pairing"] | None = None
    state: State | None = None


class NewPledge(Body):
    """What somebody pledges, before whom; for a unit where one speaks for it."""

    words: Line
    to_id: Annotated[UUID, Field(description="the branch or community before which it is made")]
    community_id: UUID
    organization_id: Annotated[UUID | None, Field(description="the unit that pledges; null: the caller")] = None
    ends_on: Annotated[Day | None, Field(description="until when it is to be kept")] = None


class Keeping(Body):
    """Whether a pledge was kept."""

    kept: bool
    remark: Text = ""


class NewHousehold(Body):
    """Who is to be visited and how they are reached; sealed, for who is paired and the community alone."""

    name: Line
    address: Line | None = None
    contact: Line | None = None
    situation: Text = ""


class HouseholdConsent(Body):
    """Who of the household agreed, and how."""

    given_by: Line
    means: Literal["spoken", "written", "by_guardian"]


class NewPairing(Body):
    """A pairing (结对) with a household or group; its title is read by everybody and names nobody."""

    sort: Literal["household", "group"] = "household"
    title: Line
    duties: Duties
    community_id: UUID
    headcount: Places = 1
    ends_on: Day | None = None
    household: NewHousehold
    consented_on: Day | None = None
    consent: HouseholdConsent

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the household and its consent as plain data."""
        return {**super().values(), "household": self.household.values(), "consent": self.consent.values()}


class ShownHousehold(View):
    """Who is paired, and that they agreed."""

    project_id: UUID
    name: str
    address: str | None
    contact: str | None
    situation: str
    consented_on: date
    given_by: str
    means: str


class NewVisit(Body):
    """A visit of one's own: what was found, and what was wished for."""

    visited_on: Day
    words: Annotated[str, Field(min_length=DIARY_LEAST, max_length=2000)]
    wishes: Text | None = None


class Visit(View):
    """A note of a visit; the fact of it stands in the visitor's record."""

    id: UUID
    project_id: UUID
    person_id: UUID
    fact_id: UUID
    visited_on: date
    words: str
    wishes: str | None
