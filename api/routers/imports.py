"""/imports: units, branches, people, lists and past services from a file; the answer is a job."""

from __future__ import annotations

from fastapi import APIRouter

from api.route import DoorRoute, Who
from api.schemas.imports import NewImport
from api.schemas.work import Job
from api.services import imports, jobs

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], route_class=DoorRoute)


@router.post("", operation_id="import.create", status_code=202)
async def create(body: NewImport, who: Who) -> Job:
    """Begin an import; the job tells how far it is and, at its end, what became of each row."""
    return await who.write(imports.request, body.values(), present=jobs.one)
