"""对接: terms are proposed, changed and proposed anew as a renewal; each waits for its answer until a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain import need_gates
from api.domain import needs as need_rules
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict, Forbidden, Invalid
from api.models import MatchProposal, Need, Project, ProjectParty
from api.services import bookings, changes, match_inputs, match_rules, project_messages, projects, resources
from api.services.days import today
from api.services.places import place
from api.visibility import visible

_LONGEST = timedelta(days=92)  # as long as somebody may be asked to wait for an answer


class ReplyByUnfit(Invalid):
    """An answer is awaited from today on, and not for ever."""

    code = "reply_by_unfit"
    zh, en = "答复期限须在今天起 {days} 天之内", "The last day for an answer lies within {days} days from today"


class RenewalUnfit(Conflict):
    """A renewal goes on from where the project ends, with the same parties, once."""

    code = "renewal_unfit"
    zh = "续签须从原项目结束之日开始，原项目须有结束日期，且没有其他续签在办"
    en = "A renewal starts on the day on which the project ends, and there is one of it at a time"


def propose(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Propose a project as one of its parties and return its id; a need it is for is claimed by it at once.

    Every party confirms by itself, the proposing one too, until `reply_by`: where nothing is said, so many working days
    as the district set. Raises NeedClaimed where another project claims the need or people said yes to it,
    WrongParties, EndsTooEarly,
    ReplyOver or NotOfTheGroup by what the need says, ReplyByUnfit, and what `bookings.ask` raises.
    """
    parties = _parties(session, actor, values["parties"], values["community_id"])
    grant = next((grant for row in parties if (grant := actor.grant_for("project.propose", row["path"]))), None)
    if grant is None:
        raise Forbidden(step="project.propose")
    projects.require_days(values)
    if values["need_id"] is not None:
        _require_open(session, actor, values["need_id"], values["community_id"])
    if values["resource_id"] is not None:
        _require_offered(session, actor, values["resource_id"], parties)
    reasons = [{"code": ground.code, "text": ground.text} for ground in values["reasons"]]
    return _born(session, actor, {**values, "reasons": reasons}, parties, grant)


def counter(session: Session, actor: Actor, project_id: UUID, terms: dict[str, Any]) -> UUID:
    """Set other terms on a proposal, for the same parties; all have to confirm anew."""
    row, grant = projects.governed(session, actor, project_id, "project.counter")
    stated = _same_parties(session, row, terms)
    terms = _until(session, actor, row.path, terms)
    values = {name: value for name, value in terms.items() if name not in ("parties", "bookings")}
    changes.take(session, actor, Project, row, "project.counter", values, at=row.community_id, grant=grant)
    session.execute(sa.delete(ProjectParty).where(ProjectParty.project_id == project_id))
    asked = {"resource_id": row.resource_id, **terms}
    _write_terms(session, actor, project_id, row.community_id, "project.counter", asked, stated)
    return project_id


def renew(session: Session, actor: Actor, project_id: UUID, terms: dict[str, Any]) -> UUID:
    """Propose that a project goes on under these terms and return the new project's id; all parties confirm it.

    With the last confirmation its agreement supersedes the one that stands. Raises RenewalUnfit.
    """
    row, grant = projects.governed(session, actor, project_id, "project.renew")
    stated = _same_parties(session, row, terms)
    live = sa.select(Project.id).where(Project.renews_id == project_id, Project.state.not_in(projects.DEAD))
    if row.ends_on is None or terms["starts_on"] != row.ends_on or session.first(live) is not None:
        raise RenewalUnfit
    kept = (Project.circle, Project.headcount, Project.terms)
    more = session.first(sa.select(*kept).where(Project.id == project_id))
    values = {
        **found(more)._asdict(), **terms, "kind": row.kind, "category": row.category, "title": row.title,
        "community_id": row.community_id, "need_id": None, "resource_id": row.resource_id, "reasons": [],
        "renews_id": project_id,
    }  # fmt: skip
    new = _born(session, actor, values, stated, grant)
    changes.take(
        session, actor.aside(), Project, row, "project.renew", at=row.community_id, grant=grant,
        details={"renewal": str(new)},
    )  # fmt: skip
    return new


def _born(
    session: Session, actor: Actor, values: dict[str, Any], parties: list[dict[str, Any]], grant: UUID | None
) -> UUID:
    at = values["community_id"]
    values = _until(session, actor, place(session, actor, at).path, values)
    project = {name: value for name, value in values.items() if name not in ("parties", "bookings")}
    project_id = changes.create(session, actor, Project, "project.propose", project, at=at, grant=grant)
    _write_terms(session, actor, project_id, at, "project.propose", values, parties)
    return project_id


