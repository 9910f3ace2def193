"""待办, of projects: claims and terms to agree to, what another side wrote or changed, agreements that end soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.models import Project, ProjectMessage, ProjectParty, ProjectPerson
from api.services.days import today
from api.services.inbox_rows import shown
from api.services.projects import DEAD
from api.visibility import visible

SHOWN_FOR = timedelta(days=30)
"""How long what another side wrote waits among what waits, and how long before its end an agreement is told of."""

_TALKING = ("proposed", "agreed", "in_progress", "delivered")
_later = sa.orm.aliased(ProjectMessage, name="later_message")
_last = sa.orm.aliased(ProjectMessage, name="last_message")
_renewal = sa.orm.aliased(Project, name="renewal")


def proposals(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the proposals that a party of the actor has not confirmed."""
    return _sides(actor, "project.accept", since=Project.created_at, due_on=Project.reply_by).where(
        Project.state == "proposed", ProjectParty.confirmed_at.is_(None)
    )


def messages(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the projects of the actor's parties in which another side, or the clock, had the last word."""
    last = (
        sa.select(_later.id)
        .where(_later.project_id == Project.id)
        .order_by(_later.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    theirs = sa.or_(_last.organization_id.is_(None), ~within(actor, "project.write", _last.organization_id))
    ended = sa.and_(Project.state == "released", _last.kind.in_(("lapsed", "released")))
    found = _sides(actor, "project.write", since=_last.created_at)
    return found.join(_last, sa.and_(_last.project_id == Project.id, _last.id == last)).where(
        theirs, _last.kind.not_in(("terms", "confirmed")), _last.created_at > session.now - SHOWN_FOR,
        sa.or_(Project.state.in_(_TALKING), ended),
    )  # fmt: skip


def ending(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the agreements of the actor's parties that end within thirty days and that nobody renews yet."""
    day = today(session, actor.tenant_id)
    renewed = sa.exists().where(_renewal.renews_id == Project.id, _renewal.state.not_in(DEAD))
    return _sides(actor, "project.renew", since=Project.created_at, due_on=Project.ends_on).where(
        Project.state.in_(("agreed", "in_progress")), Project.ends_on >= day, Project.ends_on <= day + SHOWN_FOR,
        ~renewed,
    )  # fmt: skip


def claims(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the places of posts and pairings that somebody else asks for where the actor organises them."""
    place = ProjectParty.organization_id
    of = sa.join(ProjectPerson, ProjectParty, ProjectParty.project_id == ProjectPerson.project_id)
    found = shown(ProjectPerson.id, place, state=ProjectPerson.state, since=ProjectPerson.created_at, of=of)
    return found.where(
        visible(actor, ProjectPerson), ProjectPerson.state == "claimed", ProjectParty.side == "asks",
        ProjectPerson.person_id != actor.person_id, within(actor, "project_person.accept", place),
    )  # fmt: skip


def _sides(actor: Actor, step: str, **more: Any) -> sa.Select[Any]:
    """Select a row for each party of a project for which the actor takes a step."""
    place = ProjectParty.organization_id
    of = sa.join(ProjectParty, Project, Project.id == ProjectParty.project_id)
    found = shown(Project.id, place, state=Project.state, key=ProjectParty.id, of=of, **more)
    return found.where(visible(actor, Project), within(actor, step, place))
