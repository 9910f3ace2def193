"""A plan as it is shown: its rows, what it asks of each community, and how it came to be what it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, allowed, require
from api.db import Session
from api.domain import plan as rules
from api.domain.arrangement import Arrangement
from api.models import Event, OrganizationLink
from api.services import plan_places, plans, unit_registrations
from api.visibility import visible

EDITIONS = 50  # how far back a history goes


def one(session: Session, actor: Actor, plan_id: UUID) -> dict[str, Any]:
    """Return a plan: a draft with its preview, an issued one with those of its registrations that the actor sees."""
    row = plans.find(session, actor, plan_id)
    content = row.content
    view = {
        **row._asdict(), "reference": content["reference"], "starts_on": content["period"]["start"],
        "ends_on": content["period"]["end"], "measure": None, "uses": [],
        "allowed_actions": allowed(actor, "document", row.state, row.path),
    }  # fmt: skip
    if "arrangement" not in content:
        return {**view, "rows": _registrations(session, actor, row)}
    arrangement = Arrangement.read(content["arrangement"])
    known = plan_places.nodes(session, actor, arrangement.organizations)
    uses = rules.preview(arrangement.rows(), plan_places.capacities(arrangement, known))
    return {
        **view,
        "measure": arrangement.measure,
        "rows": [_line(known, one, one.unit, one.community, one.starts_on, one.ends_on) for one in arrangement.lines],
        "uses": [
            {
                "community_id": use.community, "community_name": known[use.community].name, "rows": use.rows,
                "peak": use.peak, "peak_on": use.peak_on, "capacity": use.capacity, "over": use.over,
            }
            for use in uses
        ],
    }  # fmt: skip


def history(session: Session, actor: Actor, plan_id: UUID) -> dict[str, Any]:
    """Return every step of a plan and of the editions before it, the oldest first, with the moves of rebalancing."""
    row = plans.find(session, actor, plan_id)
    require(actor, "document.history", row.path)
    editions = [plan_id]
    while row.supersedes_id is not None and len(editions) < EDITIONS:
        row = plans.find(session, actor, row.supersedes_id)
        editions.append(row.id)
    events = session.rows(
        sa.select(Event.subject_id, Event.kind, Event.recorded_at, Event.details)
        .where(Event.tenant_id == actor.tenant_id, Event.subject_id.in_(editions), Event.subject_kind == "document")
        .order_by(Event.id)
    )
    return {
        "items": [
            {
                "plan_id": event.subject_id, "step": event.kind, "at": event.recorded_at,
                "rows": event.details.get("rows"), "moves": event.details.get("moves", []),
                "unplaced": event.details.get("unplaced", []),
            }
            for event in events
        ]
    }  # fmt: skip


def _registrations(session: Session, actor: Actor, row: Any) -> list[dict[str, Any]]:
    links = unit_registrations.links_of(session, actor, row.id, visible(actor, OrganizationLink))
    known = plan_places.nodes(session, actor, {one for link in links for one in (link.from_id, link.to_id)})
    return [_line(known, link, link.from_id, link.to_id, link.valid_from, link.valid_to) for link in links]


def _line(known: dict[UUID, Any], source: Any, unit: UUID, community: UUID, start: Any, end: Any) -> dict[str, Any]:
    """Return a row as it is shown; `source` is a line of a draft or a registration."""
    return {
        "unit_id": unit, "unit_name": known[unit].name, "community_id": community,
        "community_name": known[community].name, "street_name": known[community].street, "starts_on": start,
        "ends_on": end, "members": getattr(source, "members", None), "fixed": getattr(source, "fixed", False),
        "registration_id": getattr(source, "id", None), "registration_state": getattr(source, "state", None),
    }  # fmt: skip
