"""/records/export: records of service for the national system; the answer is a job."""

from __future__ import annotations

from fastapi import APIRouter

from api.route import DoorRoute, Who
from api.schemas.record_exports import RecordExport
from api.schemas.work import Job
from api.services import jobs, record_exports

router = APIRouter(prefix="/api/v1/records", tags=["imports"], route_class=DoorRoute)


@router.post("/export", operation_id="record.export", status_code=202)
async def export(body: RecordExport, who: Who) -> Job:
    """Write the records of who agreed into the national system's file, with a manifest; the result names the file."""
    return await who.write(record_exports.request, body.values(), present=jobs.one)
