"""How grants end: taken back, laid down, with what was given under them, or with the affiliation they hang on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require
from api.db import Session
from api.domain import grants as rules
from api.models import Grant
from api.services import changes, grants
from api.services.days import today

_OPEN = ("active", "proposed")
_ROWS = sa.select(Grant.id, Grant.version, Grant.state, Grant.organization_id)


def end(session: Session, actor: Actor, grant_id: UUID, reason: str, with_given: bool) -> UUID:
    """End a grant today: by its holder, or by who gives this role there. With `with_given` the whole tree below ends.

    Without it what its holder gave stays, since offices outlast who appointed to them, and is listed as `giverLost`.
    """
    row = grants.find(session, actor, grant_id)
    under = None
    if row.person_id != actor.person_id:
        require(actor, "grant.end", row.path)
        under = grants.governs(actor, "grant.end", row.role, row.path)
        if under is None:
            raise rules.NotYoursToGive(role=row.role, place=row.organization_name)
    _end(session, actor, row, reason, under)
    ended = [grant_id]
    while with_given and ended:
        below = session.rows(_open().where(Grant.given_under.in_(ended)).order_by(Grant.id))
        for given in below:
            _end(session, actor, given, reason, under)
        ended = [given.id for given in below]
    return grant_id


def end_with(session: Session, actor: Actor, affiliations: Collection[UUID], reason: str) -> int:
    """End the grants that hang on affiliations which end in this transaction; return how many."""
    hanging = session.rows(_open().where(Grant.affiliation_id.in_(affiliations)).order_by(Grant.id))
    for row in hanging:
        _end(session, actor, row, reason, None)
    return len(hanging)


def _open() -> Any:
    return _ROWS.where(Grant.state.in_(_OPEN)).with_for_update()


def _end(session: Session, actor: Actor, row: Any, reason: str, under: UUID | None) -> None:
    values: dict[str, Any] = {"reason": reason, "valid_to": today(session, actor.tenant_id), "confirm_until": None}
    changes.take(session, actor, Grant, row, "grant.end", values, at=row.organization_id, grant=under)
