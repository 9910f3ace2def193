"""共建记实: what a unit did for a community is recorded once, with its project and the evidence that a unit brings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor, found
from api.db import Session
from api.domain.facts import AlreadyTold, EvidenceUnasked, ProjectUnfit, Told
from api.domain.nil_returns import OWN
from api.models import Case, Fact, File, Organization, Project, ProjectParty
from api.visibility import visible

_undone = aliased(Fact, name="undone")
_STANDING = (
    sa.select(Fact.id, Fact.details)
    .outerjoin(_undone, _undone.reverses_id == Fact.id)
    .where(Fact.reverses_id.is_(None), _undone.id.is_(None))
    .order_by(Fact.id)
)
_OPEN = ("open", "assigned", "escalated", "reopened")


def alike(
    session: Session, actor: Actor, unit_id: UUID, community_id: UUID, told: Told, but: UUID | None = None
) -> list[str]:
    """Return the ids of what is recorded, or waits to be, of one unit, community, day, kind and word; AlreadyTold.

    Of one project the same is recorded once, and how many it was is its amount. Without a project a day may have two,
    and who confirms is told of the other. `but` is the case that is being answered. The unit is locked until the
    transaction ends, so that of two at once one is told.
    """
    if told.kind not in OWN:
        return []
    session.execute(sa.select(Organization.id).where(Organization.id == unit_id).with_for_update())
    same = (told.kind, told.occurred_on.isoformat(), told.project, told.value)
    waiting = sa.select(Case.id, Case.tenant_id, Case.facts).where(
        Case.tenant_id == actor.tenant_id, Case.kind == "supplement", Case.subject_id == unit_id,
        Case.organization_id == community_id, Case.state.in_(_OPEN),
    )  # fmt: skip
    names = ("kind", "occurredOn", "projectId", "value")
    cases = [
        str(row.id) for row in session.rows(waiting)
        if row.id != but and tuple(row.facts.get("fact", {}).get(name) for name in names) == same
    ]  # fmt: skip
    standing = _STANDING.where(
        Fact.tenant_id == actor.tenant_id, Fact.account_id == unit_id, Fact.community_id == community_id,
        Fact.kind == told.kind, Fact.served_on == told.occurred_on,
    )  # fmt: skip
    facts = [
        str(row.id) for row in session.rows(standing)
        if (row.details.get("projectId"), row.details.get("value")) == (told.project, told.value)
    ]  # fmt: skip
    if told.project is not None and facts + cases:
        raise AlreadyTold(**({"factId": facts[0]} if facts else {"caseId": cases[0]}))
    return facts + cases


def require_project(
    session: Session, actor: Actor, project_id: UUID | None, unit_id: UUID, community_id: UUID
) -> None:  # fmt: skip
    """Raise ProjectUnfit for a project that the unit and the community did not agree on; None is no project."""
    if project_id is None:
        return
    agreed = (
        sa.select(Project.id)
        .join(ProjectParty, ProjectParty.project_id == Project.id)
        .where(
            visible(actor, Project), Project.id == project_id, Project.community_id == community_id,
            ProjectParty.organization_id == unit_id, Project.agreement_id.is_not(None),
        )
    )  # fmt: skip
    if session.first(agreed) is None:
        raise ProjectUnfit(pointer="/projectId")


def evidence(session: Session, actor: Actor, file_id: UUID | None, asked: bool) -> dict[str, Any]:
    """Return what a case keeps of a file that the actor brought; NotFound, EvidenceUnasked where nobody is to judge."""
    if file_id is None:
        return {}
    if not asked:
        raise EvidenceUnasked(pointer="/fileId")
    found(session.first(sa.select(File.id).where(visible(actor, File), File.id == file_id)))
    return {"claim": {"fileId": str(file_id)}}
