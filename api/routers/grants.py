"""/grants: who holds which role where, who gave it, who confirmed it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.grants import EndedGrant, Grant, GrantQuery, NewGrant
from api.schemas.lists import Reason
from api.services import grant_ends, grants

router = APIRouter(prefix="/api/v1/grants", tags=["grants"], route_class=DoorRoute)


@router.get("", operation_id="grant.list")
async def listed(query: Annotated[GrantQuery, Query()], who: Who) -> Page[Grant]:
    """List grants, newest first: one's own, and those within reach."""
    return await who.read(grants.listed, query)


@router.post("", operation_id="grant.create", status_code=201)
async def create(body: NewGrant, who: Who) -> Grant:
    """Give a role; one that takes a second person is proposed."""
    return await who.write(grants.create, body.values(), present=grants.one)


@router.get("/{grant_id}", operation_id="grant.read")
async def read(grant_id: UUID, who: Who) -> Grant:
    """Show one grant."""
    return await who.read(grants.one, grant_id)


@router.post("/{grant_id}/confirm", operation_id="grant.confirm")
async def confirm(grant_id: UUID, who: Who) -> Grant:
    """Confirm as the second person what another proposed."""
    return await who.write(grants.confirm, grant_id, present=grants.one)


@router.post("/{grant_id}/decline", operation_id="grant.decline")
async def decline(grant_id: UUID, body: Reason, who: Who) -> Grant:
    """Refuse what another proposed, with a reason."""
    return await who.write(grants.decline, grant_id, body.reason, present=grants.one)


@router.post("/{grant_id}/end", operation_id="grant.end")
async def end(grant_id: UUID, body: EndedGrant, who: Who) -> Grant:
    """Take a role back, or lay one's own down; with `withGiven` what was given under it ends as well."""
    return await who.write(grant_ends.end, grant_id, body.reason, body.with_given, present=grants.one)
