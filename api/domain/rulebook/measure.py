"""What a measure may say: which rows of the bundle count, how much each, and within which caps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.domain.rulebook.filters import ByFact, Factor, Filter, MemberNumber, RowSource, Table, Take, Window
from api.domain.rulebook.stretch import Answered, Bar, Cap, Deadline, During, ExemptWhen, Rolling, SpanSteps
from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import MONTHS, Column, Exact, Identifier, Labels, Rounding, Sentence, Span, Strict


class Qualify(Strict):
    """A span whose sum is under `atLeast` counts nothing; `by` looks at each value of a column by itself."""

    per: Span
    by: Column | None = None
    at_least: Exact


class SpanRounding(Rounding):
    """Round the sum of each span."""

    per: Span


class Tier(Strict):
    """Up to this sum; without `upTo` any sum. `level` is who must approve, none if nobody."""

    up_to: Exact | None = None
    level: Identifier | None = None


class Approval(Strict):
    """The whole span waits, counting nothing, until a fact of `kind` has its tier's level or a higher one."""

    per: Literal["event", "day"]
    kind: Identifier
    tiers: Annotated[list[Tier], Field(min_length=1)]


class Until(Strict):
    """The last day of each span on which rows are in time: its so-manieth day, or such a day of its last month.

    A month that has no such day ends with its last one.
    """

    days: Annotated[int, Field(ge=1, le=366)] | None = None
    day_of_last_month: Annotated[int, Field(ge=1, le=31)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Until:
        if (self.days is None) == (self.day_of_last_month is None):
            raise Unfit("until_one_day")
        return self


class Cadence(Strict):
    """Count the spans whose sum reaches `atLeast`; spans inside an exemption of these kinds are not required.

    `event` takes one occasion after the other of which there are rows, so that a streak is three absences in a row.
    With `wholeSpans` spans that the window cuts are not required, such as the first days of January for a week.
    With `until` rows count that come by a day of their span, which is over then: 每月 5 日前, 每季度末月 25 日前.
    Of a net score `atLeast` may be nought or less: a span without rows reaches that, as soon as it is over.
    """

    each: Literal[
        "event", "day", "week", "ten_days", "two_weeks", "half_month", "month", "two_months", "quarter", "half_year",
        "year",
    ]  # fmt: skip
    at_least: Exact = 1
    exempt: list[Identifier] = []
    exempt_when: ExemptWhen = "whole"
    whole_spans: bool = False
    until: Until | None = None

    @model_validator(mode="after")
    def _has_such_a_day(self) -> Cadence:
        of_month = self.until is not None and self.until.day_of_last_month is not None
        if self.until and (self.each in ("event", "day") or (of_month and self.each not in MONTHS)):
            raise Unfit("until_of_spans")
        return self


class Keep(Strict):
    """Of each span, or of each value of a column, only the `choose` rows that come to most count.

    `by` takes those that come to least instead, or the first or the last ones; of equal ones the earlier.
    """

    per: Column | Span
    choose: Annotated[int, Field(ge=1)] = 1
    by: Literal["highest", "lowest", "earliest", "latest"] = "highest"


class Streak(Strict):
    """Count the runs of so many spans in a row; `again` counts each further such stretch of a run."""

    of: Literal["fulfilled", "missed"]
    length: Annotated[int, Field(ge=2, le=366)]
    again: bool = False


class Series(Strict):
    """Score each span by itself, `plus` + `times` × its sum within limits, and join the spans that are over.

    Spans inside an exemption are left out; then only the `last` so many, and the `best` so many of those, are joined,
    or all but the `drop` worst ones: 去掉最低的一个月.
    """

    each: Literal["week", "ten_days", "two_weeks", "half_month", "month", "two_months", "quarter", "half_year", "year"]
    plus: Exact = 0
    times: Exact = 1
    rounding: Rounding | None = None
    at_least: Exact | None = None
    at_most: Exact | None = None
    exempt: list[Identifier] = []
    exempt_when: ExemptWhen = "whole"
    last: Annotated[int, Field(ge=1)] | None = None
    best: Annotated[int, Field(ge=1)] | None = None
    drop: Annotated[int, Field(ge=1)] | None = None
    join: Literal["sum", "average", "largest", "smallest"] = "sum"

    @model_validator(mode="after")
    def _chooses_once(self) -> Series:
        if self.best is not None and self.drop is not None:
            raise Unfit("best_or_drop")
        return self


class _Measure(Strict):
    id: Identifier
    labels: Labels
    note: Sentence | None = None
    informative: bool = False  # shown in statements and rolled up, though it takes part in no result here


class Also(Strict):
    """Further rows of a measure, of the same source or another: chosen and weighed by themselves, then under its rules.

    A row that several of them choose counts once, as the first of them says.
    """

    source: Literal["entries", "facts", "reviews"]
    where: Filter = {}
    without: Filter = {}
    take: Literal["amount", "count"] | Table = "amount"
    factors: list[Factor] = []
    voided_by: list[ByFact] = []


class RowMeasure(_Measure):
    """Rows, filtered, weighed, capped and added up.

    The rules apply in one order: window and filter, reversals, factors, voiding, the rows of `also`, bars, `during`,
    rounding, approval, the minimum, the steps, `keep`, `distinct`, the caps from narrow to wide, and last the result,
    the cadence, the deadline, the series, the rolling days or the answers.
    `months` is how many whole months an affiliation lasts within the window.
    """

    source: RowSource
    where: Filter = {}
    without: Filter = {}
    window: Window | None = None
    take: Take = "amount"
    factors: list[Factor] = []
    voided_by: list[ByFact] = []
    also: Annotated[list[Also], Field(max_length=10)] = []
    bars: Annotated[list[Bar], Field(max_length=5)] = []
    during: During | None = None
    steps: SpanSteps | None = None
    keep: Keep | None = None
    distinct: Column | Span | None = None
    distinct_per: Span | None = None  # once in each span of this kind, not once in all
    rounding: SpanRounding | None = None
    qualify: Qualify | None = None
    approval: Approval | None = None
    caps: list[Cap] = []
    result: Literal["sum", "average", "median", "largest", "smallest"] = "sum"
    trim: Annotated[int, Field(ge=1)] | None = None  # so many of the highest and as many of the lowest are left out
    quorum: Annotated[int, Field(ge=1)] | None = None
    cadence: Cadence | None = None
    streak: Streak | None = None
    series: Series | None = None
    rolling: Rolling | None = None
    deadline: Deadline | None = None
    answered: Answered | None = None

    @model_validator(mode="after")
    def _fits_its_source(self) -> RowMeasure:
        by_span = (self.qualify, self.rounding, self.keep, self.steps, *self.caps)
        spans = [rule.per or "day" for rule in by_span if rule] + [self.distinct]
        by_rows = self.ways or self.approval or self.also or self.bars or self.during
        dated = by_rows or self.window or {*spans} - {"event", None}
        if self.source == "members" and (dated or self.voided_by):
            raise Unfit("members_have_no_days")
        if self.source == "affiliations" and (by_rows or self.caps or self.qualify or self.steps):
            raise Unfit("affiliations_last")
        if self.take == "months" and self.source != "affiliations":
            raise Unfit("months_of_affiliations")
        if isinstance(self.take, MemberNumber) and self.source not in ("members", "grades"):
            raise Unfit("numbers_of_members")
        if self.answered and self.source not in ("entries", "facts"):
            raise Unfit("rows_that_are_answered")
        return self

    @property
    def ways(self) -> list[Cadence | Series | Rolling | Deadline | Answered]:
        """Return by what rule the number comes of spans or stretches of days, one by one; one at most."""
        rules = (self.cadence, self.series, self.rolling, self.deadline, self.answered)
        return [rule for rule in rules if rule is not None]

    @property
    def required(self) -> bool:
        """Say whether the measure tells what was `required` and `missed`."""
        return any(rule is not None for rule in (self.cadence, self.deadline, self.answered))

    @property
    def bearing(self) -> list[ByFact]:
        """Return the facts that bear on the rows of the measure, those of `also` apart."""
        rules = [*self.voided_by, *(factor.fact for factor in self.factors if factor.fact)]
        return [*rules, self.answered] if self.answered else rules

    @property
    def sources(self) -> list[RowMeasure]:
        """Return the measure as it reads each of its sources, its own first; all but the choice of rows is the same."""
        more = [{name: getattr(one, name) for name in Also.model_fields} for one in self.also]
        return [self, *(self.model_copy(update={**one, "also": []}) for one in more)]

    @model_validator(mode="after")
    def _goes_together(self) -> RowMeasure:
        if self.ways and (self.result != "sum" or len(self.ways) > 1):
            raise Unfit("cadence_or_series")
        if self.ways and self.window and ((self.window.lifetime and not self.answered) or self.deadline):
            raise Unfit("no_first_day")
        if self.streak and not self.cadence:
            raise Unfit("streak_without_cadence")
        if self.trim and self.result != "average":
            raise Unfit("trim_of_average")
        if self.distinct_per and not self.distinct:
            raise Unfit("per_without_distinct")
        if self.keep and self.distinct:
            raise Unfit("keep_or_distinct")
        return self


class DenominatorMeasure(_Measure):
    """A head-count that the bundle declares, such as eligible_members; unknown if it does not."""

    source: Literal["denominators"]
    name: Identifier


class PresenceMeasure(_Measure):
    """The share of the period's days or months that no exemption of these kinds covers: 9 of 12 months is 3/4."""

    source: Literal["presence"]
    per: Literal["day", "month"]
    exempt: Annotated[list[Identifier], Field(min_length=1)]
    exempt_when: ExemptWhen = "whole"


class BarMeasure(_Measure):
    """Whether the subject is barred on the last known day of the window (1 or 0), on how many days, or how often."""

    source: Literal["bars"]
    bar: Bar
    window: Window | None = None
    result: Literal["at_end", "days", "times"] = "at_end"


Measure = Annotated[RowMeasure | DenominatorMeasure | PresenceMeasure | BarMeasure, Field(discriminator="source")]
