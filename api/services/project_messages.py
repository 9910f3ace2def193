"""协商记录: what the sides of a project write, the terms that were proposed, who confirmed them; only ever appended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain.steps import TABLES
from api.errors import Forbidden
from api.models import Organization, ProjectMessage
from api.services import changes, projects
from api.visibility import visible

_SHOWN = sa.select(
    ProjectMessage.id, ProjectMessage.tenant_id, ProjectMessage.project_id, ProjectMessage.kind,
    ProjectMessage.organization_id, ProjectMessage.text, ProjectMessage.terms, ProjectMessage.created_at,
    Organization.name.label("organization_name"),
).outerjoin(Organization, Organization.id == ProjectMessage.organization_id)  # fmt: skip


def write(session: Session, actor: Actor, project_id: UUID, text: str) -> UUID:
    """Write to the other sides for a party or the community; return the message's id. Forbidden, StepNotAllowed."""
    row = projects.find(session, actor, project_id)
    sides = projects.parties_of(session, [project_id])[project_id]
    grant = projects.grant_for(actor, "project.write", row.path, sides)
    if grant is None:
        raise Forbidden(step="project.write")
    TABLES["project"].next(row.state, "project.write")
    speaker = speaks_for(actor, "project.write", row, sides)
    message = _row(session, actor, project_id, "word", speaker, text=text)
    session.insert(ProjectMessage, [message])
    changes.record(
        session, actor, "project.write", "project_message", message["id"], at=row.community_id, grant=grant,
        written=message,
    )  # fmt: skip
    return message["id"]


def note(
    session: Session,
    actor: Actor,
    project_id: UUID,
    kind: str,
    organization_id: UUID | None,
    *,
    terms: dict[str, Any] | None = None,
    text: str | None = None,
) -> None:
    """Write what a step brought into the thread of its project; the step's own event stands for both."""
    session.insert(ProjectMessage, [_row(session, actor, project_id, kind, organization_id, terms=terms, text=text)])


def one(session: Session, actor: Actor, message_id: UUID) -> dict[str, Any]:
    """Return one message; NotFound for who is no side of its project."""
    seen = _SHOWN.where(visible(actor, ProjectMessage), ProjectMessage.id == message_id)
    return found(session.first(seen))._asdict()


def listed(session: Session, actor: Actor, project_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of what stands in a project's thread, newest first; NotFound, Forbidden for who is no side."""
    _require_side(session, actor, project_id, "project.messages")
    statement = _SHOWN.where(visible(actor, ProjectMessage), ProjectMessage.project_id == project_id)
    if query.kind is not None:
        statement = statement.where(ProjectMessage.kind == query.kind)
    return paging.page(session, statement, ProjectMessage.id, limit=query.limit, cursor=query.cursor)


def history(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """Return which terms were proposed when, by whom, and who confirmed them; the last are those that stand."""
    _require_side(session, actor, project_id, "project.history")
    statement = _SHOWN.where(
        visible(actor, ProjectMessage), ProjectMessage.project_id == project_id,
        ProjectMessage.kind.in_(("terms", "confirmed")),
    )  # fmt: skip
    rounds: list[dict[str, Any]] = []
    for row in session.rows(statement.order_by(ProjectMessage.id)):
        side = {"organization_id": row.organization_id, "organization_name": row.organization_name}
        if row.kind == "terms":
            rounds.append({**side, "proposed_at": row.created_at, "terms": row.terms, "confirmed": []})
        elif rounds:
            rounds[-1]["confirmed"].append({**side, "confirmed_at": row.created_at})
    return {"items": rounds}


def speaks_for(actor: Actor, step: str, row: Any, sides: list[dict[str, Any]]) -> UUID:
    """Return the side for which the actor speaks: the first party that is theirs, else the community."""
    mine = (side["organization_id"] for side in sides if actor.grant_for(step, side["path"]) is not None)
    return next(mine, row.community_id)


def terms_of(terms: dict[str, Any]) -> dict[str, Any]:
    """Return proposed terms as the thread keeps them."""
    return {
        "startsOn": terms["starts_on"].isoformat(), "endsOn": terms["ends_on"].isoformat(),
        "quantity": terms["quantity"], "budgetFen": terms["budget_fen"],
        "replyBy": terms["reply_by"].isoformat(),
        "parties": [
            {"organizationId": str(each.organization_id), "side": each.side, "duties": list(each.duties)}
            for each in terms["parties"]
        ],
        "bookings": [
            {
                "startsAt": each.starts_at.isoformat(), "endsAt": each.ends_at.isoformat(), "every": each.every,
                "until": each.until and each.until.isoformat(), "quantity": each.quantity,
            }
            for each in terms.get("bookings") or ()
        ],
    }  # fmt: skip


def _require_side(session: Session, actor: Actor, project_id: UUID, step: str) -> None:
    row = projects.find(session, actor, project_id)
    if projects.grant_for(actor, step, row.path, projects.parties_of(session, [project_id])[project_id]) is None:
        raise Forbidden(step=step)


def _row(
    session: Session,
    actor: Actor,
    project_id: UUID,
    kind: str,
    organization_id: UUID | None,
    *,
    text: str | None = None,
    terms: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "project_id": project_id, "kind": kind,
        "organization_id": organization_id, "written_by": actor.person_id, "text": text,
        "terms": terms or {}, "created_at": session.now,
    }  # fmt: skip
