"""What a quota may say: which grade, of which group, and how many seats by share, by size or by the group's grade."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.domain.rulebook.measure import Filter
from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Column, Exact, Identifier, Reference, Rule, Strict

Within = Literal["cycle", "unit", "branch", "community"]
Share = Annotated[Exact, Field(ge=0, le=1)]
NO_GRADE = "none"
"""What is said of an organisation that has no grade by decision, or of which no fact says anything."""


class SizeStep(Strict):
    """From this many on who count in a group: so many seats, or a share of them."""

    reaches: Annotated[int, Field(ge=1)]
    seats: Annotated[int, Field(ge=0)] | None = None
    at_most: Share | None = None

    @model_validator(mode="after")
    def _says_one(self) -> SizeStep:
        if (self.seats is None) == (self.at_most is None):
            raise Unfit("seats_or_share")
        return self


class ShareBy(Strict):
    """The share of a group by a word about its unit, branch or community; `within: cycle` means the authority's own.

    `assessments`: the grade that stands for it in the same cycle. `facts`: what the last of these facts about it says
    in a column, looked for in the period and `yearsBack` before. Who has no grade, or no such fact, is `none`.
    """

    source: Literal["assessments", "facts"] = "assessments"
    where: Filter = {}
    column: Column = "value"
    years_back: Annotated[int, Field(ge=0, le=50)] = 0
    shares: Annotated[dict[str, Share], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_its_facts(self) -> ShareBy:
        if ("kind" in self.where) != (self.source == "facts") or (self.source == "assessments" and self.years_back):
            raise Unfit("facts_of_share")
        return self


class Quota(Rule):
    """At most a share of a group may have a grade; the next ones by `rank` get `instead`, and ties wait for people.

    Several numbers in `rank` break ties, one after the other. `orBetter` counts the better grades too (good or better:
    at most 60 %). `allBut` leaves out the last so many.
    `within` names the group: all subjects of the cycle, or the members of one unit, Party branch or community each.
    The share is `atMost`, or that of the highest step of `bySize` that the group reaches (no seat under the first), or
    where `shareBy` lists the word about the group's organisation, what it lists.
    The share is rounded to whole seats, which are then never under `fewest` nor over `most` and all but the last.
    """

    grade: Identifier
    or_better: bool = False
    at_most: Annotated[Exact, Field(gt=0, le=1)] = 1
    by_size: Annotated[list[SizeStep], Field(min_length=1)] | None = None
    share_by: ShareBy | None = None
    all_but: Annotated[int, Field(ge=1)] | None = None
    seats: Literal["down", "half_up", "up"] = "down"
    fewest: Annotated[int, Field(ge=0)] = 0
    most: Annotated[int, Field(ge=1)] | None = None
    of: Literal["graded", "all"] = "graded"
    within: Within = "cycle"
    rank: Reference | Annotated[list[Reference], Field(min_length=1)]
    instead: Identifier

    @property
    def ranks(self) -> list[str]:
        """Return the numbers by which the best are found: where the first is equal the next one decides."""
        return [self.rank] if isinstance(self.rank, str) else self.rank

    @model_validator(mode="after")
    def _has_one_share(self) -> Quota:
        if self.by_size and "at_most" in self.model_fields_set:
            raise Unfit("one_share")
        if self.by_size and len({step.reaches for step in self.by_size}) < len(self.by_size):
            raise Unfit("same_step")
        return self
