"""One seeded fault of the engine for each primitive: a small piece of it does something else than the rule says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from api.domain.rulebook import (
    choose,
    evaluate,
    filling,
    grading,
    measures,
    quota,
    rows,
    scores,
    spans,
    values,
)
from api.domain.rulebook.conditions import All, AnyOf, Not
from api.domain.rulebook.schema import Award, Best, Deduct, Lookup, Product, Rate, Ratio, Sum, Tally, Weighted
from tests.support.oracle.faulty import Fault, Piece, changed, of_measure, of_rows
from tests.support.oracle.group_faults import IN_GROUPS
from tests.support.oracle.over_time_faults import OVER_TIME
from tests.support.oracle.plain import SPANS


@contextmanager
def seeded(name: str) -> Iterator[None]:
    """Let the engine have the fault of a primitive while the block runs."""
    holders, piece, make = FAULTS[name]
    with ExitStack() as stack:
        faulty = make(getattr(holders[0], piece))
        for holder in holders:
            stack.enter_context(patch.object(holder, piece, faulty))
        yield


def _compared(**update: Any) -> Fault:
    return [scores], "_compared", lambda piece: lambda rule, *known: piece(changed(**update)(rule), *known)


def _condition(kind: type, other: Callable[[Any], Any]) -> Fault:
    def make(piece: Piece) -> Piece:
        return lambda rule, *known: piece(other(rule) if isinstance(rule, kind) else rule, *known)

    return [scores, grading], "holds", make


def _scored(kind: type, **update: Any) -> Fault:
    def make(piece: Piece) -> Piece:
        change = changed(**update)
        return lambda rule, *known: piece(change(rule) if isinstance(rule, kind) else rule, *known)

    return [scores, evaluate], "scored", make


def _value(kind: type, other: Callable[[Any, Any], Any]) -> Fault:
    """Let one kind of score come to something else; `other` has the rule and what it came to."""

    def make(piece: Piece) -> Piece:
        def faulty(rule: Any, *known: Any) -> Any:
            value = piece(rule, *known)
            return other(rule, value) if isinstance(rule, kind) and value is not None else value

        return faulty

    return [scores], "_value", make


def _window(other: Callable[[Any, tuple[str, str]], tuple[str, str]]) -> Fault:
    def make(piece: Piece) -> Piece:
        return lambda window, start, end: other(window, piece(window, start, end))

    return [rows, measures], "limits", make


def _filter(*columns: str) -> Fault:
    def make(piece: Piece) -> Piece:
        return lambda row, where, without: piece(
            row, {name: among for name, among in where.items() if name not in columns}, without
        )

    return [rows], "matches", make


def _seats(**update: Any) -> Fault:
    return [quota], "_of_share", lambda piece: lambda rule, *more: piece(changed(**update)(rule), *more)


def _one_seat_more(piece: Piece) -> Piece:
    def faulty(*given: Any) -> Any:
        number, none_said = piece(*given)
        return number + 1, none_said

    return faulty


def _cap(per: str) -> Fault:
    wrong = {
        **dict(pairwise(SPANS)),
        "event": "day",
        "day": "event",
        "ten_days": "quarter",
        "two_weeks": "quarter",
        "year": "quarter",
        "period": "half_year",
    }
    return [filling], "grouped", lambda piece: lambda parts, kind, *more: piece(
        parts, wrong[per] if kind == per else kind, *more)  # fmt: skip


def _gates(effect: str, instead: str = "") -> Fault:
    return [grading], "_of", lambda piece: lambda answers, kind: piece(answers, instead if kind == effect else kind)


def _swapped(piece: Piece) -> Piece:
    """Lower to the cap first and raise to the floor then."""

    def faulty(rule: Any, *known: Any) -> Any:
        raw, value = piece(rule, *known)
        return raw, value if value is None or rule.at_least is None else max(value, rule.at_least + 1)

    return faulty


def _parts_by_themselves(piece: Piece) -> Piece:
    return lambda group, rounding: [piece([part], rounding) for part in group]


def _one_day_more(day: str) -> str:
    return f"{day[:8]}{int(day[8:]) + 1:02d}"


def _no_unknown(piece: Piece) -> Piece:
    return lambda *given: 0 if (amount := piece(*given)) is None else amount


def _no_more(_: list[Any]) -> list[Any]:
    return []


def _first_of(group: list[Any]) -> list[Any]:
    return group[:1]


def _tiers(tiers: list[Any]) -> list[Any]:
    return [changed(up_to=lambda most: most - 1)(tier) for tier in tiers]


def _distinct(found: str) -> str:
    return {"event": "day", "day": "month", "month": "quarter", "quarter": "month"}.get(found, "day")


def _strikes_stay(rule: Any, given: list[Any]) -> list[Any]:
    return [row for row in given if not row.get("reverses") or "strike" not in rule.where.get("kind", [])]


def _no_days(_: Any, given: list[Any]) -> list[Any]:
    return [{name: value for name, value in row.items() if name != "days"} for row in given]


FAULTS: dict[str, Fault] = {
    "minimum counts": _compared(at_least=lambda limit: limit + 1),
    "minimum hours": _compared(at_least=lambda limit: limit - 1),
    "minimum points": _compared(more_than=lambda limit: limit - Fraction(1, 10**6)),
    "AND": _condition(All, lambda rule: AnyOf.model_construct(any=rule.all)),
    "OR": _condition(AnyOf, lambda rule: All.model_construct(all=rule.any)),
    "NOT": _condition(Not, lambda rule: rule.negate),
    **{f"cap per {per}": _cap(per) for per in SPANS},
    "cadence": ([measures], "buckets", lambda piece: lambda *given: dict(list(piece(*given).items())[:-1])),
    "cadence minimum": of_measure(cadence=changed(at_least=1)),
    "event by event": ([measures], "events", lambda piece: lambda parts: dict(reversed(piece(parts[1:]).items()))),
    "whole spans alone": ([measures], "cut", lambda piece: lambda *given: False),
    "runs of spans": of_measure(streak=changed(length=lambda length: length + 1)),
    "a score for each span": of_measure(series=changed(times=lambda times: times + 1)),
    "the last so many spans": of_measure(series=changed(last=lambda number: number + 1)),
    "the best so many spans": of_measure(series=changed(best=lambda number: number + 1)),
    "spans joined": of_measure(series=changed(join=lambda join: "largest" if join == "average" else "average")),
    "window since": _window(lambda w, days: (days[0][:5] + "01-01" if w and w.since else days[0], days[1])),
    "cut-off date": _window(lambda w, days: (days[0], _one_day_more(days[1]) if w and w.before else days[1])),
    "window of years before": of_measure(window=changed(years_back=0)),
    "window of a lifetime": of_measure(window=changed(lifetime=False)),
    "days before the end": of_measure(window=changed(last_days=lambda days: days + 1)),
    "months before the end": ([rows], "months_before", lambda piece: lambda on, months: piece(on, months + 1)),
    "rolling days": ([measures], "rolled", lambda piece: lambda rule, *given: piece(
        changed(days=1)(rule), *given)),
    "days after joining": ([measures], "due", lambda piece: lambda rule, *given: piece(
        changed(days=1)(rule), *given)),
    **OVER_TIME,
    **IN_GROUPS,
    "points by the sum of a span": ([measures], "points_of", lambda piece: lambda rule, total: piece(rule, total - 1)),
    "several sources": of_measure(also=_no_more),
    "deduct": _scored(Deduct, each=lambda each: each + 1),
    "deduct with floor": _scored(Deduct, at_least=None),
    "weights": _scored(Weighted, parts=lambda parts: [changed(weight=Fraction(1, 2))(part) for part in parts]),
    "capped bonus": _scored(Rate, at_most=lambda most: most + 1),
    "total over 100": _value(Sum, lambda rule, value: min(value, 100)),
    "choose N of M": _scored(Best, choose=lambda number: number + 1),
    "the lowest of M": _scored(Best, lowest=False),
    "bands": ([grading], "within", lambda piece: lambda band, value: piece(band, value + Fraction(1, 10**6))),
    "grade with a condition": ([grading], "_earned", lambda piece: lambda grade, *known: piece(
        changed(when=None)(grade), *known)),
    "ceiling": _gates("cannot_be_better_than"),
    "veto": _gates("becomes"),
    "exempt": _gates("exempt"),
    "out of the assessment": _gates("out_of_assessment", "exempt"),
    "strikes": of_rows(_strikes_stay),
    "forced distribution": ([quota], "_of_share", _one_seat_more),
    "seats rounded": _seats(seats="down"),
    "fewest seats": _seats(fewest=0),
    "most seats": _seats(most=None),
    "a grade or better": ([quota], "covered", lambda piece: lambda book, rule: frozenset({rule.grade})),
    "all but the last": _seats(all_but=None),
    "ties broken": ([quota], "_ranked", lambda piece: lambda rule, judged: (
        found := piece(rule, judged)) and found[:1]),
    "seats by size": _seats(by_size=None),
    "a share by the group's grade": ([quota], "_seats", lambda piece: lambda rule, *more: piece(
        changed(share_by=None)(rule), *more)),
    "exemption of a cadence": of_measure(cadence=changed(exempt=_first_of)),
    "exemption of a part of a span": of_measure(cadence=changed(exempt_when="whole")),
    "exemptions": ([measures, spans], "merged", lambda piece: lambda *given: piece(*given)[:1]),
    "pro-rata": _compared(pro_rata=None),
    "fallback community": ([scores], "_first_case", lambda piece: lambda rule, numbers, _: numbers[rule.otherwise]),
    "roll-up of members": of_rows(lambda rule, given: given[1:] if rule.source == "members" else given),
    "ratio": _value(Ratio, lambda rule, value: Fraction(round(value * 1000), 1000)),
    "rounding of a score": ([values.Rounding], "apply", lambda piece: lambda rule, value: piece(
        changed(mode=lambda mode: "half_even" if mode == "half_up" else "down")(rule), value)),
    "rounding of a span": ([measures], "_round", _parts_by_themselves),
    "minimum of a span": of_measure(qualify=changed(at_least=lambda least: least + Fraction(1, 2))),
    "best of a span": of_measure(keep=changed(choose=lambda number: number + 1)),
    "months of standing": ([rows], "_months", lambda piece: lambda first, after: piece(first[:8] + "01", after)),
    "once each": of_measure(distinct=_distinct),
    "approval tiers": of_measure(approval=changed(tiers=_tiers)),
    "void after a finding": ([rows, measures], "weigh", lambda piece: lambda rule, *given: piece(
        changed(voided_by=list)(rule) if not rule.voided_by else rule.model_copy(update={"voided_by": []}), *given)),
    "factor of a row": ([rows], "looked_up", lambda piece: lambda table, found: piece(
        table, "unlisted" if table.column == "role" else found)),
    "factor of a fact": ([rows], "bearing", lambda piece: lambda rule, facts: piece(rule, list(facts)[1:])),
    "points by a table": ([rows], "looked_up", lambda piece: lambda table, found: table.otherwise),
    "two ledgers": _filter("unit"),
    "provenance": _filter("provenance"),
    "home or paired": _filter("relation"),
    "left out": ([rows], "matches", lambda piece: lambda row, where, without: piece(row, where, {})),
    "average and extremes": of_measure(
        result=lambda result: {"largest": "smallest", "average": "largest"}.get(result, result)),
    "highest and lowest left out": of_measure(trim=lambda _: None),
    "quorum": of_measure(quorum=lambda quorum: quorum + 1),
    "lookup": _scored(Lookup, below=lambda below: below + 1),
    "rate": _value(Rate, lambda rule, value: value - Fraction(1, 10**6)),
    "award": _value(Award, lambda rule, value: rule.points),
    "tally": _value(Tally, lambda rule, value: min(value, 1)),
    "product": _value(Product, lambda rule, value: abs(value) + 1),
    "taken away": _scored(Sum, minus=_first_of, of=lambda names: names[:-1] or names),
    "floor": ([scores, evaluate], "scored", _swapped),
    "ceiling of a number": _scored(object, at_most=None),
    "versions with dates": ([choose, evaluate], "in_force", lambda piece: lambda book, day: book.effective.since < day),
    "rules of a class": ([choose.Class], "within", lambda piece: lambda one, other: piece(other, one)),
    "reversal": of_rows(lambda rule, given: [row for row in given if not row.get("reverses")]),
    "split over midnight": of_rows(_no_days),
    "unknown": ([rows], "_amount", _no_unknown),
    "live points": ([measures], "_cadence", lambda piece: lambda *given: piece(
        *given[:3], {name: part for name, part in given[3].items() if name != "through"}, given[4])),
}  # fmt: skip
