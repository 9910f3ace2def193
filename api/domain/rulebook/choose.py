"""Which rulebook of a cycle judges a subject: by kind, by class, the most specific first, never by chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.domain.rulebook.schema import AppliesTo, Rulebook, SubjectKind
from api.errors import Conflict, NotFound

Ruled = TypeVar("Ruled")


class NoRulebookApplies(NotFound):
    """None of the rulebooks judges such a subject on that day."""

    code = "no_rulebook_applies"
    zh, en = "{day} 没有适用于该对象（{subject}）的规则", "No rulebook judges such a subject ({subject}) on {day}"


class SeveralRulebooksApply(Conflict):
    """More than one version is in force, so that the result would depend on chance."""

    code = "several_rulebooks_apply"
    zh, en = "{day} 有多个规则同时适用：{rulebooks}", "Several rulebooks apply on {day}: {rulebooks}"


class RulebooksContradict(Conflict):
    """Two rulebooks would judge the same subject and neither is the more specific one."""

    code = "rulebooks_contradict"
    zh = "规则 {one} 与 {other} 对同一类对象同时适用且互不包含，请再指定一个适用于两者交集的规则或改窄范围"
    en = "{one} and {other} would both judge some subjects, neither more specifically; narrow one, or name one for both"


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a subject at the cut-off; a size that nobody recorded or declared is None, not nought."""

    organization_kind: str | None = None
    community_class: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Class:
    """A class of subjects: kinds of organisation, classes of community, more than so many members; empty means any."""

    organization_kinds: frozenset[str] = frozenset()
    community_classes: frozenset[str] = frozenset()
    larger_than: int | None = None

    @classmethod
    def of(cls, applies_to: AppliesTo) -> Class:
        """Return the class that a rulebook names itself."""
        return cls(frozenset(applies_to.organization_kinds), frozenset(applies_to.community_classes))

    def holds(self, traits: Traits) -> bool:
        """Say whether a subject is of this class; what is unknown is of none that asks for it."""
        return (
            (not self.organization_kinds or traits.organization_kind in self.organization_kinds)
            and (not self.community_classes or traits.community_class in self.community_classes)
            and (self.larger_than is None or (traits.size is not None and traits.size > self.larger_than))
        )

    def within(self, other: Class) -> bool:
        """Say whether every subject of this class is of the other too."""
        return self.meeting(other) == self

    def meeting(self, other: Class) -> Class | None:
        """Return the class of the subjects that are of both; None where there can be none."""
        kinds = _both(self.organization_kinds, other.organization_kinds)
        classes = _both(self.community_classes, other.community_classes)
        if kinds is None or classes is None:
            return None
        sizes = [size for size in (self.larger_than, other.larger_than) if size is not None]
        return Class(kinds, classes, max(sizes, default=None))


@dataclass(frozen=True, slots=True)
class Rule(Generic[Ruled]):
    """A rulebook, or what stands for one, and the kind and class of subjects that it judges."""

    subject: str
    applies_to: Class
    ruled: Ruled
    name: str = ""


def chosen(rules: Iterable[Rule[Ruled]], subject: str, traits: Traits) -> Ruled | None:
    """Return what judges a subject: of those whose class it is of, the one within all others; None where none does.

    `require_clear` has made sure that there is one.
    """
    fits = [rule for rule in rules if rule.subject == subject and rule.applies_to.holds(traits)]
    for rule in fits:
        if all(rule.applies_to.within(other.applies_to) for other in fits):
            return rule.ruled
    return None


def require_clear(rules: Sequence[Rule[Ruled]]) -> None:
    """Raise RulebooksContradict where two rules judge some subjects alike and no third is made for just those."""
    for n, one in enumerate(rules):
        for other in rules[n + 1 :]:
            both = one.applies_to.meeting(other.applies_to)
            if one.subject != other.subject or both is None:
                continue
            made_for_both = [rule for rule in rules if rule.subject == one.subject and rule.applies_to == both]
            if len(made_for_both) != 1:
                raise RulebooksContradict(one=one.name, other=other.name, subject=one.subject)


def applicable(
    rulebooks: Iterable[Rulebook],
    subject: SubjectKind,
    day: str,
    organization_kind: str | None = None,
    community_class: str | None = None,
) -> Rulebook:
    """Return the one of several rulebooks that judges such a subject on an ISO date, by the classes they name.

    Raises `NoRulebookApplies` or, where none is the most specific, `SeveralRulebooksApply`.
    """
    traits = Traits(organization_kind, community_class)
    rules = [Rule(book.subject, Class.of(book.applies_to), book) for book in rulebooks if in_force(book, day)]
    fits = [rule for rule in rules if rule.subject == subject and rule.applies_to.holds(traits)]
    if not fits:
        raise NoRulebookApplies(subject=subject, day=day)
    found = chosen(fits, subject, traits)
    if found is None or sum(rule.applies_to == Class.of(found.applies_to) for rule in fits) > 1:
        raise SeveralRulebooksApply(day=day, rulebooks=sorted(f"{rule.ruled.id} {rule.ruled.version}" for rule in fits))
    return found


def in_force(rulebook: Rulebook, day: str) -> bool:
    """Say whether a period that begins on this ISO date is judged by this version."""
    days = rulebook.effective
    return days.since <= day and (days.until is None or day < days.until)


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str] | None:
    if not one or not other:
        return one | other
    return one & other or None
