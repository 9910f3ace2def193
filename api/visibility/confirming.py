"""Who sees slips for recipients, and signals with what follows them."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from api.access import Actor, within
from api.models import Activity, ConfirmationSlip, Need, Person, Project, Sanction, Shift, Signal
from api.visibility.conditions import Condition


def slips(actor: Actor) -> Condition:
    """Show slips of one's own presences, those of services that one asked for, and of what one leads or hosts."""
    merged = select(Person.id).where(Person.merged_into == actor.person_id, Person.state == "merged")
    shifts = select(Shift.id).join(Activity, Activity.id == Shift.activity_id)
    led = shifts.where(
        or_(
            Activity.leader_id == actor.person_id,
            within(actor, "confirmation_slip.read", Shift.community_id),
            within(actor, "confirmation_slip.read", Activity.organizer_id),
        )
    )
    served = shifts.join(Project, Project.id == Activity.project_id).join(Need, Need.id == Project.need_id)
    return or_(
        ConfirmationSlip.person_id == actor.person_id,
        ConfirmationSlip.person_id.in_(merged),
        ConfirmationSlip.issued_by == actor.person_id,
        ConfirmationSlip.shift_id.in_(led),
        ConfirmationSlip.shift_id.in_(served.where(Need.asked_by == actor.person_id)),
    )


def sanctions(actor: Actor) -> Condition:
    """Show those that follow a signal that one sees, one's own, and to offices those of a person decided with them."""
    return or_(
        Sanction.signal_id.in_(select(Signal.id).where(signals(actor))),
        Sanction.person_id == actor.person_id,
        and_(Sanction.person_id.is_not(None), within(actor, "sanction.suspend", Sanction.organization_id)),
    )


def signals(actor: Actor) -> Condition:
    """Show those of communities within reach, and to who led or organised what is asked of them."""
    return or_(
        Signal.leader_id == actor.person_id,
        within(actor, "signal.read", Signal.community_id),
        within(actor, "signal.read", Signal.organizer_id),
    )
