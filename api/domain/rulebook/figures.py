"""What a rulebook may ask of the group in which a subject stands: its best, its mean, the subject's rank in it."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from api.domain.rulebook.conditions import Condition
from api.domain.rulebook.seats import Within
from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Reference, Rule

PLACES = frozenset({"rank", "ahead", "behind"})
"""Figures that are a subject's own place in its group; the others are the group's."""


class Figure(Rule):
    """A figure of a number (`of`) over all whom the rulebook judges in one unit, branch or community, or in the cycle.

    `best`, `least`, `mean`, `median`, `sum` and `size` are the group's; `rank` (1 for the highest, or with `lowest` the
    lowest; equal ones share the better), `ahead` and `behind` (the share of the group with more, with less) the
    subject's own. Whom `among` leaves out does not count in the group. Of a group of fewer than five people nothing is
    told: the figure is unknown, or with `underFive: cycle` that of the whole cycle.
    """

    of: Reference
    take: Literal["best", "least", "mean", "median", "sum", "size", "rank", "ahead", "behind"]
    lowest: bool = False
    within: Within = "cycle"
    among: Condition | None = None
    under_five: Literal["unknown", "cycle"] = "unknown"

    @model_validator(mode="after")
    def _ranks_from_one_end(self) -> Figure:
        if self.lowest and self.take not in PLACES:
            raise Unfit("lowest_of_places")
        return self
