"""考核规则的分配: which rulebook of a cycle judges whom, chosen by kind and class of subject."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain.rulebook.choose import Class, Rule, Traits, chosen, require_clear
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.subject_kinds import Asked, RulebookDoesNotFit, require_authority, require_grades, require_members
from api.models import Cycle, CycleRulebook, Organization, Rulebook
from api.services import comparing, rulebooks
from api.services.bundle_facts import unrecorded
from api.services.cuts import Cut
from api.visibility import visible

DEFAULTS = {"member": "member_rulebook_id", "unit": "unit_rulebook_id"}
_NAMED = sa.select(
    CycleRulebook.cycle_id, CycleRulebook.subject, CycleRulebook.organization_kinds, CycleRulebook.community_classes,
    CycleRulebook.larger_than, CycleRulebook.rulebook_id,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rulebook of a cycle, and what of it nobody records."""

    id: UUID
    book: Book
    gaps: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Books:
    """The rulebooks of one cycle; `sizes` are the in-service members of units, asked for by classes of a size."""

    rules: tuple[Rule[Ruled], ...]
    sizes: dict[UUID, int] = field(default_factory=dict)

    @property
    def kinds(self) -> set[str]:
        """Return the kinds of subjects that the cycle judges."""
        return {rule.subject for rule in self.rules}

    @property
    def by_size(self) -> bool:
        """Say whether a class asks how many members a unit has."""
        return any(rule.applies_to.larger_than is not None for rule in self.rules)

    def all(self) -> list[Book]:
        """Return every rulebook once."""
        return list({rule.ruled.id: rule.ruled.book for rule in self.rules}.values())

    def of(self, session: Session, subject: str, places: Sequence[tuple[UUID | None, UUID | None]]) -> list[Any]:
        """Return what judges each subject (a Ruled, None where nothing does), from its organisation and its community.

        One statement, and none where no class has to be told from another.
        """
        rules = [rule for rule in self.rules if rule.subject == subject]
        if len(rules) == 1 and rules[0].applies_to == Class():
            return [rules[0].ruled] * len(places)
        known = _traits(session, {each for pair in places for each in pair if each is not None})
        answers = []
        for at, community in places:
            kind = known[at].kind if at in known else None
            where = community if community in known else at
            community_class = known[where].community_class if where in known else None
            size = self.sizes.get(at) if at is not None else None
            answers.append(chosen(rules, subject, Traits(kind, community_class, size)))
        return answers