def _write_terms(
    session: Session, actor: Actor, project_id: UUID, at: UUID, step: str, terms: dict[str, Any],
    parties: list[dict[str, Any]],
) -> None:  # fmt: skip
    projects.write_parties(session, actor, project_id, parties)
    bookings.ask(session, actor, project_id, terms)
    mine = (side["organization_id"] for side in parties if actor.grant_for(step, side["path"]) is not None)
    told = project_messages.terms_of(terms)
    project_messages.note(session, actor, project_id, "terms", next(mine, at), terms=told)


def _until(session: Session, actor: Actor, path: str, terms: dict[str, Any]) -> dict[str, Any]:
    """Return terms with the last day for an answer: as said, else by the rules that hold at the community."""
    day: date = today(session, actor.tenant_id)
    by = terms.get("reply_by")
    if by is None:
        _, rules = match_rules.holding(session, actor, path)
        by = add_workdays(day, rules.terms.reply_days, WorkCalendar())
    elif not day <= by <= day + _LONGEST:
        raise ReplyByUnfit(days=_LONGEST.days, pointer="/replyBy")
    return {**terms, "reply_by": by}


def _same_parties(session: Session, row: Any, terms: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parties of a project with their new duties; WrongParties for others or other sides, EndsTooEarly."""
    projects.require_days(terms)
    stated = {side["organization_id"]: side for side in projects.parties_of(session, [row.id])[row.id]}
    wanted = {party.organization_id: party for party in terms["parties"]}
    if set(wanted) != set(stated) or len(terms["parties"]) != len(wanted):
        raise projects.WrongParties(why="they stay the same", whyZh="参与方不可更换", pointer="/parties")
    if any(party.side != stated[where]["side"] for where, party in wanted.items()):
        raise projects.WrongParties(why="they keep their sides", whyZh="各方角色不可更换", pointer="/parties")
    return [{**stated[party.organization_id], **party.values()} for party in terms["parties"]]


def _parties(session: Session, actor: Actor, terms: Sequence[Any], community_id: UUID) -> list[dict[str, Any]]:
    rows = []
    for number, party in enumerate(terms):
        node = place(session, actor, party.organization_id, pointer=f"/parties/{number}/organizationId")
        rows.append({**party.values(), "path": node.path, "axis": node.axis})
    ids = [row["organization_id"] for row in rows]
    if len(set(ids)) < len(ids):
        raise projects.WrongParties(why="a party stands twice", whyZh="参与方重复", pointer="/parties")
    asking = [row["organization_id"] for row in rows if row["side"] == "asks"]
    if community_id not in asking or len(asking) == len(rows):
        why = "the community asks, and at least one other party offers or joins"
        raise projects.WrongParties(why=why, whyZh="社区为提出方，且至少有一个承接方或参与方", pointer="/parties")
    place(session, actor, community_id, axis="territory", pointer="/communityId")
    return rows


def _require_open(session: Session, actor: Actor, need_id: UUID, community_id: UUID) -> None:
    need = found(
        session.first(
            sa.select(Need.state, Need.community_id, Need.reply_by, Need.gates, Need.expires_on)
            .where(visible(actor, Need), Need.id == need_id)
            .with_for_update(of=Need)  # whoever says yes to a match meanwhile, or claims it, is heard before or after
        )
    )
    day = today(session, actor.tenant_id)
    if need.state != "published" or (need.expires_on is not None and need.expires_on <= day):
        raise projects.NeedNotOpen(needId=str(need_id), state=need.state)
    if need.community_id != community_id:
        raise projects.WrongParties(
            why="the need is another community's", whyZh="需求属于其他社区", pointer="/communityId"
        )
    held = match_inputs.taken(session, MatchProposal.need_id == need_id).get(need_id, 0)
    if held or projects.claiming(session, need_id) is not None:
        raise projects.NeedClaimed(needId=str(need_id))
    need_rules.require_answers_taken(need.reply_by, day)
    need_gates.require_open(need.gates, {"groups": {need_gates.UNIT}})


def _require_offered(session: Session, actor: Actor, resource_id: UUID, parties: list[dict[str, Any]]) -> None:
    resource = resources.find(session, actor, resource_id)
    if resource.state != "published":
        raise bookings.ResourceNotOffered(wanted=1, resourceId=str(resource_id))
    if resource.organization_id not in [row["organization_id"] for row in parties if row["side"] == "offers"]:
        raise projects.WrongParties(
            why="who offers the resource is no party", whyZh="资源提供单位不是承接方", pointer="/parties"
        )
