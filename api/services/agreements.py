"""共建协议: every party confirms by itself; when the last one has, the project is agreed and its agreement issued."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.documents import Duty, Head, Label, Renewed, Reserved, Signatory, agreement
from api.domain.steps import TABLES
from api.errors import Conflict, Forbidden
from api.models import Document, Need, Project, ProjectParty
from api.services import bookings, changes, deliveries, documents, project_messages, projects, resources
from api.services.days import today, zone_of
from api.services.parties import parties

ROLES = {
    "asks": Label("asks", "需求方", "Asking party"),
    "offers": Label("offers", "承接方", "Offering party"),
    "joins": Label("joins", "参与方", "Joining party"),
}


class AnswerLate(Conflict):
    """A proposal waits for its answer until a day; silence until then is a no."""

    code = "answer_late"
    zh = "该提议的答复期限（{replyBy}）已过，请重新提出"
    en = "This proposal was to be answered by {replyBy}; propose it anew"


def accept(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Confirm a proposal for the parties that the actor speaks for; a repeat changes nothing while others are awaited.

    With the last confirmation, in the same transaction: the resource is promised, the need matched, the agreement
    issued. Raises ResourceNotOffered, ResourceTaken or NeedNotOpen where that cannot be, and then nothing is confirmed.
    AnswerLate after the last day for an answer, whether or not it has lapsed by then.
    """
    row = projects.hold(session, actor, project_id)
    sides = projects.parties_of(session, [project_id])[project_id]
    mine = [side for side in sides if actor.grant_for("project.accept", side["path"]) is not None]
    if not mine:
        raise Forbidden(step="project.accept")
    TABLES["project"].next(row.state, "project.accept", "proposed")
    fresh = [side for side in mine if side["confirmed_at"] is None]
    if not fresh:
        return project_id
    if row.reply_by is not None and row.reply_by < today(session, actor.tenant_id):
        raise AnswerLate(replyBy=row.reply_by.isoformat())
    grant = actor.grant_for("project.accept", fresh[0]["path"])
    session.execute(
        sa.update(ProjectParty)
        .where(ProjectParty.id.in_([side["id"] for side in fresh]))
        .values(confirmed_at=session.now, confirmed_by=actor.person_id)
    )
    for side in fresh:
        project_messages.note(session, actor, project_id, "confirmed", side["organization_id"])
    agreed = all(side["confirmed_at"] is not None or side in fresh for side in sides)
    values = {"agreement_id": _agree(session, actor.aside(), row, sides, grant)} if agreed else None
    to = "agreed" if agreed else "proposed"
    changes.take(session, actor, Project, row, "project.accept", values, at=row.community_id, grant=grant, to=to)
    return project_id


def need_step(session: Session, actor: Actor, project: Any, step: str) -> None:
    """Let the need of a project take the step that the project's own brings along."""
    if project.need_id is None:
        return
    columns = (Need.id, Need.state, Need.version, Need.community_id)
    need = found(session.first(sa.select(*columns).where(Need.id == project.need_id)))
    if step == "need.match" and need.state != "published":
        raise projects.NeedNotOpen(needId=str(need.id), state=need.state)
    changes.take(session, actor.aside(), Need, need, step, at=need.community_id)


def _agree(session: Session, actor: Actor, row: Any, sides: list[dict[str, Any]], grant: UUID | None) -> UUID:
    if row.resource_id is not None:
        bookings.hold(session, actor, row)
    need_step(session, actor, row, "need.match")
    day = today(session, actor.tenant_id)
    named = parties(session, actor, [row.community_id, *(side["organization_id"] for side in sides)], day)
    old = _renewed(session, actor, row)
    since = date.fromisoformat(old.content["period"]["start"]) if old else row.starts_on
    content = agreement(
        Head(named[row.community_id], None, since, row.ends_on),
        subject=row.title,
        signatories=[Signatory(named[side["organization_id"]], ROLES[side["side"]]) for side in sides],
        duties=[Duty(named[side["organization_id"]].name, duty) for side in sides for duty in side["duties"]],
        agreed_on=day,
        reserved=_reserved(session, actor, row),
        renewed=Renewed(old.number, row.starts_on) if old else None,
    )
    document_id = documents.issue(
        session, actor, kind="agreement", issuer_id=row.community_id, recipient_id=None, title=f"共建协议：{row.title}",
        content=content, source=f"project:{row.id}:agreed", valid_to=row.ends_on, grant=grant,
        supersedes_id=old.id if old else None,
    )  # fmt: skip
    others = [side["organization_id"] for side in sides if side["organization_id"] != row.community_id]
    deliveries.send(session, actor, document_id, others, at=row.community_id, grant=grant)
    return document_id


def _renewed(session: Session, actor: Actor, row: Any) -> Any:
    """Return the agreement that this one supersedes; None where it renews none, or one that no longer stands."""
    if row.renews_id is None:
        return None
    columns = (Document.id, Document.tenant_id, Document.number, Document.content)
    statement = sa.select(*columns).join(Project, Project.agreement_id == Document.id)
    stands = (Document.tenant_id == actor.tenant_id, Document.state == "issued")
    return session.first(statement.where(*stands, Project.id == row.renews_id))


def _reserved(session: Session, actor: Actor, row: Any) -> list[Reserved]:
    if row.resource_id is None:
        return []
    title, zone = resources.find(session, actor, row.resource_id).title, zone_of(session, actor.tenant_id)
    return [
        Reserved(title, each.starts_at.astimezone(zone), each.ends_at.astimezone(zone), each.quantity)
        for each in bookings.of(session, row.id)
        if each.state == "held"
    ]
