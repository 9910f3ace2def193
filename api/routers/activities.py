"""/activities: what people are due at."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.lists import Reason
from api.schemas.service import Activity, ActivityQuery, NewActivity, NewSeries, Series
from api.services import activities, hosting, series

router = APIRouter(prefix="/api/v1/activities", tags=["activities"], route_class=DoorRoute)


@router.get("", operation_id="activity.list")
async def listed(query: Annotated[ActivityQuery, Query()], who: Who) -> Page[Activity]:
    """List activities, newest first."""
    return await who.read(activities.listed, query)


@router.post("", operation_id="activity.create", status_code=201)
async def create(body: NewActivity, who: Who) -> Activity:
    """Write a draft of an activity."""
    return await who.write(activities.create, body.values(), present=activities.one)


@router.get("/{activity_id}", operation_id="activity.read")
async def read(activity_id: UUID, who: Who) -> Activity:
    """Show one activity."""
    return await who.read(activities.one, activity_id)


@router.put("/{activity_id}", operation_id="activity.edit")
async def edit(activity_id: UUID, body: NewActivity, who: Who) -> Activity:
    """Write a draft anew."""
    return await who.write(activities.edit, activity_id, body.values(), present=activities.one)


@router.post("/{activity_id}/publish", operation_id="activity.publish")
async def publish(activity_id: UUID, who: Who) -> Activity:
    """Show a draft to everybody, so that people can sign up."""
    return await who.write(activities.publish, activity_id, present=activities.one)


@router.post("/{activity_id}/offer", operation_id="activity.offer")
async def offer(activity_id: UUID, who: Who) -> Activity:
    """Ask the community to host a draft."""
    return await who.write(hosting.offer, activity_id, present=activities.one)


@router.post("/{activity_id}/host", operation_id="activity.host")
async def host(activity_id: UUID, who: Who) -> Activity:
    """Agree to host an activity, so that its organiser can publish it."""
    return await who.write(hosting.host, activity_id, present=activities.one)


@router.post("/{activity_id}/return", operation_id="activity.return")
async def send_back(activity_id: UUID, body: Reason, who: Who) -> Activity:
    """Refuse to host an activity as it stands; it is its organiser's draft again."""
    return await who.write(hosting.send_back, activity_id, body.reason, present=activities.one)


@router.post("/{activity_id}/complete", operation_id="activity.complete")
async def complete(activity_id: UUID, who: Who) -> Activity:
    """Close an activity after its last shift."""
    return await who.write(activities.complete, activity_id, present=activities.one)


@router.post("/{activity_id}/cancel", operation_id="activity.cancel")
async def cancel(activity_id: UUID, body: Reason, who: Who) -> Activity:
    """Call an activity off with its open shifts."""
    return await who.write(activities.cancel, activity_id, body.reason, present=activities.one)


@router.post("/{activity_id}/shifts/series", operation_id="shift.create_series", status_code=201)
async def create_series(activity_id: UUID, body: NewSeries, who: Who) -> Series:
    """Add a shift a day to an activity; a day that has one of these hours keeps it."""
    values = body.values()
    return await who.write(series.create, activity_id, values, present=partial(series.shown, values=values))
