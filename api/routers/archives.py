"""/me/archive: the caller's archive of service, and the paper that a community issues of it."""

from __future__ import annotations

from fastapi import APIRouter

from api.route import DoorRoute, Who
from api.schemas.archives import Archive
from api.schemas.documents import DocumentWithContent
from api.services import archives, documents

router = APIRouter(prefix="/api/v1/me/archive", tags=["archive"], route_class=DoorRoute)


@router.get("", operation_id="archive.read")
async def read(who: Who) -> Archive:
    """Show all that the caller served, with what is on record of them."""
    return await who.read(archives.mine)


@router.post("", operation_id="document.archive", status_code=201)
async def issue(who: Who) -> DocumentWithContent:
    """Issue the caller's archive as a paper, free of charge; its file comes as JSON, xlsx or PDF."""
    return await who.write(archives.issue, present=documents.one)
