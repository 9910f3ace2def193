"""志愿服务队 on the wire: who answers for a team, what it would help with, how many it is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Line, ListQuery, Subject, View
from api.schemas.proposals import ShownSkill


class EditedTeam(Body):
    """What a team is called and who answers for it."""

    name: Line
    leader_id: UUID


class NewTeam(EditedTeam):
    """A team of a community."""

    organization_id: UUID


class TeamQuery(ListQuery):
    """Which teams to list."""

    organization_id: UUID | None = None
    mine: Annotated[bool, Field(description="only those that the caller is in or answers for")] = False


class ToldOfTeam(View):
    """What was told for a team; shown to who answers for it and to the office that founded it."""

    active: bool
    skills: list[ShownSkill]
    free: list[str] | None
    preferred: list[str]
    area_id: UUID | None
    reach_metres: int
    max_tasks: int
    wishes: list[str]


class Team(Subject):
    """One team; who is in it is nobody's business but theirs."""

    name: str
    organization_id: UUID
    organization_name: str
    people: int
    inside: bool = Field(description="the caller is in it")
    leads: bool = Field(description="the caller answers for it")
    told: ToldOfTeam | None
