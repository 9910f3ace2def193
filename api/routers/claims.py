"""Claims: codes for the people of a roster, and the two ways by which somebody without a linked identity comes in."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.calls import Answer
from api.domain.claims import ClaimRefused
from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import limited, signed_in
from api.schemas.base import Page
from api.schemas.claims import Claim, ClaimCode, ClaimCodeQuery, IssuedCode, NewResident
from api.schemas.session import SignedIn
from api.services import claim_codes, claims

router = APIRouter(prefix="/api/v1", tags=["claims"], route_class=DoorRoute)
_REFUSED = problem_responses((401, 403, 429))  # ticket or code do not hold; a role needs more; tried too often


@router.post("/auth/claim", operation_id="identity.claim", responses=_REFUSED)
async def claim(body: Claim, who: Anyone) -> SignedIn:
    """Claim one's record on a roster with a code that was handed over, and sign in."""
    await limited(who, "claim")
    begun = await who.write(claims.redeem, body.ticket, body.code, body.device)
    if begun is None:
        raise ClaimRefused
    return signed_in(who.house, begun)


@router.post("/auth/register", operation_id="identity.register", responses=_REFUSED)
async def register(body: NewResident, who: Anyone) -> SignedIn:
    """Register as a resident who stands on no roster, and sign in; the provider has to vouch for a phone."""
    await limited(who, "claim")
    begun = await who.write(claims.register, body.ticket, body.name, body.community_id, body.device)
    return signed_in(who.house, begun)


@router.post("/people/{person_id}/claim-codes", operation_id="claim_code.create", status_code=201)
async def issue(person_id: UUID, who: Who) -> IssuedCode:
    """Issue a code for a person of one's roster; it is shown this once, and an earlier one is revoked."""
    code = claim_codes.new_code()
    shown: Any = await who.write(claim_codes.issue, person_id, code, present=claim_codes.one)
    issued: Any = shown if isinstance(shown, Answer) else {**shown, "code": code.shown}
    return issued


@router.get("/claim-codes", operation_id="claim_code.list")
async def listed(query: Annotated[ClaimCodeQuery, Query()], who: Who) -> Page[ClaimCode]:
    """List the codes for one's rosters, newest first."""
    return await who.read(claim_codes.listed, query)


@router.get("/claim-codes/{claim_code_id}", operation_id="claim_code.read")
async def read(claim_code_id: UUID, who: Who) -> ClaimCode:
    """Show what became of one code."""
    return await who.read(claim_codes.one, claim_code_id)


@router.post("/claim-codes/{claim_code_id}/revoke", operation_id="claim_code.revoke")
async def revoke(claim_code_id: UUID, who: Who) -> ClaimCode:
    """Revoke a code that nobody has used."""
    return await who.write(claim_codes.revoke, claim_code_id, present=claim_codes.one)
