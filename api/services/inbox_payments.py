"""待办, of money: payments that somebody else proposed and a second person has to confirm."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.models import Payment
from api.services.inbox_rows import shown
from api.visibility import visible


def waiting(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the proposed payments that the actor may confirm; none of their own, and none that they give."""
    place = Payment.organization_id
    return shown(Payment.id, place, state=Payment.state, since=Payment.created_at).where(
        visible(actor, Payment), Payment.state == "proposed", within(actor, "payment.confirm", place),
        Payment.proposed_by != actor.person_id, Payment.person_id.is_distinct_from(actor.person_id),
    )  # fmt: skip
