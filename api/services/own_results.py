"""本人的结果: results on which somebody does not decide: their own, and those of a unit or its people they act for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, below
from api.db import Session
from api.domain.rulings import OwnJudgement
from api.models import Assessment, Grant, Organization, Person
from api.services.days import today
from api.services.subjects import batched

_held_at = sa.orm.aliased(Organization, name="held_at")
_judged = sa.orm.aliased(Organization, name="judged")


def of_actor(session: Session, actor: Actor, assessment_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these assessments are the actor's own, of an organisation where they hold a role, or its people.

    A liaison's reach ends where the liaison's units end; every other office is bound to its own node alone, since the
    street that judges a community lies above it.
    """
    nodes = [reach.organization_id for reach in actor.reaches]
    paths = [reach.path for reach in actor.only("liaison").reaches]
    theirs = sa.select(Organization.id).where(sa.or_(Organization.id.in_(nodes), *(below(path) for path in paths)))
    own = sa.or_(
        Assessment.subject_id == actor.account_id,
        Assessment.subject_id.in_(theirs),
        Assessment.employer_id.in_(theirs),
    )
    found = sa.select(Assessment.id).where(Assessment.tenant_id == actor.tenant_id, own)
    return {row.id for some in batched(assessment_ids) for row in session.rows(found.where(Assessment.id.in_(some)))}


def appealed(session: Session, actor: Actor, cases: Iterable[dict[str, Any]]) -> set[UUID]:
    """Return which of these cases are appeals against such a result, whenever the actor came to act for its subject."""
    against = {case["id"]: UUID(case["facts"]["appeal"]["assessmentId"]) for case in cases if "appeal" in case["facts"]}
    own = of_actor(session, actor, set(against.values()))
    return {case_id for case_id, assessment_id in against.items() if assessment_id in own}


def require_not_own(session: Session, actor: Actor, assessment_ids: Iterable[UUID]) -> None:
    """Raise OwnJudgement where one of these assessments is the actor's own, or of whom they act for."""
    if of_actor(session, actor, assessment_ids):
        raise OwnJudgement


def who_acts_for(session: Session, tenant_id: UUID, cycle_id: UUID, subject_id: UUID) -> set[UUID]:
    """Return the person whose result in a cycle it is, and who holds a role where it is or where they are employed."""
    judged = sa.select(Assessment.employer_id).where(
        Assessment.cycle_id == cycle_id, Assessment.subject_id == subject_id
    )
    nodes = {subject_id, *(row.employer_id for row in session.rows(judged.distinct()))} - {None}
    day = today(session, tenant_id)
    part_of = sa.func.substr(_judged.path, 1, sa.func.length(_held_at.path)) == _held_at.path
    holders = (
        sa.select(Grant.person_id)
        .join(_held_at, _held_at.id == Grant.organization_id)
        .join(_judged, sa.or_(_judged.id == _held_at.id, sa.and_(Grant.role == "liaison", part_of)))
        .where(
            Grant.tenant_id == tenant_id, _judged.tenant_id == tenant_id, _judged.id.in_(sorted(nodes)),
            Grant.state == "active", Grant.person_id.is_not(None),
            sa.or_(Grant.valid_to.is_(None), Grant.valid_to > day),
        )
    )  # fmt: skip
    own = sa.select(Person.id.label("person_id")).where(Person.tenant_id == tenant_id, Person.account_id == subject_id)
    return {row.person_id for statement in (holders, own) for row in session.rows(statement)}
