"""申诉、复算与更正: appeals against results of a cycle, and what changes results after them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.appeals import (
    NewAmendment,
    NewAppeal,
    NewRecomputation,
    Recomputation,
    RecomputationQuery,
    RecomputationText,
)
from api.schemas.base import Page
from api.schemas.cases import Case
from api.schemas.work import Job
from api.services import appeals, cases, jobs, recomputations

router = APIRouter(prefix="/api/v1", tags=["appeals"], route_class=DoorRoute)


@router.post("/cycles/{cycle_id}/appeals", operation_id="cycle.appeal", status_code=201)
async def appeal(cycle_id: UUID, body: NewAppeal, who: Who) -> Case:
    """Appeal against the caller's own result, or their unit's; people decide who had no part in it."""
    return await who.write(appeals.create, cycle_id, body.values(), present=cases.one)


@router.post("/cycles/{cycle_id}/recomputations", operation_id="cycle.recompute", status_code=202)
async def recompute(cycle_id: UUID, body: NewRecomputation, who: Who) -> Job:
    """Compute the results of upheld appeals and of their units again, as a proposal; all others stay as they are."""
    return await who.write(recomputations.recompute, cycle_id, body.reason, present=jobs.one)


@router.post("/cycles/{cycle_id}/amendments", operation_id="cycle.amend", status_code=202)
async def amend(cycle_id: UUID, body: NewAmendment, who: Who) -> Job:
    """Compute sealed results again that are wrong, as a proposal with reasons."""
    return await who.write(recomputations.amend, cycle_id, body.values(), present=jobs.one)


@router.get("/recomputations", operation_id="recomputation.list")
async def listed(query: Annotated[RecomputationQuery, Query()], who: Who) -> Page[Recomputation]:
    """List recomputations and amendments of cycles within reach, newest first."""
    return await who.read(recomputations.listed, query)


@router.get("/recomputations/{recomputation_id}", operation_id="recomputation.read")
async def read(recomputation_id: UUID, who: Who) -> RecomputationText:
    """Show one recomputation with its effects, on whom it was made for and on others."""
    return await who.read(recomputations.one, recomputation_id)


@router.post("/recomputations/{recomputation_id}/adopt", operation_id="recomputation.adopt")
async def adopt(recomputation_id: UUID, who: Who) -> RecomputationText:
    """Let what another person proposed stand; statements that told otherwise are superseded."""
    return await who.write(recomputations.adopt, recomputation_id, present=recomputations.one)


@router.post("/recomputations/{recomputation_id}/drop", operation_id="recomputation.drop")
async def drop(recomputation_id: UUID, who: Who) -> RecomputationText:
    """Give a recomputation up; nothing of it stands."""
    return await who.write(recomputations.drop, recomputation_id, present=recomputations.one)
