"""Who sees what people ruled on grades: the office, and the subject once the results are published."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import or_, select

from api.access import Actor, within
from api.models import Cycle, Ruling
from api.visibility.conditions import Condition

TOLD = ("published", "appeals", "final", "delivered")
"""States of a cycle in which its subjects know their results."""


def rulings(actor: Actor) -> Condition:
    """Show those of cycles within reach, and what stands on oneself, or the unit one acts for, once it is published."""
    told = select(Cycle.id).where(Cycle.tenant_id == actor.tenant_id, Cycle.state.in_(TOLD))
    office = select(Cycle.id).where(within(actor, "ruling.read", Cycle.organization_id))
    mine = or_(Ruling.subject_id == actor.account_id, within(actor.only("liaison"), "delivery.read", Ruling.subject_id))
    return or_(Ruling.cycle_id.in_(office), sa.and_(mine, Ruling.state == "confirmed", Ruling.cycle_id.in_(told)))
