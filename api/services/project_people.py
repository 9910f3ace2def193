"""Persons as parties of projects: they claim a place, are agreed to, may leave at any time and need no reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain import need_gates, posts
from api.domain.steps import TABLES
from api.errors import Forbidden
from api.models import Person, Project, ProjectPerson
from api.services import changes, projects, qualifications
from api.services.days import today
from api.visibility import visible

_NOT_FOR_ONESELF = ("project_person.accept", "project_person.decline", "project_person.mark")
_SHOWN = (
    sa.select(
        ProjectPerson.id, ProjectPerson.tenant_id, ProjectPerson.version, ProjectPerson.state, ProjectPerson.project_id,
        ProjectPerson.person_id, ProjectPerson.side, ProjectPerson.starts_on, ProjectPerson.ends_on,
        ProjectPerson.agreed_at, ProjectPerson.ended_at, ProjectPerson.words, ProjectPerson.reason,
        ProjectPerson.marked_on, ProjectPerson.mark_reason, Project.kind, Project.title, Project.community_id,
        Project.terms, Project.ends_on.label("project_ends_on"), Person.name, Person.wrapped_key,
    )
    .join(Project, Project.id == ProjectPerson.project_id)
    .join(Person, Person.id == ProjectPerson.person_id)
)  # fmt: skip


def claim(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Take a place of an open duty post or pairing for oneself; return the part's id.

    Nobody has to: who declines does nothing. Where the post says so the organiser has still to agree. NotToBeClaimed,
    TakingPartAlready, NoPlaceLeft, and what its gates ask for.
    """
    row = projects.find(session, actor, project_id)
    if row.kind not in (posts.DUTY_POST, posts.PAIRING) or row.state != posts.OPEN:
        raise posts.NotToBeClaimed
    day = today(session, actor.tenant_id)
    if row.ends_on is not None and row.ends_on <= day:
        raise posts.NotToBeClaimed
    terms = row.terms or {}
    gates = terms.get("gates") or {}
    facts = qualifications.facts(session, actor.tenant_id, {actor.person_id: actor.account_id}, [gates])
    need_gates.require_open(gates, facts.get(actor.person_id, {}))
    agreed = not terms.get("by_organiser")
    starts = max(day, row.starts_on or day)
    part = {
        "starts_on": starts, "ends_on": posts.term_end(starts, terms.get("months"), row.ends_on),
        "agreed_at": session.now if agreed else None,
    }  # fmt: skip
    return join(session, actor, row, "offers", part, agreed=agreed)


def join(session: Session, actor: Actor, project: Any, side: str, part: dict[str, Any], *, agreed: bool) -> UUID:
    """Make the actor a party of a project (id, community_id) and count their place; return the part's id.

    TakingPartAlready, and what `take_place` raises.
    """
    take_place(session, project)
    double = sa.select(ProjectPerson.id).where(
        ProjectPerson.project_id == project.id,
        ProjectPerson.person_id == actor.person_id,
        ProjectPerson.state.in_(posts.LIVE),
    )
    if session.first(double) is not None:
        raise posts.TakingPartAlready
    row = {"project_id": project.id, "person_id": actor.person_id, "side": side, **part}
    return changes.create(
        session, actor, ProjectPerson, "project_person.claim", row, at=project.community_id,
        to="agreed" if agreed else "claimed",
    )  # fmt: skip


def take_place(session: Session, project: Any) -> None:
    """Count one more place of a project (id, state); the guard stands in the statement that counts.

    So a hundred at once never take more than there are. NoPlaceLeft, NotToBeClaimed where it ended meanwhile.
    """
    free = sa.or_(Project.headcount.is_(None), Project.taken < Project.headcount)
    place = sa.update(Project).where(Project.id == project.id, Project.state == project.state, free)
    if session.execute(place.values(taken=Project.taken + 1)).rowcount == 1:
        return
    stands = found(session.first(sa.select(Project.state, Project.headcount).where(Project.id == project.id)))
    if stands.state != project.state:
        raise posts.NotToBeClaimed
    raise posts.NoPlaceLeft(headcount=stands.headcount)


def accept(session: Session, actor: Actor, part_id: UUID) -> UUID:
    """Agree, as the organiser, that somebody takes part; never to oneself."""
    values = {"agreed_at": session.now, "confirmed_by": actor.person_id}
    return _organised(session, actor, part_id, "project_person.accept", values)


def decline(session: Session, actor: Actor, part_id: UUID, reason: str) -> UUID:
    """Refuse a claim with a reason; its place is free again."""
    return _organised(session, actor, part_id, "project_person.decline", {"reason": reason})


def end(session: Session, actor: Actor, part_id: UUID, reason: str | None) -> UUID:
    """Leave at any time, without a reason; the organiser may end a part as well. The place is free again."""
    row = _find(session, actor, part_id)
    grant = None if row.person_id == actor.person_id else _require(session, actor, "project_person.end", row)
    _take(session, actor, row, "project_person.end", {"reason": reason, "ended_at": session.now}, grant)
    return part_id


