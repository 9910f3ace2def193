"""Which rows of the bundle a rule looks at, on which days, and how much each of them is worth."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Column, Exact, Identifier, Strict

RowSource = Literal["entries", "facts", "reviews", "members", "affiliations", "grades"]
Filter = dict[Column, Annotated[list[str], Field(min_length=1)]]


def _in_every_year(value: Any) -> Any:
    if isinstance(value, str):
        date.fromisoformat(f"2001-{value}")
    return value


MonthDay = Annotated[
    str, Field(pattern=r"^\d{2}-\d{2}$"), BeforeValidator(_in_every_year), WithJsonSchema({"type": "string"})
]


class Window(Strict):
    """Which days count: month-days are found inside the period; `before` is exclusive (by 30 June: before 07-01).

    `lastDays` and `lastMonths` count back from the end, also to before the period.
    """

    since: MonthDay | None = None
    before: MonthDay | None = None
    years_back: Annotated[int, Field(ge=0, le=50)] = 0
    lifetime: bool = False
    last_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    last_months: Annotated[int, Field(ge=1, le=120)] | None = None

    @property
    def earlier(self) -> bool:
        """Say whether days before the period may count."""
        return self.lifetime or bool(self.years_back or self.last_days or self.last_months)

    @model_validator(mode="after")
    def _begins_once(self) -> Window:
        counted_back = [self.last_days, self.last_months]
        if any(counted_back) and (all(counted_back) or self.since or self.years_back or self.lifetime):
            raise Unfit("begins_once")
        return self


class Table(Strict):
    """A number for each value of a column; a value that is not listed gets `otherwise`, or is unknown without it."""

    column: Column
    values: Annotated[dict[str, Exact], Field(min_length=1)]
    otherwise: Exact | None = None


class MemberNumber(Strict):
    """A number out of each member's own judgement, or out of the subject's earlier ones."""

    number: Identifier


def _take(value: Any) -> str:
    if isinstance(value, Table) or (isinstance(value, dict) and "number" not in value):
        return "table"
    return "word" if isinstance(value, str) else "number"


Take = Annotated[
    Annotated[Literal["amount", "count", "months"], Tag("word")]
    | Annotated[Table, Tag("table")]
    | Annotated[MemberNumber, Tag("number")],
    Discriminator(_take),
]


class ByFact(Strict):
    """Facts that bear on rows with the same activity (or the same key in `match`): a finding, a conduct."""

    where: Filter
    match: Column = "activity"


class Factor(Strict):
    """Multiply by a table's value, read from the row or, with `fact`, from the fact that bears on it."""

    table: Table
    fact: ByFact | None = None
