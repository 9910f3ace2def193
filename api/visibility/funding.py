"""Who sees money that moves: what is confirmed everybody, as accounts are published; the rest whom it concerns."""

from __future__ import annotations

from sqlalchemy import or_, select

from api.access import Actor, within
from api.models import Payment, Project
from api.visibility.conditions import Condition


def payments(actor: Actor) -> Condition:
    """Show what counts or counted, one's own, and what waits at who holds the fund, gives, or carries the project."""
    carried = select(Project.id).where(within(actor, "payment.read", Project.community_id))
    return or_(
        Payment.state.in_(("confirmed", "reversed")),
        Payment.proposed_by == actor.person_id,
        Payment.person_id == actor.person_id,
        within(actor, "payment.read", Payment.organization_id),
        within(actor, "payment.read", Payment.donor_id),
        Payment.project_id.in_(carried),
    )
