"""/resources: what units offer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.lists import NewResource, Reason, Resource, ResourceQuery
from api.schemas.negotiation import CalendarQuery, ResourceCalendar
from api.services import bookings, resources

router = APIRouter(prefix="/api/v1/resources", tags=["resources"], route_class=DoorRoute)


@router.get("", operation_id="resource.list")
async def listed(query: Annotated[ResourceQuery, Query()], who: Who) -> Page[Resource]:
    """List resources, newest first."""
    return await who.read(resources.listed, query)


@router.post("", operation_id="resource.create", status_code=201)
async def create(body: NewResource, who: Who) -> Resource:
    """Write a draft of what a unit offers."""
    return await who.write(resources.create, body.values(), present=resources.one)


@router.get("/{resource_id}", operation_id="resource.read")
async def read(resource_id: UUID, who: Who) -> Resource:
    """Show one resource."""
    return await who.read(resources.one, resource_id)


@router.put("/{resource_id}", operation_id="resource.edit")
async def edit(resource_id: UUID, body: NewResource, who: Who) -> Resource:
    """Write a draft anew."""
    return await who.write(resources.edit, resource_id, body.values(), present=resources.one)


@router.post("/{resource_id}/publish", operation_id="resource.publish")
async def publish(resource_id: UUID, who: Who) -> Resource:
    """Put a resource on the list."""
    return await who.write(resources.publish, resource_id, present=resources.one)


@router.post("/{resource_id}/withdraw", operation_id="resource.withdraw")
async def withdraw(resource_id: UUID, body: Reason, who: Who) -> Resource:
    """Take a resource off the list."""
    return await who.write(resources.withdraw, resource_id, body.reason, present=resources.one)


@router.get("/{resource_id}/calendar", operation_id="resource.calendar")
async def calendar(resource_id: UUID, query: Annotated[CalendarQuery, Query()], who: Who) -> ResourceCalendar:
    """Show what is promised of a resource and what is free."""
    return await who.read(bookings.calendar, resource_id, query.since, query.before)
