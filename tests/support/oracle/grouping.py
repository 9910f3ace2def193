"""Figures of groups, by counting who comes before whom."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tests.support.oracle.plain import Row

Brought = dict[str, tuple[Fraction | None, bool | None]]
"""For each figure a subject's own number, and whether the subject counts in its group."""

LEAST_PEOPLE = 5


def figures(book: Row, everybody: Sequence[Brought], places: Sequence[Row]) -> list[dict[str, Fraction | None]]:
    """Return for each subject what is told of its groups; None where that is nothing."""
    found: list[dict[str, Fraction | None]] = [{} for _ in everybody]
    for figure in book.get("figures", []):
        name, within = figure["id"], figure.get("within", "cycle")
        for n, own in enumerate(everybody):
            others = [each[name] for each, at in zip(everybody, places, strict=True) if at[within] == places[n][within]]
            if book["subject"] == "member" and _heads(others) < LEAST_PEOPLE:
                others = [each[name] for each in everybody] if figure.get("underFive") == "cycle" else []
            values = [value for value, counts in others if counts is not False]
            unsure = None in values or any(counts is None for _, counts in others)
            if not unsure and (book["subject"] != "member" or _heads(others) >= LEAST_PEOPLE):
                found[n][name] = _told(figure, own[name][0], [value for value in values if value is not None])
    return found


def _heads(others: Sequence[tuple[Fraction | None, bool | None]]) -> int:
    return sum(counts is not False for _, counts in others)


def _told(figure: Row, own: Fraction | None, values: list[Fraction]) -> Fraction | None:
    take, size = figure["take"], len(values)
    if take == "size":
        return Fraction(size)
    if take == "sum":
        return sum(values, Fraction(0))
    if not values:
        return None
    if take in ("best", "least"):
        return max(values) if take == "best" else min(values)
    if take == "mean":
        return sum(values, Fraction(0)) / size
    if take == "median":
        left = list(values)
        while len(left) > 2:
            left.remove(max(left))
            left.remove(min(left))
        return sum(left, Fraction(0)) / len(left)
    if own is None:
        return None
    higher, lower = sum(value > own for value in values), sum(value < own for value in values)
    ahead, behind = (lower, higher) if figure.get("lowest") else (higher, lower)
    return Fraction(ahead + 1) if take == "rank" else Fraction(ahead if take == "ahead" else behind, size)
