"""Who sees voices on the subjects of a cycle, and the panels that give some of them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import or_, select

from api.access import Actor, within
from api.models import Cycle, Panel, PanelMember, RestrictedPerson, Review
from api.visibility.conditions import Condition

_SAID = ("rating", "reply")
_TOLD = ("published", "appeals", "final", "delivered")


def reviews(actor: Actor) -> Condition:
    """Show one's own voices, those on oneself from the public round on, and to the cycle's office once published.

    The subject has to know what was said to be able to answer it before the result is published; who decides reads
    voice and answer together. To the public a voice is never shown.
    """
    rounds = select(Cycle.id).where(Cycle.tenant_id == actor.tenant_id)
    heard = rounds.where(Cycle.state.in_(("public_review", *_TOLD)))
    told = rounds.where(Cycle.state.in_(_TOLD), within(actor, "assessment.read", Cycle.organization_id))
    audited = rounds.where(within(actor.only("auditor"), "review.read", Cycle.organization_id))
    own_bodies = [actor.only(role) for role in ("liaison", "community_worker", "street_officer")]
    bodies = [reach.organization_id for body in own_bodies for reach in body.reaches_for("review.read")]
    branches = [reach.organization_id for reach in actor.only("work_committee_officer").reaches_for("review.read")]
    of_branch = sa.and_(Review.subject_kind == "branch", Review.subject_id.in_(branches))
    mine = or_(Review.subject_id == actor.account_id, Review.subject_id.in_(bodies), of_branch)
    restricted = sa.exists().where(RestrictedPerson.account_id == Review.subject_id)
    of_cycle = Review.round_kind == "cycle"
    return or_(
        Review.recorded_by == actor.person_id,
        sa.and_(of_cycle, mine, Review.kind.in_(_SAID), Review.round_id.in_(heard)),
        sa.and_(of_cycle, Review.kind.in_(_SAID), Review.round_id.in_(told), ~restricted),
        sa.and_(of_cycle, Review.round_id.in_(audited)),
    )


def panels(actor: Actor) -> Condition:
    """Show panels of organisations within reach, and those on whose roster one is."""
    sits = select(PanelMember.panel_id).where(PanelMember.person_id == actor.person_id)
    return or_(within(actor, "panel.read", Panel.organization_id), Panel.id.in_(sits))
