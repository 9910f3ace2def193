"""结对: a member paired with a household or group that agreed; who it is, the paired and the community alone read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain import posts
from api.domain.steps import TABLES
from api.errors import Forbidden
from api.models import Fact, Household, Project, ProjectPerson, Visit
from api.services import changes, projects
from api.services.affiliations import as_of
from api.services.days import today
from api.services.places import governed
from api.visibility import visible

VISITED = "home_visit"
_TOLD = sa.select(Household.id, Household.told, Household.consented_on, Household.consent).where(
    Household.tenant_id == sa.bindparam("tenant"), Household.project_id == sa.bindparam("project")
)


def propose(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Offer a pairing with a household or group that agreed; return the project's id. ConsentMissing, TermContradicts.

    Everybody reads its title, which names nobody. Who it is, is sealed apart.
    """
    community, grant = governed(
        session, actor, "pairing.propose", values["community_id"], axis="territory", pointer="/communityId"
    )
    day = today(session, actor.tenant_id)
    if values["consented_on"] is None or values["consented_on"] > day:
        raise posts.ConsentMissing(pointer="/consentedOn")
    posts.require_term(day, values["ends_on"], day)
    terms = {"sort": values["sort"], "duties": values["duties"], "by_organiser": True}
    project = {
        "kind": posts.PAIRING, "category": "livelihood", "title": values["title"], "community_id": community.id,
        "headcount": values["headcount"], "terms": terms, "starts_on": day, "ends_on": values["ends_on"], "result": {},
        "flags": [],
    }  # fmt: skip
    project_id = changes.create(session, actor, Project, "pairing.propose", project, at=community.id, grant=grant)
    by = {"organization_id": community.id, "side": "asks", "duties": values["duties"]}
    projects.write_parties(session, actor, project_id, [by])
    household = {
        "id": new_id(), "tenant_id": actor.tenant_id, "project_id": project_id, "told": values["household"],
        "consented_on": values["consented_on"], "consent": values["consent"], "recorded_by": actor.person_id,
    }  # fmt: skip
    session.insert(Household, [household])
    return project_id


def household(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """Return who is paired, for who is agreed to and for the community worker; NotFound when it has ended."""
    row = projects.find(session, actor, project_id)
    _require_near(session, actor, row, "pairing.household")
    told = found(session.first(_TOLD, {"tenant": actor.tenant_id, "project": project_id}))
    session.look([told.id], ["told"], "service", organization_id=row.community_id)
    return {**told.told, **told.consent, "consented_on": told.consented_on, "project_id": project_id}


def visit(session: Session, actor: Actor, project_id: UUID, values: dict[str, Any]) -> UUID:
    """Note a visit (走访) of one's own with what was found; a fact of the visitor stands with it. Return the note's id.

    Forbidden before one was agreed to; NotPaired for a day outside of the pairing or to come, and for a second note of
    a day.
    """
    row = projects.find(session, actor, project_id)
    part = _part(session, actor, project_id)
    day = today(session, actor.tenant_id)
    on = values["visited_on"]
    if part is None or row.kind != posts.PAIRING:
        raise Forbidden(step="pairing.visit")
    if not part.starts_on <= on <= day:
        raise posts.NotPaired(pointer="/visitedOn")
    double = sa.select(Visit.id).where(
        Visit.project_id == project_id, Visit.person_id == actor.person_id, Visit.visited_on == on
    )
    if session.first(double) is not None:
        raise posts.NotPaired(pointer="/visitedOn")
    TABLES["pairing"].next(row.state, "pairing.visit")
    fact = _fact(session, actor, row, on)
    note = {
        "id": new_id(), "tenant_id": actor.tenant_id, "project_id": project_id, "person_id": actor.person_id,
        "fact_id": fact["id"], "visited_on": on, "words": values["words"], "wishes": values["wishes"],
    }  # fmt: skip
    # A repeat is shown the note, so that the event is of the note.
    changes.record(session, actor, "pairing.visit", "visit", note["id"], at=row.community_id, written=note)
    session.insert(Fact, [fact])
    session.insert(Visit, [note])
    return note["id"]


def one_visit(session: Session, actor: Actor, visit_id: UUID) -> dict[str, Any]:
    """Return one note of a visit, as it is shown to who wrote it."""
    own = sa.and_(Visit.tenant_id == actor.tenant_id, Visit.person_id == actor.person_id, Visit.id == visit_id)
    return found(session.first(_NOTES.where(own)))._asdict()


def visits(session: Session, actor: Actor, project_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of the notes of a pairing's visits, newest first: one's own, and all to the community worker."""
    row = projects.find(session, actor, project_id)
    statement = _NOTES.where(Visit.tenant_id == actor.tenant_id, Visit.project_id == project_id)
    if not _organises(session, actor, project_id, "pairing.visits"):
        _require_near(session, actor, row, "pairing.visits")
        statement = statement.where(Visit.person_id == actor.person_id)
    answer = paging.page(session, statement, Visit.id, limit=query.limit, cursor=query.cursor)
    others = {item["person_id"] for item in answer["items"]} - {actor.person_id}
    session.look(sorted(others), ["words"], "service", organization_id=row.community_id)
    return answer


_NOTES = sa.select(
    Visit.id, Visit.project_id, Visit.person_id, Visit.fact_id, Visit.visited_on, Visit.words, Visit.wishes
)


def _fact(session: Session, actor: Actor, row: Any, on: Any) -> dict[str, Any]:
    belonging = as_of(session, actor.tenant_id, [actor.account_id])
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": None, "request_key": None, "fingerprint": None, "kind": VISITED, "account_kind": "person",
        "account_id": actor.account_id, "occurred_at": session.now, "served_on": on, "provenance": "self_stated",
        "shift_id": None, "pair": None, "revision": 0, "community_id": row.community_id,
        "employer_id": belonging.employer(actor.account_id, on), "reverses_id": None,
        "details": {"projectId": str(row.id)},
    }  # fmt: skip


def _part(session: Session, actor: Actor, project_id: UUID) -> Any:
    """Return the actor's agreed part in a project, None without one."""
    return session.first(
        sa.select(ProjectPerson.id, ProjectPerson.starts_on).where(
            visible(actor, ProjectPerson), ProjectPerson.project_id == project_id,
            ProjectPerson.person_id == actor.person_id, ProjectPerson.state == "agreed",
        )
    )  # fmt: skip


def _organises(session: Session, actor: Actor, project_id: UUID, step: str) -> bool:
    sides = projects.parties_of(session, [project_id])[project_id]
    return any(actor.grant_for(step, side["path"]) is not None for side in sides if side["side"] == "asks")


def _require_near(session: Session, actor: Actor, row: Any, step: str) -> None:
    """Let through who is paired now and who organises it; Forbidden for everybody else."""
    if row.kind != posts.PAIRING:
        raise Forbidden(step=step)
    if not _organises(session, actor, row.id, step) and _part(session, actor, row.id) is None:
        raise Forbidden(step=step)
