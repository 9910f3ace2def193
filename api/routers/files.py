"""/files: what people bring and jobs write, one file a request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response, UploadFile

from api.domain import images
from api.route import DoorRoute, Who, problem_responses
from api.schemas.work import File
from api.services import files

_ONE_AT_A_TIME = CapacityLimiter(1)  # a picture takes up to 250 MB while it is unpacked

router = APIRouter(prefix="/api/v1/files", tags=["files"], route_class=DoorRoute)


@router.post("", operation_id="file.create", status_code=201, responses=problem_responses([429]))
async def create(file: UploadFile, who: Who) -> File:
    """Bring a file, as evidence or a list; it is kept encrypted, and only who brought it reads it.

    Pictures (JPEG, PNG, WebP) are turned upright, made at most 4096 pixels long, and lose what the camera wrote into
    them: place, device, time.
    """
    told = (file.content_type or "").lower()
    content, media_type = await to_thread.run_sync(images.fit, await file.read(), told, limiter=_ONE_AT_A_TIME)
    return await who.write(files.bring, file.filename or "", media_type, content, present=files.one)


@router.get("/{file_id}", operation_id="file.read")
async def read(file_id: UUID, who: Who) -> Response:
    """Fetch one of the caller's files."""
    return attachment(await who.read(files.opened, file_id))


def attachment(kept: dict[str, Any]) -> Response:
    """Return a kept file (name, media type, content) as an answer that a browser saves and never shows."""
    name = f"attachment; filename*=UTF-8''{quote(kept['name'])}"
    return Response(kept["content"], media_type=kept["media_type"], headers={"Content-Disposition": name})
