"""Between which values each number of a rulebook can lie, whatever the bundle says; for lint, not for judging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor, inf

from api.domain.rulebook.figures import Figure
from api.domain.rulebook.filters import Table, Window
from api.domain.rulebook.measure import BarMeasure, DenominatorMeasure, Measure, PresenceMeasure, RowMeasure, Series
from api.domain.rulebook.references import references, stages
from api.domain.rulebook.schema import (
    Award,
    Best,
    Cases,
    Constant,
    Deduct,
    Lookup,
    Product,
    Rate,
    Ratio,
    Rulebook,
    Score,
    Sum,
    Tally,
    Weighted,
)
from api.domain.rulebook.stretch import WIDTHS, Cap, SpanSteps
from api.domain.rulebook.values import MONTHS, SPANS, WITHIN, Number, Rounding, Span

Bound = Number | float
Range = tuple[Bound, Bound]
"""Lowest and highest value; only the infinities are floats, because no exact number stands for them."""

FREE: Range = (-inf, inf)
_SPENT = frozenset({"points", "fen"})  # units of which entries are taken away again: redeemed, paid back
_FEWEST: dict[Span, int] = {
    "day": 1, "week": 7, "ten_days": 8, "two_weeks": 14, "half_month": 13,
    **{span: 28 * months for span, months in MONTHS.items()},
}  # fmt: skip
"""The fewest days of a calendar span: ten days of a month are eight in February."""


def spans_in(period: Span, span: Span) -> Bound:
    """Return how many spans of a kind a period of this length can meet at most."""
    if span == "period":
        return 1
    if span == "event":
        return inf
    days = WIDTHS[period]
    if span == "day":
        return days
    if span in ("week", "two_weeks"):
        return ceil(Fraction(days, _FEWEST[span])) + 1
    if span in ("ten_days", "half_month"):
        return MONTHS[period] * (3 if span == "ten_days" else 2)
    return max(1, ceil(Fraction(MONTHS[period], MONTHS[span])))


def spans_of(window: Window | None, period: Span, span: Span) -> Bound:
    """Return how many spans of a kind a window of such a period can meet at most; it may begin years before."""
    if window is None or not window.earlier or span in ("event", "period"):
        return spans_in(period, span)
    if window.lifetime:
        return inf
    if window.years_back:
        return spans_in(period, span) + window.years_back * spans_in("year", span)
    if window.last_months and span in MONTHS:
        return ceil(Fraction(window.last_months, MONTHS[span])) + 1
    days = window.last_days or 31 * (window.last_months or 0)
    return days if span == "day" else ceil(Fraction(days, _FEWEST[span])) + 1


def times_of(cap: Cap, window: Window | None, period: Span) -> Bound:
    """Return how often a cap can be filled at most in a window of such a period."""
    if cap.by is not None:
        return inf
    if cap.per is not None:
        return spans_of(window, period, cap.per)
    days, months = spans_of(window, period, "day"), spans_of(window, period, "month")
    whole, part = (days, cap.days) if cap.days else (months, cap.months or 1)
    return inf if whole == inf else ceil(Fraction(whole) / part)


def ranges(rulebook: Rulebook) -> dict[str, Range]:
    """Return the range of each number."""
    found: dict[str, Range] = {}
    for measure in rulebook.measures:
        found[measure.id] = _of_measure(measure, rulebook.period)
        if isinstance(measure, RowMeasure) and measure.required:
            found[f"{measure.id}.required"] = found[f"{measure.id}.missed"] = found[measure.id]
        if isinstance(measure, RowMeasure) and measure.streak:
            found[f"{measure.id}.streaks"] = found[f"{measure.id}.longest"] = found[measure.id]
    found |= {figure.id: _of_figure(figure, found.get(figure.of, FREE)) for figure in rulebook.figures}
    for _, scores in stages(rulebook):
        for score in scores:
            low, high = _of_score(score, found)
            if score.rounding:
                low, high = _to_grain(score.rounding, low, high)
            if score.at_least is not None:
                low, high = max(low, score.at_least), max(high, score.at_least)
            if score.at_most is not None:
                low, high = min(low, score.at_most), min(high, score.at_most)
            found[score.id] = low, high
    return found


def _of_figure(figure: Figure, of: Range) -> Range:
    if figure.take in ("best", "least", "mean", "median"):
        return of
    if figure.take == "sum":
        return (0 if of[0] >= 0 else -inf), inf
    return {"size": (0, inf), "rank": (1, inf)}.get(figure.take, (0, 1))


def _of_measure(measure: Measure, period: Span) -> Range:
    if isinstance(measure, DenominatorMeasure):
        return 0, inf
    if isinstance(measure, PresenceMeasure):
        return 0, 1
    if isinstance(measure, BarMeasure):
        return 0, {"at_end": 1, "times": inf, "days": spans_of(measure.window, period, "day")}[measure.result]
    if measure.cadence:
        return 0, spans_of(measure.window, period, measure.cadence.each)
    if measure.deadline or measure.answered:
        return 0, inf
    low = least_of_rows(measure)
    high: Bound = inf
    if measure.steps:
        times = inf if measure.steps.by else spans_of(measure.window, period, measure.steps.per)
        low, high = _of_steps(measure.steps, times)
    if measure.result != "sum":
        return low, inf
    if measure.series:
        return _of_series(measure.series, (low, high), spans_of(measure.window, period, measure.series.each))
    if not measure.distinct_per and measure.distinct in _FEWEST:
        high = spans_of(measure.window, period, measure.distinct)
    high = min([high, *(_most(cap, times_of(cap, measure.window, period)) for cap in measure.caps)])
    if measure.rolling and measure.distinct == "day" and not measure.distinct_per:
        high = min(high, measure.rolling.days)
    return low, high


def least_of_rows(measure: RowMeasure) -> Bound:
    """Return the least that the rows of a measure can come to, its steps apart: nought, or there is no such number."""
    return min(_lowest(one) for one in measure.sources)


def _lowest(measure: RowMeasure) -> Bound:
    """Return the least that a row of one source can count."""
    if any(value < 0 for factor in measure.factors for value in factor.table.values.values()):
        return -inf
    if isinstance(measure.take, Table) and measure.result == "sum":
        return -inf if min([*measure.take.values.values(), measure.take.otherwise or 0]) < 0 else 0
    spent = measure.source == "entries" and measure.take == "amount" and bool(_SPENT & {*measure.where.get("unit", ())})
    return -inf if spent or measure.source == "reviews" or not isinstance(measure.take, str) else 0


def _of_steps(steps: SpanSteps, times: Bound) -> Range:
    points = [0, steps.below, *(step.points for step in steps.steps)]
    low, high = min(points), max(points)
    return low and low * times, high and high * times  # no points stay none, however many spans there are


def _of_series(series: Series, sums: Range, spans: Bound) -> Range:
    low, high = (series.plus + end for end in _times(sums, series.times))
    if series.rounding:
        low, high = _to_grain(series.rounding, low, high)
    if series.at_least is not None:
        low, high = max(low, series.at_least), max(high, series.at_least)
    if series.at_most is not None:
        low, high = min(low, series.at_most), min(high, series.at_most)
    if series.join != "sum":
        return low, high
    chosen = [number for number in (series.last, series.best) if number is not None]
    spans = max(0, spans - (series.drop or 0))
    times = min([spans, *chosen])  # a span may be exempt, or not over yet
    return min(0, low * times), max(0, high * times)


def _to_grain(rounding: Rounding, low: Bound, high: Bound) -> Range:
    if low != -inf:
        low = floor(Fraction(low) / rounding.quantum) * rounding.quantum
    if high != inf:
        high = ceil(Fraction(high) / rounding.quantum) * rounding.quantum
    return low, high


def most_of_a_span(measure: RowMeasure, each: Span) -> Bound:
    """Return the most that one span of a kind can come to under the caps of spans within it, and counting once."""
    most: Bound = inf
    if measure.distinct in SPANS and not measure.distinct_per:
        most = _times_in(each, measure.distinct)
    for cap in measure.caps:
        times = inf if cap.by else _times_in(each, cap.per) if cap.per else _stretches_in(each, cap)
        most = min(most, inf if times == inf else cap.at_most * times)
    return most


def _times_in(each: Span, span: Span) -> Bound:
    """Return how many spans of one kind meet one of another kind at most; a wider one is at most met whole."""
    if "event" in (each, span):
        return inf
    if span in WITHIN[each]:
        return 1
    if each in MONTHS and each in WITHIN[span]:
        return spans_in(each, span)
    return ceil(Fraction(WIDTHS[each], _FEWEST[span])) + (each not in WITHIN[span])


def _stretches_in(each: Span, cap: Cap) -> Bound:
    """Return how many stretches of a cap one span of a kind can meet at most; a longer one is at most met whole."""
    if each in ("event", "period"):
        return inf
    return max(1, ceil(Fraction(WIDTHS[each], cap.width[0])))


def _most(cap: Cap, times: Bound) -> Bound:
    return inf if times == inf else cap.at_most * times


def _of_score(score: Score, known: Mapping[str, Range]) -> Range:
    if isinstance(score, Constant):
        return score.points, score.points
    if isinstance(score, Award):
        return _hull([(score.points, score.points), (score.otherwise, score.otherwise)])
    if isinstance(score, Lookup):
        return _hull([(points, points) for points in [score.below, *(step.points for step in score.steps)]])
    if isinstance(score, Tally):
        return 0, len(score.of)
    if isinstance(score, Cases):
        return _hull([known[name] for name in [*(case.take for case in score.cases), score.otherwise]])
    if isinstance(score, Rate):
        return _times(known[score.of], Fraction(score.points) / score.per)
    if isinstance(score, Deduct):
        low, high = _times(known[score.of], -score.each)
        return score.full + low, score.full + high
    return _of_several(score, [known[name] for _, name in references(score)])


def _of_several(score: Sum | Weighted | Product | Ratio | Best, read: list[Range]) -> Range:
    if isinstance(score, Sum):
        taken = [_times(range_, -1) for range_ in read[len(score.of) :]]
        return _added([*read[: len(score.of)], *taken])
    if isinstance(score, Weighted):
        return _added(_times(range_, part.weight) for range_, part in zip(read, score.parts, strict=True))
    if isinstance(score, Best):
        low = sum(sorted((low for low, _ in read), reverse=not score.lowest)[: score.choose])
        return low, sum(sorted((high for _, high in read), reverse=not score.lowest)[: score.choose])
    if any(low < 0 for low, _ in read):
        return FREE
    if isinstance(score, Ratio):
        return min(0, score.when_empty or 0), inf
    low: Bound = 1
    high: Bound = 1
    for one_low, one_high in read:
        low, high = low * one_low, 0 if 0 in (high, one_high) else high * one_high
    return low, high


def _times(range_: Range, by: Number) -> Range:
    ends = [0 if by == 0 else end * by if abs(end) != inf else end * (1 if by > 0 else -1) for end in range_]
    return min(ends), max(ends)


def _added(read: Iterable[Range]) -> Range:
    low: Bound = 0
    high: Bound = 0
    for one_low, one_high in read:
        low, high = low + one_low, high + one_high
    return low, high


def _hull(read: list[Range]) -> Range:
    return min(low for low, _ in read), max(high for _, high in read)
