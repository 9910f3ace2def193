"""项目: found, listed and shown with its parties; who may take which step on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain.steps import TABLES
from api.errors import Conflict, Forbidden, Invalid
from api.models import Organization, Project, ProjectParty, ProjectPerson
from api.visibility import visible

DEAD = ("declined", "cancelled", "released")
NO_REPLY, NEVER_BEGAN = "no_reply", "never_began"
"""Flags of released projects: why nothing came of them."""


class NeedClaimed(Conflict):
    """Another project serves the need."""

    code, zh, en = "need_claimed", "该需求已被认领", "Another project has claimed this need"


class NeedNotOpen(Conflict):
    """Only a published need can be claimed."""

    code, zh, en = "need_not_open", "该需求未发布或已对接", "The need is not published, or matched already"


class WrongParties(Invalid):
    """The parties do not fit the project."""

    code, zh, en = "wrong_parties", "参与方有误：{whyZh}", "The parties do not fit: {why}"


class EndsTooEarly(Invalid):
    """A project lasts at least a day."""

    code, zh, en = "ends_too_early", "结束日期须晚于开始日期", "The end must come after the start"


_SHOWN = sa.select(
    Project.id, Project.version, Project.state, Project.kind, Project.category, Project.title, Project.community_id,
    Project.need_id, Project.resource_id, Project.quantity, Project.headcount, Project.taken, Project.circle,
    Project.terms, Project.starts_on, Project.ends_on, Project.budget_fen,
    Project.reasons, Project.reason, Project.agreement_id, Project.result, Project.flags, Project.reply_by,
    Project.renews_id,
    Organization.name.label("community_name"), Organization.path,
).join(Organization, Organization.id == Project.community_id)  # fmt: skip


def one(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """Return one project as it stands for this actor; NotFound where they may not know of it."""
    row = find(session, actor, project_id)
    return view(actor, row._asdict(), parties_of(session, [project_id])[project_id])


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the projects that the actor may see, newest first."""
    statement = _SHOWN.where(visible(actor, Project))
    for column, wanted in (
        (Project.state, query.state),
        (Project.kind, query.kind),
        (Project.community_id, query.community_id),
        (Project.need_id, query.need_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.mine:
        statement = statement.where(Project.id.in_(parts_of(actor)))
    if query.organization_id is not None:
        taking_part = sa.select(ProjectParty.project_id).where(ProjectParty.organization_id == query.organization_id)
        statement = statement.where(Project.id.in_(taking_part))
    answer = paging.page(session, statement, Project.id, limit=query.limit, cursor=query.cursor)
    parties = parties_of(session, [item["id"] for item in answer["items"]])
    answer["items"] = [view(actor, item, parties[item["id"]]) for item in answer["items"]]
    return answer


def find(session: Session, actor: Actor, project_id: UUID) -> Any:
    """Return a project; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Project), Project.id == project_id)))


def claiming(session: Session, need_id: UUID) -> Any:
    """Return the live project of a need, None where nobody claims it."""
    return session.first(_SHOWN.where(Project.need_id == need_id, Project.state.not_in(DEAD)))


def find_held(session: Session, project_id: UUID) -> Any:
    """Return a project that this transaction has just written, whoever may know of it."""
    return session.first(_SHOWN.where(Project.id == project_id))


def parts_of(actor: Actor) -> sa.Select[Any]:
    """Return the projects in which the actor takes part, or asked to."""
    live = ProjectPerson.state.in_(("claimed", "agreed"))
    return sa.select(ProjectPerson.project_id).where(ProjectPerson.person_id == actor.person_id, live)


def parties_of(session: Session, project_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the parties of these projects, in the order in which they were named; one statement."""
    rows = session.rows(_PARTIES, {"projects": list(project_ids)}) if project_ids else ()
    by_project: dict[UUID, list[dict[str, Any]]] = {project_id: [] for project_id in project_ids}
    for row in rows:
        by_project[row.project_id].append(row._asdict())
    return by_project


_PARTIES = (
    sa.select(
        ProjectParty.id, ProjectParty.project_id, ProjectParty.organization_id, ProjectParty.side, ProjectParty.duties,
        ProjectParty.confirmed_at, Organization.name.label("organization_name"), Organization.path, Organization.axis,
    )
    .join(Organization, Organization.id == ProjectParty.organization_id)
    .where(ProjectParty.project_id.in_(sa.bindparam("projects", expanding=True)))
    .order_by(ProjectParty.id)
)  # fmt: skip


def write_parties(session: Session, actor: Actor, project_id: UUID, parties: Iterable[dict[str, Any]]) -> None:
    """Write the parties of a project, none of them confirmed."""
    session.insert(
        ProjectParty,
        [
            {
                "id": new_id(), "tenant_id": actor.tenant_id, "project_id": project_id, "duties": row["duties"],
                "organization_id": row["organization_id"], "side": row["side"], "confirmed_at": None,
                "confirmed_by": None,
            }
            for row in parties
        ],
    )  # fmt: skip


def grant_for(actor: Actor, step: str, path: str, parties: Iterable[dict[str, Any]]) -> UUID | None:
    """Return the grant under which the actor takes a step: at a party; at the community too, save for confirming."""
    paths = [party["path"] for party in parties if step != "project.accept" or party["confirmed_at"] is None]
    if step != "project.accept":
        paths.append(path)
    return next((grant for one in paths if (grant := actor.grant_for(step, one)) is not None), None)


def view(actor: Actor, row: dict[str, Any], parties: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a project as it is shown."""
    # What persons take part in goes its own way; what organisations agree on is a project whatever its kind.
    own = TABLES.get(row["kind"])
    table = own if own is not None and row["state"] in own.states else TABLES["project"]
    steps = [step for step in table.allowed(row["state"]) if grant_for(actor, step, row["path"], parties) is not None]
    result = {name: row["result"].get(name) for name in ("summary", "delivered_at", "stars", "remark", "kept")}
    near = row["kind"] != "pairing" or grant_for(actor, "pairing.end", row["path"], parties) is not None
    # why a pairing ended may tell of the household, which nobody else is to know of
    reason = row["reason"] if near else None
    return {**row, "reason": reason, "result": result, "parties": parties, "allowed_actions": steps}


def require_days(terms: dict[str, Any]) -> None:
    """Refuse terms that end before they begin."""
    if terms["ends_on"] <= terms["starts_on"]:
        raise EndsTooEarly(pointer="/endsOn")


def hold(session: Session, actor: Actor, project_id: UUID) -> Any:
    """Return a project, its row locked until the transaction ends: of two parties one decides after the other."""
    find(session, actor, project_id)
    session.execute(sa.select(Project.id).where(Project.id == project_id).with_for_update())
    return find(session, actor, project_id)


def governed(session: Session, actor: Actor, project_id: UUID, step: str) -> tuple[Any, UUID]:
    """Return a project, held, and the grant under which the actor takes a step on it; NotFound, Forbidden."""
    row = hold(session, actor, project_id)
    grant = grant_for(actor, step, row.path, parties_of(session, [project_id])[project_id])
    if grant is None:
        raise Forbidden(step=step)
    return row, grant
