"""考核分布与排名 on the wire: counts that tell of no few people, and organisations in order."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import View

Words = dict[Literal["zh", "en"], str]


class FigureColumn(View):
    """One grade or outcome, or several that too few people have and that stand together."""

    grades: list[str]
    labels: Words
    members: int


class FigureLine(View):
    """One group, or several small ones together; a cell that is null is kept back."""

    groups: int = Field(description="how many groups stand together in this line")
    members: int
    cells: list[int | None] = Field(description="one for each column")


class ClassLine(FigureLine):
    """The members of all units of a kind; null is several kinds together."""

    kind: str | None
    labels: Words


class PlaceLine(FigureLine):
    """The members of a community or unit; null is several together, or those who belong to none."""

    organization_id: UUID | None
    name: str | None


class Figures(View):
    """How grades are spread over the members of a cycle; of fewer than five people nothing is told."""

    cycle_id: UUID
    as_of: int | None
    members: int | None
    columns: list[FigureColumn]
    classes: list[ClassLine]
    communities: list[PlaceLine] = Field(description="for an office of the cycle; empty for others")
    units: list[PlaceLine] = Field(description="for an office of the cycle; empty for others")
    picture: str = Field(description="SVG")


class RankedPlace(View):
    """One organisation in its place; organisations that stand alike share it."""

    rank: int
    organization_id: UUID
    name: str
    grade: str
    grade_labels: Words


class RankedList(View):
    """Those whom one rulebook judged; who has no grade or too few members is left out."""

    rulebook: str
    version: str
    labels: Words
    places: list[RankedPlace]
    left_out: int


class Ranking(View):
    """Units or communities in order of grade and points of a published cycle."""

    cycle_id: UUID
    subject: Literal["unit", "community"]
    lists: list[RankedList]
