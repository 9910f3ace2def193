"""/shifts: windows with places, who signed up, and the code on the organiser's screen."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.adapters.render import MEDIA_TYPES, sheet_pdf
from api.route import DoorRoute, Who, problem_responses
from api.schemas.base import Page
from api.schemas.leaving import Confirmation
from api.schemas.presences import ShownCode
from api.schemas.service import NewShift, Settled, Shift, ShiftQuery, Signup, SignupQuery, Window
from api.services import closing, sheets, shifts, signups

router = APIRouter(prefix="/api/v1/shifts", tags=["shifts"], route_class=DoorRoute)

_PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the sheet, its number in the header Sheet-Number",
        "content": {MEDIA_TYPES["pdf"]: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("", operation_id="shift.list")
async def listed(query: Annotated[ShiftQuery, Query()], who: Who) -> Page[Shift]:
    """List shifts with the places that are left."""
    return await who.read(shifts.listed, query)


@router.post("", operation_id="shift.create", status_code=201)
async def create(body: NewShift, who: Who) -> Shift:
    """Add a shift to an activity."""
    return await who.write(shifts.create, body.values(), present=shifts.one)


@router.get("/{shift_id}", operation_id="shift.read")
async def read(shift_id: UUID, who: Who) -> Shift:
    """Show one shift."""
    return await who.read(shifts.one, shift_id)


@router.put("/{shift_id}", operation_id="shift.edit")
async def edit(shift_id: UUID, body: Window, who: Who) -> Shift:
    """Change window or capacity of an open shift."""
    return await who.write(shifts.edit, shift_id, body.values(), present=shifts.one)


@router.post("/{shift_id}/cancel", operation_id="shift.cancel")
async def cancel(shift_id: UUID, who: Who) -> Shift:
    """Call an open shift off."""
    return await who.write(shifts.cancel, shift_id, present=shifts.one)


@router.get(
    "/{shift_id}/sheet", operation_id="shift.print_sheet", response_class=Response,
    responses=problem_responses([409]) | _PDF,
)  # fmt: skip
async def sheet(shift_id: UUID, who: Who) -> Response:
    """Give a sign-in sheet to print, in Chinese or by Accept-Language in English; it is entered as a roll call."""
    found = await who.read(sheets.sheet, shift_id)
    language = "en" if who.language == "en" else "zh"
    data = await asyncio.to_thread(sheet_pdf, **found, language=language)
    headers = {"Content-Disposition": f'attachment; filename="{found["number"]}.pdf"', "Sheet-Number": found["number"]}
    return Response(data, headers=headers, media_type=MEDIA_TYPES["pdf"])


@router.get("/{shift_id}/code", operation_id="shift.show_code", responses=problem_responses([409]))
async def code(shift_id: UUID, who: Who) -> ShownCode:
    """Show the code that proves presence now."""
    return await who.read(shifts.code, shift_id)


@router.post("/{shift_id}/settle", operation_id="shift.settle")
async def settle(shift_id: UUID, who: Who, body: Confirmation | None = None) -> Settled:
    """Confirm a shift that is over: forgotten check-outs are closed and every pair is credited.

    With a body, the people whose time of leaving is known; with `everybody` false those alone are confirmed.
    """
    return await who.write(closing.settle_shift, shift_id, body and body.values(), present=closing.settled)


@router.get("/{shift_id}/signups", operation_id="signup.list")
async def signed_up(shift_id: UUID, query: Annotated[SignupQuery, Query()], who: Who) -> Page[Signup]:
    """List who signed up, in the order of coming; others see their own sign-up alone."""
    return await who.read(signups.listed, shift_id, query)


@router.post("/{shift_id}/signups", operation_id="signup.create", status_code=201)
async def sign_up(shift_id: UUID, who: Who) -> Signup:
    """Sign the caller up; a repeat gets what stands."""
    return await who.write_one(signups.sign_up, shift_id)


@router.post("/{shift_id}/signups/me/cancel", operation_id="signup.cancel")
async def give_back(shift_id: UUID, who: Who) -> Signup:
    """Give the caller's place back; who waits longest moves up."""
    return await who.write(signups.cancel, shift_id, present=signups.one)


@router.post("/{shift_id}/signups/{signup_id}/confirm", operation_id="signup.confirm")
async def confirm(shift_id: UUID, signup_id: UUID, who: Who) -> Signup:
    """Agree to a sign-up that waits for the organiser."""
    return await who.write(signups.confirm, shift_id, signup_id, present=signups.one)
