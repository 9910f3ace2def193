"""Who is shown an opinion: whoever is named to read it, and whom it is about where the procedure discloses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from api.access import Actor, within
from api.models import Document, Opinion, OpinionReader, Organization, Panel, PanelMember
from api.roles import STEPS_OF_ROLE

_TOLD = ("drafted", "issued")


def named(actor: Actor, *capacities: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row of readers names the actor: in person, or by a role held at that very place.

    A grant above it does not count: an office is named, not all that stands over it.
    """
    held = [OpinionReader.person_id == actor.person_id]
    paths: dict[str, set[str]] = {}
    for reach in actor.reaches_for("opinion.read"):
        paths.setdefault(reach.role, set()).add(reach.path)
    for role, exact in paths.items():
        place = select(Organization.id).where(
            Organization.tenant_id == actor.tenant_id, Organization.path.in_(sorted(exact))
        )
        fits = or_(OpinionReader.role.is_(None), OpinionReader.role == role)
        held.append(sa.and_(OpinionReader.organization_id.in_(place), fits))
    return sa.and_(or_(*held), OpinionReader.capacity.in_(capacities)) if capacities else or_(*held)


def opinions(actor: Actor) -> sa.ColumnElement[bool]:
    """Show one's own where it is told, those one is named to read, and of units to their own people and the panel."""
    reading = select(OpinionReader.opinion_id).where(named(actor, "reads"))
    taking_part = select(OpinionReader.opinion_id).where(named(actor, "asks", "hears"))
    on_panel = (
        select(Panel.round_id)
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .where(Panel.round_kind == "opinion", PanelMember.person_id == actor.person_id)
    )
    return or_(
        sa.and_(Opinion.person_id == actor.person_id, Opinion.disclosed, Opinion.state.in_(_TOLD)),
        Opinion.id.in_(taking_part),
        sa.and_(Opinion.id.in_(reading), Opinion.state == "issued"),
        within(actor, "opinion.read", Opinion.unit_id),
        sa.and_(Opinion.unit_id.is_not(None), within(actor, "opinion.read", Opinion.organization_id)),
        Opinion.case_id.in_(on_panel),
    )


def papers(actor: Actor) -> Any:
    """Return the documents of opinions that the actor may read: the only ones of the circle `named` that they see."""
    return Document.id.in_(select(Opinion.document_id).where(Opinion.document_id.is_not(None), opinions(actor)))


def reads_opinions(role: str) -> bool:
    """Say whether a role reads opinions at all, so that naming somebody who holds it means something."""
    return "opinion.read" in STEPS_OF_ROLE[role]
