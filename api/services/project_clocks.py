"""项目期限: a proposal that nobody answers lapses; what was agreed and never begins is asked about, then released."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.errors import Conflict
from api.models import Case, Organization, Project
from api.services import bookings, cases, changes, match_rules, project_messages, projects, purses
from api.services.agreements import need_step
from api.services.days import today


class NotOverdue(Conflict):
    """An agreed project is released only when it should have begun some time ago."""

    code = "project_not_overdue"
    zh, en = "{day} 起仍未启动的项目才可解除", "Only a project that has not begun by {day} can be released"


_DUE = (
    sa.select(
        Project.id, Project.version, Project.state, Project.community_id, Project.need_id, Project.resource_id,
        Project.starts_on, Project.flags, Organization.path,
    )
    .join(Organization, Organization.id == Project.community_id)
    .where(Project.tenant_id == sa.bindparam("tenant"))
    .order_by(Project.id)
)  # fmt: skip


def lapse_due(session: Session, actor: Actor, limit: int = 200) -> int:
    """Let proposals lapse whose last day for an answer has passed, and return how many; a repeat finds none.

    The need is open again, for it is claimed only while its project lives; both sides find it in their inbox.
    """
    day = today(session, actor.tenant_id)
    due = _DUE.where(Project.state == "proposed", Project.reply_by < day).limit(limit)
    rows = session.rows(due, {"tenant": actor.tenant_id})
    for row in rows:
        _end(session, actor, row, "project.lapse", {"flags": [*row.flags, projects.NO_REPLY]}, None)
        project_messages.note(session, actor, row.id, "lapsed", None)
    return len(rows)


def prompt_due(session: Session, actor: Actor, limit: int = 200) -> int:
    """Ask the community about agreed projects that should have begun: one case each; return how many were opened."""
    day = today(session, actor.tenant_id)
    asked = sa.select(Case.subject_id).where(
        Case.tenant_id == actor.tenant_id, Case.subject_kind == "project", Case.source.like("project:%:not_begun")
    )
    late = _DUE.where(Project.state == "agreed", Project.starts_on < day, Project.id.not_in(asked))
    due = [
        row for row in session.rows(late, {"tenant": actor.tenant_id})
        if overdue_from(session, actor, row) <= day
    ][:limit]  # fmt: skip
    for row in due:
        cases.open_case(
            session, actor, kind="prompt", organization_id=row.community_id, reason="project_not_begun",
            facts={"startsOn": row.starts_on.isoformat()}, subject_kind="project", subject_id=row.id,
            source=f"project:{row.id}:not_begun",
        )  # fmt: skip
    return len(due)


def release(session: Session, actor: Actor, project_id: UUID, reason: str) -> UUID:
    """Release a project that was agreed and never began, for its community; NotOverdue before the district's days.

    What it held is free, money goes back, the need is open again, and the next match remembers that it came to nothing.
    """
    row, grant = projects.governed(session, actor, project_id, "project.release")
    day = today(session, actor.tenant_id)
    if row.state == "agreed":
        since = overdue_from(session, actor, row)
        if day < since:
            raise NotOverdue(day=since.isoformat())
    values = {"reason": reason, "flags": [*row.flags, projects.NEVER_BEGAN]}
    _end(session, actor, row, "project.release", values, grant)
    project_messages.note(session, actor, row.id, "released", row.community_id, text=reason)
    return project_id


def overdue_from(session: Session, actor: Actor, row: Any) -> date:
    """Return the day from which an agreed project counts as never begun, by the rules that hold at its community.

    One that was taken over from a list without a first day counts from today on.
    """
    if row.starts_on is None:
        return today(session, actor.tenant_id)
    _, rules = match_rules.holding(session, actor, row.path)
    return row.starts_on + timedelta(days=rules.terms.start_days)


def _end(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID | None) -> None:
    changes.take(session, actor, Project, row, step, values, at=row.community_id, grant=grant)
    if row.state == "proposed":
        return
    if row.resource_id is not None:
        bookings.free(session, actor.aside(), row)
    purses.end(session, actor.aside(), row)
    need_step(session, actor, row, "need.release")
