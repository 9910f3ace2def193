"""Trying a rule on a past period: how grades would be spread, and who would stand better or worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.domain.figures import OTHERS, Column, columns_of, table
from api.domain.rulebook.words import OUTCOMES
from api.domain.suppression import small

NO_GRADE = "–"
VERDICTS = {
    "better": ("变好", "better"),
    "worse": ("变差", "worse"),
    "alike": ("不变", "alike"),
    "unclear": ("无法比较", "unclear"),
}
"""How a second outcome compares with a first, in the order of columns, with its words."""

ROLES = {
    "tried": ("试行", "tried"),
    "in_force": ("现行", "in force"),
    "compared": ("对照", "compared with"),
}
"""What a rule is in a trial: the one tried, and the one beside it, which need not be in force."""

NO_FIGURES = (
    "结果公布前不知道全组数字（名次、最高、平均等），用到它的分数和等次暂不能算出：{}",
    "The group's figures (ranks, best, mean …) are not known before results are published, nor what they make: {}",
)
_UNDECIDED = ("暂不能评定", "cannot be decided yet")
_WHY = {
    "too_few": ("总人数不足五人，不列出人数", "Fewer than five people in all: no counts are shown"),
    "grades": (
        "不足五人的等次合并为一行，免得认出个人",
        "Grades of fewer than five people stand together in one row, so that nobody can be made out",
    ),
    "verdicts": (
        "人数不足五人的变化（变好、变差等）合并为一列，免得认出个人",
        "Changes (better, worse …) of fewer than five people stand together in one column",
    ),
    "moves": (
        "有的等次变动不足五人，因此从哪个等次到哪个等次一律不列出",
        "Some moves are of fewer than five people, so that none from grade to grade is shown",
    ),
    "communities": (
        "人数不足五人的社区合并为“其他社区”",
        "Communities of fewer than five people stand together as others",
    ),
    "cells": (
        "“—”表示不列出：该格不足五人，或由它可算出别处不足五人的格",
        "“—” is kept back: fewer than five people, or a number by which such a cell could be worked out",
    ),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One subject's outcome under a rule: its stable key, where it is registered, and the grade where there is one."""

    key: str
    community: str | None
    outcome: str
    grade: str | None


Words = Mapping[str, Mapping[str, str]]
"""The words of a rulebook's grades, in `zh` and `en`, by the grades' ids, best first."""


def spread(tried: Sequence[Tried], grades: Words, *, people: bool = True) -> list[dict[str, Any]]:
    """Return how many have each grade, best first as the rule lists them, and then each other outcome.

    Of people, grades of fewer than five stand together in one row without a grade, with all of them in `grades`.
    """
    counts = Counter(_name(each) for each in tried)
    outcomes = {_name(each): each.outcome for each in tried if each.grade is None}
    return [_row(column, grades, outcomes) for column in _columns(counts, grades, people=people)]


def kept_back_of(rows: Sequence[Mapping[str, Any]], count: int, *, people: bool = True) -> list[dict[str, str]]:
    """Return in words why a spread of so many keeps something back; nothing where it tells all."""
    if not people:
        return []
    return _why({"too_few": small(count), "grades": any(len(row["grades"]) > 1 for row in rows)})


def moves(
    before: Sequence[Tried], after: Sequence[Tried], order: Sequence[str], *, people: bool = True,
    words: tuple[Words, Words] = ({}, {}),
) -> dict[str, Any]:  # fmt: skip
    """Compare two rules on the same subjects: who stands better, worse, alike or unclear, as a whole and by community.

    `order` lists the grades of the second rule, best first, `words` name those of both. Unclear is who has no grade
    under one of the two rules, or one that the second does not know. Of people, verdicts and communities of fewer than
    five stand together, cells are kept back as differencing asks, and who moves from which grade to which is told only
    where no move is one of few. `keptBack` says why, wherever something is.
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
    heads = [
        {"verdicts": list(column.names), "labels": _joined([_both(VERDICTS[name]) for name in column.names])}
        for column in columns
    ]
    few = people and small(len(pairs))
    return {
        "verdicts": [head | {"members": column.total} for head, column in zip(heads, columns, strict=True)],
        "moves": [_move(one, other, count, words) for (one, other), count in sorted(steps.items())] if told else None,
        "communities": [
            {"community": None if line.key == OTHERS else line.key, "labels": _place(line.key), "groups": line.groups,
             "members": line.total,
             "cells": [head | {"members": cell} for head, cell in zip(heads, line.cells, strict=True)]}
            for line in lines
        ],
        "keptBack": _why({
            "too_few": few, "verdicts": any(len(column.names) > 1 for column in columns),
            "moves": not told and not few, "communities": any(line.key == OTHERS for line in lines),
            "cells": any(cell is None for line in lines for cell in line.cells),
        }),
    }  # fmt: skip


def figures_unknown(names: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return in words that figures of a group, by their labels, are not known; for what is judged before results."""
    words = _joined(names)
    return {
        "code": "figures_unknown",
        **{tongue: said.format(words[tongue]) for tongue, said in _both(NO_FIGURES).items()},
    }


def _place(community: str | None) -> dict[str, str]:
    """Return the words of a line: a community's name, the small ones together, or those who are registered nowhere."""
    if community == OTHERS:
        return _both(("其他社区", "others"))
    return _both(("未报到", "registered nowhere")) if community is None else _both((community, community))


def _why(reasons: Mapping[str, bool]) -> list[dict[str, str]]:
    return [{"code": code, **_both(_WHY[code])} for code, holds in reasons.items() if holds]


def _columns(counts: Mapping[str, int], order: Iterable[str], *, people: bool) -> tuple[Column, ...]:
    if people:
        return columns_of(counts, order)
    return tuple(Column((name,), counts.get(name, 0)) for name in dict.fromkeys([*order, *sorted(counts)]))


def _row(column: Column, grades: Words, outcomes: Mapping[str, str]) -> dict[str, Any]:
    (name, *more) = column.names
    return {
        "outcome": "together" if more else outcomes.get(name, "graded"),
        "grade": name if name in grades and not more else None,
        "grades": list(column.names),
        "labels": _joined([_named(each, grades) for each in column.names]),
        "members": column.total,
    }


def _move(one: str, other: str, count: int, words: tuple[Words, Words]) -> dict[str, Any]:
    labels = {"fromLabels": dict(_named(one, words[0])), "toLabels": dict(_named(other, words[1]))}
    return {"from": one, "to": other, **labels, "members": count}


def _named(name: str, grades: Words) -> Mapping[str, str]:
    """Return the words of a grade, or of the outcome of those who have none."""
    outcome = name.removeprefix(f"{NO_GRADE} ")
    return grades.get(name) or _both(_UNDECIDED if outcome == "unknown" else OUTCOMES.get(outcome, (name, name)))


def _joined(words: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {"zh": "、".join(each["zh"] for each in words), "en": ", ".join(each["en"] for each in words)}


def _both(words: tuple[str, str]) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}


def _verdict(before: str | None, after: str | None, order: Sequence[str]) -> str:
    if before not in order or after not in order:
        return "alike" if before == after and before is not None else "unclear"
    gained = order.index(before) - order.index(after)
    return "better" if gained > 0 else "worse" if gained < 0 else "alike"


def _name(tried: Tried) -> str:
    return tried.grade or f"{NO_GRADE} {tried.outcome}"
