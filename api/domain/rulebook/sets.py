"""Sums over the entries of many subjects at once, as arrays, equal to what the engine reads of each one's bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.domain.rulebook.compiled import Step, Sums
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.postings import Flags, Postings, Whole
from api.domain.rulebook.rows import limits, matches
from api.domain.rulebook.values import Span, bucket, buckets

_EXACT = 2**53  # up to here sums in doubles, which is what numpy's bincount makes, are exact
_CELLS = 1 << 23


class TooLarge(ValueError):
    """The amounts are so large that their sums might not be exact; each subject is judged alone then."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A measure of each subject; `odd` are those whom only their own bundle can tell of.

    `required` is the number of spans of a cadence, the same for all; None without one.
    """

    value: Whole
    odd: Flags
    required: int | None


@dataclass(slots=True)
class _Groups:
    """Sums on their way from narrow spans to wide ones: whose, on which day, of which occasion, and how much."""

    subject: NDArray[Any]
    day: NDArray[Any]
    occasion: NDArray[Any] | None
    value: NDArray[Any]
    count: NDArray[Any] | None


def summed(sums: Sums, postings: Postings, period: tuple[str, str]) -> Totals:
    """Return the measure of each subject in a half-open period of ISO dates; raises TooLarge.

    Odd is who has rows of which the rule cannot say whether they count, an occasion of several days where days matter,
    or amounts below nought where the engine looks at single rows.
    """
    measure = sums.measure
    since, before = limits(measure.window, *period)
    groups, odd = _chosen(measure, postings, _ordinal(since), _ordinal(before))
    highest = max(int(groups.value.max(initial=0)), -int(groups.value.min(initial=0)))
    if highest * len(groups.value) >= _EXACT:
        raise TooLarge
    if groups.count is not None:
        odd[groups.subject[np.sign(groups.value) * np.sign(groups.count) < 0]] = True
    if measure.distinct and postings.wide is not None:
        odd |= postings.wide
    steps = sums.steps if postings.wide is None or sums.months is None else sums.months
    spans: list[Span] = list(dict.fromkeys(step.per for step in steps))
    dated = any(span not in ("event", "period") for span in spans)
    if spans[:1] == ["event"] and not dated and _fits_a_table(groups, postings):
        groups = _by_table(groups, postings, [step for step in steps if step.per == "event"])
        spans = spans[1:]
    for span in spans:
        if span == "event":
            groups = _by_occasion(groups, postings, odd, dated)
        else:
            groups = _by_span(groups, span, postings.subjects)
        for step in (step for step in steps if step.per == span):
            _apply(step, groups, odd)
    value = _added(groups.subject, groups.value, postings.subjects)
    each = measure.cadence.each if measure.cadence else None
    return Totals(value, odd, None if each is None else len(buckets(since, before, each)))


def _chosen(measure: RowMeasure, postings: Postings, since: int, before: int) -> tuple[_Groups, Flags]:
    odd = np.zeros(postings.subjects, np.bool_)
    answers = [matches(dict(row), measure.where, measure.without) for row in postings.columns]
    keep = (postings.day >= since) & (postings.day < before)
    if not all(answers):
        passes = np.array([answer is True for answer in answers], np.bool_)
        unsure = np.array([answer is None for answer in answers], np.bool_)
        if unsure.any():
            odd[postings.subject[keep & unsure[postings.code]]] = True
        keep &= passes[postings.code]
    amount = postings.count.astype(np.int64) if measure.take == "count" else postings.amount
    columns: list[NDArray[Any]] = [postings.subject, postings.day, postings.occasion, amount, postings.count]
    if not keep.all():
        columns = [column[keep] if len(column) else column for column in columns]
    subject, day, occasion, value, count = columns
    return _Groups(subject, day, occasion, value, count if measure.distinct else None), odd


def _fits_a_table(groups: _Groups, postings: Postings) -> bool:
    """Say whether nothing is asked of single occasions but their sums, and a table of them all is not too empty."""
    occasion = groups.occasion
    if groups.count is not None or occasion is None or not len(occasion) or occasion.min() < 0:
        return False
    return postings.subjects * postings.named <= 16 * len(occasion) + _CELLS


def _by_table(groups: _Groups, postings: Postings, steps: Sequence[Step]) -> _Groups:
    """Sum occasions in a table of subjects by occasions, take the steps on it, and sum what each subject has then.

    It is `_by_occasion` for the most usual rules, in a third of the time: of a cell that is nought each step makes
    nought.
    """
    named, found = postings.named, []
    assert groups.occasion is not None  # noqa: S101 - see _fits_a_table
    at_once = max(1, _CELLS // named)
    for first in range(0, postings.subjects, at_once):
        subject, occasion, value = groups.subject, groups.occasion, groups.value
        if at_once < postings.subjects:
            which = (subject >= first) & (subject < first + at_once)
            subject, occasion, value = subject[which], occasion[which], value[which]
        key = subject.astype(np.int64)
        key -= first
        key *= named
        key += occasion
        size = min(at_once, postings.subjects - first) * named
        table = _Groups(key, key, None, np.bincount(key, weights=value, minlength=size), None)
        for step in steps:
            _apply(step, table, np.zeros(0, np.bool_))
        found.append(table.value.reshape(-1, named).sum(axis=1))
    everybody = np.arange(postings.subjects)
    return _Groups(everybody, np.zeros(len(everybody), np.int32), None, np.concatenate(found), None)


def _by_occasion(groups: _Groups, postings: Postings, odd: Flags, dated: bool) -> _Groups:
    """Sum each subject's occasions; where spans of days follow (`dated`), odd is who has one of several days."""
    occasion = groups.occasion
    assert occasion is not None  # noqa: S101 - occasions are summed before anything else
    single = occasion < 0
    if not single.any():
        return _named(groups, occasion, postings, odd, dated)
    alone = _alone(_some(groups, single), odd, occasion[single])
    return _joined([alone, _named(_some(groups, ~single), occasion[~single], postings, odd, dated)])


