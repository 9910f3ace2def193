"""What a measure may say of stretches of days that are no calendar spans, and of points for each span's sum."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Exact, Identifier, Span, Strict


class Step(Strict):
    """From this number on, these points."""

    reaches: Exact
    points: Exact


def require_different(steps: list[Step]) -> None:
    """Raise Unfit where two steps begin at the same number."""
    if len({step.reaches for step in steps}) < len(steps):
        raise Unfit("same_step")


class Cap(Strict):
    """At most so much of each span counts; earlier days first."""

    per: Span
    at_most: Annotated[Exact, Field(ge=0)]


class SpanSteps(Strict):
    """The sum of each span becomes the points of the highest step that it reaches, `below` if it reaches none."""

    per: Span
    steps: Annotated[list[Step], Field(min_length=1)]
    below: Exact = 0

    @model_validator(mode="after")
    def _steps_differ(self) -> SpanSteps:
        require_different(self.steps)
        return self


class Rolling(Strict):
    """Of all stretches of so many days in a row the one that comes to most, or to least; the earliest of equal ones.

    Only stretches whose days are all known are looked at; where the window itself is shorter, it is the one stretch.
    """

    days: Annotated[int, Field(ge=2, le=366)]
    of: Literal["largest", "smallest"] = "largest"


class Deadline(Strict):
    """Count the affiliations of some kinds within whose first so many days the sum reaches `atLeast`.

    Those count whose stretch of days meets the period. One that ended earlier, or lies in an exemption of these kinds,
    is not required, nor is a stretch that still runs.
    """

    after: Annotated[list[Identifier], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=366)]
    at_least: Annotated[Exact, Field(gt=0)] = 1
    exempt: list[Identifier] = []
    exempt_when: Literal["whole", "any_day"] = "whole"
