"""/auth/refresh, /auth/logout and /me/sign-ins: staying signed in, and the devices where somebody is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import limited, signed_in
from api.schemas.base import ListQuery, Page
from api.schemas.session import Ended, Refresh, SignedIn, SignInView
from api.services import sign_ins

router = APIRouter(prefix="/api/v1", tags=["sign-ins"], route_class=DoorRoute)


@router.post("/auth/refresh", operation_id="sign_in.refresh", responses=problem_responses((401, 429)))
async def refresh(body: Refresh, who: Anyone) -> SignedIn:
    """Exchange a refresh token for its successor and a new access token; a repeat after a lost answer gets the same."""
    try:
        done = await who.write(sign_ins.refresh, body.refresh_token)
    except sign_ins.RefreshRefused:
        await limited(who, "refresh")  # a good token is one transaction; only guesses are counted
        raise
    return signed_in(who.house, done)


@router.post("/auth/logout", operation_id="sign_in.log_out")
async def log_out(who: Who) -> SignInView:
    """Log this device out; its tokens are refused from the next request on."""
    return await who.write(sign_ins.log_out, present=sign_ins.one)


@router.get("/me/sign-ins", operation_id="sign_in.list")
async def listed(query: Annotated[ListQuery, Query()], who: Who) -> Page[SignInView]:
    """List the devices on which the caller signed in, the newest first."""
    return await who.read(sign_ins.listed, query)


@router.post("/me/sign-ins/end-all", operation_id="sign_in.end_all")
async def end_all(who: Who) -> Ended:
    """Log all of the caller's devices out, this one too."""
    return await who.write(sign_ins.end_all)


@router.post("/me/sign-ins/{sign_in_id}/end", operation_id="sign_in.end")
async def end(sign_in_id: UUID, who: Who) -> SignInView:
    """Log one of the caller's devices out."""
    return await who.write(sign_ins.end, sign_in_id, present=sign_ins.one)