def _alone(groups: _Groups, odd: Flags, name: NDArray[Any]) -> _Groups:
    """Sum what has the same name, on the day of the first of them; odd is who has several days under one name."""
    _, first, place = np.unique(name, return_index=True, return_inverse=True)
    odd[groups.subject[groups.day[first][place] != groups.day]] = True
    value = _added(place, groups.value, len(first))
    count = None if groups.count is None else _added(place, groups.count, len(first))
    return _Groups(groups.subject[first], groups.day[first], None, value, count)


def _named(groups: _Groups, occasion: NDArray[Any], postings: Postings, odd: Flags, dated: bool) -> _Groups:
    on = np.zeros(postings.named, np.int32)
    if dated:
        on[occasion] = groups.day
        lasting = np.zeros(postings.named, np.bool_)
        lasting[occasion[on[occasion] != groups.day]] = True
        if lasting.any():  # an occasion of several days has for each subject the days that they were there
            apart = lasting[occasion]
            name = groups.subject.astype(np.int64) * postings.named + occasion
            lasted = _alone(_some(groups, apart), odd, name[apart])
            return _joined([lasted, _named(_some(groups, ~apart), occasion[~apart], postings, odd, dated)])
    subject, place, value, count = _cells(groups, occasion, postings.named, postings.subjects)
    return _Groups(subject, on[place], None, value, count)


def _by_span(groups: _Groups, span: Span, subjects: int) -> _Groups:
    if not len(groups.value):
        return groups
    if span == "period":
        count = None if groups.count is None else _added(groups.subject, groups.count, subjects)
        value = _added(groups.subject, groups.value, subjects)
        return _Groups(np.arange(subjects), np.zeros(subjects, np.int32), None, value, count)
    first = int(groups.day.min())
    places, days = _calendar(first, int(groups.day.max()), span)
    subject, place, value, count = _cells(groups, places[groups.day - first], len(days), subjects)
    return _Groups(subject, days[place], None, value, count)


