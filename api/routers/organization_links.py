"""/organization-links: dated relations between organisations."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.structure import LinkEnding, LinkQuery, NewLink, OrganizationLink
from api.services import organization_links

router = APIRouter(prefix="/api/v1/organization-links", tags=["organizations"], route_class=DoorRoute)


@router.get("", operation_id="organization_link.list")
async def listed(query: Annotated[LinkQuery, Query()], who: Who) -> Page[OrganizationLink]:
    """List relations, newest first."""
    return await who.read(organization_links.listed, query)


@router.post("", operation_id="organization_link.create", status_code=201)
async def create(body: NewLink, who: Who) -> OrganizationLink:
    """Relate two organisations."""
    return await who.write(organization_links.create, body.values(), present=organization_links.one)


@router.get("/{link_id}", operation_id="organization_link.read")
async def read(link_id: UUID, who: Who) -> OrganizationLink:
    """Show one relation."""
    return await who.read(organization_links.one, link_id)


@router.post("/{link_id}/end", operation_id="organization_link.end")
async def end(link_id: UUID, body: LinkEnding, who: Who) -> OrganizationLink:
    """End a relation."""
    return await who.write(organization_links.end, link_id, body.values(), present=organization_links.one)
