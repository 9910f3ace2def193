"""待办, of opinions: a statement, a vote or a reply that is due of the actor."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Opinion, OpinionReader, Panel, PanelMember, Review
from api.services.days import today
from api.services.inbox_rows import shown
from api.visibility import visible
from api.visibility.opinions import named


def waiting(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the opinions of which the actor still owes a voice, as long as it may be given."""
    day = today(session, actor.tenant_id)
    replies = sa.and_(
        Opinion.person_id == actor.person_id, Opinion.disclosed, Opinion.state == "drafted",
        Opinion.reply_until >= day, ~_said("reply", Review.recorded_by == actor.person_id),
    )  # fmt: skip
    on_roster = (
        sa.select(Panel.round_id)
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .where(Panel.round_kind == "opinion", PanelMember.person_id == actor.person_id)
    )
    votes = sa.and_(
        Opinion.case_id.in_(on_roster), Opinion.state == "asked", Opinion.vote_until >= day,
        ~_said("vote", Review.recorded_by == actor.person_id),
    )  # fmt: skip
    silent = sa.select(OpinionReader.opinion_id).where(
        named(actor, "hears"),
        ~sa.exists().where(
            Review.round_kind == "opinion", Review.round_id == Opinion.case_id, Review.kind == "rating",
            Review.organization_id == OpinionReader.organization_id,
        ),
    )  # fmt: skip
    statements = sa.and_(Opinion.state == "asked", Opinion.id.in_(silent))
    row = shown(Opinion.id, Opinion.organization_id, state=Opinion.state, since=Opinion.created_at)
    return row.where(visible(actor, Opinion), sa.or_(replies, votes, statements))


def _said(kind: str, by: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Review.round_kind == "opinion", Review.round_id == Opinion.case_id, Review.kind == kind, by
    )