@lru_cache(maxsize=64)
def _calendar(first: int, last: int, span: Span) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return for each day from first to last the place of its span, and for each place the first of these days."""
    names: dict[str, int] = {}
    days: list[int] = []
    places = []
    for day in range(first, last + 1):
        name = bucket(date.fromordinal(day).isoformat(), span)
        if name not in names:
            names[name] = len(days)
            days.append(day)
        places.append(names[name])
    return np.array(places, np.int64), np.array(days, np.int32)


def _apply(step: Step, groups: _Groups, odd: Flags) -> None:
    value = groups.value
    if step.act == "cap":
        np.minimum(value, step.limit, out=value)
    elif step.act == "qualify":
        value[value < step.limit] = 0
    elif step.act == "cadence":
        groups.value = (value >= step.limit).astype(np.int64)
    elif step.act == "rounding" and step.rounding is not None:
        groups.value = _rounded(value.astype(np.int64), step.limit, step.rounding.mode)
    else:
        odd[groups.subject[value < 0]] = True
        counts = value > 0 if groups.count is None else (value > 0) & (groups.count > 0)
        groups.value, groups.count = counts.astype(np.int64), None


def _rounded(value: Whole, quantum: int, mode: str) -> Whole:
    down = value // quantum
    if mode == "down":
        return down * quantum
    if mode == "up":
        return -(-value // quantum) * quantum
    twice = 2 * (value - down * quantum)
    up = twice > quantum
    up |= (twice == quantum) & ((down % 2 == 1) if mode == "half_even" else True)
    return (down + up) * quantum


def _cells(groups: _Groups, place: NDArray[Any], places: int, subjects: int) -> tuple[Any, ...]:
    """Add up what has the same subject and place; return subjects, places, sums and counts of what is not nought.

    Where most cells would be empty it sorts, else it adds into a table of them all, some subjects at a time.
    """
    if subjects * places > 16 * len(groups.value) + _CELLS:
        return _sorted_cells(groups, place, places)
    at_once = max(1, _CELLS // max(1, places))
    if at_once >= subjects:
        return _table(groups, place, places, 0, subjects)
    found = []
    for first in range(0, subjects, at_once):
        here = (groups.subject >= first) & (groups.subject < first + at_once)
        found.append(_table(_some(groups, here), place[here], places, first, min(at_once, subjects - first)))
    subject, at, value, count = zip(*found, strict=True)
    counts = None if groups.count is None else np.concatenate(count)
    return np.concatenate(subject), np.concatenate(at), np.concatenate(value), counts


def _table(groups: _Groups, place: NDArray[Any], places: int, first: int, subjects: int) -> tuple[Any, ...]:
    key = groups.subject.astype(np.int64)
    key -= first
    key *= places
    key += place
    sums = np.bincount(key, weights=groups.value, minlength=subjects * places)
    if groups.count is None:
        counts, cells = None, np.flatnonzero(sums != 0)
    else:
        counts = np.bincount(key, weights=groups.count, minlength=subjects * places)
        cells = np.flatnonzero((sums != 0) | (counts != 0))
        counts = counts[cells]
    subject = cells // places
    return subject + first, cells - subject * places, sums[cells], counts


def _sorted_cells(groups: _Groups, place: NDArray[Any], places: int) -> tuple[Any, ...]:
    cells, at = np.unique(groups.subject.astype(np.int64) * places + place, return_inverse=True)
    count = None if groups.count is None else _added(at, groups.count, len(cells))
    return cells // places, cells % places, _added(at, groups.value, len(cells)), count


def _added(place: NDArray[Any], value: NDArray[Any], size: int) -> Whole:
    return np.bincount(place, weights=value, minlength=size).astype(np.int64)


def _some(groups: _Groups, which: Flags) -> _Groups:
    columns = (groups.subject, groups.day, groups.occasion, groups.value, groups.count)
    return _Groups(*(None if column is None else column[which] for column in columns))  # type: ignore[arg-type]


def _joined(parts: Sequence[_Groups]) -> _Groups:
    subject, day, value = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("subject", "day", "value")
    )
    counts = [part.count for part in parts if part.count is not None]
    return _Groups(subject, day, None, value, np.concatenate(counts) if counts else None)


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()
