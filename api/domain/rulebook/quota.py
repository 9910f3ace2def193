"""Quotas: at most a share of a group may have a grade; where arithmetic cannot choose, people do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypedDict

from api.domain.rulebook.evaluate import Judgement
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.seats import Quota
from api.domain.rulebook.values import Number, Rounding


class Allotment(TypedDict):
    """What a quota does to one judgement: the grade after it, or None and `decision` while people must decide."""

    subject: str
    quota: str | None
    before: str | None
    grade: str | None
    decision: str


@dataclass(frozen=True, slots=True)
class Group:
    """One group to which a quota was applied: how many of it count, and how many of them may have the grade at least.

    `words` are those that may be said of its organisation where the share hangs on that, None where any may.
    """

    quota: Quota
    of: Hashable
    counted: int
    seats: int
    words: frozenset[str] | None = None


Groups = Mapping[str, Sequence[Hashable]]
"""For each `within` that the quotas name, the group of each judgement in their order."""

Ranks = tuple[Number, ...]
Words = Mapping[str, Mapping[Hashable, frozenset[str]]]
"""For each quota with `shareBy` the words that may be said of the organisation of each group; all for one not in it."""


def allot(
    rulebook: Rulebook, judgements: Sequence[Judgement], groups: Groups | None = None, words: Words | None = None
) -> list[Allotment]:
    """Apply the rulebook's quotas, in their order, to the judgements; the order given back is theirs.

    `groups` says for each judgement in which unit, branch or community it stands; without it they are one group.
    `words` says what is known of those where a share hangs on it.
    `decision` is kept, lowered or needs_decision. The seats are the whole part of share × group (a third of 10 is 3)
    unless the quota rounds otherwise; where the rule itself says that there are none, all are lowered. With `orBetter`
    whoever has a better grade takes one of them too. The best by `rank` take the seats. People decide where a tie lies
    across the last seat, where the share of a small group is less than one seat although somebody earned it (a third
    of 2), where an unknown judgement might still claim a seat that is contested, and of whom several shares are
    possible that make different grades. The same judgements in another order give the same answers.
    """
    rows: list[Allotment] = [
        {"subject": j["subject"], "quota": None, "before": j["grade"], "grade": j["grade"], "decision": "kept"}
        for j in judgements
    ]
    for quota in rulebook.quotas:
        grades = covered(rulebook, quota)
        for of, places in _members(quota, groups, len(rows)).items():
            said = _said(quota, of, words)
            _apply(quota, grades, [(judgements[place], rows[place]) for place in places], rulebook, said)
    return rows


def covered(rulebook: Rulebook, quota: Quota) -> frozenset[str]:
    """Return the grades whose holders take a quota's seats."""
    order = [grade.id for grade in rulebook.grades]
    return frozenset(order[: order.index(quota.grade) + 1] if quota.or_better else [quota.grade])


def counted_groups(
    rulebook: Rulebook, judgements: Sequence[Judgement], groups: Groups | None = None, words: Words | None = None
) -> list[Group]:
    """Return each group of each quota with its seats, in the order of the quotas and of the first judgement in it."""
    found = []
    for quota in rulebook.quotas:
        for of, places in _members(quota, groups, len(judgements)).items():
            counted, said = len(_counted(quota, [judgements[place] for place in places])), _said(quota, of, words)
            found.append(Group(quota, of, counted, seats(quota, counted, said)[0], said))
    return found


def _said(quota: Quota, of: Hashable, words: Words | None) -> frozenset[str] | None:
    return None if words is None or quota.share_by is None else words.get(quota.id, {}).get(of)


def _members(quota: Quota, groups: Groups | None, size: int) -> dict[Hashable, list[int]]:
    members: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place in range(size):
        members[groups[quota.within][place] if groups is not None else None].append(place)
    return members


def seats(quota: Quota, counted: int, words: frozenset[str] | None = None) -> tuple[int, int]:
    """Return the fewest and the most seats that a group of so many may have, by the words that may be said of it."""
    found = [number for number, _ in _seats(quota, counted, words)]
    return min(found), max(found)


def to_give(quota: Quota, counted: int, words: frozenset[str] | None = None) -> int:
    """Return how many of a group people may give the grade: its seats, and one of less than one unless none is said."""
    return min(0 if none_said else max(number, 1) for number, none_said in _seats(quota, counted, words))


