"""承办: a unit that organises an activity in a community asks it to host; what the host agreed to is published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require, within
from api.db import Session
from api.models import Activity
from api.services import activities, changes
from api.services.inbox_rows import shown
from api.visibility import visible


def offer(session: Session, actor: Actor, activity_id: UUID) -> UUID:
    """Ask the community to host a draft; it finds it in its inbox. StepNotAllowed where it was asked already."""
    row = activities.of(session, actor, activity_id)
    grant = activities.grant_over(actor, "activity.offer", row)
    changes.take(session, actor, Activity, row, "activity.offer", {"reason": None}, at=row.community_id, grant=grant)
    return activity_id


def host(session: Session, actor: Actor, activity_id: UUID) -> UUID:
    """Agree to host an activity as it stands; whoever edits it has to ask anew."""
    return _answer(session, actor, activity_id, "activity.host", {})


def send_back(session: Session, actor: Actor, activity_id: UUID, reason: str) -> UUID:
    """Refuse to host an activity as it stands, and say why; it is its organiser's draft again."""
    return _answer(session, actor, activity_id, "activity.return", {"reason": reason})


def waiting(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the activities that a community of the actor is asked to host."""
    place = Activity.community_id
    return shown(Activity.id, place, state=Activity.state, since=Activity.created_at).where(
        visible(actor, Activity), Activity.state == "offered", within(actor, "activity.host", place)
    )


def _answer(session: Session, actor: Actor, activity_id: UUID, step: str, values: dict[str, Any]) -> UUID:
    row = activities.of(session, actor, activity_id)
    grant = require(actor, step, row.host_path)
    changes.take(session, actor, Activity, row, step, values, at=row.community_id, grant=grant)
    return activity_id
