"""试算: a rulebook on a past period, beside another one; nothing is kept but the job that somebody asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.rulebook.evaluate import Verdict
from api.domain.rulebook.schema import Effective
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.simulation import ROLES, Tried, figures_unknown, kept_back_of, moves, spread
from api.domain.suppression import small
from api.errors import Conflict, Invalid
from api.models import Organization, Rulebook
from api.services import comparing, days, jobs, outcomes, rulebooks
from api.services.bundle_facts import unrecorded
from api.services.cuts import Cut, last_recorded
from api.services.places import governed
from api.services.subjects import Subject, Unit, of_cycle
from api.visibility import visible


class PeriodNotOver(Invalid):
    """A rule is tried on days that have come."""

    code, zh, en = "period_not_over", "试算周期须已开始，且不超过今天", "A rule is tried on a period that has come"


class CannotBeTried(Conflict):
    """Rules on members and on units are tried, two of one kind beside each other."""

    code = "cannot_be_tried"
    zh = "只能试算党员规则或单位规则，且对比的两个规则须为同类"
    en = "Rulebooks that judge members or units can be tried, and two beside each other judge the same"


class MemberRuleMissing(Invalid):
    """A unit's rule counts the judgements of its members, so it is tried together with a rule on members."""

    code = "member_rule_missing"
    zh, en = "试算单位规则须同时指定党员规则（memberRulebookId）", "A unit's rule is tried with a memberRulebookId"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a simulation needs to know: its rules, the one tried first, and as of what it looks.

    `roles` say what each rule is in it. `told` are, for each rule on members by its place in `rules_on_members`, the
    figures of everybody's groups.
    """

    cut: Cut
    path: str
    books: tuple[Book, ...]
    gaps: tuple[list[dict[str, str]], ...]
    names: dict[UUID, str]
    roles: tuple[str, ...]
    subject: str = "member"
    member_books: tuple[Book, ...] = ()
    member_gaps: tuple[list[dict[str, str]], ...] = ()
    told: tuple[comparing.Told, ...] = ()

    @property
    def rules_on_members(self) -> tuple[tuple[Book, list[dict[str, str]]], ...]:
        """Return the rules by which members are judged, each with what nobody records of it."""
        books, gaps = (self.books, self.gaps) if self.subject == "member" else (self.member_books, self.member_gaps)
        return tuple(zip(books, gaps, strict=True))

    def told_by(self, place: int) -> comparing.Told:
        """Return the figures of everybody's groups under one of the rules on members."""
        return self.told[place] if self.told else {}


