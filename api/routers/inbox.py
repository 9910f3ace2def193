"""/inbox: the one list of what waits for the caller (待办)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.inbox import InboxCounts, InboxItem, InboxQuery
from api.services import inbox

router = APIRouter(prefix="/api/v1/inbox", tags=["inbox"], route_class=DoorRoute)


@router.get("", operation_id="inbox.list")
async def listed(query: Annotated[InboxQuery, Query()], who: Who) -> Page[InboxItem]:
    """List everything that waits for the caller, by kind, in each the oldest first."""
    return await who.read(inbox.listed, query)


@router.get("/counts", operation_id="inbox.count")
async def counts(who: Who) -> InboxCounts:
    """Count what waits for the caller, by kind."""
    return await who.read(inbox.counted)