def _seats(quota: Quota, counted: int, words: frozenset[str] | None) -> set[tuple[int, bool]]:
    """Return the numbers of seats that are possible, each with whether the rule itself says that there are none."""
    listed = {} if quota.share_by is None else quota.share_by.shares
    shares = {listed.get(word) for word in (words if words is not None else (*listed, ""))}
    return {_of_share(quota, counted, share) for share in shares}


def _of_share(quota: Quota, counted: int, share: Number | None = None) -> tuple[int, bool]:
    """Return the whole seats of a share, or of the quota's own where none is listed."""
    number = counted * share if share is not None else _own(quota, counted)
    whole = int(Rounding(quantum=1, mode=quota.seats).apply(number or 0))
    limits = [quota.most] if quota.most is not None else []
    limits += [max(0, counted - quota.all_but)] if quota.all_but is not None else []
    return min([max(whole, quota.fewest), *limits]), number == 0 and quota.fewest == 0


def _own(quota: Quota, counted: int) -> Number | None:
    if quota.by_size is None:
        return counted * quota.at_most
    reached = [step for step in quota.by_size if counted >= step.reaches]
    if not reached:
        return None
    step = max(reached, key=lambda step: step.reaches)
    return step.seats if step.seats is not None else counted * (step.at_most or 0)


def _counted(quota: Quota, judgements: Sequence[Judgement]) -> Sequence[Judgement]:
    return judgements if quota.of == "all" else [j for j in judgements if j["outcome"] in ("graded", "unknown")]


def _apply(
    quota: Quota,
    grades: frozenset[str],
    group: Sequence[tuple[Judgement, Allotment]],
    rulebook: Rulebook,
    words: frozenset[str] | None,
) -> None:
    free = _seats(quota, len(_counted(quota, [judgement for judgement, _ in group])), words)
    claims: list[tuple[Ranks | None, Allotment]] = []
    unknown: list[Allotment] = []
    for judgement, row in group:
        possible = _open(quota, judgement, row, rulebook)
        if row["grade"] in grades or (possible and possible <= grades and judgement["outcome"] == "graded"):
            claims.append((_ranked(quota, judgement), row))
        elif possible & grades:
            unknown.append(row)
    if len(claims) + len(unknown) <= min(free)[0]:
        return
    values = sorted((value for value, _ in claims if value is not None), reverse=True)
    for value, row in [*claims, *((None, row) for row in unknown)]:
        fates = {"needs_decision"}
        if value is not None and not unknown and len(values) == len(claims):
            fates = {_fate(values, *each, value) for each in free}
        if fates == {"lowered"}:
            row.update(quota=quota.id, grade=quota.instead, decision="lowered")
        elif fates != {"kept"}:
            row.update(quota=quota.id, grade=None, decision="needs_decision")


def _fate(values: Sequence[Ranks], free: int, none_said: bool, value: Ranks) -> str:
    """Say what becomes of one claim among these, best first, where so many seats are free."""
    if len(values) <= free:
        return "kept"
    if none_said:
        return "lowered"
    if free < 1 or values[free - 1] == values[free] == value:
        return "needs_decision"
    return "lowered" if value <= values[free] else "kept"


def _open(quota: Quota, judgement: Judgement, row: Allotment, rulebook: Rulebook) -> frozenset[str]:
    """Return the grades of which nobody has decided yet: what is unknown, or what an earlier quota leaves to people."""
    if judgement["outcome"] == "unknown":
        return frozenset(judgement["possible"])
    if not quota.or_better or row["decision"] != "needs_decision" or row["grade"] is not None:
        return frozenset()
    earlier = next(each for each in rulebook.quotas if each.id == row["quota"])
    return frozenset({row["before"] or "", earlier.instead})


def _ranked(quota: Quota, judgement: Judgement) -> Ranks | None:
    """Return the numbers by which a judgement ranks, None where one of them is unknown."""
    written = {line["rule"]: line["value"] for line in judgement["numbers"]}
    values = [written.get(name) for name in quota.ranks]
    return tuple(Fraction(value) for value in values if value is not None) if None not in values else None
