"""/panels: residents' panels for the public round of a cycle."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.reviews import NewPanel, Panel, PanelQuery, Roster
from api.services import panels

router = APIRouter(prefix="/api/v1/panels", tags=["reviews"], route_class=DoorRoute)


@router.get("", operation_id="panel.list")
async def listed(query: Annotated[PanelQuery, Query()], who: Who) -> Page[Panel]:
    """List the panels that the caller governs or sits on, newest first."""
    return await who.read(panels.listed, query)


@router.post("", operation_id="panel.create", status_code=201)
async def create(body: NewPanel, who: Who) -> Panel:
    """Set up the panel of a community or street for a cycle, before its public round."""
    return await who.write(panels.create, body.values(), present=panels.one)


@router.get("/{panel_id}", operation_id="panel.read")
async def read(panel_id: UUID, who: Who) -> Panel:
    """Show one panel, with its roster to whom it is governed by."""
    return await who.read(panels.one, panel_id)


@router.put("/{panel_id}/roster", operation_id="panel.set_roster")
async def set_roster(panel_id: UUID, body: Roster, who: Who) -> Panel:
    """Write the roster of a panel that is not fixed yet, in place of the one before."""
    return await who.write(panels.set_roster, panel_id, body.people, body.quorum, present=panels.one)


@router.post("/{panel_id}/fix", operation_id="panel.fix")
async def fix(panel_id: UUID, who: Who) -> Panel:
    """Fix the roster for the round: the quorum is more than half of it."""
    return await who.write(panels.fix, panel_id, present=panels.one)
