"""项目 on its way: countered, declined, called off, started, delivered, rated, closed; its need moves along."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.errors import Forbidden
from api.models import Need, Project, ProjectParty
from api.services import changes, needs, projects, resources
from api.services.agreements import hold, need_step
from api.visibility import visible


def counter(session: Session, actor: Actor, project_id: UUID, terms: dict[str, Any]) -> UUID:
    """Set other terms on a proposal, for the same parties; all have to confirm anew."""
    row, grant = _governed(session, actor, project_id, "project.counter")
    projects.require_days(terms)
    stated = {side["organization_id"]: side for side in projects.parties_of(session, [project_id])[project_id]}
    wanted = {party.organization_id: party for party in terms["parties"]}
    if set(wanted) != set(stated) or len(terms["parties"]) != len(wanted):
        raise projects.WrongParties(why="they stay the same", whyZh="参与方不可更换", pointer="/parties")
    if any(party.side != stated[place]["side"] for place, party in wanted.items()):
        raise projects.WrongParties(why="they keep their sides", whyZh="各方角色不可更换", pointer="/parties")
    values = {name: value for name, value in terms.items() if name != "parties"}
    changes.take(session, actor, Project, row, "project.counter", values, at=row.community_id, grant=grant)
    session.execute(sa.delete(ProjectParty).where(ProjectParty.project_id == project_id))
    projects.write_parties(
        session, actor, project_id, [{**stated[p.organization_id], **p.values()} for p in terms["parties"]]
    )
    return project_id


def decline(session: Session, actor: Actor, project_id: UUID, reason: str | None) -> UUID:
    """Refuse a proposal, with or without a reason; the need can be claimed by others."""
    return _step(session, actor, project_id, "project.decline", {"reason": reason})


def cancel(session: Session, actor: Actor, project_id: UUID, reason: str) -> UUID:
    """Call a project off; its need goes back to the list and its resource is offered again."""
    row, grant = _governed(session, actor, project_id, "project.cancel")
    _call_off(session, actor, row, reason, grant)
    if row.state != "proposed":
        need_step(session, actor, row, "need.release")
    return project_id


def start(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Begin the work; the need is in progress."""
    return _step(session, actor, project_id, "project.start", None, "need.start")


def deliver(session: Session, actor: Actor, project_id: UUID, summary: str) -> UUID:
    """Say what came of it; the need is done."""
    result = {"summary": summary, "delivered_at": session.now.isoformat()}
    return _step(session, actor, project_id, "project.deliver", {"result": result}, "need.complete")


def rate(session: Session, actor: Actor, project_id: UUID, stars: int, remark: str) -> UUID:
    """Rate the result for the community."""
    row, grant = _governed(session, actor, project_id, "project.rate")
    values = {"result": {**row.result, "stars": stars, "remark": remark}}
    changes.take(session, actor, Project, row, "project.rate", values, at=row.community_id, grant=grant)
    return project_id


def close(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Close a rated project; a need that nobody confirmed yet is confirmed by it."""
    row, grant = _governed(session, actor, project_id, "project.close")
    changes.take(session, actor, Project, row, "project.close", at=row.community_id, grant=grant)
    if row.need_id is not None and session.scalar(sa.select(Need.state).where(Need.id == row.need_id)) == "done":
        need_step(session, actor, row, "need.confirm")
    return project_id


def release_need(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Take a matched need back to the list; the project that served it is called off with the same reason."""
    need = found(session.first(needs.SHOWN.where(visible(actor, Need), Need.id == need_id)))
    grant = require(actor, "need.release", need.path)
    changes.take(session, actor, Need, need, "need.release", at=need.community_id, grant=grant)
    live = projects.claiming(session, need_id)
    if live is not None:
        row, grant = _governed(session, actor, live.id, "project.cancel")
        _call_off(session, actor.aside(), row, reason, grant)
    return need_id


def _call_off(session: Session, actor: Actor, row: Any, reason: str, grant: UUID) -> None:
    changes.take(session, actor, Project, row, "project.cancel", {"reason": reason}, at=row.community_id, grant=grant)
    if row.resource_id is not None and row.state in resources.HOLDING:
        resources.give_back(session, actor.aside(), row)


def _step(
    session: Session, actor: Actor, project_id: UUID, step: str, values: dict[str, Any] | None, along: str | None = None
) -> UUID:
    row, grant = _governed(session, actor, project_id, step)
    changes.take(session, actor, Project, row, step, values, at=row.community_id, grant=grant)
    if along is not None:
        need_step(session, actor, row, along)
    return project_id


def _governed(session: Session, actor: Actor, project_id: UUID, step: str) -> tuple[Any, UUID]:
    row = hold(session, actor, project_id)
    sides = projects.parties_of(session, [project_id])[project_id]
    grant = projects.grant_for(actor, step, row.path, sides)
    if grant is None:
        raise Forbidden(step=step)
    return row, grant
