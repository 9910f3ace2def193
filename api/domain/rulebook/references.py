"""Whether every name in a rulebook stands for something that comes before it."""

from __future__ import annotations

from collections.abc import Iterator

from api.domain.rulebook.conditions import Compare, Condition, values_in
from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.schema import (
    Award,
    Best,
    Cases,
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


def references(score: Score) -> list[tuple[str, str]]:
    """Return the names a score reads, each with its JSON pointer relative to the score."""
    if isinstance(score, Rate | Deduct | Lookup):
        return [("/of", score.of)]
    if isinstance(score, Ratio):
        return [("/of", score.of), ("/over", score.over)]
    if isinstance(score, Sum):
        added = [(f"/of/{n}", name) for n, name in enumerate(score.of)]
        return added + [(f"/minus/{n}", name) for n, name in enumerate(score.minus)]
    if isinstance(score, Product | Best):
        return [(f"/of/{n}", name) for n, name in enumerate(score.of)]
    if isinstance(score, Weighted):
        return [(f"/parts/{n}/of", part.of) for n, part in enumerate(score.parts)]
    read = [row for place, condition in _inside(score) for row in _under(place, condition)]
    if isinstance(score, Cases):
        read += [(f"/cases/{n}/take", case.take) for n, case in enumerate(score.cases)]
        read.append(("/otherwise", score.otherwise))
    return read


def dangling(rulebook: Rulebook) -> list[Finding]:
    """Return a finding for each name that is used twice, or read before it is made, or that names no grade."""
    return [*_numbers(rulebook), *_grades(rulebook)]


def stages(rulebook: Rulebook) -> list[tuple[str, list[Score]]]:
    """Return the stages that make numbers out of measures, in the order in which they are computed."""
    return [("scores", rulebook.scores), ("adjustments", rulebook.adjustments), ("totals", rulebook.totals)]


def conditions(rulebook: Rulebook) -> list[tuple[str, Condition]]:
    """Return the conditions of scores, gates and grades with their JSON pointers."""
    found = [
        (f"/{stage}/{n}{place}", condition)
        for stage, scores in stages(rulebook)
        for n, score in enumerate(scores)
        for place, condition in _inside(score)
    ]
    figures = [(f"/figures/{n}/among", each.among) for n, each in enumerate(rulebook.figures) if each.among is not None]
    return found + figures + _of_gates_and_grades(rulebook)


def _of_gates_and_grades(rulebook: Rulebook) -> list[tuple[str, Condition]]:
    gates = [(f"/gates/{n}/when", gate.when) for n, gate in enumerate(rulebook.gates)]
    return gates + [(f"/grades/{n}/when", g.when) for n, g in enumerate(rulebook.grades) if g.when is not None]


def _inside(score: Score) -> list[tuple[str, Condition]]:
    if isinstance(score, Award):
        return [("/when", score.when)]
    if isinstance(score, Tally):
        return [(f"/of/{n}", condition) for n, condition in enumerate(score.of)]
    if isinstance(score, Cases):
        return [(f"/cases/{n}/when", case.when) for n, case in enumerate(score.cases)]
    return []


def _numbers(rulebook: Rulebook) -> Iterator[Finding]:
    known: set[str] = set()
    for n, measure in enumerate(rulebook.measures):
        yield from _twice(measure.id, known, f"/measures/{n}/id")
        known.add(measure.id)
        if isinstance(measure, RowMeasure) and measure.required:
            known |= {f"{measure.id}.required", f"{measure.id}.missed"}
        if isinstance(measure, RowMeasure) and measure.streak:
            known |= {f"{measure.id}.streaks", f"{measure.id}.longest"}
    for n, figure in enumerate(rulebook.figures):
        yield from _twice(figure.id, known, f"/figures/{n}/id")
        known.add(figure.id)
    for stage, scores in stages(rulebook):
        for n, score in enumerate(scores):
            for place, name in references(score):
                yield from _unknown(name, known, f"/{stage}/{n}{place}")
            yield from _twice(score.id, known, f"/{stage}/{n}/id")
            known.add(score.id)
    for pointer, condition in _of_gates_and_grades(rulebook):
        for place, name in _under(pointer, condition):
            yield from _unknown(name, known, place)
    yield from _figures(rulebook, known)
    if rulebook.final is not None:
        yield from _unknown(rulebook.final, known, "/final")
    yield from _ranks(rulebook, known)


def _ranks(rulebook: Rulebook, known: set[str]) -> Iterator[Finding]:
    for n, quota in enumerate(rulebook.quotas):
        for place, name in enumerate(quota.ranks):
            at = f"/quotas/{n}/rank" if isinstance(quota.rank, str) else f"/quotas/{n}/rank/{place}"
            yield from _unknown(name, known, at)


def _figures(rulebook: Rulebook, known: set[str]) -> Iterator[Finding]:
    """Find figures of what is not there, or of what itself depends on a figure: no group is looked at twice."""
    compared = {figure.id for figure in rulebook.figures}
    for _, scores in stages(rulebook):
        for score in scores:
            if any(name in compared for _, name in references(score)):
                compared.add(score.id)
    for n, figure in enumerate(rulebook.figures):
        among = _under(f"/figures/{n}/among", figure.among) if figure.among is not None else []
        for place, name in [(f"/figures/{n}/of", figure.of), *among]:
            yield from _unknown(name, known, place)
            if name in compared:
                yield finding("figure_of_figure", place, name=name)


def _grades(rulebook: Rulebook) -> Iterator[Finding]:
    known: set[str] = set()
    for n, grade in enumerate(rulebook.grades):
        yield from _twice(grade.id, known, f"/grades/{n}/id")
        known.add(grade.id)
        if grade.band is not None and rulebook.final is None:
            yield finding("no_final", f"/grades/{n}/band")
    for n, gate in enumerate(rulebook.gates):
        if gate.grade is not None:
            yield from _unknown(gate.grade, known, f"/gates/{n}/grade")
    for n, quota in enumerate(rulebook.quotas):
        yield from _unknown(quota.grade, known, f"/quotas/{n}/grade")
        yield from _unknown(quota.instead, known, f"/quotas/{n}/instead")


def _under(pointer: str, condition: Condition) -> list[tuple[str, str]]:
    rows = []
    for place, leaf in values_in(condition):
        if isinstance(leaf, Compare):
            rows.append((f"{pointer}{place}/value", leaf.value))
            if leaf.pro_rata is not None:
                rows.append((f"{pointer}{place}/proRata", leaf.pro_rata))
    return rows


def _unknown(name: str, known: set[str], pointer: str) -> Iterator[Finding]:
    if name not in known:
        yield finding("undefined", pointer, name=name)


def _twice(name: str, known: set[str], pointer: str) -> Iterator[Finding]:
    if name in known:
        yield finding("defined_twice", pointer, name=name)
