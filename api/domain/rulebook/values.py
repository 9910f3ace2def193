"""Exact numbers, words and dates as a rulebook writes them; nothing here ever becomes a float."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from api.domain.rulebook.unfit import Unfit

Number = int | Fraction
"""An exact amount: an int while it can be, a Fraction where a rule divides."""

Span = Literal[
    "event", "day", "week", "ten_days", "two_weeks", "half_month", "month", "two_months", "quarter", "half_year",
    "year", "period",
]  # fmt: skip
"""What a cap, a cadence or a rounding counts by, from narrow to wide.

`ten_days` (旬) end on the 10th, the 20th and with the month, `half_month` on the 15th and with it. `two_weeks` are 14
days from a Monday on, one after the other since 1 January 2024, so that no year cuts them off.
"""

SPANS: tuple[Span, ...] = get_args(Span)

MONTHS: dict[Span, int] = {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}
"""How many months a span consists of."""

_MONTHS_AND_MORE = frozenset[Span]({"month", "two_months", "quarter", "half_year", "year", "period"})
WITHIN: dict[Span, frozenset[str]] = {
    "event": frozenset(SPANS),  # an occasion of one day
    "day": frozenset(SPANS) - {"event"},
    "week": frozenset({"week", "two_weeks", "period"}),
    "ten_days": _MONTHS_AND_MORE | {"ten_days"},
    "two_weeks": frozenset({"two_weeks", "period"}),
    "half_month": _MONTHS_AND_MORE | {"half_month"},
    "month": _MONTHS_AND_MORE,
    "two_months": frozenset({"two_months", "half_year", "year", "period"}),
    "quarter": frozenset({"quarter", "half_year", "year", "period"}),
    "half_year": frozenset({"half_year", "year", "period"}),
    "year": frozenset({"year", "period"}),
    "period": frozenset({"period"}),
}
"""The spans of which each lies in one alone, whichever day it is of."""

_EXACT = r"^-?\d{1,15}(\.\d{1,12})?%?$|^-?\d{1,15}/\d{1,15}$"


def exact(value: Any) -> Number:
    """Read an exact number: an int, "1.4", "1/3" or "95%"; a binary float is refused because it is not exact."""
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        raise Unfit("not_exact")
    if isinstance(value, str):
        if not re.match(_EXACT, value) or not value.isascii():
            raise Unfit("not_exact")
        percent = value.endswith("%")
        try:
            value = Fraction(value.rstrip("%")) / (100 if percent else 1)
        except ZeroDivisionError:
            raise Unfit("over_nothing") from None
    return whole(value)


def whole(value: Number) -> Number:
    """Return the int where the value is whole, else the Fraction itself."""
    return value.numerator if value.denominator == 1 else value


def text(value: Number) -> str:
    """Write an exact number: digits with a point where that ends, "p/q" where it would not."""
    if isinstance(value, int) or value.denominator == 1:
        return str(value)
    rest, places = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def bucket(day: str, span: Span) -> str:
    """Return the name of the calendar span that an ISO date lies in: 2026-03-05 is in 2026-03, 2026-Q1, 2026-H1."""
    if span == "day":
        return day
    if span == "month":
        return day[:7]
    if span == "two_months":
        return f"{day[:4]}-B{(int(day[5:7]) + 1) // 2}"
    if span == "quarter":
        return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"
    if span == "half_year":
        return f"{day[:4]}-H{1 if day[5:7] <= '06' else 2}"
    if span == "year":
        return day[:4]
    if span == "week":
        year, week, _ = date.fromisoformat(day).isocalendar()
        return f"{year}-W{week:02d}"
    if span in ("ten_days", "half_month"):
        length, parts, letter = (10, 3, "D") if span == "ten_days" else (15, 2, "F")
        return f"{day[:7]}-{letter}{min(parts, (int(day[8:]) + length - 1) // length)}"
    if span == "two_weeks":
        return _two_weeks(date.fromisoformat(day))
    return "period"


_A_MONDAY = date(2024, 1, 1).toordinal()


def _two_weeks(day: date) -> str:
    """Return the ISO weeks that a day's two weeks are of: 2026-W53+01."""
    first = date.fromordinal(day.toordinal() - (day.toordinal() - _A_MONDAY) % 14)
    year, week, _ = first.isocalendar()
    return f"{year}-W{week:02d}+{(first + timedelta(days=7)).isocalendar().week:02d}"


@lru_cache(maxsize=512)
def buckets(start: str, end: str, span: Span) -> dict[str, tuple[str, str]]:
    """Return the spans that meet the half-open period, in order, each with its own half-open part of the period."""
    found: dict[str, list[str]] = {}
    day, last = date.fromisoformat(start), date.fromisoformat(end)
    while day < last:
        written = day.isoformat()
        found.setdefault(bucket(written, span), [written, ""])
        day += timedelta(days=1)
        found[bucket(written, span)][1] = day.isoformat()
    return {name: (first, after) for name, (first, after) in found.items()}


class Strict(BaseModel):
    """A part of a rulebook: unknown members are refused, names in JSON are camelCase, and it cannot be changed."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, populate_by_name=False
    )


Exact = Annotated[
    Number,
    BeforeValidator(exact),
    PlainSerializer(text, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _EXACT}]}),
]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Column = Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9]{0,40}$")]
Reference = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}(\.(required|missed|streaks|longest))?$")]
Sentence = Annotated[str, Field(min_length=1, max_length=2000)]


def _day(value: Any) -> Any:
    if isinstance(value, str):
        date.fromisoformat(value)
    return value


Day = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}-\d{2}$"),
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class Labels(Strict):
    """Words for people, in both languages."""

    zh: Sentence
    en: Sentence

    def both(self) -> dict[str, str]:
        """Return the words as a JSON object."""
        return {"zh": self.zh, "en": self.en}


class Rule(Strict):
    """Anything that has a name in a rulebook."""

    id: Identifier
    labels: Labels
    note: Sentence | None = None


class Rounding(Strict):
    """Round to a multiple of `quantum`: half_up takes 3.5 to 4, half_even to the even one, down and up to a side."""

    quantum: Annotated[Exact, Field(gt=0)]
    mode: Literal["half_up", "half_even", "down", "up"]

    def apply(self, value: Number) -> Number:
        """Return the rounded value, exactly."""
        steps = Fraction(value) / self.quantum
        if self.mode == "half_up":
            count = floor(steps + Fraction(1, 2))
        elif self.mode == "half_even":
            count = round(steps)
        else:
            count = floor(steps) if self.mode == "down" else ceil(steps)
        return whole(count * self.quantum)
