"""/registrations: 报到 of members and units."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.registrations import (
    Accepting,
    Ending,
    NewRegistration,
    Redirecting,
    Registration,
    RegistrationQuery,
    Returning,
    Transferring,
)
from api.services import registrations, reporting_in

router = APIRouter(prefix="/api/v1/registrations", tags=["registrations"], route_class=DoorRoute)


@router.get("", operation_id="registration.list")
async def listed(query: Annotated[RegistrationQuery, Query()], who: Who) -> Page[Registration]:
    """List registrations, newest first: one's own, those of the community, or of the unit and its people."""
    return await who.read(registrations.listed, query)


@router.post("", operation_id="registration.submit", status_code=201)
async def submit(body: NewRegistration, who: Who) -> Registration:
    """Report in: the caller to a community, or with `unitId` a unit against the published plan."""
    return await who.write(reporting_in.submit, body.values(), present=registrations.one)


@router.get("/{registration_id}", operation_id="registration.read")
async def read(registration_id: UUID, who: Who) -> Registration:
    """Show one registration."""
    return await who.read(registrations.one, registration_id)


@router.post("/{registration_id}/accept", operation_id="registration.accept")
async def accept(registration_id: UUID, body: Accepting, who: Who) -> Registration:
    """Take the member or unit in."""
    return await who.write(reporting_in.accept, registration_id, body.until, present=registrations.one)


@router.post("/{registration_id}/return", operation_id="registration.return")
async def return_(registration_id: UUID, body: Returning, who: Who) -> Registration:
    """Send the request back with a reason."""
    return await who.write(reporting_in.return_, registration_id, body.reason, present=registrations.one)


@router.post("/{registration_id}/redirect", operation_id="registration.redirect")
async def redirect(registration_id: UUID, body: Redirecting, who: Who) -> Registration:
    """Pass the request on to another community."""
    return await who.write(reporting_in.redirect, registration_id, body.community_id, present=registrations.one)


@router.post("/{registration_id}/transfer", operation_id="registration.transfer")
async def transfer(registration_id: UUID, body: Transferring, who: Who) -> Registration:
    """Ask another community to take over; this registration stands until it accepts."""
    return await who.write(
        reporting_in.transfer, registration_id, body.community_id, body.basis, present=registrations.one
    )


@router.post("/{registration_id}/end", operation_id="registration.end")
async def end(registration_id: UUID, body: Ending, who: Who) -> Registration:
    """End the registration today."""
    return await who.write(reporting_in.end, registration_id, body.reason, present=registrations.one)


@router.post("/{registration_id}/renew", operation_id="registration.renew")
async def renew(registration_id: UUID, body: Accepting, who: Who) -> Registration:
    """Take an expired registration up again."""
    return await who.write(reporting_in.renew, registration_id, body.until, present=registrations.one)
