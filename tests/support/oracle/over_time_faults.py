"""One seeded fault of the engine for each primitive that looks at days one after the other."""

from __future__ import annotations

from typing import Any

from api.domain.rulebook import answers, filling, measures, spans
from tests.support.oracle.faulty import Fault, changed, of_measure, of_rows


def stretch(**update: Any) -> Fault:
    return [filling], "first_of", lambda piece: lambda cap, last: piece(changed(**update)(cap), last)


def bar(**update: Any) -> Fault:
    return [measures], "bars_of", lambda piece: lambda rule, *given: piece(changed(**update)(rule), *given)


def during(**update: Any) -> Fault:
    return [measures], "only_during", lambda piece: lambda rule, *given: piece(changed(**update)(rule), *given)


def until(**update: Any) -> Fault:
    return [measures], "in_time", lambda piece: lambda *given: piece(*given[:3], changed(**update)(given[3]))


OVER_TIME: dict[str, Fault] = {
    "each value by itself": ([measures, filling], "grouped", lambda piece: lambda parts, per, by, doubts: piece(
        parts, per, None, doubts)),
    "once each in a span": of_measure(distinct_per="period"),
    "the first, the last, the least": of_measure(keep=changed(by="highest")),
    "a cadence of a net score": of_measure(cadence=changed(at_least=lambda least: max(least, 1))),
    "few days left": ([measures, spans], "exempt", lambda piece: lambda first, after, free, when: piece(
        first, after, free, when if isinstance(when, str) else "any_day")),
    "all but the worst spans": of_measure(series=changed(drop=lambda number: number + 1)),
    "by a day of each span": until(days=lambda days: days + 1),
    "by a day of its last month": until(day_of_last_month=lambda day: day - 1),
    "while affiliated": during(affiliations=lambda kinds: []),
    "while not exempt": during(not_exempt=lambda kinds: []),
    "since a fact": during(since=None),
    "cap of any days": stretch(days=1),
    "cap of any months": stretch(months=lambda months: months + 1),
    "answered in time": ([answers], "last_day", lambda piece: lambda rule, day, rest: day),
    "in working days": ([answers], "last_day", lambda piece: lambda rule, day, rest: piece(rule, day, ())),
    "barred rows": ([measures], "bar", lambda piece: lambda parts, stretches: piece(parts, stretches[1:])),
    "barred at the end": ([measures], "_barred", lambda piece: lambda rule, bundle: piece(
        rule.model_copy(update={"result": "times" if rule.result == "at_end" else "at_end"}), bundle)),
    "strikes that count together": bar(count=lambda count: count + 1),
    "strikes within a time": bar(within=None),
    "a bar of some length": bar(lasts=lambda length: length.model_copy(update={"days": 3, "months": None})),
    "a bar until enough is done": bar(until=changed(at_least=lambda least: least + 1000)),
    "whichever ends first": bar(ends="last"),
    "results of earlier cycles": of_rows(lambda rule, given: given[:-1] if rule.source == "grades" else given),
}  # fmt: skip
"""In the order of the removals."""
