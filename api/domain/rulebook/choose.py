"""Which version of which rulebook judges a subject: by its kind, its class and the day on which its period begins."""

from __future__ import annotations

from collections.abc import Iterable

from api.domain.rulebook.schema import Rulebook, SubjectKind
from api.errors import Conflict, NotFound


class NoRulebookApplies(NotFound):
    """None of the rulebooks judges such a subject on that day."""

    code = "no_rulebook_applies"
    zh, en = "{day} 没有适用于该对象（{subject}）的规则", "No rulebook judges such a subject ({subject}) on {day}"


class SeveralRulebooksApply(Conflict):
    """More than one version is in force, so that the result would depend on chance."""

    code = "several_rulebooks_apply"
    zh, en = "{day} 有多个规则同时适用：{rulebooks}", "Several rulebooks apply on {day}: {rulebooks}"


def applicable(
    rulebooks: Iterable[Rulebook],
    subject: SubjectKind,
    day: str,
    organization_kind: str | None = None,
    community_class: str | None = None,
) -> Rulebook:
    """Return the one rulebook for this kind of subject whose days hold `day`, an ISO date.

    A rulebook made for the subject's organisation kind or community class goes before one for all. Raises
    `NoRulebookApplies` or, if two are equally near, `SeveralRulebooksApply`.
    """
    fits = [
        (_nearness(book, organization_kind, community_class), book)
        for book in rulebooks
        if book.subject == subject and in_force(book, day)
    ]
    nearest = max((near for near, _ in fits), default=-1)
    if nearest < 0:
        raise NoRulebookApplies(subject=subject, day=day)
    found = [book for near, book in fits if near == nearest]
    if len(found) > 1:
        raise SeveralRulebooksApply(day=day, rulebooks=sorted(f"{book.id} {book.version}" for book in found))
    return found[0]


def in_force(rulebook: Rulebook, day: str) -> bool:
    """Say whether a period that begins on this ISO date is judged by this version."""
    days = rulebook.effective
    return days.since <= day and (days.until is None or day < days.until)


def _nearness(rulebook: Rulebook, organization_kind: str | None, community_class: str | None) -> int:
    """Return how many of its own lists name the subject, or −1 if one of them leaves it out."""
    near = 0
    lists = rulebook.applies_to
    for named, found in ((lists.organization_kinds, organization_kind), (lists.community_classes, community_class)):
        if named and found not in named:
            return -1
        near += bool(named)
    return near
