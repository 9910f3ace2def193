"""设岗定责: duty posts and responsibility areas, published by a community or a Party organisation, closed by it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import posts
from api.errors import Forbidden
from api.models import Household, Project, ProjectPerson
from api.services import changes, project_people, projects
from api.services.days import today
from api.services.places import governed, place

_TERMS = ("sort", "duties", "months", "gates", "risks", "by_organiser", "scheme")


def publish(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Publish a duty post of a community, for itself or as a Party organisation; return the project's id.

    From here on members may claim it. TermContradicts, WrongKind, AgesContradict.
    """
    publisher, grant = governed(
        session, actor, "duty_post.publish", values["organization_id"], pointer="/organizationId"
    )
    place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    posts.require_term(values["starts_on"], values["ends_on"], today(session, actor.tenant_id))
    terms = {name: values[name] for name in _TERMS}
    project = {
        "kind": posts.DUTY_POST, "category": "party_building", "title": values["title"],
        "community_id": values["community_id"], "headcount": values["headcount"], "terms": terms,
        "starts_on": values["starts_on"], "ends_on": values["ends_on"], "result": {}, "flags": [],
    }  # fmt: skip
    at = values["community_id"]
    project_id = changes.create(session, actor, Project, "duty_post.publish", project, at=at, grant=grant)
    by = {"organization_id": publisher.id, "side": "asks", "duties": values["duties"]}
    projects.write_parties(session, actor, project_id, [by])
    return project_id


def close(session: Session, actor: Actor, project_id: UUID, reason: str | None) -> UUID:
    """Close a post or end a pairing: nobody holds a place of it from here on, and who was paired is shredded."""
    row = projects.find(session, actor, project_id)
    step = "pairing.end" if row.kind == posts.PAIRING else "duty_post.close"
    grant = grant_at(session, actor, step, project_id, row.path)
    changes.take(session, actor, Project, row, step, {"reason": reason}, at=row.community_id, grant=grant)
    _let_go(session, actor, project_id)
    return project_id


def expire_due(session: Session, actor: Actor) -> int:
    """Close the posts and pairings whose last day has passed; return how many. A repeat finds none."""
    due = sa.select(Project.id, Project.kind, Project.state, Project.version, Project.community_id).where(
        Project.tenant_id == actor.tenant_id,
        Project.kind.in_((posts.DUTY_POST, posts.PAIRING)),
        Project.state == posts.OPEN,
        Project.ends_on <= today(session, actor.tenant_id),
    )
    rows = session.rows(due.order_by(Project.id).limit(100))
    for row in rows:
        changes.take(session, actor, Project, row, f"{row.kind}.expire", at=row.community_id)
        _let_go(session, actor, row.id)
    return len(rows)


def _let_go(session: Session, actor: Actor, project_id: UUID) -> None:
    """End every part in a post or pairing that is over, and shred who was paired."""
    while project_people.end_all(session, actor, ProjectPerson.project_id == project_id):
        pass
    session.execute(
        sa.delete(Household).where(Household.tenant_id == actor.tenant_id, Household.project_id == project_id)
    )


def grant_at(session: Session, actor: Actor, step: str, project_id: UUID, *more: str) -> UUID:
    """Return the grant under which the actor takes a step where a project is organised, or at `more`; Forbidden."""
    sides = projects.parties_of(session, [project_id])[project_id]
    paths = [side["path"] for side in sides if side["side"] == "asks"] + list(more)
    grant = next((grant for path in paths if (grant := actor.grant_for(step, path)) is not None), None)
    if grant is None:
        raise Forbidden(step=step)
    return grant
