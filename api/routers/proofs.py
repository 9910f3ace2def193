"""/checkpoints and /proofs: what the outside keeps to measure the ledger by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.route import Anyone, DoorRoute, Who, problem_responses
from api.schemas.base import ListQuery, Page
from api.schemas.proofs import Checkpoint, CheckpointQuery, Comparison, Consistency, Proof
from api.services import enclosures, proofs

router = APIRouter(prefix="/api/v1", tags=["proofs"], route_class=DoorRoute)

_UNKNOWN_TENANT = problem_responses([404])


@router.get("/checkpoints", operation_id="checkpoint.list", responses=_UNKNOWN_TENANT)
async def listed(query: Annotated[CheckpointQuery, Query()], who: Anyone) -> Page[Checkpoint]:
    """List the signed checkpoints of a tenant, newest first; for anybody to keep."""
    return await who.read(proofs.listed, query)


@router.get("/checkpoints/consistency", operation_id="checkpoint.compare", responses=_UNKNOWN_TENANT)
async def compared(query: Annotated[Comparison, Query()], who: Anyone) -> Consistency:
    """Prove that between two sizes the sealed order only grew."""
    return await who.read(proofs.compared, query)


@router.get("/me/receipts", operation_id="proof.list")
async def receipts(query: Annotated[ListQuery, Query()], who: Who) -> Page[Proof]:
    """List the caller's own sealed presences and entries, newest first, each with its proof."""
    return await who.read(enclosures.receipts, query)


@router.get("/proofs/{position}", operation_id="proof.read")
async def proof(position: Annotated[int, Field(ge=1, le=2**53)], who: Who) -> Proof:
    """Prove that a row which the caller may see stands in the sealed order."""
    return await who.read(proofs.proof, position)
