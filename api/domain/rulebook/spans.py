"""The spans of a period one by one: which are exempt, which follow on each other, and what each of them scores."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import Any

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.measure import Series, Streak
from api.domain.rulebook.values import Number, buckets, text, whole


def merged(bundle: InputBundle, kinds: list[str]) -> list[tuple[str, str]]:
    """Return the half-open stretches of days that exemptions of these kinds cover, joined where they touch."""
    joined: list[tuple[str, str]] = []
    rows = [(row["start"], row["end"]) for row in bundle.get("exemptions", []) if row["kind"] in kinds]
    for start, end in sorted(rows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def exempt(first: str, after: str, free: list[tuple[str, str]], when: str) -> bool:
    """Say whether a span lies in an exemption, whole or with any of its days."""
    if when == "any_day":
        return any(start < after and first < end for start, end in free)
    return any(start <= first and after <= end for start, end in free)


def streaks(streak: Streak, states: list[str]) -> tuple[int, int]:
    """Return how many runs are long enough, and how long the longest is; spans not required are passed over."""
    required = [state for state in states if state in ("fulfilled", "missed")]
    runs = [len(list(run)) for state, run in groupby(required) if state == streak.of]
    count = sum(run // streak.length if streak.again else run >= streak.length for run in runs)
    return count, max(runs, default=0)


def joined(
    series: Series, sums: dict[str, Number], days: tuple[str, str], bundle: InputBundle
) -> tuple[Number | None, list[dict[str, Any]]]:
    """Return what the spans of a series come to together, None if there is nothing to join, and a row for each span."""
    free = merged(bundle, series.exempt)
    through = bundle.get("through", days[1])
    rows: list[dict[str, Any]] = []
    scored: list[Number] = []
    for name, (first, after) in buckets(*days, series.each).items():
        row: dict[str, Any] = {"span": name, "sum": text(sums.get(name, 0)), "state": "counted"}
        if after > through:
            row["state"] = "open"
        elif exempt(first, after, free, series.exempt_when):
            row["state"] = "exempt"
        else:
            scored.append(_score(series, sums.get(name, 0)))
            row["value"] = text(scored[-1])
        rows.append(row)
    return _join(series, _chosen(series, scored, rows)), rows


def _score(series: Series, total: Number) -> Number:
    value = whole(series.plus + series.times * total)
    if series.rounding is not None:
        value = series.rounding.apply(value)
    if series.at_least is not None:
        value = max(value, series.at_least)
    return value if series.at_most is None else min(value, series.at_most)


def _chosen(series: Series, scored: list[Number], rows: list[dict[str, Any]]) -> list[Number]:
    """Return the values that are joined; the rows of the others say that they are left out."""
    places = list(range(len(scored)))[-series.last if series.last else 0 :]
    if series.best:
        places = sorted(places, key=lambda place: (-scored[place], place))[: series.best]
    counted = [row for row in rows if row["state"] == "counted"]
    for place, row in enumerate(counted):
        if place not in places:
            row["state"] = "left_out"
    return [scored[place] for place in places]


def _join(series: Series, values: list[Number]) -> Number | None:
    if series.join == "sum":
        return whole(sum(values))
    if not values:
        return None
    if series.join == "average":
        return whole(Fraction(sum(values)) / len(values))
    return max(values) if series.join == "largest" else min(values)