def request(session: Session, actor: Actor, rulebook_id: UUID, values: dict[str, Any]) -> UUID:
    """Queue the trial of a rulebook, also a draft, on an authority's members or units in a past period; return the job.

    `organization_id`, half-open `period_start` and `period_end`, `against`: a second rulebook to compare with, and for
    rules on units `member_rulebook_id`, `against_member_rulebook_id` where the second one goes with another.
    Raises PeriodNotOver, CannotBeTried, MemberRuleMissing.
    """
    at, grant = governed(
        session, actor, "rulebook.simulate", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    start, end = values["period_start"], values["period_end"]
    if not start < end <= days.today(session, actor.tenant_id):
        raise PeriodNotOver(pointer="/periodEnd")
    asked = [each for each in (rulebook_id, values.get("against")) if each is not None]
    kinds = {_judges(session, actor, each) for each in asked}
    if kinds not in ({"member"}, {"unit"}):
        raise CannotBeTried
    of_members = _member_rules(session, actor, values, len(asked)) if kinds == {"unit"} else []
    content = {
        "rulebookIds": [str(each) for each in asked], "organizationId": str(at.id), "start": start.isoformat(),
        "end": end.isoformat(), "memberRulebookIds": [str(each) for each in of_members],
    }  # fmt: skip
    return jobs.enqueue(session, actor, "rulebook.simulate", content, at=at.id, grant=grant)


def _judges(session: Session, actor: Actor, rulebook_id: UUID) -> str:
    """Return whom a rulebook judges; who may try rules somewhere tries any that they may read, also one from above."""
    judges = sa.select(Rulebook.subject).where(visible(actor, Rulebook), Rulebook.id == rulebook_id)
    return found(session.first(judges)).subject


def _member_rules(session: Session, actor: Actor, values: dict[str, Any], count: int) -> list[UUID]:
    """Return for each unit rule the rule by which its members are judged; the second's is the first's if not named."""
    first = values.get("member_rulebook_id")
    if first is None:
        raise MemberRuleMissing(pointer="/memberRulebookId")
    named = [first, values.get("against_member_rulebook_id") or first][:count]
    if any(_judges(session, actor, each) != "member" for each in named):
        raise MemberRuleMissing(pointer="/memberRulebookId")
    return named


def plan(session: Session, actor: Actor, content: dict[str, Any]) -> tuple[Trial, list[Subject], list[Unit]]:
    """Return what the trial needs, and the members and units in scope as they stood on the period's last day."""
    at = found(session.first(sa.select(Organization.path).where(Organization.id == UUID(content["organizationId"]))))
    start, end = date.fromisoformat(content["start"]), date.fromisoformat(content["end"])
    zone = days.zone_of(session, actor.tenant_id)
    last_day = end - timedelta(days=1)
    cut = Cut(actor.tenant_id, zone, start, end, last_day, last_recorded(session, actor.tenant_id))
    books = tuple(_at(rulebooks.book_of(session, actor, UUID(each)), start) for each in content["rulebookIds"])
    members, units = of_cycle(session, actor.tenant_id, at.path, last_day)
    homes = {member.community_id for member in members if member.community_id is not None}
    names: dict[UUID, str] = {}
    if homes:
        rows = session.rows(sa.select(Organization.id, Organization.name).where(Organization.id.in_(sorted(homes))))
        names = {row.id: row.name for row in rows}
    of_members = tuple(
        _at(rulebooks.book_of(session, actor, UUID(each)), start) for each in content["memberRulebookIds"]
    )
    gaps, member_gaps = (tuple(unrecorded(session, cut, book) for book in each) for each in (books, of_members))
    roles = _roles(session, [UUID(each) for each in content["rulebookIds"]])
    return Trial(cut, at.path, books, gaps, names, roles, books[0].subject, of_members, member_gaps), members, units


def _roles(session: Session, asked: Sequence[UUID]) -> tuple[str, ...]:
    active = session.rows(sa.select(Rulebook.id).where(Rulebook.id.in_(asked), Rulebook.state == "active"))
    in_force = {row.id for row in active}
    return ("tried", *("in_force" if each in in_force else "compared" for each in asked[1:]))


def _at(book: Book, start: date) -> Book:
    """Return the rule as if it had been in force then: that is what is tried."""
    return book.model_copy(update={"effective": Effective(since=start.isoformat())})


def at_once(session: Session, _actor: Actor, trial: Trial, members: Sequence[Subject]) -> list[list[Tried | None]]:
    """Return for each rule the outcome of each of all these members, None of whom `tried` has to look at alone.

    Sums over the packed ledger tell the others; reads only.
    """
    known = outcomes.numbered(session, trial.cut, members)
    return [
        [
            None if verdict is None else _tried(trial, member, verdict)
            for member, verdict in zip(
                members, outcomes.in_sets(session, trial.cut, book, members, gaps, known), strict=True
            )
        ]
        for book, gaps in zip(trial.books, trial.gaps, strict=True)
    ]


def tried(session: Session, _actor: Actor, trial: Trial, members: Sequence[Subject]) -> list[list[Tried]]:
    """Return for each rule the outcome of each of these members, by the bundle of each; reads only."""
    return [
        [
            _tried(trial, member, verdict)
            for member, verdict in zip(
                members,
                outcomes.one_by_one(session, trial.cut, book, members, gaps, trial.told_by(place)),
                strict=True,
            )
        ]
        for place, (book, gaps) in enumerate(trial.rules_on_members)
    ]


def brought(session: Session, _actor: Actor, trial: Trial, members: Sequence[Subject]) -> list[list[comparing.Mine]]:
    """Return for each rule on members what these bring into their groups; nothing where it compares nobody."""
    return [
        outcomes.brought(session, trial.cut, book, members, gaps) if book.figures else []
        for book, gaps in trial.rules_on_members
    ]


def compared(trial: Trial, everybody: Sequence[Sequence[comparing.Mine]]) -> Trial:
    """Return the trial with the figures of all groups."""
    told = [comparing.told_of([book], some) for (book, _), some in zip(trial.rules_on_members, everybody, strict=True)]
    return replace(trial, told=tuple(told))


def _tried(trial: Trial, member: Subject, verdict: Verdict) -> Tried:
    community = None if member.community_id is None else trial.names[member.community_id]
    return Tried(member.key, community, verdict.outcome, verdict.grade)


def summed(trial: Trial, found: Sequence[Sequence[Tried]]) -> dict[str, Any]:
    """Return the spread of grades under each rule, and against a second one who would stand better or worse.

    Each rule and the comparison say why they keep something back, and a rule on units which figures nobody knows.
    """
    people = trial.subject == "member"
    words = [{grade.id: grade.labels.both() for grade in book.grades} for book in trial.books]
    rules = [
        _told_of_rule(trial, book, role, spread(outcome, grades, people=people), len(outcome))
        for book, role, grades, outcome in zip(trial.books, trial.roles, words, found, strict=True)
    ]
    count = {"members": len(found[0]) if not small(len(found[0])) else None} if people else {"units": len(found[0])}
    answer: dict[str, Any] = {**count, "subject": trial.subject, "asOf": trial.cut.position, "rules": rules}
    if len(found) > 1:
        order = [grade.id for grade in trial.books[0].grades]
        answer["compared"] = moves(found[1], found[0], order, people=people, words=(words[1], words[0]))
    return answer


def _told_of_rule(trial: Trial, book: Book, role: str, rows: list[dict[str, Any]], count: int) -> dict[str, Any]:
    people = trial.subject == "member"
    unknown = [] if people or not book.figures else [figures_unknown([each.labels.both() for each in book.figures])]
    return {
        "role": role, "roleLabels": dict(zip(("zh", "en"), ROLES[role], strict=True)),
        "rulebook": book.id, "version": book.version, "labels": book.labels.both(), "spread": rows,
        "keptBack": kept_back_of(rows, count, people=people), "notes": unknown,
    }  # fmt: skip
