"""/files: what people bring and jobs write, one file a request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Response, UploadFile

from api.route import DoorRoute, Who, problem_responses
from api.schemas.work import File
from api.services import files

router = APIRouter(prefix="/api/v1/files", tags=["files"], route_class=DoorRoute)


@router.post("", operation_id="file.create", status_code=201, responses=problem_responses([429]))
async def create(file: UploadFile, who: Who) -> File:
    """Bring a file, as evidence or a list; it is kept encrypted, and only who brought it reads it."""
    content = await file.read()
    return await who.write(
        files.bring, file.filename or "", (file.content_type or "").lower(), content, present=files.one
    )


@router.get("/{file_id}", operation_id="file.read")
async def read(file_id: UUID, who: Who) -> Response:
    """Fetch one of the caller's files."""
    return attachment(await who.read(files.opened, file_id))


def attachment(kept: dict[str, Any]) -> Response:
    """Return a kept file (name, media type, content) as an answer that a browser saves and never shows."""
    name = f"attachment; filename*=UTF-8''{quote(kept['name'])}"
    return Response(kept["content"], media_type=kept["media_type"], headers={"Content-Disposition": name})
