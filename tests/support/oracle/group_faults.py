"""One seeded fault of the engine for each thing that a rulebook may ask of a subject's group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from api.domain.rulebook import group
from tests.support.oracle.faulty import Fault, Piece, changed


def _taken(take: str, other: Callable[[Sequence[Any], Any], Any]) -> Fault:
    """Let one figure come to something else of the numbers of a group, in their order, and one's own."""

    def make(piece: Piece) -> Piece:
        def faulty(figure: Any, among: Sequence[Any], own: Any) -> Any:
            value = piece(figure, among, own)
            return value if figure.take != take or value is None else other(among, own)

        return faulty

    return [group], "_figure", make


def _asked(**update: Any) -> Fault:
    def make(piece: Piece) -> Piece:
        return lambda book, everybody: piece(
            book.model_copy(update={"figures": [changed(**update)(figure) for figure in book.figures]}), everybody
        )

    return [group], "figures", make


def _dense(piece: Piece) -> Piece:
    """Let equal ones ahead take one rank together."""
    return lambda figure, among, own: piece(figure, sorted(set(among)) if figure.take == "rank" else among, own)


def _other_group(within: str) -> str:
    return {"unit": "branch", "branch": "unit", "community": "branch"}.get(within, within)


IN_GROUPS: dict[str, Fault] = {
    "the best of a group": _taken("best", lambda among, own: among[-2:][0]),
    "the least of a group": _taken("least", lambda among, own: among[:2][-1]),
    "the mean of a group": _taken("mean", lambda among, own: Fraction(round(sum(among) * 10 / len(among)), 10)),
    "the median of a group": _taken("median", lambda among, own: among[len(among) // 2]),
    "the sum of a group": _taken("sum", lambda among, own: sum(among[:-1])),
    "the size of a group": _taken("size", lambda among, own: len(set(among))),
    "a rank in a group": ([group], "_place", _dense),
    "the share ahead": _taken("ahead", lambda among, own: Fraction(sum(one >= own for one in among), len(among))),
    "the share behind": _taken("behind", lambda among, own: Fraction(sum(one <= own for one in among), len(among))),
    "ranked from the lowest": _asked(lowest=False),
    "a group of one's own": _asked(within=_other_group),
    "who counts in a group": ([group], "holds", lambda piece: lambda *given: piece(*given) is not False),
    "the cycle for a group under five": ([group], "SMALLEST_GROUP", lambda least: least - 2),
}
"""In the order of the removals."""
