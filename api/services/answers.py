"""Answers that act: what follows from answering a case, by its kind; nothing follows from the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from api.access import Actor, require
from api.db import Session
from api.domain.appeals import OUTCOMES
from api.domain.settlement import HOST_UNCONFIRMED, OFFLINE_UNCONFIRMED
from api.domain.workdays import WorkCalendar, add_workdays
from api.models import Case
from api.services import (
    appeals,
    cases,
    changes,
    corrections,
    facts,
    findings,
    hour_claims,
    identity_conflicts,
    merges,
    offline_later,
    opinion_papers,
    opinions,
    sanctions,
)
from api.services.days import today


class Follow(NamedTuple):
    """The outcomes that answer a case, and what each brings about: `act(session, actor, case, grant, told)`.

    It returns what the case has to remember of it beside its facts. `above(session, actor, case, told)` names the
    organisation that has to agree as well before anything is done.
    """

    outcomes: frozenset[str]
    act: Callable[[Session, Actor, Any, UUID, dict[str, Any]], dict[str, Any]]
    above: Callable[[Session, Actor, Any, dict[str, Any]], UUID | None] | None = None


def answer(session: Session, actor: Actor, case_id: UUID, told: dict[str, Any]) -> UUID:
    """Answer a case with `answer`, `outcome` and what the outcome needs; what follows happens in the same transaction.

    A reopened case is answered anew, and what its first answer brought about is taken back before. Raises what
    `cases.answer` raises, OutcomeUnfit, and what the follower does. Where somebody above has to agree as well, the case
    moves up to them with this answer, and a second person decides.
    """
    asked = cases.find(session, actor, case_id)
    above = getattr(_follow_of(asked), "above", None)
    needed = above(session, actor, asked, told) if above is not None else None
    if needed is not None:
        return _pass_up(session, actor, asked, told, needed)

    def settle(case: Any, grant: UUID) -> dict[str, Any]:
        follow = _follow_of(case)
        if follow is None:
            return {}
        cases.require_outcome(told["outcome"], follow.outcomes)
        return follow.act(session, actor, case, grant, told)

    cases.answer(session, actor, case_id, told["answer"], told["outcome"], settle)
    return case_id


def withdraw(session: Session, actor: Actor, case_id: UUID) -> UUID:
    """Take a case back, for who asked and before it is answered; the hearing behind an opinion ends with it."""
    case = cases.find(session, actor, case_id)
    cases.withdraw(session, actor, case_id)
    if case.kind == "opinion":
        opinions.withdraw(session, actor.aside(), case.subject_id)
    return case_id


def _pass_up(session: Session, actor: Actor, case: Any, told: dict[str, Any], needed: UUID) -> UUID:
    """Hand a case that was accepted here to the organisation above that has to agree, with a clock of its own."""
    grant = require(actor, "case.answer", case.path)
    cases.require_fresh(case, actor.person_id)
    passed = [*case.facts.get("passed", ()), {"organizationId": str(case.organization_id), "answer": told["answer"]}]
    decided = [*cases.deciders(case), str(actor.person_id)]
    anew = {
        "organization_id": needed, "assigned_to": None, "answered_by": actor.person_id,
        "facts": {**case.facts, "deciders": decided, "passed": passed, **hour_claims.remembered(told)},
        "due_on": add_workdays(today(session, actor.tenant_id), cases.DUE_DAYS, WorkCalendar()),
    }  # fmt: skip
    changes.take(session, actor, Case, case, "case.pass_up", anew, at=case.organization_id, grant=grant)
    return case.id


def _follow_of(case: Any) -> Follow | None:
    if "fact" in case.facts:
        return Follow(frozenset({"accepted", "declined"}), facts.confirm)
    if "claim" in case.facts:
        return Follow(hour_claims.OUTCOMES, hour_claims.settle, hour_claims.above)
    if "correction" in case.facts:
        return Follow(corrections.OUTCOMES, corrections.settle)
    if "offline" in case.facts:
        return Follow(offline_later.OUTCOMES, offline_later.settle)
    if case.reason in (OFFLINE_UNCONFIRMED, HOST_UNCONFIRMED):
        return Follow(offline_later.OUTCOMES, offline_later.confirm)
    if "appeal" in case.facts:
        return Follow(OUTCOMES, appeals.settle)
    if "sanctionId" in case.facts:
        return Follow(sanctions.OUTCOMES, sanctions.settle_appeal)
    if case.kind == "opinion":
        return Follow(opinion_papers.OUTCOMES, opinion_papers.decline)
    if case.kind == "complaint":
        return Follow(findings.OUTCOMES, findings.settle)
    if case.kind == "identity_conflict":
        return Follow(identity_conflicts.OUTCOMES[case.reason], identity_conflicts.settle)
    if case.kind == "identity_merge":
        return Follow(merges.OUTCOMES, merges.settle)
    return None