def renew(session: Session, actor: Actor, part_id: UUID) -> UUID:
    """Begin another term where the last one ends; the organiser does so where they had to agree. NotRenewable."""
    row = _find(session, actor, part_id)
    own = row.person_id == actor.person_id and not (row.terms or {}).get("by_organiser")
    grant = None if own else _require(session, actor, "project_person.renew", row)
    until = posts.renewed_until(row.ends_on, (row.terms or {}).get("months"), row.project_ends_on)
    if until is None:
        raise posts.NotRenewable
    _take(session, actor, row, "project_person.renew", {"ends_on": until}, grant)
    return part_id


def mark(session: Session, actor: Actor, part_id: UUID, reason: str) -> UUID:
    """Mark somebody's post as a demonstration post (示范岗), with a reason, as the one who set it up."""
    values = {"marked_on": today(session, actor.tenant_id), "mark_reason": reason, "set_by": actor.person_id}
    return _organised(session, actor, part_id, "project_person.mark", values)


def one(session: Session, actor: Actor, part_id: UUID) -> dict[str, Any]:
    """Return one part as it stands for this actor; NotFound where they may not know of it."""
    return _views(session, actor, [_find(session, actor, part_id)._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the parts that the actor may see, newest first; with `mine` only their own."""
    statement = _SHOWN.where(visible(actor, ProjectPerson))
    for column, wanted in (
        (ProjectPerson.state, query.state),
        (ProjectPerson.project_id, query.project_id),
        (Project.kind, query.kind),
        (ProjectPerson.person_id, actor.person_id if query.mine else None),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, ProjectPerson.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def end_all(session: Session, actor: Actor, which: sa.ColumnElement[bool], step: str = "project_person.end") -> int:
    """End every live part that a condition names, each with its event; return how many. A repeat finds none."""
    rows = session.rows(
        _SHOWN.where(ProjectPerson.tenant_id == actor.tenant_id, ProjectPerson.state.in_(posts.LIVE), which)
        .order_by(ProjectPerson.id)
        .limit(1000)
    )
    for row in rows:
        _take(session, actor.aside(), row, step, {"ended_at": session.now}, None)
    return len(rows)


def expire_due(session: Session, actor: Actor) -> int:
    """End the parts whose term is over; return how many. A repeat finds none."""
    return end_all(session, actor, ProjectPerson.ends_on <= today(session, actor.tenant_id), "project_person.expire")


def _organised(session: Session, actor: Actor, part_id: UUID, step: str, values: dict[str, Any]) -> UUID:
    row = _find(session, actor, part_id)
    grant = _require(session, actor, step, row)
    if row.person_id == actor.person_id:
        raise posts.NotOnesOwn
    _take(session, actor, row, step, values, grant)
    return part_id


def _take(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID | None) -> None:
    state = changes.take(session, actor, ProjectPerson, row, step, values, at=row.community_id, grant=grant)
    if row.state in posts.LIVE and state not in posts.LIVE:
        place = sa.update(Project).where(Project.id == row.project_id)
        session.execute(place.values(taken=Project.taken - 1))


def _find(session: Session, actor: Actor, part_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, ProjectPerson), ProjectPerson.id == part_id)))


def _require(session: Session, actor: Actor, step: str, row: Any) -> UUID:
    grant = _grant(actor, step, _paths(session, [row.project_id])[row.project_id])
    if grant is None:
        raise Forbidden(step=step)
    return grant


def _grant(actor: Actor, step: str, paths: list[str]) -> UUID | None:
    return next((grant for path in paths if (grant := actor.grant_for(step, path)) is not None), None)


def _paths(session: Session, project_ids: list[UUID]) -> dict[UUID, list[str]]:
    """Return where each project is organised: at those of its parties that ask."""
    parties = projects.parties_of(session, list(dict.fromkeys(project_ids)))
    return {project: [each["path"] for each in sides if each["side"] == "asks"] for project, sides in parties.items()}


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return parts as they are shown; that names of others were read is noted."""
    paths = _paths(session, [row["project_id"] for row in rows])
    session.look([row["person_id"] for row in rows if row["person_id"] != actor.person_id], ("name",), "service")
    return [
        {
            **row, "mine": row["person_id"] == actor.person_id,
            "name": session.vault.open(row["wrapped_key"], row["person_id"], "name", row["name"]),
            "allowed_actions": _actions(actor, row, paths[row["project_id"]]),
        }
        for row in rows
    ]  # fmt: skip


def _actions(actor: Actor, row: dict[str, Any], paths: list[str]) -> list[str]:
    mine = row["person_id"] == actor.person_id
    terms = row["terms"] or {}
    alone = not terms.get("by_organiser")
    lasts = posts.renewed_until(row["ends_on"], terms.get("months"), row["project_ends_on"]) is None
    steps = []
    for step in TABLES["project_person"].allowed(row["state"]):
        own = mine and actor.for_self(step) and (step != "project_person.renew" or alone)
        lends = _grant(actor, step, paths) is not None and (not mine or step not in _NOT_FOR_ONESELF)
        if (own or lends) and not (lasts and step == "project_person.renew"):
            steps.append(step)
    return steps
