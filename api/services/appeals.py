"""申诉: of a member, or of a unit or place by who speaks for it, decided by people who had no part in the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, within
from api.db import Session
from api.domain.appeals import (
    SEALED,
    AppealDecided,
    AppealOpen,
    AppealsClosed,
    AppealsNotOpen,
    AppealsUndecided,
    NotTheSubject,
)
from api.domain.steps import TABLES
from api.models import Assessment, Case, Cycle, Event, File, Organization, Review, Ruling
from api.services import cases, days, own_results, recomputations
from api.visibility import visible
from api.visibility.judged import stands

_OPEN = ("open", "assigned", "escalated", "reopened")
_BEFORE = ("objection", "supplement")
"""Kinds of cases of the same person about the record: who answered one has formed a view of it already."""

_SPEAKS_FOR_PLACE = ("community_worker", "street_officer")
_SPEAKS_FOR_BRANCH = ("work_committee_officer",)
"""Roles that speak for a subject at which they are held; of a street its committee is the one that judges."""

_CYCLE = sa.select(Cycle.id, Cycle.state, Cycle.organization_id, Cycle.appeals_until)


def create(session: Session, actor: Actor, cycle_id: UUID, values: dict[str, Any]) -> UUID:
    """Appeal against one's own result in a cycle, or that of one's `organization_id`; return the case's id.

    `ground`, the reasons and, where there is one, a `file_id` of evidence. AppealsNotOpen, AppealsClosed, AppealOpen,
    AppealDecided, NotTheSubject, NotFound for who is not judged in the cycle.
    """
    held = _CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id).with_for_update(read=True)
    cycle = found(session.first(held))  # held until the commit, so that the cycle is not sealed over this appeal
    subject_id = _subject(session, actor, values["organization_id"])
    _require_window(session, actor, cycle)
    judged = sa.select(Assessment.id, Assessment.subject_kind).join(Cycle, Cycle.id == Assessment.cycle_id)
    mine = found(session.first(judged.where(Cycle.id == cycle_id, Assessment.subject_id == subject_id, stands())))
    if values["file_id"] is not None:
        found(session.first(sa.select(File.id).where(visible(actor, File), File.id == values["file_id"])))
    source = f"appeal:{cycle_id}:{subject_id}:{_withdrawn(session, actor, cycle_id, subject_id)}"
    told = {
        "ground": values["ground"], "assessmentId": str(mine.id), "subjectKind": mine.subject_kind,
        "subjectId": str(subject_id),
    }  # fmt: skip
    if values["file_id"] is not None:
        told["fileId"] = str(values["file_id"])
    took_part = involved(session, actor.tenant_id, cycle_id, subject_id, actor.person_id)
    case_id = cases.open_case(
        session, actor, kind="appeal", organization_id=cycle.organization_id, reason=values["reason"],
        facts={"appeal": told, "deciders": took_part}, subject_kind="cycle", subject_id=cycle_id, source=source,
    )  # fmt: skip
    kept = session.first(sa.select(Case.reason, Case.facts).where(Case.id == case_id))
    if kept is None or (kept.reason, kept.facts["appeal"]) != (values["reason"], told):
        raise AppealOpen(caseId=str(case_id))  # another one of the same subject was faster
    return case_id


def settle(session: Session, actor: Actor, case: Any, _grant: UUID, _told: dict[str, Any]) -> dict[str, Any]:
    """Look once more that who decides an appeal had no part in the result; DecidedBefore.

    What an upheld appeal leads to are corrections of the record, and a recomputation that two people make.
    """
    subject_id = UUID(case.facts["appeal"]["subjectId"])
    took_part = involved(session, actor.tenant_id, case.subject_id, subject_id, case.opened_by)
    if str(actor.person_id) in took_part:
        raise cases.DecidedBefore
    return {}


def require_decided(session: Session, actor: Actor, cycle_id: UUID) -> None:
    """Raise AppealsUndecided while an appeal is open, or what was upheld is not computed again and adopted."""
    undecided = sa.select(sa.func.count()).where(*_of(actor, cycle_id), Case.state.in_(_OPEN))
    open_count = session.scalar(undecided) or 0
    owed = len(recomputations.owed(session, actor, cycle_id))
    if open_count or owed or recomputations.live(session, cycle_id):
        raise AppealsUndecided(open=open_count, owed=owed)


def open_to(session: Session, actor: Actor, cycle_ids: Sequence[UUID]) -> set[UUID]:
    """Return in which of these cycles a result stands against which the actor may appeal, and has not appealed yet."""
    if not cycle_ids:
        return set()
    reaches = actor.reaches_for("cycle.appeal")
    at = {
        kind: [each.organization_id for each in reaches if each.role in roles]
        for kind, roles in (
            ("branch", _SPEAKS_FOR_BRANCH), ("community", _SPEAKS_FOR_PLACE), ("street", _SPEAKS_FOR_PLACE)
        )
    }  # fmt: skip
    mine = sa.or_(
        Assessment.subject_id == actor.account_id,
        *(sa.and_(Assessment.subject_kind == kind, Assessment.subject_id.in_(nodes)) for kind, nodes in at.items()),
        within(actor.only("liaison"), "cycle.appeal", Assessment.subject_id),
    )
    judged = sa.select(Assessment.cycle_id, Assessment.subject_id).join(Cycle, Cycle.id == Assessment.cycle_id)
    asked = sa.select(Case.subject_id, Case.facts).where(
        Case.tenant_id == actor.tenant_id, Case.kind == "appeal", Case.subject_id.in_(cycle_ids),
        Case.opened_by == actor.person_id, sa.or_(Case.state.in_(_OPEN), Case.answered_by.is_not(None)),
    )  # fmt: skip
    before = {(row.subject_id, row.facts["appeal"]["subjectId"]) for row in session.rows(asked)}
    rows = session.rows(judged.where(Cycle.id.in_(cycle_ids), mine, stands()))
    return {row.cycle_id for row in rows if (row.cycle_id, str(row.subject_id)) not in before}


def involved(session: Session, tenant_id: UUID, cycle_id: UUID, subject_id: UUID, asker_id: UUID) -> list[str]:
    """Return who computed the cycle, reviewed or ruled on the subject, or answered the asker's cases about it before.

    Those are appeals in the cycle, and claims about the record since the period began. And whose result it is, with
    whoever acts for the subject or its unit.
    """
    began = sa.select(Cycle.period_start).where(Cycle.id == cycle_id)
    since = datetime.combine(found(session.first(began)).period_start, time(), UTC)
    told = (
        sa.select(Event.actor_id).where(
            Event.tenant_id == tenant_id, Event.subject_id == cycle_id,
            Event.kind.in_(("cycle.compute", "cycle.tally")),
        ),
        sa.select(Review.recorded_by).where(
            Review.tenant_id == tenant_id, Review.round_kind == "cycle", Review.round_id == cycle_id,
            Review.subject_id == subject_id,
        ),
        *(
            sa.select(column).where(
                Ruling.tenant_id == tenant_id, Ruling.cycle_id == cycle_id, Ruling.subject_id == subject_id
            )
            for column in (Ruling.proposed_by, Ruling.confirmed_by)
        ),
        sa.select(Case.answered_by).where(
            Case.tenant_id == tenant_id, Case.opened_by == asker_id,
            sa.or_(
                sa.and_(Case.kind == "appeal", Case.subject_id == cycle_id),
                sa.and_(Case.kind.in_(_BEFORE), Case.created_at >= since),
            ),
        ),
    )  # fmt: skip
    people = {row[0] for statement in told for row in session.rows(statement.distinct())}
    people |= own_results.who_acts_for(session, tenant_id, cycle_id, subject_id)
    return sorted(str(each) for each in people - {None, asker_id})


def _subject(session: Session, actor: Actor, organization_id: UUID | None) -> UUID:
    """Return whose result it is: the actor's account, or the organisation for which the actor speaks; NotTheSubject.

    An office above a community or a Party branch speaks for it in nothing: it may have judged it.
    """
    if organization_id is None:
        return actor.account_id
    known = sa.select(Organization.path, Organization.axis).where(
        visible(actor, Organization), Organization.id == organization_id
    )
    unit = found(session.first(known))
    speaks = _SPEAKS_FOR_BRANCH if unit.axis == "party" else _SPEAKS_FOR_PLACE
    own = any(
        reach.role in speaks and reach.organization_id == organization_id for reach in actor.reaches_for("cycle.appeal")
    )
    if not own and actor.only("liaison").grant_for("cycle.appeal", unit.path) is None:
        raise NotTheSubject(pointer="/organizationId")
    return organization_id


def _require_window(session: Session, actor: Actor, cycle: Any) -> None:
    if cycle.state in SEALED:
        raise AppealsClosed(closedOn=_closed_on(session, actor, cycle).isoformat())
    if cycle.state != "appeals":
        raise AppealsNotOpen
    TABLES["cycle"].next(cycle.state, "cycle.appeal")
    if cycle.appeals_until is not None and days.today(session, actor.tenant_id) > cycle.appeals_until:
        raise AppealsClosed(closedOn=cycle.appeals_until.isoformat())


def _closed_on(session: Session, actor: Actor, cycle: Any) -> date:
    sealed = sa.select(Event.recorded_at).where(
        Event.tenant_id == actor.tenant_id, Event.subject_id == cycle.id, Event.kind == "cycle.finalize"
    )
    day = days.day_of(session, actor.tenant_id, session.scalar(sealed.order_by(Event.id.desc()).limit(1)))
    return day if cycle.appeals_until is None else min(day, cycle.appeals_until)


def _withdrawn(session: Session, actor: Actor, cycle_id: UUID, subject_id: UUID) -> int:
    """Return how many appeals of this subject were withdrawn, which cost nothing; AppealOpen, AppealDecided."""
    before = sa.select(Case.id, Case.state, Case.answered_by, Case.facts).where(*_of(actor, cycle_id))
    mine = before.where(Case.source.startswith(f"appeal:{cycle_id}:{subject_id}:", autoescape=True))
    rows = session.rows(mine.order_by(Case.id))
    for row in rows:
        if row.state in _OPEN:
            raise AppealOpen(caseId=str(row.id))
        if row.answered_by is not None or "reopened" in row.facts:  # taken back once reopened, it stays decided
            raise AppealDecided(caseId=str(row.id))
    return len(rows)


def _of(actor: Actor, cycle_id: UUID) -> tuple[Any, ...]:
    return (
        Case.tenant_id == actor.tenant_id, Case.kind == "appeal", Case.subject_kind == "cycle",
        Case.subject_id == cycle_id,
    )  # fmt: skip
