"""/organizations: territory, employers, Party organisations and the bodies beside them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.structure import (
    DivisionImport,
    EditedOrganization,
    Ending,
    HeadCounts,
    ListedOrganization,
    Move,
    NewOrganization,
    Organization,
    OrganizationQuery,
)
from api.schemas.work import Job
from api.services import divisions, jobs, organizations

router = APIRouter(prefix="/api/v1/organizations", tags=["organizations"], route_class=DoorRoute)


@router.get("", operation_id="organization.list")
async def listed(query: Annotated[OrganizationQuery, Query()], who: Who) -> Page[ListedOrganization]:
    """List or search organisations; the parts of one by `parentId`."""
    return await who.read(organizations.listed, query)


@router.post("", operation_id="organization.create", status_code=201)
async def create(body: NewOrganization, who: Who) -> Organization:
    """Create an organisation as part of another."""
    return await who.write(organizations.add, body.values(), present=organizations.one)


@router.post("/import", operation_id="organization.import", status_code=202)
async def bring_in(body: DivisionImport, who: Who) -> Job:
    """Import a list of administrative divisions; refused rows stand in the job's result and its report."""
    return await who.write(divisions.request, body.file_id, body.issuer, body.year, body.mode, present=jobs.one)


@router.get("/{organization_id}", operation_id="organization.read")
async def read(organization_id: UUID, who: Who) -> Organization:
    """Show an organisation with codes, head-counts and relations."""
    return await who.read(organizations.one, organization_id)


@router.put("/{organization_id}", operation_id="organization.edit")
async def edit(organization_id: UUID, body: EditedOrganization, who: Who) -> Organization:
    """Give an organisation another name, kind, class, capacity or disclosure."""
    return await who.write(organizations.edit, organization_id, body.values(), present=organizations.one)


@router.put("/{organization_id}/counts", operation_id="organization.count")
async def count(organization_id: UUID, body: HeadCounts, who: Who) -> Organization:
    """Keep dated head-counts."""
    counts = [item.values() for item in body.counts]
    return await who.write(organizations.count, organization_id, body.source, counts, present=organizations.one)


@router.post("/{organization_id}/move", operation_id="organization.move")
async def move(organization_id: UUID, body: Move, who: Who) -> Organization:
    """Hang an organisation with all its parts under another."""
    return await who.write(organizations.move, organization_id, body.parent_id, present=organizations.one)


@router.post("/{organization_id}/end", operation_id="organization.end")
async def end(organization_id: UUID, body: Ending, who: Who) -> Organization:
    """End an organisation that has no parts in service."""
    return await who.write(organizations.end, organization_id, body.reason, present=organizations.one)
