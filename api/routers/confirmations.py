"""确认单: slips for recipients, and the page on which they answer without an account."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.adapters.render import CONFIRM_CSP, MEDIA_TYPES, confirm_page, refused_page, slip_pdf
from api.calls import Answer, Caller
from api.domain.confirmations import OwnPresence, SlipUsed
from api.errors import NotFound, Problem, Unauthenticated
from api.problems import MEDIA_TYPE as PROBLEM
from api.problems import sentence, status_of
from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import limited
from api.schemas.base import Page
from api.schemas.confirmations import Confirmation, Denial, IssuedSlip, NewSlip, ShownSlip, Slip, SlipCode, SlipQuery
from api.services import confirmations
from api.services.claim_codes import new_code

router = APIRouter(tags=["confirmations"], route_class=DoorRoute)
_TRIED = problem_responses((429,))
_HTML = {"schema": {"type": "string"}}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_OF_PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the slip as it stands",
        "content": {
            "text/html": _HTML,
            "application/json": {"schema": TypeAdapter(ShownSlip).json_schema(mode="serialization")},
        },
    },
    **{
        status: {
            "description": said,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}, "text/html": _HTML},
        }
        for status, said in ((403, "not permitted"), (404, "not there"), (409, "used"))
    },
    **_TRIED,
}


@router.post("/api/v1/shifts/{shift_id}/confirmation-slips", operation_id="confirmation_slip.create", status_code=201)
async def issue(shift_id: UUID, body: NewSlip, who: Who) -> IssuedSlip:
    """Make out a slip for a presence; its code is shown this once, and an earlier slip of the same is revoked."""
    code = new_code()
    shown: Any = await who.write(confirmations.issue, shift_id, body.values(), code, present=confirmations.one)
    if isinstance(shown, Answer):
        again: Any = shown
        return again
    bare = code.selector + code.secret
    issued: Any = {**shown, "code": code.shown, "link": f"{who.house.settings.address}/confirm/{bare}"}
    return issued


@router.post(
    "/api/v1/confirmation-slips/{slip_id}/print",
    operation_id="confirmation_slip.print",
    response_class=Response,
    responses={200: {"description": "A6", "content": {MEDIA_TYPES["pdf"]: _BYTES}}},
)
async def printed(slip_id: UUID, body: SlipCode, who: Who) -> Response:
    """Print a slip on A6 with its QR code, for who has the code; nothing is kept of it."""
    found = await who.read(confirmations.printable, slip_id, body.code)
    data = await asyncio.to_thread(slip_pdf, **found, language="en" if who.language == "en" else "zh")
    return Response(data, media_type=MEDIA_TYPES["pdf"])


@router.get("/api/v1/confirmation-slips", operation_id="confirmation_slip.list")
async def listed(query: Annotated[SlipQuery, Query()], who: Who) -> Page[Slip]:
    """List the slips that concern the caller: as volunteer, as who asked for the service, as who leads or hosts."""
    return await who.read(confirmations.listed, query)


@router.get("/api/v1/confirmation-slips/{slip_id}", operation_id="confirmation_slip.read")
async def read(slip_id: UUID, who: Who) -> Slip:
    """Show one slip; never its code."""
    return await who.read(confirmations.one, slip_id)


@router.post("/api/v1/confirmation-slips/{slip_id}/confirm", operation_id="confirmation_slip.confirm")
async def confirm(slip_id: UUID, who: Who) -> Slip:
    """Confirm a service that one asked for; the volunteer hears that, not who said so."""
    return await who.write(confirmations.say, slip_id, "confirmed", None, present=confirmations.one)


@router.post("/api/v1/confirmation-slips/{slip_id}/deny", operation_id="confirmation_slip.deny")
async def deny(slip_id: UUID, body: Denial, who: Who) -> Slip:
    """Deny a service that one asked for; the community looks at it, and no minute moves by itself."""
    return await who.write(confirmations.say, slip_id, "denied", body.reason, present=confirmations.one)


@router.post("/api/v1/confirmation-slips/{slip_id}/revoke", operation_id="confirmation_slip.revoke")
async def revoke(slip_id: UUID, who: Who) -> Slip:
    """Take back a slip that nobody has answered."""
    return await who.write(confirmations.revoke, slip_id, present=confirmations.one)


@router.get("/confirm/{code}", operation_id="confirmation_slip.show", response_class=Response, responses=_OF_PAGE)
async def show(code: str, who: Anyone) -> Response:
    """Show a slip to its bearer: activity, day, the first sign of a name; a page for browsers, else JSON."""
    await limited(who, "confirmation")
    try:
        return _answer(who, code, await who.read(confirmations.shown, code))
    except NotFound as why:
        return _refusal(who, why)


@router.post(
    "/api/v1/confirmations", operation_id="confirmation_slip.answer", response_class=Response, responses=_OF_PAGE
)
async def answer(body: Confirmation, who: Anyone) -> Response:
    """Take what a recipient says with the code of a slip, once, without an account; the same again changes nothing."""
    await limited(who, "confirmation")
    try:
        told = await who.write(confirmations.answer, body.code, body.verdict, body.reason, bearer(who))
    except (NotFound, OwnPresence, SlipUsed) as why:
        return _refusal(who, why)
    return _answer(who, body.code, told)


def bearer(who: Caller) -> UUID | None:
    """Return who is signed in on the device that sends, where anybody is and the token holds."""
    kind, _, token = (who.authorization or "").partition(" ")
    try:
        return who.house.tokens.read(token).person_id if kind.lower() == "bearer" else None
    except Unauthenticated:
        return None


def _is_page(who: Caller) -> bool:
    return "text/html" in (who.accept or "").lower()


def _answer(who: Caller, code: str, told: dict[str, Any]) -> Response:
    if not _is_page(who):
        return Response(ShownSlip(**told).model_dump_json(by_alias=True), media_type="application/json")
    return _page(who, confirm_page(code, told, _language(who)), 200)


def _refusal(who: Caller, why: Problem) -> Response:
    """Return a page that says why for a browser; for anybody else the problem itself."""
    if not _is_page(who):
        raise why
    return _page(who, refused_page(sentence(why, _language(who)), _language(who)), status_of(why))


def _page(who: Caller, markup: str, status: int) -> Response:
    headers = {
        "Content-Security-Policy": CONFIRM_CSP,
        "Content-Language": "en" if _language(who) == "en" else "zh-CN",
        "Referrer-Policy": "no-referrer",  # the code stands in the address
        "Vary": "Accept, Accept-Language",
    }
    return Response(markup, status, headers, "text/html")


def _language(who: Caller) -> Literal["zh", "en"]:
    return "en" if who.language == "en" else "zh"
