"""What a rulebook asks of entries, so that many subjects can be summed at once: from months, from entries, or not."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Literal

from api.domain.rulebook.conditions import Compare, Condition, values_in
from api.domain.rulebook.filters import Window
from api.domain.rulebook.looks import looks
from api.domain.rulebook.measure import Measure, RowMeasure
from api.domain.rulebook.references import references, stages
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.values import SPANS, WITHIN, Rounding, Span

Source = Literal["months", "entries"]
Act = Literal["rounding", "qualify", "distinct", "cap", "cadence"]

KEPT = frozenset({"unit", "kind", "nature", "provenance"})
"""Columns of an entry, its day and occasion apart, that are kept for sums of many subjects."""
_MONTHLY = frozenset({"unit", "kind", "nature"})
_KNOWN = frozenset({
    "id", "labels", "note", "informative", "source", "where", "without", "window", "take", "voided_by", "distinct",
    "rounding", "qualify", "caps", "result", "cadence",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with the sum of each span; `limit` is the cap, or the whole number that a sum has to reach."""

    act: Act
    per: Span
    limit: int = 0
    rounding: Rounding | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """One measure as sums: which rows count, and the steps by which they are summed, from narrow to wide spans.

    `months` are the steps over sums of whole months, None where those are not enough.
    """

    measure: RowMeasure
    steps: tuple[Step, ...]
    months: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rulebook whose measures over entries are sums; `source` is where they can be read, months if all can."""

    book: Rulebook
    sums: tuple[Sums, ...]
    source: Source

    @property
    def columns(self) -> frozenset[str]:
        """Return which of `count` and `occasion` are looked at, besides account, day, amount and code."""
        counts = any(each.measure.distinct or each.measure.take == "count" for each in self.sums)
        by_occasion = self.source == "entries" and any(s.per == "event" for each in self.sums for s in each.steps)
        return frozenset(name for name, used in (("count", counts), ("occasion", by_occasion)) if used)


def compiled(book: Rulebook) -> Compiled | None:
    """Return what the rulebook needs of entries; None where a number that decides is more than sums of whole amounts.

    What only informs, and decides nothing, is left out.
    """
    if book.figures:  # of a group nothing is known before everybody is measured
        return None
    wanted = deciding(book)
    found = []
    for measure in book.measures:
        if measure.id not in wanted or not reads(measure, "entries"):
            continue
        sums = _sums(measure) if isinstance(measure, RowMeasure) and measure.source == "entries" else None
        if sums is None:
            return None
        found.append(sums)
    monthly = all(each.months is not None for each in found)
    return Compiled(book, tuple(found), "months" if monthly else "entries")


def reads(measure: Measure, source: str) -> bool:
    """Say whether a measure reads rows of a source, its own or those beside it."""
    return measure.source == source or any(look.source == source for look in looks(measure))


def deciding(book: Rulebook) -> set[str]:
    """Return the ids of the measures and scores on which grade, gates or the final number depend."""
    conditions: list[Condition] = [gate.when for gate in book.gates]
    conditions += [grade.when for grade in book.grades if grade.when is not None]
    leaves = [leaf for each in conditions for _, leaf in values_in(each) if isinstance(leaf, Compare)]
    names = {name for leaf in leaves for name in (leaf.value, leaf.pro_rata) if name is not None}
    names |= set() if book.final is None else {book.final}
    for _, scores in reversed(stages(book)):
        for score in reversed(scores):
            if score.id in names:
                names |= {name for _, name in references(score)}
    return {name.split(".")[0] for name in names}


def _sums(measure: RowMeasure) -> Sums | None:
    filtered = measure.where.keys() | measure.without.keys()
    cadence = measure.cadence
    if cadence and (cadence.whole_spans or cadence.each == "event" or cadence.until or cadence.at_least <= 0):
        return None
    plain = measure.model_fields_set <= _KNOWN and measure.result == "sum" and measure.take in ("amount", "count")
    if not plain or not filtered <= KEPT or (measure.distinct and measure.distinct not in SPANS):
        return None
    steps = _steps(measure)
    if steps is None or any(later.per not in WITHIN[step.per] for step, later in pairwise(steps)):
        return None
    if not filtered <= _MONTHLY or measure.voided_by or not _whole_months(measure.window):
        return Sums(measure, tuple(steps), None)
    once = len(steps) == 2 and steps[0].act == "distinct" and steps[0].per in ("event", "day") and steps[1].limit == 1
    months = [Step("distinct", "month"), steps[1]] if once else steps  # one occasion is a month with anything in it
    enough = all(step.per in WITHIN["month"] for step in months)
    return Sums(measure, tuple(steps), tuple(months) if enough else None)


def _steps(measure: RowMeasure) -> list[Step] | None:
    """Return the steps in the order in which the engine takes them; None where one leaves the whole numbers."""
    steps: list[Step] = []
    if measure.rounding:
        quantum = Fraction(measure.rounding.quantum)
        if 1 not in (quantum.denominator, quantum.numerator):
            return None
        if quantum.denominator == 1:  # sums are whole: of halves, hundredths and the like nothing is rounded
            steps.append(Step("rounding", measure.rounding.per, int(quantum), measure.rounding))
    if measure.qualify:
        steps.append(Step("qualify", measure.qualify.per, ceil(measure.qualify.at_least)))
    if measure.distinct:
        steps.append(Step("distinct", measure.distinct))  # type: ignore[arg-type]
    for cap in sorted(measure.caps, key=lambda cap: cap.width):
        if cap.per is None or cap.by or not isinstance(cap.at_most, int):
            return None
        steps.append(Step("cap", cap.per, cap.at_most))
    if measure.cadence:
        steps.append(Step("cadence", measure.cadence.each, ceil(measure.cadence.at_least)))
    return steps


def _whole_months(window: Window | None) -> bool:
    ends = () if window is None else (window.since, window.before)
    by_days = window is not None and window.last_days is not None
    return not by_days and all(end is None or end.endswith("-01") for end in ends)
