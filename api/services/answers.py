"""Answers that act: what follows from answering a case, by its kind; nothing follows from the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from api.access import Actor
from api.db import Session
from api.services import cases, corrections, facts, findings, identity_conflicts, merges, offline_later, sanctions


class Follow(NamedTuple):
    """The outcomes that answer a case, and what each brings about: `act(session, actor, case, grant, told)`.

    It returns what the case has to remember of it beside its facts.
    """

    outcomes: frozenset[str]
    act: Callable[[Session, Actor, Any, UUID, dict[str, Any]], dict[str, Any]]


def answer(session: Session, actor: Actor, case_id: UUID, told: dict[str, Any]) -> UUID:
    """Answer a case with `answer`, `outcome` and what the outcome needs; what follows happens in the same transaction.

    A reopened case is answered anew, and what its first answer brought about is taken back before. Raises what
    `cases.answer` raises, OutcomeUnfit, and what the follower does.
    """

    def settle(case: Any, grant: UUID) -> dict[str, Any]:
        follow = _follow_of(case)
        if follow is None:
            return {}
        cases.require_outcome(told["outcome"], follow.outcomes)
        return follow.act(session, actor, case, grant, told)

    cases.answer(session, actor, case_id, told["answer"], told["outcome"], settle)
    return case_id


def _follow_of(case: Any) -> Follow | None:
    if "fact" in case.facts:
        return Follow(frozenset({"accepted", "declined"}), facts.confirm)
    if "correction" in case.facts:
        return Follow(corrections.OUTCOMES, corrections.settle)
    if "offline" in case.facts:
        return Follow(offline_later.OUTCOMES, offline_later.settle)
    if case.reason == offline_later.UNCONFIRMED:
        return Follow(offline_later.OUTCOMES, offline_later.confirm)
    if "sanctionId" in case.facts:
        return Follow(sanctions.OUTCOMES, sanctions.settle_appeal)
    if case.kind == "complaint":
        return Follow(findings.OUTCOMES, findings.settle)
    if case.kind == "identity_conflict":
        return Follow(identity_conflicts.OUTCOMES[case.reason], identity_conflicts.settle)
    if case.kind == "identity_merge":
        return Follow(merges.OUTCOMES, merges.settle)
    return None
