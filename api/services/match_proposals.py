"""匹配建议: shown to whom they were made, with reasons; offices see them by need, and names only where they may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, require, within
from api.db import Session
from api.domain.matching.telling import reasons
from api.domain.steps import TABLES
from api.models import MatchProposal, Need, Organization, Person, Team
from api.services import needs
from api.visibility import visible
from api.visibility.matching import to_led_team

SHOWN = sa.select(
    MatchProposal.id, MatchProposal.tenant_id, MatchProposal.version, MatchProposal.state, MatchProposal.run_id,
    MatchProposal.need_id, MatchProposal.community_id, MatchProposal.person_id, MatchProposal.organization_id,
    MatchProposal.resource_id, MatchProposal.starts_at, MatchProposal.ends_at, MatchProposal.reasons,
    MatchProposal.answer_by, MatchProposal.answered_at, MatchProposal.reason, MatchProposal.shift_id,
    MatchProposal.project_id, MatchProposal.rating, MatchProposal.created_at, MatchProposal.team_id,
    MatchProposal.places, MatchProposal.points, Team.name.label("team_name"), Team.leader_id,
    Organization.name.label("community_name"), Organization.path,
).join(Organization, Organization.id == MatchProposal.community_id).outerjoin(
    Team, Team.id == MatchProposal.team_id
)  # fmt: skip


def one(session: Session, actor: Actor, proposal_id: UUID) -> dict[str, Any]:
    """Return one proposal as it stands for this actor; NotFound where they may not know of it."""
    return views(session, actor, [of(session, actor, proposal_id)._asdict()])[0]


def of(session: Session, actor: Actor, proposal_id: UUID) -> Any:
    """Return a proposal's row; NotFound where the actor may not know of it."""
    return found(session.first(SHOWN.where(visible(actor, MatchProposal), MatchProposal.id == proposal_id)))


def mine(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of what was proposed to the actor and to units and teams they speak for, newest first."""
    to_me = sa.or_(
        MatchProposal.person_id == actor.person_id,
        to_led_team(actor),
        within(actor, "match_proposal.accept", MatchProposal.organization_id),
    )
    return _page(session, actor, SHOWN.where(visible(actor, MatchProposal), to_me), query)


def of_need(session: Session, actor: Actor, need_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of what was proposed for a need, for offices of its community or above, newest first."""
    need = found(session.first(needs.SHOWN.where(visible(actor, Need), Need.id == need_id)))
    require(actor, "match_proposal.list", need.path)
    return _page(session, actor, SHOWN.where(visible(actor, MatchProposal), MatchProposal.need_id == need_id), query)


def _page(session: Session, actor: Actor, statement: Any, query: Any) -> dict[str, Any]:
    if query.state is not None:
        statement = statement.where(MatchProposal.state == query.state)
    answer = paging.page(session, statement, MatchProposal.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = views(session, actor, answer["items"])
    return answer


def speaks(actor: Actor, row: Any, path: str | None) -> bool:
    """Say whether a proposal was made to the actor, to a team they answer for, or to a unit at `path`."""
    if row["person_id"] is not None:
        return row["person_id"] == actor.person_id
    if row["team_id"] is not None:
        return row["leader_id"] == actor.person_id
    return path is not None and actor.grant_for("match_proposal.accept", path) is not None


def views(session: Session, actor: Actor, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return proposals as they are shown to this actor.

    Why somebody said no stays theirs. An office reads a name only of who accepted and whom it may read anyway, and
    that is logged.
    """
    asked = _needs(session, actor, {item["need_id"] for item in items})
    units = _units(session, actor, {item["organization_id"] for item in items} - {None})
    own = [speaks(actor, item, units.get(item["organization_id"], (None, None))[1]) for item in items]
    names = _names(session, actor, [item for item, is_own in zip(items, own, strict=True) if not is_own])
    shown = []
    for item, is_own in zip(items, own, strict=True):
        need = asked.get(item["need_id"])
        shown.append({
            **item, "need": need, "reasons": reasons(item["reasons"]) if item["reasons"] else None,
            "reason": item["reason"] if is_own else None, "own": is_own,
            "helper_name": units.get(item["organization_id"], (None, None))[0] or names.get(item["id"])
            or (item["team_name"] if item["person_id"] is None else None),
            "allowed_actions": _steps(session, actor, item, is_own),
        })  # fmt: skip
    return shown


def _steps(session: Session, actor: Actor, item: dict[str, Any], own: bool) -> list[str]:
    mine = {"match_proposal.accept", "match_proposal.decline"} if own and session.now < item["answer_by"] else set()
    if not own and actor.grant_for("match_proposal.rate", item["path"]) is not None and is_over(session, item):
        mine.add("match_proposal.rate")
    return [step for step in TABLES["match_proposal"].allowed(item["state"]) if step in mine]


def is_over(session: Session, item: Any) -> bool:
    """Say whether what was agreed to has taken place, as far as its time is known."""
    return item["project_id"] is not None or (item["ends_at"] is not None and item["ends_at"] <= session.now)


def _needs(session: Session, actor: Actor, wanted: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the needs of proposals as far as the actor sees them: one that was withdrawn is not shown any more."""
    rows = session.rows(needs.SHOWN.where(visible(actor, Need), Need.id.in_(wanted))) if wanted else ()
    return {row.id: {name: getattr(row, name) for name in ("id", "kind", "title", "category")} for row in rows}


def _units(session: Session, actor: Actor, wanted: set[UUID]) -> dict[UUID | None, tuple[str, str]]:
    rows = sa.select(Organization.id, Organization.name, Organization.path)
    of_tenant = rows.where(Organization.tenant_id == actor.tenant_id, Organization.id.in_(wanted))
    return {row.id: (row.name, row.path) for row in session.rows(of_tenant)} if wanted else {}


def _names(session: Session, actor: Actor, items: Sequence[dict[str, Any]]) -> dict[UUID, str | None]:
    wanted = {item["person_id"] for item in items if item["state"] == "accepted"} - {None}
    if not wanted:
        return {}
    rows = session.rows(
        sa.select(Person.id, Person.wrapped_key, Person.name).where(visible(actor, Person), Person.id.in_(wanted))
    )
    opened = {row.id: session.vault.open(row.wrapped_key, row.id, "name", row.name) for row in rows}
    session.look(sorted(opened), ["name"], "service", organization_id=items[0]["community_id"])
    return {item["id"]: opened[item["person_id"]] for item in items if item["person_id"] in opened}
