"""The spans of a period one by one: which are exempt, which follow on each other, and what each of them scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, groupby
from typing import Any

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.measure import Series, Streak, Until
from api.domain.rulebook.rows import Part
from api.domain.rulebook.stretch import Deadline, ExemptWhen, FewDays, Rolling, SpanSteps
from api.domain.rulebook.values import Number, Span, bucket, buckets, text, whole

Dated = Sequence[tuple[str, Number]]
"""ISO days, each with what counts on it; a day may stand several times."""

_ONE = timedelta(days=1)


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


def exempt(first: str, after: str, free: list[tuple[str, str]], when: ExemptWhen) -> bool:
    """Say whether a span lies in an exemption: whole, with any of its days, or with so many that few are left."""
    if isinstance(when, FewDays):
        start, end = date.fromisoformat(first), date.fromisoformat(after)
        away = [(date.fromisoformat(max(first, one)), date.fromisoformat(min(after, other))) for one, other in free]
        gone = sum((other - one).days for one, other in away if one < other)
        return gone > 0 and (end - start).days - gone < when.days_left_under
    if when == "any_day":
        return any(start < after and first < end for start, end in free)
    return any(start <= first and after <= end for start, end in free)


def cut(first: str, after: str, span: Span) -> bool:
    """Say whether these half-open days are not the whole of the calendar span that they lie in."""
    name = bucket(first, span)
    before = (date.fromisoformat(first) - _ONE).isoformat()
    return bucket(before, span) == name or bucket(after, span) == name


def in_time(start: str, end: str, each: Span, until: Until) -> dict[str, tuple[str, str]]:
    """Return the spans that meet the half-open days, each cut to those days of it on which rows are in time.

    What of a span lies behind its last day is a span without a day.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, (first, after) in buckets(start, end, each).items():
        begins, ends = date.fromisoformat(first), date.fromisoformat(after)
        while until.days and bucket((begins - _ONE).isoformat(), each) == name:
            begins -= _ONE
        while not until.days and bucket(ends.isoformat(), each) == name:
            ends += _ONE
        last = ends - _ONE
        late = begins + timedelta(days=until.days or 0)
        if until.day_of_last_month:
            late = last.replace(day=min(until.day_of_last_month, last.day)) + _ONE
        found[name] = (first, max(first, min(after, late.isoformat())))
    return found


def events(parts: Sequence[Part]) -> dict[str, tuple[str, str]]:
    """Return the events of parts in the order of their first days, each with the half-open day on which it began."""
    begun: dict[str, tuple[str, str]] = {}
    for part in parts:
        after = date.fromisoformat(part.date) + timedelta(days=1)
        begun.setdefault(part.span("event"), (part.date, after.isoformat()))
    return begun


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
    number = max(0, len(places) - series.drop) if series.drop else series.best
    if number is not None:
        places = sorted(places, key=lambda place: (-scored[place], place))[:number]
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


def points_of(steps: SpanSteps, total: Number) -> Number:
    """Return the points of the highest step that the sum of a span reaches."""
    reached = [step for step in steps.steps if total >= step.reaches]
    return max(reached, key=lambda step: step.reaches).points if reached else steps.below


def rolled(
    rolling: Rolling, dated: Dated, days: tuple[str, str], known: str
) -> tuple[Number, list[dict[str, Any]]] | None:
    """Return what the stretch of days that comes to most or to least comes to, and its row; None while none is known.

    `days` are the half-open days of the window, `known` is the first one not yet known. Where fewer days are known than
    a stretch has, what they come to is the largest so far, and nothing is the smallest.
    """
    first, after, end = (date.fromisoformat(day).toordinal() for day in (*days, known))
    if after <= first:
        return 0, []
    length = min(rolling.days, after - first)
    if end - first < length:
        if rolling.of == "smallest":
            return None
        length = max(0, end - first)
    by_day: list[Number] = [0] * max(0, end - first)
    for day, value in dated:
        if day < known:
            by_day[date.fromisoformat(day).toordinal() - first] += value
    upto: list[Number] = [0, *accumulate(by_day)]
    sums = [upto[n + length] - upto[n] for n in range(len(by_day) - length + 1)]
    best = max(sums) if rolling.of == "largest" else min(sums)
    begins = first + sums.index(best)
    span = f"{date.fromordinal(begins)}/{date.fromordinal(begins + length)}"
    return whole(best), [{"span": span, "sum": text(whole(best)), "state": "counted"}]


def due(deadline: Deadline, dated: Dated, bundle: InputBundle) -> list[dict[str, Any]]:
    """Return a row for each stretch of days after the beginning of an affiliation, as far as it meets the period."""
    start, end = bundle["period"]["start"], bundle["period"]["end"]
    free, through = merged(bundle, deadline.exempt), bundle.get("through", end)
    ends: dict[tuple[str, str], str] = {}
    for row in bundle.get("affiliations") or []:
        after = date.fromordinal(date.fromisoformat(row["start"]).toordinal() + deadline.days).isoformat()
        if row["kind"] in deadline.after and row["start"] < end and after > start:
            span = (row["start"], after)
            ends[span] = max(ends.get(span, ""), row.get("end") or after)
    rows: list[dict[str, Any]] = []
    for (first, after), left in sorted(ends.items()):
        total = whole(sum(value for day, value in dated if first <= day < after))
        if total >= deadline.at_least:
            state = "fulfilled"
        elif left < after or exempt(first, after, free, deadline.exempt_when):
            state = "exempt"
        else:
            state = "missed" if after <= min(through, end) else "open"
        rows.append({"span": f"{first}/{after}", "sum": text(total), "state": state})
    return rows
