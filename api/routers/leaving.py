"""Pairs that nobody has closed or confirmed: what the person says, and the lists of them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.leaving import Left, OpenPresence, OpenQuery
from api.services import leaving

router = APIRouter(prefix="/api/v1", tags=["presences"], route_class=DoorRoute)


@router.put("/shifts/{shift_id}/presences/me/left", operation_id="presence.leave")
async def leave(shift_id: UUID, body: Left, who: Who) -> OpenPresence:
    """Say when the caller left, where they forgot to check out; a later time than presumed waits for the leader."""
    return await who.write(leaving.state, shift_id, body.values(), present=leaving.stated)


@router.get("/me/presences/open", operation_id="presence.list_mine")
async def mine(query: Annotated[OpenQuery, Query()], who: Who) -> Page[OpenPresence]:
    """List the caller's pairs that end at a presumed or told time, as long as that can be corrected."""
    return await who.read(leaving.mine, query)


@router.get("/presences/open", operation_id="presence.list_open")
async def listed(query: Annotated[OpenQuery, Query()], who: Who) -> Page[OpenPresence]:
    """List the pairs that nobody has confirmed at the shifts that the caller leads, hosts or organises."""
    return await who.read(leaving.listed, query)
