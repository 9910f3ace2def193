"""裁定: an office proposes what a subject's grade is to be, with a reason, and a second person confirms it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found
from api.db import Session
from api.domain import rulings as rules
from api.domain.four_eyes import require_another
from api.domain.rulebook.load import read
from api.domain.rulebook.schema import Rulebook as Book
from api.models import Allotment, Assessment, Cycle, Organization, Rulebook, Ruling
from api.services import changes, judges, own_results
from api.services.allotting import seats_of
from api.visibility import visible

_SHOWN = (
    sa.select(
        Ruling.id, Ruling.version, Ruling.state, Ruling.kind, Ruling.cycle_id, Ruling.revision, Ruling.subject_kind,
        Ruling.subject_id, Ruling.outcome, Ruling.grade, Ruling.grade_labels, Ruling.reason, Ruling.proposed_by,
        Ruling.confirmed_by, Ruling.decided_at, Ruling.created_at, Assessment.id.label("assessment_id"),
        Assessment.subject_key, Assessment.employer_id, Assessment.grade.label("before"),
        Cycle.title.label("cycle_title"), Cycle.organization_id, Organization.path,
    )
    .join(Cycle, Cycle.id == Ruling.cycle_id)
    .join(Organization, Organization.id == Cycle.organization_id)
    .join(
        Assessment,
        sa.and_(
            Assessment.cycle_id == Ruling.cycle_id,
            Assessment.revision == Ruling.revision,
            Assessment.subject_id == Ruling.subject_id,
        ),
    )
)  # fmt: skip
_CYCLE = sa.select(Cycle.id, Cycle.state, Cycle.revision, Cycle.organization_id, Organization.path).join(
    Organization, Organization.id == Cycle.organization_id
)
_JUDGED = sa.select(
    Assessment.subject_kind, Assessment.subject_id, Assessment.employer_id, Assessment.judgement, Allotment.decision,
    Allotment.quota,
).outerjoin(
    Allotment,
    sa.and_(
        Allotment.cycle_id == Assessment.cycle_id,
        Allotment.revision == Assessment.revision,
        Allotment.subject_id == Assessment.subject_id,
    ),
)  # fmt: skip


def propose(session: Session, actor: Actor, cycle_id: UUID, values: dict[str, Any]) -> UUID:
    """Propose a grade for a subject, named by `assessment_id`, with `kind`, `grade` and `reason`; return its id.

    `quota_choice` decides where a quota left it to people, `override` sets another grade than computed; either holds
    once somebody else confirms it. RulingTooLate, OwnJudgement, NothingToChoose, NoSuchGrade, NoSeatLeft,
    AlreadyProposed.
    """
    held = _CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id)
    cycle = found(session.first(held.with_for_update(read=True, of=Cycle)))  # nothing is proposed behind a publication
    grant = judges.require_judge(session, actor, "ruling.propose", cycle_id, cycle)
    if cycle.state not in rules.BEFORE_PUBLICATION:
        raise rules.RulingTooLate
    wanted = _JUDGED.where(
        visible(actor, Assessment), Assessment.cycle_id == cycle_id, Assessment.revision == cycle.revision,
        Assessment.id == values["assessment_id"],
    )  # fmt: skip
    subject = found(session.first(wanted))
    own_results.require_not_own(session, actor, [values["assessment_id"]])
    if values["kind"] == "quota_choice" and subject.decision != "needs_decision":
        raise rules.NothingToChoose
    grades = rules.choices(_book(session, actor, subject), values["kind"], subject.quota, subject.judgement)
    rules.require_grade(values["grade"], grades)
    labels = grades[values["grade"]]
    seats = seats_of(session, cycle_id, cycle.revision, subject.subject_id)
    rules.require_seat(subject.subject_id, values["grade"], labels, seats)
    _require_none_waits(session, cycle_id, subject.subject_id)
    row = {
        "cycle_id": cycle_id, "revision": cycle.revision, "subject_kind": subject.subject_kind,
        "subject_id": subject.subject_id, "kind": values["kind"], "outcome": "graded", "grade": values["grade"],
        "grade_labels": labels, "reason": values["reason"], "case_id": None, "proposed_by": actor.person_id,
        "confirmed_by": None, "decided_at": None,
    }  # fmt: skip
    return changes.create(session, actor, Ruling, "ruling.propose", row, at=cycle.organization_id, grant=grant)


def confirm(session: Session, actor: Actor, ruling_id: UUID) -> UUID:
    """Let the grade stand that another proposed. Of two for one last seat the second meets NoSeatLeft.

    NeedsSecondPerson, OwnJudgement, RulingTooLate, ComputedAnew.
    """
    row = _find(session, actor, ruling_id)
    grant = judges.require_judge(session, actor, "ruling.confirm", row.cycle_id, row)
    require_another(row.proposed_by, actor.person_id)
    own_results.require_not_own(session, actor, [row.assessment_id])
    if row.state == "proposed":
        cycle = _locked(session, row.cycle_id)
        if cycle.state not in rules.BEFORE_PUBLICATION:
            raise rules.RulingTooLate
        if cycle.revision != row.revision:
            raise rules.ComputedAnew
        seats = seats_of(session, row.cycle_id, row.revision, row.subject_id)
        rules.require_seat(row.subject_id, row.grade, row.grade_labels or {}, seats)
    told = {"confirmed_by": actor.person_id, "decided_at": session.now}
    return _take(session, actor, row, "ruling.confirm", told, grant)


def decline(session: Session, actor: Actor, ruling_id: UUID) -> UUID:
    """Refuse what was proposed, or take it back; the grade stays as it was."""
    row = _find(session, actor, ruling_id)
    grant = judges.require_judge(session, actor, "ruling.decline", row.cycle_id, row)
    return _take(session, actor, row, "ruling.decline", {"decided_at": session.now}, grant)


def require_decided(session: Session, cycle_id: UUID) -> None:
    """Raise DecisionsOpen while a subject of a cycle waits for people: left by a quota, or proposed by one alone.

    The cycle stays locked until the transaction ends, so that nothing is proposed or confirmed meanwhile.
    """
    cycle = _locked(session, cycle_id)
    ruled = sa.exists().where(
        Ruling.cycle_id == cycle_id, Ruling.revision == cycle.revision, Ruling.subject_id == Assessment.subject_id
    )
    judged = sa.select(Assessment.subject_key).where(
        Assessment.cycle_id == cycle_id, Assessment.revision == cycle.revision
    )
    left = sa.exists().where(
        Allotment.cycle_id == cycle_id, Allotment.revision == cycle.revision,
        Allotment.subject_id == Assessment.subject_id, Allotment.decision == "needs_decision",
    )  # fmt: skip
    waits = sa.or_(sa.and_(left, ~ruled.where(Ruling.state == "confirmed")), ruled.where(Ruling.state == "proposed"))
    rules.require_decided(row.subject_key for row in session.rows(judged.where(waits)))


def one(session: Session, actor: Actor, ruling_id: UUID) -> dict[str, Any]:
    """Return one ruling as it stands."""
    return _views(session, actor, [_find(session, actor, ruling_id)._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the rulings that the actor may see, newest first."""
    statement = _SHOWN.where(visible(actor, Ruling))
    for column, wanted in (
        (Ruling.cycle_id, query.cycle_id),
        (Ruling.state, query.state),
        (Ruling.kind, query.kind),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    page = paging.page(session, statement, Ruling.id, limit=query.limit, cursor=query.cursor)
    page["items"] = _views(session, actor, page["items"])
    return page


def _book(session: Session, actor: Actor, subject: Any) -> Book:
    """Return the rulebook that judged a subject, by the hash that its judgement names."""
    named = sa.select(Rulebook.content).where(
        Rulebook.tenant_id == actor.tenant_id, Rulebook.content_hash == subject.judgement["rulebook"]["digest"]
    )
    return read(found(session.first(named)).content)


def _require_none_waits(session: Session, cycle_id: UUID, subject_id: UUID) -> None:
    waiting = sa.select(Ruling.id).where(
        Ruling.cycle_id == cycle_id, Ruling.subject_id == subject_id, Ruling.state == "proposed"
    )
    if session.first(waiting) is not None:
        raise rules.AlreadyProposed


def _locked(session: Session, cycle_id: UUID) -> Any:
    """Return a cycle under its lock: of two who give its seats away the second sees what the first gave."""
    cycle = sa.select(Cycle.state, Cycle.revision).where(Cycle.id == cycle_id).with_for_update()
    return found(session.first(cycle))


def _find(session: Session, actor: Actor, ruling_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Ruling), Ruling.id == ruling_id)))


def _take(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID) -> UUID:
    changes.take(session, actor, Ruling, row, step, values, at=row.organization_id, grant=grant)
    return row.id


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    waits = [row["assessment_id"] for row in rows if row["state"] == "proposed"]
    own = own_results.of_actor(session, actor, waits)
    bound = judges.of_communities(session, {row["cycle_id"] for row in rows})
    views = []
    for row in rows:
        judge = actor.held_at(row["organization_id"]) if row["cycle_id"] in bound else actor
        steps = allowed(judge, "ruling", row["state"], row["path"])
        if row["proposed_by"] == actor.person_id or row["assessment_id"] in own:
            steps = [step for step in steps if step != "ruling.confirm"]
        views.append({**row, "allowed_actions": steps})
    return views
