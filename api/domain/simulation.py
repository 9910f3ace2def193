"""Trying a rule on a past period: how grades would be spread, and who would stand better or worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SMALLEST = 5
"""Groups of fewer people are added up under `others`: of them a count would tell of somebody."""

NO_GRADE = "–"


@dataclass(frozen=True, slots=True)
class Tried:
    """One subject's outcome under a rule: its stable key, where it is registered, and the grade where there is one."""

    key: str
    community: str | None
    outcome: str
    grade: str | None


def spread(tried: Sequence[Tried], grades: Mapping[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Return how many have each grade, best first as the rule lists them, and then each other outcome."""
    counts = Counter((each.outcome, each.grade) for each in tried)
    rows = [{"outcome": "graded", "grade": grade, "labels": labels} for grade, labels in grades.items()]
    others = sorted({outcome for outcome, grade in counts if grade is None})
    rows += [{"outcome": outcome, "grade": None, "labels": None} for outcome in others]
    return [{**row, "members": counts[row["outcome"], row["grade"]]} for row in rows]


def moves(before: Sequence[Tried], after: Sequence[Tried], order: Sequence[str]) -> dict[str, Any]:
    """Compare two rules on the same subjects: who moves from which grade to which, better, worse, alike or unclear.

    `order` lists the grades of the second rule, best first. Unclear is who has no grade under one of the two rules, or
    one that the second does not know. Communities of fewer than five stand together under null, and where one alone
    would, the next smallest stands with it, so that nobody's move can be worked out from the sums.
    """
    later = {each.key: each for each in after}
    pairs = [(each, later[each.key]) for each in before if each.key in later]
    steps = Counter((_name(one), _name(other)) for one, other in pairs)
    whole: Counter[str] = Counter()
    by_place: dict[str | None, Counter[str]] = {}
    for one, other in pairs:
        verdict = _verdict(one.grade, other.grade, order)
        whole[verdict] += 1
        by_place.setdefault(other.community, Counter())[verdict] += 1
    return {
        **_counts(whole),
        "moves": [{"from": one, "to": other, "members": count} for (one, other), count in sorted(steps.items())],
        "communities": _by_place(by_place),
    }


def _verdict(before: str | None, after: str | None, order: Sequence[str]) -> str:
    if before not in order or after not in order:
        return "alike" if before == after and before is not None else "unclear"
    gained = order.index(before) - order.index(after)
    return "better" if gained > 0 else "worse" if gained < 0 else "alike"


def _counts(counter: Mapping[str, int]) -> dict[str, int]:
    return {verdict: counter.get(verdict, 0) for verdict in ("better", "worse", "alike", "unclear")}


def _by_place(by_place: Mapping[str | None, Counter[str]]) -> list[dict[str, Any]]:
    named = sorted(
        (place for place in by_place if place is not None), key=lambda place: (by_place[place].total(), place)
    )
    small = [place for place in named if by_place[place].total() < SMALLEST]
    together = sum((by_place[place] for place in small), by_place.get(None, Counter()))
    rest = named[len(small) :]
    while rest and 0 < together.total() < SMALLEST:
        together += by_place[rest.pop(0)]
    rows = [{"community": place, "members": by_place[place].total(), **_counts(by_place[place])} for place in rest]
    if together.total():
        rows.append({"community": None, "members": together.total(), **_counts(together)})
    return sorted(rows, key=lambda row: (row["community"] is None, row["community"] or ""))


def _name(tried: Tried) -> str:
    return tried.grade or f"{NO_GRADE} {tried.outcome}"
