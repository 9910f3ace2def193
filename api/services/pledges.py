"""承诺: what a member or a unit pledges before a branch or community, dated, and kept or not by a confirmation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require
from api.db import Session
from api.domain import posts
from api.errors import Forbidden
from api.models import Project, ProjectPerson
from api.services import changes, project_people, projects
from api.services.days import today
from api.services.duty_posts import grant_at
from api.services.places import WrongKind, place
from api.visibility import visible


def make(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """State a pledge before a branch or community, for oneself or for a unit that one speaks for; return its id.

    Only whom it is made before reads it, until who made it shows it. TermContradicts, Forbidden, and WrongKind for a
    unit, before which nothing is pledged: nobody there confirms it.
    """
    before = place(session, actor, values["to_id"], pointer="/toId")
    if before.axis not in ("territory", "party"):
        wanted = {"wanted": "community or Party organisation", "wantedZh": "社区或党组织"}
        raise WrongKind(name=before.name, pointer="/toId", **wanted)
    community = place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    day = today(session, actor.tenant_id)
    posts.require_term(day, values["ends_on"], day)
    project = {
        "kind": posts.PLEDGE, "category": "party_building", "title": "承诺", "community_id": community.id,
        "headcount": 1, "circle": "parties", "starts_on": day, "ends_on": values["ends_on"], "result": {}, "flags": [],
        "terms": {},
    }  # fmt: skip
    sides = [{"organization_id": before.id, "side": "asks", "duties": []}]
    grant = None
    if values["organization_id"] is not None:
        unit = place(session, actor, values["organization_id"], axis="employer", pointer="/organizationId")
        grant = require(actor, "pledge.speak", unit.path)
        sides.append({"organization_id": unit.id, "side": "offers", "duties": [values["words"]]})
    project_id = changes.create(session, actor, Project, "pledge.make", project, at=community.id, grant=grant)
    projects.write_parties(session, actor, project_id, sides)
    if values["organization_id"] is None:
        part = {"starts_on": day, "ends_on": None, "agreed_at": session.now, "words": values["words"]}
        row = projects.find_held(session, project_id)
        project_people.join(session, actor.aside(), row, "offers", part, agreed=True)
    return project_id


def show(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Let everybody read one's pledge, and whether it was kept; a repeat changes nothing more."""
    return _own(session, actor, project_id, "pledge.show", {"circle": "public"})


def withdraw(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Take back one's own pledge while nobody has confirmed it; it costs nothing."""
    _own(session, actor, project_id, "pledge.withdraw", {})
    project_people.end_all(session, actor, ProjectPerson.project_id == project_id)
    return project_id


def confirm(session: Session, actor: Actor, project_id: UUID, kept: bool, remark: str) -> UUID:
    """Say whether a pledge was kept, as the one before whom it was made; nobody does so for themselves, NotOnesOwn."""
    row = projects.find(session, actor, project_id)
    grant = grant_at(session, actor, "pledge.confirm", project_id)
    if _makes(session, actor, project_id):
        raise posts.NotOnesOwn
    values = {"result": {"kept": kept, "remark": remark, "delivered_at": session.now.isoformat()}}
    to = "kept" if kept else "broken"
    changes.take(session, actor, Project, row, "pledge.confirm", values, at=row.community_id, grant=grant, to=to)
    return project_id


def _own(session: Session, actor: Actor, project_id: UUID, step: str, values: dict[str, Any]) -> UUID:
    row = projects.find(session, actor, project_id)
    grant = None
    if not _makes(session, actor, project_id):
        grant = _spoken(session, actor, project_id)
        if grant is None:
            raise Forbidden(step=step)
    changes.take(session, actor, Project, row, step, values, at=row.community_id, grant=grant)
    return project_id


def _makes(session: Session, actor: Actor, project_id: UUID) -> bool:
    own = sa.select(ProjectPerson.id).where(
        visible(actor, ProjectPerson), ProjectPerson.project_id == project_id,
        ProjectPerson.person_id == actor.person_id,
    )  # fmt: skip
    return session.first(own) is not None


def _spoken(session: Session, actor: Actor, project_id: UUID) -> UUID | None:
    """Return the grant under which the actor speaks for the unit that made a pledge."""
    sides = projects.parties_of(session, [project_id])[project_id]
    paths = [side["path"] for side in sides if side["side"] == "offers"]
    return next((grant for path in paths if (grant := actor.grant_for("pledge.speak", path)) is not None), None)
