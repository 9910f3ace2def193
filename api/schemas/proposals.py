"""服务意愿 and 匹配建议 on the wire: declared free time, and what is proposed with its reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.domain.matching.times import HalfDay
from api.schemas.base import Body, Code, ListQuery, Moment, Subject, View

ProposalState = Literal["proposed", "accepted", "declined", "lapsed"]
Words = dict[Literal["zh", "en"], str]
Lines = dict[Literal["zh", "en"], list[str]]


class Skill(Body):
    """A category of needs that somebody can serve: 1 willing, 2 practised, 3 by profession."""

    category: Code
    level: Annotated[int, Field(ge=1, le=3)]


class ToldAvailability(Body):
    """What somebody declares; `free` null says any time. `areaId` is where, null for where they are registered."""

    active: bool = True
    skills: Annotated[list[Skill], Field(max_length=20)] = []
    free: Annotated[list[HalfDay], Field(max_length=28)] | None = None
    preferred: Annotated[list[HalfDay], Field(max_length=28)] = []
    area_id: UUID | None = None
    reach_metres: Annotated[int, Field(ge=100, le=100_000)] = 3000
    max_tasks: Annotated[int, Field(ge=1, le=20, description="tasks ahead at once")] = 1
    wishes: Annotated[list[Code], Field(max_length=20, description="categories or ids of communities")] = []

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the skills as plain data."""
        return {**super().values(), "skills": [skill.values() for skill in self.skills]}


class ShownSkill(View):
    """A skill as it was declared."""

    category: str
    level: int


class Availability(View):
    """What the caller declared; inactive and of version 0 while nothing is."""

    active: bool
    version: int
    skills: list[ShownSkill]
    free: list[str] | None
    preferred: list[str]
    area_id: UUID | None
    area_name: str | None = Field(description="the area that counts; null where none is known")
    reach_metres: int
    max_tasks: int
    wishes: list[str]


class ProposalQuery(ListQuery):
    """Which proposals to list."""

    state: ProposalState | None = None


class Counted(View):
    """One thing that counted."""

    factor: str
    labels: Words
    value: int
    of: int | None = Field(description="100 where the value is a share, null where it is a number of times")
    weight: int
    points: int


class Alternative(View):
    """Why the next best was not proposed, and by how many points it was behind."""

    why: str
    labels: Words
    ahead: int


class Assumption(View):
    """What the need does not say, and how that was taken."""

    code: str
    labels: Words


class Reasons(View):
    """Why something was proposed; `lines` say it in sentences."""

    points: int
    counted: list[Counted]
    alternative: Alternative | None
    assumptions: list[Assumption]
    lines: Lines


class BriefNeed(View):
    """The need of a proposal."""

    id: UUID
    kind: str
    title: str
    category: str


class MatchProposal(Subject):
    """A need proposed to somebody, who is free to say no; `helperName` is there for who may read it."""

    run_id: UUID
    need_id: UUID
    need: BriefNeed | None = Field(description="null once it is no longer shown")
    community_id: UUID
    community_name: str
    own: bool
    organization_id: UUID | None
    resource_id: UUID | None
    helper_name: str | None
    team_id: UUID | None = Field(description="of a team, or of one of its people whom the team's yes asked")
    team_name: str | None
    places: int = Field(description="of a team: for how many of its people there is room")
    starts_at: datetime | None
    ends_at: datetime | None
    answer_by: datetime
    answered_at: datetime | None
    reason: str | None
    reasons: Reasons | None
    shift_id: UUID | None
    project_id: UUID | None
    rating: int | None
    created_at: datetime


class Accepting(Body):
    """When it suits, where the need names no time."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None


class Stars(Body):
    """How it was, from 1 to 5."""

    stars: Annotated[int, Field(ge=1, le=5)]
