"""Bands of grades: whether they leave a gap, overlap, or stand where no score can come."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import floor, inf

from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.ranges import FREE, Bound, Range
from api.domain.rulebook.references import stages
from api.domain.rulebook.schema import Band, Grade, Rulebook
from api.domain.rulebook.values import Number, text

Edge = tuple[Bound, int]
"""A place on the line of numbers: just below a value (−1), at it (0), just above it (1)."""


def band_findings(rulebook: Rulebook, between: dict[str, Range]) -> Iterator[Finding]:
    """Find empty bands, grades out of reach, overlaps, and gaps within what the final number can be."""
    grades = rulebook.grades
    reach = between[rulebook.final] if rulebook.final else FREE
    by_gates = {gate.grade for gate in rulebook.gates} | {quota.instead for quota in rulebook.quotas}
    bands = [(n, grade.band) for n, grade in enumerate(grades) if grade.band is not None]
    for n, band in bands:
        if _low(band) > _high(band):
            yield finding("empty_band", f"/grades/{n}/band")
        elif grades[n].id in by_gates:
            continue
        elif _high(band) < (reach[0], 0) or _low(band) > (reach[1], 0):
            yield finding("unreachable_grade", f"/grades/{n}/band")
    for (better, one), (n, other) in combinations(bands, 2):
        meet = max(_low(one), _low(other))
        # Grades are tried best first: a better one with a condition of its own hands on whoever fails it.
        if meet <= min(_high(one), _high(other)) and grades[better].when is None:
            zh, en = _place(meet)
            yield finding("overlap", f"/grades/{n}/band", other=grades[better].id, place_zh=zh, place_en=en)
    takes_all = [n for n, grade in enumerate(grades) if _takes_the_rest(grade)]
    if takes_all:
        after = [n for n in range(takes_all[0] + 1, len(grades)) if grades[n].id not in by_gates]
        yield from (finding("unreachable_grade", f"/grades/{n}") for n in after)
    elif grades:
        yield from _gaps([(n, band) for n, band in bands if grades[n].when is None], reach, _grain(rulebook))


def _gaps(bands: list[tuple[int, Band]], reach: Range, grain: Number | None) -> Iterator[Finding]:
    covered: Edge = (reach[0], -1)
    at = ""
    for n, band in sorted(bands, key=lambda row: _low(row[1])):
        if _low(band) > _next(covered) and not _between_grains(covered, _low(band), grain):
            yield _gap(f"/grades/{n}/band", _next(covered), _low(band))
        covered, at = max(covered, _high(band)), f"/{n}/band"
    if covered < (reach[1], 0):
        yield _gap(f"/grades{at}", _next(covered), (reach[1], 0))


def _gap(pointer: str, begins: Edge, ends: Edge) -> Finding:
    (from_zh, from_en), (to_zh, to_en) = _place(begins), _place(ends)
    return finding("gap", pointer, from_zh=from_zh, from_en=from_en, to_zh=to_zh, to_en=to_en)


def _grain(rulebook: Rulebook) -> Number | None:
    """Return the step in which the final number comes, if it is rounded or counted; None if it may be any number."""
    for measure in rulebook.measures:
        if measure.id == rulebook.final:
            counted = isinstance(measure, RowMeasure) and (measure.required or measure.distinct)
            return 1 if counted and not (isinstance(measure, RowMeasure) and measure.caps) else None
    for _, scores in stages(rulebook):
        for score in scores:
            if score.id == rulebook.final and score.rounding:
                grain = score.rounding.quantum
                ends = [end for end in (score.at_least, score.at_most) if end is not None]
                return grain if all(Fraction(end) % grain == 0 for end in ends) else None
    return None


def _between_grains(covered: Edge, begins: Edge, grain: Number | None) -> bool:
    """Say whether no multiple of the grain lies after one edge and before the other."""
    if grain is None or isinstance(covered[0], float) or isinstance(begins[0], float):
        return False
    steps = floor(Fraction(covered[0]) / grain)
    at_edge = steps * grain == covered[0] and covered[1] < 0
    following = steps * grain if at_edge else (steps + 1) * grain
    return (following, 0) >= begins


def _takes_the_rest(grade: Grade) -> bool:
    return grade.band is None and grade.when is None


def _low(band: Band) -> Edge:
    if band.at_least is not None:
        return band.at_least, 0
    return (-inf, 0) if band.more_than is None else (band.more_than, 1)


def _high(band: Band) -> Edge:
    if band.at_most is not None:
        return band.at_most, 0
    return (inf, 0) if band.less_than is None else (band.less_than, -1)


def _next(edge: Edge) -> Edge:
    return edge[0], edge[1] + 1


def _place(edge: Edge) -> tuple[str, str]:
    value, side = edge
    written = str(value) if isinstance(value, float) else text(value)
    if side == 0:
        return f" {written} ", written
    return (f"不足 {written} ", f"just under {written}") if side < 0 else (f"超过 {written} ", f"just over {written}")
