"""Quotas: at most a share of a group may have a grade; where arithmetic cannot choose, people do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from api.domain.rulebook.evaluate import Judgement
from api.domain.rulebook.schema import Quota, Rulebook
from api.domain.rulebook.values import Number, Rounding, exact


class Allotment(TypedDict):
    """What a quota does to one judgement: the grade after it, or None and `decision` while people must decide."""

    subject: str
    quota: str | None
    before: str | None
    grade: str | None
    decision: str


@dataclass(frozen=True, slots=True)
class Group:
    """One group to which a quota was applied: how many of it count, and how many of them may have the grade."""

    quota: Quota
    of: Hashable
    counted: int
    seats: int


Groups = Mapping[str, Sequence[Hashable]]
"""For each `within` that the quotas name, the group of each judgement in their order."""


def allot(rulebook: Rulebook, judgements: Sequence[Judgement], groups: Groups | None = None) -> list[Allotment]:
    """Apply the rulebook's quotas, in their order, to the judgements; the order given back is theirs.

    `groups` says for each judgement in which unit, branch or community it stands; without it they are one group.
    `decision` is kept, lowered or needs_decision. The seats are the whole part of share × group (a third of 10 is 3)
    unless the quota rounds otherwise. With `orBetter` whoever has a better grade takes one of them too.
    The best by `rank` take the seats. People decide where a tie lies across the last seat, where the share of a
    small group is less than one seat although somebody earned it (a third of 2), and where an unknown judgement might
    still claim a seat that is contested. The same judgements in another order give the same answers.
    """
    rows: list[Allotment] = [
        {"subject": j["subject"], "quota": None, "before": j["grade"], "grade": j["grade"], "decision": "kept"}
        for j in judgements
    ]
    for quota in rulebook.quotas:
        grades = covered(rulebook, quota)
        for places in _members(quota, groups, len(rows)).values():
            _apply(quota, grades, [(judgements[place], rows[place]) for place in places], rulebook)
    return rows


def covered(rulebook: Rulebook, quota: Quota) -> frozenset[str]:
    """Return the grades whose holders take a quota's seats."""
    order = [grade.id for grade in rulebook.grades]
    return frozenset(order[: order.index(quota.grade) + 1] if quota.or_better else [quota.grade])


def counted_groups(rulebook: Rulebook, judgements: Sequence[Judgement], groups: Groups | None = None) -> list[Group]:
    """Return each group of each quota with its seats, in the order of the quotas and of the first judgement in it."""
    return [
        Group(quota, of, len(counted := _counted(quota, [judgements[place] for place in places])),
              _of_share(quota, len(counted)))
        for quota in rulebook.quotas
        for of, places in _members(quota, groups, len(judgements)).items()
    ]  # fmt: skip


def _members(quota: Quota, groups: Groups | None, size: int) -> dict[Hashable, list[int]]:
    members: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place in range(size):
        members[groups[quota.within][place] if groups is not None else None].append(place)
    return members


def seats(quota: Quota, judgements: Sequence[Judgement]) -> int:
    """Return how many of the group may have the grade: the share of those who count, in whole seats."""
    return _of_share(quota, len(_counted(quota, judgements)))


def _of_share(quota: Quota, counted: int) -> int:
    share = int(Rounding(quantum=1, mode=quota.seats).apply(counted * quota.at_most))
    limits = [quota.most] if quota.most is not None else []
    limits += [max(0, counted - quota.all_but)] if quota.all_but is not None else []
    return min([max(share, quota.fewest), *limits])


def _counted(quota: Quota, judgements: Sequence[Judgement]) -> Sequence[Judgement]:
    return judgements if quota.of == "all" else [j for j in judgements if j["outcome"] in ("graded", "unknown")]


def _apply(
    quota: Quota, grades: frozenset[str], group: Sequence[tuple[Judgement, Allotment]], rulebook: Rulebook
) -> None:
    free = seats(quota, [judgement for judgement, _ in group])
    claims: list[tuple[Number | None, Allotment]] = []
    unknown: list[Allotment] = []
    for judgement, row in group:
        possible = _open(quota, judgement, row, rulebook)
        if row["grade"] in grades or (possible and possible <= grades and judgement["outcome"] == "graded"):
            claims.append((_ranked(quota, judgement), row))
        elif possible & grades:
            unknown.append(row)
    if len(claims) + len(unknown) <= free:
        return
    if free < 1 or unknown or any(value is None for value, _ in claims):
        for row in [*(row for _, row in claims), *unknown]:
            row.update(quota=quota.id, grade=None, decision="needs_decision")
        return
    values = sorted((value for value, _ in claims if value is not None), reverse=True)
    last_in, first_out = values[free - 1], values[free]
    for value, row in claims:
        if value is not None and last_in == first_out == value:
            row.update(quota=quota.id, grade=None, decision="needs_decision")
        elif value is not None and value <= first_out:
            row.update(quota=quota.id, grade=quota.instead, decision="lowered")


def _open(quota: Quota, judgement: Judgement, row: Allotment, rulebook: Rulebook) -> frozenset[str]:
    """Return the grades of which nobody has decided yet: what is unknown, or what an earlier quota leaves to people."""
    if judgement["outcome"] == "unknown":
        return frozenset(judgement["possible"])
    if not quota.or_better or row["decision"] != "needs_decision" or row["grade"] is not None:
        return frozenset()
    earlier = next(each for each in rulebook.quotas if each.id == row["quota"])
    return frozenset({row["before"] or "", earlier.instead})


def _ranked(quota: Quota, judgement: Judgement) -> Number | None:
    lines: list[dict[str, Any]] = judgement["numbers"]
    written = next((line["value"] for line in lines if line["rule"] == quota.rank), None)
    return None if written is None else exact(written)
