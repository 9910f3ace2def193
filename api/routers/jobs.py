"""/jobs: how far long work is, and how to stop it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.work import Job, JobQuery
from api.services import jobs

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=DoorRoute)


@router.get("", operation_id="job.list")
async def listed(query: Annotated[JobQuery, Query()], who: Who) -> Page[Job]:
    """List jobs, newest first."""
    return await who.read(jobs.listed, query)


@router.get("/{job_id}", operation_id="job.read")
async def read(job_id: UUID, who: Who) -> Job:
    """Show how far a job is."""
    return await who.read(jobs.one, job_id)


@router.post("/{job_id}/cancel", operation_id="job.cancel")
async def cancel(job_id: UUID, who: Who) -> Job:
    """Stop a job; what it has written stays."""
    return await who.write(jobs.cancel, job_id, present=jobs.one)
