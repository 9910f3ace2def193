"""排名: organisations in order of what a cycle says of them, only where a district switched it on, never by money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from api.domain.rulebook.rivals import spendable
from api.domain.rulebook.schema import Rulebook
from api.errors import Conflict


class NotYetTold(Conflict):
    """Results are told once they are published."""

    code, zh, en = "results_not_published", "考核结果尚未公示", "The results of this cycle are not published yet"


class RankedBySpendable(Conflict):
    """What can be spent ranks nobody: who redeems would fall behind."""

    code = "ranked_by_spendable"
    zh = "规则 {rulebook} 统计可消费的积分或资金，不得据此排名"
    en = "{rulebook} counts points or money that can be spent; nobody is ranked by those"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One organisation: the place of its grade, 0 the best, and its exact points; None where the rule gives none."""

    id: UUID
    grade: int
    points: Fraction | None


def rank(ranked: Iterable[Ranked]) -> list[tuple[int, Ranked]]:
    """Return them best first, each with its rank; who stands alike shares the rank, and the next one is as far behind.

    By grade, then by points; what has none stands behind what has some.
    """
    listed = sorted(ranked, key=lambda each: (*_standing(each), str(each.id)))
    places: list[tuple[int, Ranked]] = []
    for n, each in enumerate(listed, start=1):
        alike = places and _standing(places[-1][1]) == _standing(each)
        places.append((places[-1][0] if alike else n, each))
    return places


def require_not_spendable(book: Rulebook) -> None:
    """Raise RankedBySpendable where a rulebook looks at entries that can be spent, or does not say that it does not."""
    if any(spendable(measure) for measure in book.measures):
        raise RankedBySpendable(rulebook=book.id)


def _standing(each: Ranked) -> tuple[int, Fraction]:
    return each.grade, -(each.points if each.points is not None else Fraction(-1))
