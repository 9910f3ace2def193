"""名额的依据: what may be said of the units, branches and communities on which the share of a quota hangs."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from api.db import Session
from api.domain.rulebook.quota import Groups, Words
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.rulebook.seats import NO_GRADE, ShareBy
from api.models import NOBODY
from api.services.bundle_facts import kinds_kept, standing_facts
from api.services.cuts import Cut
from api.services.standing import standing

Graded = Mapping[UUID, frozenset[str]]
"""The grades that organisations may come to, NO_GRADE among them."""


def words_of(
    session: Session, book: Book, cut: Cut, authority: UUID, groups: Groups, grades: Callable[[str], Graded]
) -> Words:
    """Return what may be said of the groups of a rulebook's quotas; one of which anything may be said is left out.

    `grades` gives the grades of all that the cycle judges of a kind of organisation. The group of a whole cycle is the
    `authority`; of who belongs to no organisation nothing is said, and that is known.
    """
    found: dict[str, dict[Hashable, frozenset[str]]] = {}
    for quota in book.quotas:
        if quota.share_by is None:
            continue
        named = {group: authority if quota.within == "cycle" else group for group in groups[quota.within]}
        if quota.share_by.source == "facts":
            known = _by_facts(session, cut, quota.share_by, sorted(set(named.values()) - {NOBODY}))
        else:
            known = grades(quota.within)
        found[quota.id] = {group: known[each] for group, each in named.items() if each in known}
        if quota.within != "cycle" and NOBODY in named:
            found[quota.id][NOBODY] = frozenset({NO_GRADE})
    return found


def _by_facts(session: Session, cut: Cut, share: ShareBy, organizations: Sequence[UUID]) -> Graded:
    """Return what the last fact of each organisation says; unknown where nobody in the tenant records such facts."""
    since = replace(cut, start=_years_before(cut.start, share.years_back))
    kinds = share.where["kind"]
    told: dict[UUID, frozenset[str]] = {}
    if set(kinds) <= kinds_kept(session, since, kinds):
        told = dict.fromkeys(organizations, frozenset({NO_GRADE}))
    for each, rows in standing_facts(session, since, organizations, kinds, lifetime=False).items():
        said = [row for row in rows if _chosen(row, share.where) and _column(row, share.column)]
        if said:
            last = max(said, key=lambda row: (row.served_on, row.id))
            told[each] = frozenset({_column(last, share.column)})
    return told


def _years_before(day: date, years: int) -> date:
    last = monthrange(day.year - years, day.month)[1]
    return date(day.year - years, day.month, min(day.day, last))


def _chosen(row: Any, where: Mapping[str, Iterable[str]]) -> bool:
    return all(_column(row, column) in values for column, values in where.items())


def _column(row: Any, column: str) -> str:
    return {"kind": row.kind, "provenance": row.provenance}.get(column) or str(row.details.get(column) or "")


def possible(
    judgement: Mapping[str, Any], allotted: Mapping[str, Any] | None = None, instead: str = ""
) -> frozenset[str]:
    """Return the grades to which a judgement may come, after what a quota made of it, which may give `instead`."""
    if allotted is not None and allotted["decision"] == "lowered":
        return frozenset({allotted["grade"]})
    open_ones = {judgement["grade"] or NO_GRADE}
    if judgement["outcome"] == "unknown":
        without = {"ungraded", "exempt", "out_of_assessment"}
        open_ones = {NO_GRADE if each in without else each for each in judgement["possible"]}
    waits = allotted is not None and allotted["decision"] == "needs_decision"
    return frozenset(open_ones | ({instead} if waits else set()))


def standing_now(session: Session, cycle_id: UUID, organizations: Iterable[UUID]) -> Graded:
    """Return the grade that stands for each of these in a computed cycle; without those that wait for people."""
    now = standing(session, cycle_id, sorted(set(organizations)))
    waits = ("undecided", "unknown")
    return {
        each: frozenset({found.grade or NO_GRADE})
        for each, found in now.items()
        if found.grade or found.outcome not in waits
    }
