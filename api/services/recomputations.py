"""申诉复算与更正: proposed for upheld appeals or against a sealed mistake, adopted or dropped by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found
from api.db import Session
from api.domain.appeals import GRANTED, NothingToRecompute, NotStanding, RecomputationOpen
from api.domain.four_eyes import require_another
from api.domain.seal import SealBroken
from api.domain.steps import TABLES
from api.models import Assessment, Case, Cycle, Event, Organization, Recomputation
from api.services import chains, changes, jobs, judges, own_results
from api.visibility import visible
from api.visibility.judged import stands

_CYCLE = sa.select(
    Cycle.id, Cycle.version, Cycle.state, Cycle.revision, Cycle.digest, Cycle.organization_id, Organization.path
).join(Organization, Organization.id == Cycle.organization_id)
_SHOWN = sa.select(
    Recomputation.id, Recomputation.version, Recomputation.state, Recomputation.kind, Recomputation.cycle_id,
    Recomputation.organization_id, Recomputation.revision, Recomputation.reason, Recomputation.case_ids,
    Recomputation.assessment_ids,
    Recomputation.position, Recomputation.digest_before, Recomputation.digest, Recomputation.proposed_by,
    Recomputation.confirmed_by, Recomputation.decided_at, Recomputation.created_at, Organization.path,
).join(Organization, Organization.id == Recomputation.organization_id)  # fmt: skip
_STEP = {"recomputation": "cycle.recompute", "amendment": "cycle.amend"}


def recompute(session: Session, actor: Actor, cycle_id: UUID, reason: str) -> UUID:
    """Queue the recomputation of all whose appeals were upheld and not yet followed; return the job's id.

    NothingToRecompute, RecomputationOpen, StepNotAllowed outside the window of appeals.
    """
    cycle, grant = _governed(session, actor, cycle_id, "cycle.recompute")
    waiting = owed(session, actor, cycle_id)
    if not waiting:
        raise NothingToRecompute
    named = [UUID(case.facts["appeal"]["assessmentId"]) for case in waiting]
    return _queue(session, actor, cycle, "recomputation", reason, [case.id for case in waiting], named, grant)


def amend(session: Session, actor: Actor, cycle_id: UUID, values: dict[str, Any]) -> UUID:
    """Queue the amendment of a sealed cycle for the subjects of these assessments; return the job's id.

    `reason` says why what was sealed is wrong. NotStanding, RecomputationOpen, StepNotAllowed before the seal.
    """
    cycle, grant = _governed(session, actor, cycle_id, "cycle.amend")
    wanted = sorted(set(values["assessment_ids"]))
    if len(session.rows(standing_of(cycle_id).where(Assessment.id.in_(wanted)))) != len(wanted):
        raise NotStanding(pointer="/assessmentIds")
    follows = [case.id for case in owed(session, actor, cycle_id)]
    return _queue(session, actor, cycle, "amendment", values["reason"], follows, wanted, grant)


def adopt(session: Session, actor: Actor, recomputation_id: UUID) -> UUID:
    """Let a proposed recomputation stand, for a second person; the cycle's digest is then chained to the former one.

    Of a delivered cycle the statements of the units concerned are issued anew. NeedsSecondPerson, OwnJudgement where it
    was made for the actor's own result or that of whom they act for, SealBroken where its
    rows are not those that were proposed, StepNotAllowed where it was decided, or the cycle went on.
    """
    row = _find(session, actor, recomputation_id)
    grant = judges.require_judge(session, actor, "recomputation.adopt", row.cycle_id, row)
    TABLES["recomputation"].next(row.state, "recomputation.adopt")
    require_another(row.proposed_by, actor.person_id)
    own_results.require_not_own(session, actor, [UUID(each) for each in row.assessment_ids])
    cycle = _cycle(session, actor, row.cycle_id)
    found_now = chains.digest_of(session, cycle.id, cycle.revision, row.revision)
    if (row.digest_before, row.digest) != (cycle.digest, found_now):
        raise SealBroken(parts=["digest"])
    told = {"recomputationId": str(row.id), "revision": row.revision, "digestBefore": row.digest_before}
    decided = {"confirmed_by": actor.person_id, "decided_at": session.now}
    changes.take(
        session, actor, Recomputation, row, "recomputation.adopt", decided, at=row.organization_id, grant=grant,
        details={"digest": row.digest},
    )  # fmt: skip
    changes.take(
        session, actor.aside(), Cycle, cycle, _STEP[row.kind], {"digest": row.digest}, at=row.organization_id,
        grant=grant, details=told,
    )  # fmt: skip
    if cycle.state == "delivered":
        content = {"cycleId": str(cycle.id)}
        jobs.enqueue(session, actor.aside(), "cycle.deliver", content, at=row.organization_id, grant=grant)
    return row.id


def drop(session: Session, actor: Actor, recomputation_id: UUID) -> UUID:
    """Give a recomputation up, proposed or still computed; what it wrote is shown to nobody."""
    row = _find(session, actor, recomputation_id)
    grant = judges.require_judge(session, actor, "recomputation.drop", row.cycle_id, row)
    decided = {"confirmed_by": actor.person_id, "decided_at": session.now}
    changes.take(session, actor, Recomputation, row, "recomputation.drop", decided, at=row.organization_id, grant=grant)
    return row.id


def one(session: Session, actor: Actor, recomputation_id: UUID) -> dict[str, Any]:
    """Return one recomputation with its effects, None while it is computed."""
    statement = _SHOWN.add_columns(Recomputation.effects)
    row = found(session.first(statement.where(visible(actor, Recomputation), Recomputation.id == recomputation_id)))
    (view,) = _views(session, actor, [row._asdict()])
    return {**view, "effects": view["effects"] or None}


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of recomputations without their effects, newest first."""
    statement = _SHOWN.where(visible(actor, Recomputation))
    for column, wanted in ((Recomputation.cycle_id, query.cycle_id), (Recomputation.state, query.state)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    page = paging.page(session, statement, Recomputation.id, limit=query.limit, cursor=query.cursor)
    page["items"] = _views(session, actor, page["items"])
    return page


def owed(session: Session, actor: Actor, cycle_id: UUID) -> list[Any]:
    """Return the upheld appeals of a cycle that no adopted recomputation follows, in their order.

    What was decided once more after a recomputation waits for another one. Where a reopened appeal was taken back the
    first decision stands.
    """
    upheld = sa.select(Case.id, Case.facts).where(
        Case.tenant_id == actor.tenant_id, Case.subject_kind == "cycle", Case.subject_id == cycle_id,
        Case.kind == "appeal", Case.state.in_(("answered", "closed")),
    )  # fmt: skip
    cases = [case for case in session.rows(upheld.order_by(Case.id)) if case.facts.get("outcome") in GRANTED]
    adopted = sa.select(Recomputation.id, Recomputation.case_ids).where(
        Recomputation.cycle_id == cycle_id, Recomputation.state == "adopted"
    )
    followed = {each: row.id for row in session.rows(adopted.order_by(Recomputation.id)) for each in row.case_ids}
    again = [case.id for case in cases if str(case.id) in followed and "reopened" in case.facts]
    answers = sa.select(Event.subject_id, Event.id).where(
        Event.tenant_id == actor.tenant_id, Event.kind == "case.answer", Event.subject_id.in_(again)
    )
    last = {row.subject_id: row.id for row in session.rows(answers.order_by(Event.id))} if again else {}
    return [
        case
        for case in cases
        if str(case.id) not in followed or (case.id in last and followed[str(case.id)] < last[case.id])
    ]


def live(session: Session, cycle_id: UUID) -> bool:
    """Say whether a recomputation of a cycle waits to be computed, adopted or dropped."""
    waiting = sa.select(Recomputation.id).where(
        Recomputation.cycle_id == cycle_id, Recomputation.state.in_(("computing", "proposed"))
    )
    return session.first(waiting) is not None


def _queue(
    session: Session, actor: Actor, cycle: Any, kind: str, reason: str, case_ids: Sequence[UUID],
    named: Sequence[UUID], grant: UUID,
) -> UUID:  # fmt: skip
    session.execute(sa.select(Cycle.id).where(Cycle.id == cycle.id).with_for_update())
    if live(session, cycle.id):
        raise RecomputationOpen
    last = (
        session.scalar(sa.select(sa.func.max(table.revision)).where(table.cycle_id == cycle.id)) or 0
        for table in (Assessment, Recomputation)
    )
    values = {
        "kind": kind, "organization_id": cycle.organization_id, "cycle_id": cycle.id, "revision": max(last) + 1,
        "reason": reason, "case_ids": [str(each) for each in case_ids],
        "assessment_ids": [str(each) for each in _current(session, cycle.id, named)], "position": None, "effects": {},
        "digest_before": None, "digest": None, "proposed_by": actor.person_id, "confirmed_by": None,
        "decided_at": None,
    }  # fmt: skip
    at = cycle.organization_id
    recomputation_id = changes.create(
        session, actor.aside(), Recomputation, "recomputation.create", values, at=at, grant=grant
    )
    content = {"recomputationId": str(recomputation_id), "cycleId": str(cycle.id)}
    return jobs.enqueue(session, actor, "cycle.recompute", content, at=at, grant=grant)


def _current(session: Session, cycle_id: UUID, named: Sequence[UUID]) -> list[UUID]:
    """Return the assessments that stand now of the subjects of these; an earlier recomputation may have judged them."""
    subjects = sa.select(Assessment.subject_id).where(Assessment.cycle_id == cycle_id, Assessment.id.in_(named))
    return sorted(row.id for row in session.rows(standing_of(cycle_id).where(Assessment.subject_id.in_(subjects))))


def standing_of(cycle_id: UUID) -> sa.Select[Any]:
    """Select the assessments of a cycle that stand now, by their ids."""
    return sa.select(Assessment.id).join(Cycle, Cycle.id == Assessment.cycle_id).where(Cycle.id == cycle_id, stands())


def _governed(session: Session, actor: Actor, cycle_id: UUID, step: str) -> tuple[Any, UUID]:
    cycle = _cycle(session, actor, cycle_id)
    grant = judges.require_judge(session, actor, step, cycle_id, cycle)
    TABLES["cycle"].next(cycle.state, step)
    return cycle, grant


def _cycle(session: Session, actor: Actor, cycle_id: UUID) -> Any:
    return found(session.first(_CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id)))


def _find(session: Session, actor: Actor, recomputation_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Recomputation), Recomputation.id == recomputation_id)))


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    named = {row["id"]: {UUID(each) for each in row.pop("assessment_ids")} for row in rows}
    own = own_results.of_actor(
        session, actor, {id_ for row in rows if row["state"] == "proposed" for id_ in named[row["id"]]}
    )
    bound = judges.of_communities(session, {row["cycle_id"] for row in rows})
    views = []
    for row in rows:
        judge = actor.held_at(row["organization_id"]) if row["cycle_id"] in bound else actor
        shut = {"recomputation.propose"}
        if row["proposed_by"] == actor.person_id or not named[row["id"]].isdisjoint(own):
            shut.add("recomputation.adopt")
        steps = allowed(judge, "recomputation", row["state"], row["path"])
        views.append({**row, "allowed_actions": [step for step in steps if step not in shut]})
    return views
