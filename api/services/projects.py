"""项目: proposed (对接) by one side with reasons, found, listed and shown with its parties."""

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
from api.models import Need, Organization, Project, ProjectParty
from api.services import changes, resources
from api.services.places import place
from api.visibility import visible

DEAD = ("declined", "cancelled", "released")


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
    Project.need_id, Project.resource_id, Project.quantity, Project.starts_on, Project.ends_on, Project.budget_fen,
    Project.reasons, Project.reason, Project.agreement_id, Project.result, Project.flags,
    Organization.name.label("community_name"), Organization.path,
).join(Organization, Organization.id == Project.community_id)  # fmt: skip


def propose(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Propose a project as one of its parties and return its id; a need it is for is claimed by it at once.

    Every party confirms by itself, the proposing one too. Raises NeedClaimed where another project claims the need,
    WrongParties, EndsTooEarly.
    """
    parties = _parties(session, actor, values["parties"], values["community_id"])
    grant = next((grant for row in parties if (grant := actor.grant_for("project.propose", row["path"]))), None)
    if grant is None:
        raise Forbidden(step="project.propose")
    require_days(values)
    if values["need_id"] is not None:
        _require_open(session, actor, values["need_id"], values["community_id"])
    if values["resource_id"] is not None:
        _require_offered(session, actor, values["resource_id"], parties)
    reasons = [{"code": ground.code, "text": ground.text} for ground in values["reasons"]]
    project = {name: value for name, value in values.items() if name != "parties"} | {"reasons": reasons}
    at = values["community_id"]
    project_id = changes.create(session, actor, Project, "project.propose", project, at=at, grant=grant)
    write_parties(session, actor, project_id, parties)
    return project_id


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
    steps = [
        step
        for step in TABLES["project"].allowed(row["state"])
        if grant_for(actor, step, row["path"], parties) is not None
    ]
    result = {name: row["result"].get(name) for name in ("summary", "delivered_at", "stars", "remark")}
    return {**row, "result": result, "parties": parties, "allowed_actions": steps}


def require_days(terms: dict[str, Any]) -> None:
    """Refuse terms that end before they begin."""
    if terms["ends_on"] <= terms["starts_on"]:
        raise EndsTooEarly(pointer="/endsOn")


def _parties(session: Session, actor: Actor, terms: Sequence[Any], community_id: UUID) -> list[dict[str, Any]]:
    rows = []
    for number, party in enumerate(terms):
        node = place(session, actor, party.organization_id, pointer=f"/parties/{number}/organizationId")
        rows.append({**party.values(), "path": node.path, "axis": node.axis})
    ids = [row["organization_id"] for row in rows]
    if len(set(ids)) < len(ids):
        raise WrongParties(why="a party stands twice", whyZh="参与方重复", pointer="/parties")
    asking = [row["organization_id"] for row in rows if row["side"] == "asks"]
    if community_id not in asking or len(asking) == len(rows):
        why = "the community asks, and at least one other party offers or joins"
        raise WrongParties(why=why, whyZh="社区为提出方，且至少有一个承接方或参与方", pointer="/parties")
    place(session, actor, community_id, axis="territory", pointer="/communityId")
    return rows


def _require_open(session: Session, actor: Actor, need_id: UUID, community_id: UUID) -> None:
    need = found(
        session.first(sa.select(Need.state, Need.community_id).where(visible(actor, Need), Need.id == need_id))
    )
    if need.state != "published":
        raise NeedNotOpen(needId=str(need_id), state=need.state)
    if need.community_id != community_id:
        raise WrongParties(why="the need is another community's", whyZh="需求属于其他社区", pointer="/communityId")
    if claiming(session, need_id) is not None:
        raise NeedClaimed(needId=str(need_id))


def _require_offered(session: Session, actor: Actor, resource_id: UUID, parties: list[dict[str, Any]]) -> None:
    resource = resources.find(session, actor, resource_id)
    if resource.state != "published":
        raise resources.ResourceNotOffered(wanted=1, resourceId=str(resource_id))
    if resource.organization_id not in [row["organization_id"] for row in parties if row["side"] == "offers"]:
        raise WrongParties(
            why="who offers the resource is no party", whyZh="资源提供单位不是承接方", pointer="/parties"
        )
