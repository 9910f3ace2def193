"""试算 on the wire: a rulebook on a past period, and what one more service would change."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Day, View
from api.schemas.rulings import StandingGrade


class NewSimulation(Body):
    """On whom and on which half-open period a rulebook is tried, and with which other one it is compared.

    A rule on units is tried together with a rule on their members.
    """

    organization_id: UUID
    period_start: Day
    period_end: Day
    against: UUID | None = None
    member_rulebook_id: UUID | None = None
    against_member_rulebook_id: UUID | None = None


class PlannedService(Body):
    """A service that has not taken place."""

    served_on: Day
    minutes: Annotated[int, Field(ge=1, le=1440)]
    volunteer: bool = True


class WhatIf(Body):
    """Further services; none shows how things stand."""

    services: Annotated[list[PlannedService], Field(max_length=50)] = []


class Standing(View):
    """A judgement that nobody keeps."""

    outcome: str
    grade: str | None
    grade_labels: dict[Literal["zh", "en"], str] | None
    possible: list[str] = Field(description="what unknown numbers leave open, best first")
    score: str | None
    lines: dict[Literal["zh", "en"], list[str]]


class Note(View):
    """What is not known, and why, in words."""

    code: str
    zh: str
    en: str


class HowItStands(View):
    """How somebody stands now and would stand then, as of a sealed position."""

    as_of: int
    now: Standing
    then: Standing
    notes: list[Note] = Field(description="what cannot be known before results are published; each line says it too")
    standing: StandingGrade | None = Field(description="the published grade that stands, however it came about")
