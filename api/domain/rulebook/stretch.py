"""What a measure may say over time: caps, bars, deadlines, stretches of days, and points for each span's sum."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.domain.rulebook.filters import ByFact, Filter
from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Column, Exact, Identifier, Span, Strict


class Step(Strict):
    """From this number on, these points."""

    reaches: Exact
    points: Exact


def require_different(steps: list[Step]) -> None:
    """Raise Unfit where two steps begin at the same number."""
    if len({step.reaches for step in steps}) < len(steps):
        raise Unfit("same_step")


class Length(Strict):
    """So many days, or so many months."""

    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Length:
        if (self.days is None) == (self.months is None):
            raise Unfit("days_or_months")
        return self


class Cap(Strict):
    """At most so much of each span counts, or of any so many days or months in a row; earlier days first.

    What is taken away makes room in a span. In any stretch of days it does not: none ever has more than `atMost`.
    `by` caps each value of a column by itself, such as each community.
    """

    per: Span | None = None
    days: Annotated[int, Field(ge=2, le=3660)] | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    by: Column | None = None
    at_most: Annotated[Exact, Field(ge=0)]

    @model_validator(mode="after")
    def _is_of_one(self) -> Cap:
        if [self.per, self.days, self.months].count(None) != 2:
            raise Unfit("cap_of_one")
        return self

    @property
    def name(self) -> str:
        """Return what the cap is of, as reasons and findings name it: month, 30 days, 3 months."""
        span = self.per or (f"{self.days} days" if self.days else f"{self.months} months")
        return f"{span}/{self.by}" if self.by else span

    @property
    def width(self) -> tuple[int, bool, bool, str]:
        """Return the place of the cap among others, from narrow to wide.

        Of two alike the calendar's comes first, and one of each value before one of all.
        """
        days = WIDTHS[self.per] if self.per is not None else self.days or 31 * (self.months or 0)
        return days, self.per is None, self.by is None, self.by or ""


WIDTHS: dict[Span, int] = {
    "event": 0, "day": 1, "week": 7, "ten_days": 11, "two_weeks": 14, "half_month": 16, "month": 31, "two_months": 62,
    "quarter": 92, "half_year": 184, "year": 366, "period": 10**6,
}  # fmt: skip
"""The most days of a calendar span."""


class SpanSteps(Strict):
    """The sum of each span becomes the points of the highest step that it reaches, `below` if it reaches none.

    `by` looks at each value of a column by itself.
    """

    per: Span
    by: Column | None = None
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


class FewDays(Strict):
    """A span is exempt in which exemptions leave fewer days than this, so that 不足 15 日的月份不计."""

    days_left_under: Annotated[int, Field(ge=1, le=366)]


ExemptWhen = Literal["whole", "any_day"] | FewDays
"""How much of a span has to lie in exemptions: all of it, any day, or so much that few days are left."""


class Deadline(Strict):
    """Count the affiliations of some kinds within whose first so many days the sum reaches `atLeast`.

    Those count whose stretch of days meets the period. One that ended earlier, or lies in an exemption of these kinds,
    is not required, nor is a stretch that still runs.
    """

    after: Annotated[list[Identifier], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=366)]
    at_least: Annotated[Exact, Field(gt=0)] = 1
    exempt: list[Identifier] = []
    exempt_when: ExemptWhen = "whole"


class Release(Strict):
    """What ends a bar: entries or facts since the day on which it began that come to `atLeast`."""

    source: Literal["entries", "facts"]
    where: Filter = {}
    at_least: Annotated[Exact, Field(gt=0)]


class Bar(Strict):
    """From the day of the `count`-th strike on: for so long, until so much was done since, or for good.

    `strikes` are facts; with `within` only those count together that lie in any so many days or months. Strikes that
    brought a bar on are spent. With both `lasts` and `until` a bar ends with the last of them, or the first.
    """

    strikes: Filter
    count: Annotated[int, Field(ge=1, le=100)] = 1
    within: Length | None = None
    lasts: Length | None = None
    until: Release | None = None
    ends: Literal["first", "last"] = "last"

    @model_validator(mode="after")
    def _says_which_ends_it(self) -> Bar:
        if "ends" in self.model_fields_set and (self.lasts is None or self.until is None):
            raise Unfit("released_by_one")
        return self


class During(Strict):
    """Only rows of some days count: while an affiliation of these kinds lasts, outside of exemptions, since a fact.

    `since` counts from the day of the latest such fact on record; without one nothing counts.
    """

    affiliations: list[Identifier] = []
    not_exempt: list[Identifier] = []
    since: Filter | None = None

    @model_validator(mode="after")
    def _names_days(self) -> During:
        if not self.affiliations and not self.not_exempt and self.since is None:
            raise Unfit("during_something")
        return self


class Answered(ByFact):
    """Count the rows that a fact with the same `match` answers within so many days, or working days, after their day.

    A row belongs to the days in which it is answered in time, or in which its time runs out; it looks back that far.
    """

    match: Column = "matter"
    days: Annotated[int, Field(ge=0, le=366)] | None = None
    working_days: Annotated[int, Field(ge=0, le=250)] | None = None

    @model_validator(mode="after")
    def _has_one_time(self) -> Answered:
        if (self.days is None) == (self.working_days is None):
            raise Unfit("days_or_working_days")
        return self
