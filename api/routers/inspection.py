"""/events and /access-log: what was changed and who looked, for auditors, offices and whoever it is about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import ListQuery, Page
from api.schemas.inspection import (
    AccessLog,
    AccessLogExport,
    AccessLogQuery,
    Event,
    EventExport,
    EventQuery,
    OwnAccessLog,
)
from api.schemas.work import Job
from api.services import inspection, jobs

router = APIRouter(prefix="/api/v1", tags=["inspection"], route_class=DoorRoute)


@router.get("/events", operation_id="event.list")
async def events(query: Annotated[EventQuery, Query()], who: Who) -> Page[Event]:
    """List the changes within the caller's reach, newest first."""
    return await who.read(inspection.events, query)


@router.post("/events/export", operation_id="event.export", status_code=202)
async def export_events(body: EventExport, who: Who) -> Job:
    """Take the changes out as a list with a manifest; the job's result names the file."""
    return await who.write(inspection.export, "event", body.values(), present=jobs.one)


@router.get("/access-log", operation_id="access_log.list")
async def access_log(query: Annotated[AccessLogQuery, Query()], who: Who) -> Page[AccessLog]:
    """List who looked at whose data within the caller's reach, newest first."""
    return await who.read(inspection.access_logs, query)


@router.post("/access-log/export", operation_id="access_log.export", status_code=202)
async def export_access_log(body: AccessLogExport, who: Who) -> Job:
    """Take the log of who looked out as a list with a manifest; the job's result names the file."""
    return await who.write(inspection.export, "access_log", body.values(), present=jobs.one)


@router.get("/me/access-log", operation_id="access_log.mine")
async def about_me(query: Annotated[ListQuery, Query()], who: Who) -> Page[OwnAccessLog]:
    """List who looked at the caller's data and why, newest first."""
    return await who.read(inspection.about_me, query)
