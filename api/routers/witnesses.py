"""/witnesses: bodies outside that keep our checkpoints, and what they sign of them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.domain.trials import Limit
from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import limited_by
from api.schemas.base import ListQuery, Page
from api.schemas.witnesses import Countersignature, NewWitness, Witness, Witnessed, WitnessedQuery
from api.services import witnesses

router = APIRouter(prefix="/api/v1", tags=["proofs"], route_class=DoorRoute)
_SIGNED = Limit("witness.address", 120, 3600)  # a checkpoint a minute at most; a flood is another thing


@router.get("/witnesses", operation_id="witness.list")
async def listed(query: Annotated[ListQuery, Query()], who: Who) -> Page[Witness]:
    """List the witnesses within the caller's reach, the newest first."""
    return await who.read(witnesses.listed, query)


@router.post("/witnesses", operation_id="witness.create", status_code=201)
async def create(body: NewWitness, who: Who) -> Witness:
    """Register a body outside that keeps checkpoints, with the public key that it signs them by."""
    return await who.write(witnesses.create, body.values(), present=witnesses.one)


@router.get("/witnesses/{witness_id}", operation_id="witness.read")
async def read(witness_id: UUID, who: Who) -> Witness:
    """Show one witness."""
    return await who.read(witnesses.one, witness_id)


@router.post("/witnesses/{witness_id}/end", operation_id="witness.end")
async def end(witness_id: UUID, who: Who) -> Witness:
    """End a witness; what it signed stays."""
    return await who.write(witnesses.end, witness_id, present=witnesses.one)


@router.post(
    "/witnesses/{witness_id}/signatures", operation_id="witness.sign", status_code=201,
    responses=problem_responses((404, 429)),
)  # fmt: skip
async def sign(witness_id: UUID, body: Countersignature, who: Anyone) -> Witnessed:
    """Keep what a witness signed, without an account: its key is its authority. A root that differs is kept too."""
    await limited_by(who, _SIGNED, who.address)
    return await who.write(witnesses.sign, witness_id, body.signed, present=witnesses.countersignature)


@router.get("/checkpoints/witnessed", operation_id="checkpoint.witnessed", responses=problem_responses((404,)))
async def countersigned(query: Annotated[WitnessedQuery, Query()], who: Anyone) -> Page[Witnessed]:
    """List what the witnesses of a tenant signed, the newest first; for anybody."""
    return await who.read(witnesses.countersigned, query)