def allow(session: Session, actor: Actor, at: Any, start: date, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rulebooks of a new cycle as rows of `cycle_rulebooks`, without those that are its two defaults.

    `values` has `member_rulebook_id` and `unit_rulebook_id`, each may be None, and `rulebooks`, each with `subject`,
    `rulebook_id` and `class_`, which is None or has the members of a Class. Raises NoRulebookNamed,
    RulebookDoesNotFit, RulebooksContradict, CommunityJudgedByStreet, StreetJudgedByDistrict, MembersNotJudged,
    QuotaWithoutGrade, SwitchedOff where a rulebook compares subjects and ranking is off.
    """
    asked = [
        Asked(subject, values[name], pointer=f"/{rulebook_pointer(subject)}")
        for subject, name in DEFAULTS.items()
        if values.get(name) is not None
    ]
    named = [
        Asked(each.subject, each.rulebook_id, _class(each.class_), f"/rulebooks/{n}")
        for n, each in enumerate(values.get("rulebooks") or ())
    ]
    require_authority(at.kind, [(each.subject, each.pointer) for each in (*asked, *named)])
    rules = [_fitting(session, actor, each, at.path, start) for each in (*asked, *named)]
    require_clear(rules)
    require_members(rules)
    require_grades(rules)
    comparing.require_allowed(session, actor.tenant_id, at.id, (rule.ruled.content for rule in rules))
    return [_row(actor, rule) for rule in rules[len(asked) :]]


def rulebook_pointer(subject: str) -> str:
    """Return the member of a request that names the default of a kind of subject."""
    return f"{subject}RulebookId"


def of_cycle(session: Session, actor: Actor, cycle_id: UUID, cut: Cut | None = None) -> Books:
    """Return the rulebooks of a cycle; with a cut also what of them nobody records."""
    cycle = found(session.first(_CYCLE.where(Cycle.tenant_id == actor.tenant_id, Cycle.id == cycle_id)))
    named = [(subject, getattr(cycle, name), None) for subject, name in DEFAULTS.items()]
    mine = _NAMED.where(CycleRulebook.tenant_id == actor.tenant_id, CycleRulebook.cycle_id == cycle_id)
    named += [(row.subject, row.rulebook_id, row) for row in session.rows(mine.order_by(CycleRulebook.id))]
    ruled: dict[UUID, Ruled] = {}
    rules = []
    for subject, rulebook_id, row in named:
        if rulebook_id is None:
            continue
        if rulebook_id not in ruled:
            book = rulebooks.book_of(session, actor, rulebook_id)
            ruled[rulebook_id] = Ruled(rulebook_id, book, unrecorded(session, cut, book) if cut is not None else [])
        each = ruled[rulebook_id]
        applies_to = Class.of(each.book.applies_to) if row is None else _kept_class(row)
        rules.append(Rule(subject, applies_to, each, each.book.id))
    return Books(tuple(rules))


def by_digest(session: Session, actor: Actor, cycle_ids: Iterable[UUID]) -> dict[str, Book]:
    """Return the rulebooks of these cycles by the hash under which a judgement names its own."""
    return {book.digest: book for each in set(cycle_ids) for book in of_cycle(session, actor, each).all()}


def shown(session: Session, cycle_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the rulebooks of each of these cycles beside its defaults, as a view shows them."""
    told: dict[UUID, list[dict[str, Any]]] = {each: [] for each in cycle_ids}
    for row in session.rows(_NAMED.where(CycleRulebook.cycle_id.in_(list(told))).order_by(CycleRulebook.id)):
        applies_to = {name: getattr(row, name) for name in ("organization_kinds", "community_classes", "larger_than")}
        told[row.cycle_id].append({"subject": row.subject, "class_": applies_to, "rulebook_id": row.rulebook_id})
    return told


_CYCLE = sa.select(Cycle.id, Cycle.member_rulebook_id, Cycle.unit_rulebook_id)


def _fitting(session: Session, actor: Actor, asked: Asked, path: str, start: date) -> Rule[Any]:
    statement = sa.select(
        Rulebook.state, Rulebook.subject, Rulebook.effective_from, Rulebook.effective_to, Rulebook.content,
        Rulebook.code, Organization.path,
    ).join(Organization, Organization.id == Rulebook.organization_id)  # fmt: skip
    row = found(session.first(statement.where(visible(actor, Rulebook), Rulebook.id == asked.rulebook_id)))
    in_force = row.effective_from <= start and (row.effective_to is None or start < row.effective_to)
    own = Class.of(rulebooks.book_of(session, actor, asked.rulebook_id).applies_to)
    applies_to = own if asked.applies_to is None else asked.applies_to
    fits = row.state == "active" and row.subject == asked.subject and in_force and path.startswith(row.path)
    if not fits or not applies_to.within(own):
        raise RulebookDoesNotFit.of(asked)
    return Rule(asked.subject, applies_to, _Book(asked.rulebook_id, row.content), row.code)


@dataclass(frozen=True, slots=True)
class _Book:
    id: UUID
    content: dict[str, Any]


def _row(actor: Actor, rule: Rule[Any]) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "subject": rule.subject, "rulebook_id": rule.ruled.id,
        "organization_kinds": sorted(rule.applies_to.organization_kinds),
        "community_classes": sorted(rule.applies_to.community_classes), "larger_than": rule.applies_to.larger_than,
    }  # fmt: skip


def _class(told: Any) -> Class | None:
    if told is None:
        return None
    return Class(frozenset(told.organization_kinds), frozenset(told.community_classes), told.larger_than)


def _kept_class(row: Any) -> Class:
    return Class(frozenset(row.organization_kinds), frozenset(row.community_classes), row.larger_than)


def _traits(session: Session, ids: Collection[UUID]) -> dict[UUID, Any]:
    columns = (Organization.id, Organization.kind, Organization.community_class)
    return {row.id: row for row in session.rows(sa.select(*columns).where(Organization.id.in_(sorted(ids))))}
