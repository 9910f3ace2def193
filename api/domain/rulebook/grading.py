"""From numbers to a grade: gates, ceilings and bands, over every grade that what is unknown leaves possible."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.domain.rulebook.schema import Band, Gate, Grade, Rulebook
from api.domain.rulebook.scores import Attributes, Numbers, holds
from api.domain.rulebook.values import Number

UNGRADED = "ungraded"


Answers = list[tuple[Gate, bool | None]]
"""What each gate's condition said; None is unknown."""


def possible_grades(rulebook: Rulebook, numbers: Numbers, attributes: Attributes) -> tuple[list[str], Answers]:
    """Return the grades (or exempt, out_of_assessment, ungraded) that are possible, best first, and what gates said.

    One possible grade is a decided one, however many numbers are unknown.
    """
    order = [grade.id for grade in rulebook.grades]
    answers = [(gate, holds(gate.when, numbers, attributes)) for gate in rulebook.gates]
    by_points = _by_points(rulebook, numbers, attributes)
    for gate, answer in _of(answers, "cannot_be_better_than"):
        lowered = {_worse(grade, gate.grade or "", order) for grade in by_points}
        by_points = lowered if answer else by_points | lowered
    vetoes: set[str] = {""}
    for gate, answer in _of(answers, "becomes"):
        lowered = {_worse(veto, gate.grade or "", order) if veto else gate.grade or "" for veto in vetoes}
        vetoes = lowered if answer else vetoes | lowered
    possible = {veto for veto in vetoes if veto} | (by_points if "" in vetoes else set())
    for effect in ("out_of_assessment", "exempt"):
        for _, answer in _of(answers, effect):
            possible = {effect} if answer else possible | {effect}
    rank = [*order, UNGRADED, "out_of_assessment", "exempt"]
    return sorted(possible, key=rank.index), answers


def reports(rulebook: Rulebook, answers: Answers) -> list[dict[str, Any]]:
    """Return what the gates did as lines of a judgement."""
    return [_reported(gate, answer, rulebook) for gate, answer in answers]


def within(band: Band, value: Number) -> bool:
    """Say whether a number lies in a band."""
    return (
        (band.at_least is None or value >= band.at_least)
        and (band.more_than is None or value > band.more_than)
        and (band.at_most is None or value <= band.at_most)
        and (band.less_than is None or value < band.less_than)
    )


def _reported(gate: Gate, answer: bool | None, rulebook: Rulebook) -> dict[str, Any]:
    named = next((grade.labels.both() for grade in rulebook.grades if grade.id == gate.grade), None)
    return {
        "rule": gate.id,
        "labels": gate.labels.both(),
        "holds": answer,
        "effect": gate.effect,
        "grade": gate.grade,
        "gradeLabels": named,
    }


def _by_points(rulebook: Rulebook, numbers: Numbers, attributes: Attributes) -> set[str]:
    possible: set[str] = set()
    for grade in rulebook.grades:
        answer = _earned(grade, rulebook, numbers, attributes)
        if answer is not False:
            possible.add(grade.id)
        if answer:
            return possible
    # Lint leaves no score without a grade, so only where nothing at all is possible does a subject stay ungraded.
    return possible or {UNGRADED}


def _earned(grade: Grade, rulebook: Rulebook, numbers: Numbers, attributes: Attributes) -> bool | None:
    final = None if rulebook.final is None else numbers[rulebook.final]
    in_band = True if grade.band is None else None if final is None else within(grade.band, final)
    also = True if grade.when is None else holds(grade.when, numbers, attributes)
    if in_band is False or also is False:
        return False
    return None if in_band is None or also is None else True


def _of(answers: Answers, effect: str) -> Iterable[tuple[Gate, bool | None]]:
    return [(gate, answer) for gate, answer in answers if gate.effect == effect and answer is not False]


def _worse(one: str, other: str, order: list[str]) -> str:
    if one not in order:
        return one
    return order[max(order.index(one), order.index(other))]
