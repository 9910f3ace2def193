"""志愿服务队: who answers for a team, what it would help with, and who is in it; nobody is put into one by others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, require
from api.db import Session
from api.domain.steps import TABLES
from api.errors import Conflict, Forbidden, NotFound
from api.models import Affiliation, Organization, Person, Team
from api.services import changes
from api.services.availabilities import TOLD
from api.services.days import today
from api.services.places import governed, place
from api.services.registrations import lock
from api.visibility import visible


class LeaderStays(Conflict):
    """Who answers for a team is in it until somebody else answers for it."""

    code = "team_leader_stays"
    zh, en = "队长须先由社区更换后才能退出", "Who answers for the team leaves it after somebody else was named"


SHOWN = sa.select(
    Team.id, Team.tenant_id, Team.version, Team.state, Team.name, Team.organization_id, Team.leader_id, Team.told,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Team.organization_id)  # fmt: skip
_IN_FORCE = sa.and_(Affiliation.kind == "team", Affiliation.state == "active", Affiliation.valid_to.is_(None))


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Found a team of a community with who answers for it, who is in it from the start; return its id. WrongKind.

    Nothing is proposed to it before it has said when it is free.
    """
    at, grant = governed(
        session, actor, "team.create", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    _require_person(session, actor, values["leader_id"])
    row = {"name": values["name"], "organization_id": at.id, "leader_id": values["leader_id"], "told": {}}
    team_id = changes.create(session, actor, Team, "team.create", row, at=at.id, grant=grant)
    _enter(session, actor.aside(), values["leader_id"], team_id, at.id)
    return team_id


def edit(session: Session, actor: Actor, team_id: UUID, values: dict[str, Any]) -> UUID:
    """Give a team another name or somebody else who answers for it."""
    row = of(session, actor, team_id)
    grant = require(actor, "team.edit", row.path)
    _require_person(session, actor, values["leader_id"])
    changes.take(session, actor, Team, row, "team.edit", values, at=row.organization_id, grant=grant)
    if values["leader_id"] not in people_of(session, [team_id]).get(team_id, ()):
        _enter(session, actor.aside(), values["leader_id"], team_id, row.organization_id)
    return team_id


def tell(session: Session, actor: Actor, team_id: UUID, values: dict[str, Any]) -> UUID:
    """Say for a team when, where and with what it would help; `active` False lets nothing be proposed to it. WrongKind.

    Only who answers for it may.
    """
    row = of(session, actor, team_id)
    if row.leader_id != actor.person_id:
        raise Forbidden(step="team.tell")
    if values["area_id"] is not None:
        place(session, actor, values["area_id"], axis="territory", pointer="/areaId")
    told = {name: values[name] for name in (*TOLD, "active")} | {
        "area_id": values["area_id"] and str(values["area_id"])
    }
    changes.take(session, actor, Team, row, "team.tell", {"told": told}, at=row.organization_id)
    return team_id


def join(session: Session, actor: Actor, team_id: UUID) -> UUID:
    """Enter a team oneself; a repeat changes nothing."""
    row = of(session, actor, team_id)
    TABLES["team"].next(row.state, "team.join")
    lock(session, actor.person_id)
    if _membership(session, actor, team_id) is None:
        changes.record(session, actor, "team.join", "team", team_id, at=row.organization_id, written=actor.person_id)
        _enter(session, actor.aside(), actor.person_id, team_id, row.organization_id)
    return team_id


def leave(session: Session, actor: Actor, team_id: UUID) -> UUID:
    """Leave a team, at any time and without a reason; a repeat changes nothing. LeaderStays."""
    row = of(session, actor, team_id)
    if row.leader_id == actor.person_id and row.state == "active":
        raise LeaderStays
    lock(session, actor.person_id)
    held = _membership(session, actor, team_id)
    if held is not None:
        values = {"valid_to": today(session, actor.tenant_id)}
        changes.record(session, actor, "team.leave", "team", team_id, at=row.organization_id, written=values)
        changes.take(session, actor.aside(), Affiliation, held, "affiliation.end", values, at=row.organization_id)
    return team_id


def end(session: Session, actor: Actor, team_id: UUID) -> UUID:
    """End a team: nothing is proposed to it any more; what its people said yes to stands."""
    row = of(session, actor, team_id)
    grant = require(actor, "team.end", row.path)
    changes.take(session, actor, Team, row, "team.end", at=row.organization_id, grant=grant)
    return team_id


def end_led(session: Session, actor: Actor) -> None:
    """End the teams for which the actor answers, who leaves the platform: nobody would speak for them."""
    led = SHOWN.where(Team.tenant_id == actor.tenant_id, Team.leader_id == actor.person_id, Team.state == "active")
    for row in session.rows(led.order_by(Team.id)):
        changes.take(session, actor, Team, row, "team.end", at=row.organization_id)


def one(session: Session, actor: Actor, team_id: UUID) -> dict[str, Any]:
    """Return one team; NotFound where the actor may not know of it."""
    return _views(session, actor, [of(session, actor, team_id)._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the teams that are there, newest first, and of those that ended their own and offices'."""
    statement = SHOWN.where(visible(actor, Team))
    if query.organization_id is not None:
        statement = statement.where(Team.organization_id == query.organization_id)
    if query.mine:
        statement = statement.where(Team.id.in_(_own(actor)))
    answer = paging.page(session, statement, Team.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def of(session: Session, actor: Actor, team_id: UUID) -> Any:
    """Return a team's row; NotFound where the actor may not know of it."""
    return found(session.first(SHOWN.where(visible(actor, Team), Team.id == team_id)))


def people_of(session: Session, team_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Return who is in each of these teams today and has not left the platform; one statement."""
    rows = session.rows(
        sa.select(Affiliation.team_id, Affiliation.person_id)
        .join(Person, Person.id == Affiliation.person_id)
        .where(_IN_FORCE, Affiliation.team_id.in_(sorted(team_ids)), Person.state == "active")
    )
    found_people: dict[UUID, set[UUID]] = {}
    for row in rows:
        found_people.setdefault(row.team_id, set()).add(row.person_id)
    return found_people


def _views(session: Session, actor: Actor, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    people = people_of(session, [item["id"] for item in items])
    shown = []
    for item in items:
        inside, leads = people.get(item["id"], set()), item["leader_id"] == actor.person_id
        office = actor.grant_for("team.edit", item["path"]) is not None
        steps = {"team.tell"} if leads else {"team.leave" if actor.person_id in inside else "team.join"}
        steps |= {"team.edit", "team.end"} if office else set()
        told = item["told"] if (leads or office) and item["told"] else None
        shown.append({
            **item, "people": len(inside), "leads": leads, "inside": actor.person_id in inside, "told": told,
            "allowed_actions": [step for step in TABLES["team"].allowed(item["state"]) if step in steps],
        })  # fmt: skip
    return shown


def _own(actor: Actor) -> Any:
    inside = sa.select(Affiliation.team_id).where(_IN_FORCE, Affiliation.person_id == actor.person_id)
    led = sa.select(Team.id).where(Team.leader_id == actor.person_id)
    return sa.union_all(inside.where(Affiliation.team_id.is_not(None)), led)


def _membership(session: Session, actor: Actor, team_id: UUID) -> Any:
    columns = (Affiliation.id, Affiliation.version, Affiliation.state)
    held = sa.select(*columns).where(
        _IN_FORCE, Affiliation.team_id == team_id, Affiliation.person_id == actor.person_id
    )
    return session.first(held)


def _enter(session: Session, actor: Actor, person_id: UUID, team_id: UUID, organization_id: UUID) -> None:
    row = {
        "person_id": person_id, "organization_id": organization_id, "kind": "team", "team_id": team_id,
        "valid_from": today(session, actor.tenant_id), "valid_to": None, "basis": None, "principal": False,
        "roster_number": None, "reason": None, "replaces_id": None, "details": {},
    }  # fmt: skip
    changes.create(session, actor, Affiliation, "affiliation.create", row, at=organization_id)


def _require_person(session: Session, actor: Actor, person_id: UUID) -> None:
    known = sa.select(Person.id).where(
        Person.tenant_id == actor.tenant_id, Person.id == person_id, Person.state == "active"
    )
    if session.first(known) is None:
        raise NotFound(pointer="/leaderId")
