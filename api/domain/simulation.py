"""Trying a rule on a past period: how grades would be spread, and who would stand better or worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.domain.figures import OTHERS, Column, columns_of, table
from api.domain.suppression import small

NO_GRADE = "–"
VERDICTS = ("better", "worse", "alike", "unclear")


@dataclass(frozen=True, slots=True)
class Tried:
    """One subject's outcome under a rule: its stable key, where it is registered, and the grade where there is one."""

    key: str
    community: str | None
    outcome: str
    grade: str | None


def spread(
    tried: Sequence[Tried], grades: Mapping[str, dict[str, str]], *, people: bool = True
) -> list[dict[str, Any]]:
    """Return how many have each grade, best first as the rule lists them, and then each other outcome.

    Of people, grades of fewer than five stand together in one row without a grade, with all of them in `grades`.
    """
    counts = Counter(_name(each) for each in tried)
    outcomes = {_name(each): each.outcome for each in tried if each.grade is None}
    return [_row(column, grades, outcomes) for column in _columns(counts, grades, people=people)]


def moves(
    before: Sequence[Tried], after: Sequence[Tried], order: Sequence[str], *, people: bool = True
) -> dict[str, Any]:
    """Compare two rules on the same subjects: who stands better, worse, alike or unclear, as a whole and by community.

    `order` lists the grades of the second rule, best first. Unclear is who has no grade under one of the two rules, or
    one that the second does not know. Of people, verdicts and communities of fewer than five stand together, cells are
    kept back as differencing asks, and who moves from which grade to which is told only where no move is one of few.
    """
    later = {each.key: each for each in after}
    pairs = [(each, later[each.key]) for each in before if each.key in later]
    verdicts = [(other.community, _verdict(one.grade, other.grade, order)) for one, other in pairs]
    steps = Counter((_name(one), _name(other)) for one, other in pairs)
    if people:
        found = table(verdicts, VERDICTS)
        columns, lines = found.columns, found.lines
    else:
        columns, lines = _columns(Counter(verdict for _, verdict in verdicts), VERDICTS, people=False), ()
    told = not people or not any(small(count) for count in steps.values())
    return {
        "verdicts": [{"verdicts": list(column.names), "members": column.total} for column in columns],
        "moves": [{"from": one, "to": other, "members": count} for (one, other), count in sorted(steps.items())]
        if told
        else None,
        "communities": [
            {"community": None if line.key == OTHERS else line.key, "groups": line.groups, "members": line.total,
             "cells": list(line.cells)}
            for line in lines
        ],
    }  # fmt: skip


def _columns(counts: Mapping[str, int], order: Iterable[str], *, people: bool) -> tuple[Column, ...]:
    if people:
        return columns_of(counts, order)
    return tuple(Column((name,), counts.get(name, 0)) for name in dict.fromkeys([*order, *sorted(counts)]))


def _row(column: Column, grades: Mapping[str, dict[str, str]], outcomes: Mapping[str, str]) -> dict[str, Any]:
    (name, *more) = column.names
    grade = name if name in grades and not more else None
    outcome = "together" if more else outcomes.get(name, "graded")
    labels = [grades[each] for each in column.names if each in grades]
    words = {language: "、".join(each[language] for each in labels) for language in ("zh", "en")} if labels else None
    return {
        "outcome": outcome, "grade": grade, "grades": list(column.names), "labels": words, "members": column.total,
    }  # fmt: skip


def _verdict(before: str | None, after: str | None, order: Sequence[str]) -> str:
    if before not in order or after not in order:
        return "alike" if before == after and before is not None else "unclear"
    gained = order.index(before) - order.index(after)
    return "better" if gained > 0 else "worse" if gained < 0 else "alike"


def _name(tried: Tried) -> str:
    return tried.grade or f"{NO_GRADE} {tried.outcome}"
