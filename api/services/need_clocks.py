"""What time alone brings about for needs: what nobody checked goes to the street, what nobody met expires."""

from __future__ import annotations

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Need
from api.services import changes
from api.services.days import today

_ROW = (Need.id, Need.state, Need.version, Need.community_id)


def expire_due(session: Session, actor: Actor, limit: int = 1000) -> int:
    """Let the published needs expire whose last day has passed; return how many. A repeat finds none.

    Who asked finds it among what waits for them.
    """
    due = sa.select(*_ROW).where(
        Need.tenant_id == actor.tenant_id, Need.state == "published", Need.expires_on <= today(session, actor.tenant_id)
    )
    rows = session.rows(due.order_by(Need.id).limit(limit))
    for row in rows:
        changes.take(session, actor, Need, row, "need.expire", at=row.community_id)
    return len(rows)


def escalate_due(session: Session, actor: Actor, limit: int = 1000) -> int:
    """Pass submitted needs on to the street that the community did not check in time; return how many.

    From then on they wait in the inbox of both; a repeat finds none.
    """
    late = sa.select(*_ROW).where(
        Need.tenant_id == actor.tenant_id, Need.state == "submitted", Need.escalated_at.is_(None),
        Need.verify_by < today(session, actor.tenant_id),
    )  # fmt: skip
    rows = session.rows(late.order_by(Need.id).limit(limit))
    for row in rows:
        changes.take(session, actor, Need, row, "need.escalate", {"escalated_at": session.now}, at=row.community_id)
    return len(rows)
