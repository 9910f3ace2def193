"""What a measure looks at in a bundle: each source with its filter, its columns, its days, and whether before them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from api.domain.rulebook.filters import Filter, RowSource, Table, Window
from api.domain.rulebook.measure import BarMeasure, Measure, RowMeasure
from api.domain.rulebook.stretch import Bar
from api.domain.rulebook.values import SPANS, WITHIN


class Look(NamedTuple):
    """Rows of one source that a measure looks at; `date` is the widest span whose days it does not tell apart.

    `back` says that rows before the period are looked at too.
    """

    source: RowSource
    where: Filter
    without: Filter
    columns: frozenset[str]
    date: str
    back: bool


def looks(measure: Measure) -> list[Look]:
    """Return all that a measure looks at, its own rows first; nothing for a head-count or a presence."""
    if isinstance(measure, BarMeasure):
        return list(_of_bar(measure.bar))
    return list(_of_rows(measure)) if isinstance(measure, RowMeasure) else []


def _of_rows(measure: RowMeasure) -> Iterator[Look]:
    for one in measure.sources:
        yield Look(one.source, one.where, one.without, frozenset(columns(one)), _date(one), earlier(one))
    for one in measure.sources:
        for rule in one.bearing:
            told = frozenset({*rule.where, rule.match, "value"})
            yield Look("facts", rule.where, {}, told, "day", one.answered is not None)
        for factor in one.factors:
            if factor.fact:
                told = frozenset({factor.table.column})
                yield Look("facts", factor.fact.where, {}, told, "day", False)
    if measure.approval:
        told = frozenset({"kind", "value", "activity"})
        yield Look("facts", {"kind": [measure.approval.kind]}, {}, told, "day", False)
    if measure.deadline:
        yield Look("affiliations", {"kind": measure.deadline.after}, {}, frozenset({"kind"}), "day", True)
    for bar in measure.bars:
        yield from _of_bar(bar)
    if measure.during and measure.during.affiliations:
        yield Look(
            "affiliations", {"kind": measure.during.affiliations}, {}, frozenset({"kind"}), "day", earlier(measure)
        )
    if measure.during and measure.during.since is not None:
        since = measure.during.since
        yield Look("facts", since, {}, frozenset(since), "day", True)


def _of_bar(bar: Bar) -> Iterator[Look]:
    yield Look("facts", bar.strikes, {}, frozenset(bar.strikes), "day", True)
    if bar.until:
        yield Look(bar.until.source, bar.until.where, {}, frozenset(bar.until.where), "day", True)


def earlier(measure: RowMeasure) -> bool:
    """Say whether a measure looks at rows before its period."""
    back = measure.deadline is not None or measure.answered is not None
    return back or (measure.window is not None and measure.window.earlier)


def columns(measure: RowMeasure) -> set[str]:
    """Return the columns of a row that the measure looks at, its date apart."""
    needed = {*measure.where, *measure.without}
    if isinstance(measure.take, Table):
        needed.add(measure.take.column)
    for factor in measure.factors:
        needed.add(factor.fact.match if factor.fact else factor.table.column)
    needed |= {rule.match for rule in measure.bearing}
    needed |= {rule.by for rule in (measure.qualify, measure.steps, *measure.caps) if rule and rule.by}
    if measure.distinct and measure.distinct not in SPANS:
        needed.add(measure.distinct)
    per_event = [measure.rounding, measure.qualify, measure.approval, measure.steps, measure.keep, *measure.caps]
    once = "event" in (measure.distinct, measure.distinct_per)
    by_event = once or (measure.cadence is not None and measure.cadence.each == "event")
    if by_event or any(rule is not None and rule.per == "event" for rule in per_event):
        needed.add("activity")
    if measure.keep and measure.keep.per not in SPANS:
        needed.add(measure.keep.per)
    if measure.result != "sum" or measure.keep or measure.answered:
        needed.add("key")
    return needed


def _date(measure: RowMeasure) -> str:
    by_span = [measure.rounding, measure.qualify, measure.approval, measure.steps, *measure.caps]
    spans = [rule.per or "day" for rule in by_span if rule]
    spans += [rule.each for rule in (measure.cadence, measure.series) if rule]
    spans += [each for each in (measure.distinct, measure.distinct_per) if each in SPANS]
    window = measure.window or Window()
    cut = window.since or window.before or window.last_days or window.last_months
    by_day = measure.cadence is not None and (measure.cadence.each == "event" or measure.cadence.until)
    in_order = measure.rolling or measure.deadline or measure.answered or measure.bars or measure.during or by_day
    if measure.distinct or in_order or cut:
        spans.append("day")
    wide = "period"
    for span in spans:
        wide = finer(wide, span)
    return wide


def finer(one: str, other: str) -> str:
    """Return the widest span that lies within both; an event says nothing about days."""
    pair = {one, other} - {"event"}
    return next(span for span in reversed(SPANS) if pair <= WITHIN[span])
