"""Numbers and days as the format's description says them, one day and one digit at a time."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

Row = dict[str, Any]

SPANS = (
    "event", "day", "week", "ten_days", "two_weeks", "half_month", "month", "two_months", "quarter", "half_year",
    "year", "period",
)  # fmt: skip


def number(written: Any) -> Fraction:
    """Read 7, "1.4", "1/3" or "95%"."""
    if isinstance(written, int | Fraction):
        return Fraction(written)
    if written.endswith("%"):
        return Fraction(written[:-1]) / 100
    return Fraction(written)


def written(value: Fraction | None) -> str | None:
    """Write digits where they end, else p/q."""
    if value is None:
        return None
    for places in range(61):
        shifted = value * 10**places
        if shifted.denominator == 1:
            digits = f"{abs(shifted.numerator):0{places + 1}d}"
            sign = "-" if value < 0 else ""
            return sign + (digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}")
    return f"{value.numerator}/{value.denominator}"


def rounded(value: Fraction, rule: Row) -> Fraction:
    """Round to a multiple of the quantum by looking at both neighbours."""
    quantum = number(rule["quantum"])
    below = value // quantum * quantum
    if below == value:
        return value
    above = below + quantum
    if rule["mode"] in ("down", "up"):
        return below if rule["mode"] == "down" else above
    if value - below != above - value:
        return below if value - below < above - value else above
    if rule["mode"] == "half_up":
        return above
    return below if (below / quantum).numerator % 2 == 0 else above


@cache
def day(text: str) -> date:
    """Read an ISO date."""
    year, month, number_of_day = re.fullmatch(r"(\d+)-(\d+)-(\d+)", text).groups()
    return date(int(year), int(month), int(number_of_day))


def span(on: date, kind: str) -> tuple[Any, ...]:
    """Say in which calendar span of a kind a day lies."""
    if kind == "day":
        return on.year, on.month, on.day
    if kind == "week":
        monday = on - timedelta(days=on.weekday())
        return monday.year, monday.month, monday.day
    if kind == "two_weeks":
        monday = on - timedelta(days=on.weekday())
        early = (monday - date(2024, 1, 1)).days // 7 % 2 == 0
        return ("two weeks", monday if early else monday - timedelta(days=7))
    if kind == "ten_days":
        return on.year, on.month, "early" if on.day <= 10 else "late" if on.day > 20 else "middle"
    if kind == "half_month":
        return on.year, on.month, on.day > 15
    if kind == "period":
        return ("all",)
    months = {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}[kind]
    return on.year, (on.month - 1) // months


def days_between(first: date, after: date) -> list[date]:
    """List every day of a half-open stretch."""
    return [first + timedelta(days=n) for n in range((after - first).days)]


def limits(window: Row | None, start: date, end: date) -> tuple[date, date]:
    """Return the half-open days that a window means: month-days are looked for inside the period."""
    if not window:
        return start, end
    first, after = start, end
    inside = [*days_between(start, end), end] if "since" in window or "before" in window else []
    if "since" in window:
        first = _found(window["since"], start, end, inside)
    if "before" in window:
        after = _found(window["before"], start, end, inside)
    if "lastDays" in window:
        first = after - timedelta(days=window["lastDays"])
    if "lastMonths" in window:
        first = months_earlier(after, window["lastMonths"])
    back = window.get("yearsBack", 0)
    if back:
        first = first.replace(year=first.year - back)
    return date.min if window.get("lifetime") else first, after


def _found(month_day: str, start: date, end: date, among: list[date]) -> date:
    """Find the first such day among these; the period's end where it has none."""
    hits = [each for each in among if f"{each.month:02d}-{each.day:02d}" == month_day]
    return hits[0] if hits else end


def months_earlier(on: date, months: int) -> date:
    """Go back to the first of each month before, then to the day, or the last one that the month has."""
    first = on.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=on.day - 1), after - timedelta(days=1))


def months_later(on: date, months: int) -> date:
    """Go on to the first of each month after, then to the day, or the last one that the month has."""
    first = on.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=31)).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=on.day - 1), after - timedelta(days=1))
