"""What becomes of a need that people serve: done when its activity is, open again where a place comes free."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import MatchProposal, Need, Project, Shift
from api.services import changes

_MATCHED = (
    sa.select(Need.id, Need.state, Need.version, Need.community_id)
    .where(
        Need.state == "matched",
        # what a project serves moves with its project
        ~sa.exists().where(Project.need_id == Need.id, Project.state.not_in(("declined", "cancelled", "released"))),
    )
    .order_by(Need.id)
)


def complete(session: Session, actor: Actor, activity_id: UUID) -> None:
    """Let the needs that people accepted be done with the activity that came of them; a repeat finds none."""
    of = sa.select(Shift.id).where(Shift.activity_id == activity_id)
    for need in _served(session, actor, MatchProposal.shift_id.in_(of)):
        changes.take(session, actor.aside(), Need, need, "need.start", at=need.community_id)
        begun = session.first(sa.select(*_MATCHED.selected_columns).where(Need.id == need.id))
        changes.take(session, actor.aside(), Need, begun, "need.complete", at=need.community_id)


def reopen(session: Session, actor: Actor, shift_ids: Collection[UUID]) -> None:
    """Put the needs back on the list that were full until a place at one of these shifts came free."""
    free = sa.select(Shift.id).where(
        Shift.id.in_(shift_ids), sa.or_(Shift.state == "cancelled", Shift.confirmed < Shift.capacity)
    )
    for need in _served(session, actor, MatchProposal.shift_id.in_(free)):
        changes.take(session, actor.aside(), Need, need, "need.release", at=need.community_id)


def _served(session: Session, actor: Actor, which: Any) -> list[Any]:
    linked = sa.select(MatchProposal.need_id).where(MatchProposal.tenant_id == actor.tenant_id, which)
    return list(session.rows(_MATCHED.where(Need.tenant_id == actor.tenant_id, Need.id.in_(linked))))
