"""/rulings and the quotas of cycles: what people decide of grades, and where they have to."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who, problem_responses
from api.schemas.assessment import Cycle
from api.schemas.base import ListQuery, Page
from api.schemas.rulings import Allotment, AllotmentQuery, CycleCalendar, NewRuling, QuotaGroup, Ruling, RulingQuery
from api.services import cycle_clocks, cycles, quotas, rulings

router = APIRouter(prefix="/api/v1", tags=["rulings"], route_class=DoorRoute)


@router.put("/cycles/{cycle_id}/calendar", operation_id="cycle.set_calendar")
async def set_calendar(cycle_id: UUID, body: CycleCalendar, who: Who) -> Cycle:
    """Set the last day of each phase of a cycle, and for how many working days appeals are taken."""
    return await who.write(cycle_clocks.set_calendar, cycle_id, body.values(), present=cycles.one)


@router.get("/cycles/{cycle_id}/quota", operation_id="cycle.quota", responses=problem_responses([404]))
async def quota(cycle_id: UUID, query: Annotated[ListQuery, Query()], who: Who) -> Page[QuotaGroup]:
    """List the groups of a cycle's quotas with their seats, who holds one, who was lowered and who waits."""
    return await who.read(quotas.listed, cycle_id, query)


@router.get("/cycles/{cycle_id}/allotments", operation_id="cycle.allotments", responses=problem_responses([404]))
async def allotments(cycle_id: UUID, query: Annotated[AllotmentQuery, Query()], who: Who) -> Page[Allotment]:
    """List what the quotas made of each subject: kept, lowered, or left for people to decide."""
    return await who.read(quotas.allotments, cycle_id, query)


@router.post("/cycles/{cycle_id}/rulings", operation_id="ruling.propose", status_code=201)
async def propose(cycle_id: UUID, body: NewRuling, who: Who) -> Ruling:
    """Propose a subject's grade with a reason; it stands once somebody else confirms it."""
    return await who.write(rulings.propose, cycle_id, body.values(), present=rulings.one)


@router.get("/rulings", operation_id="ruling.list")
async def listed(query: Annotated[RulingQuery, Query()], who: Who) -> Page[Ruling]:
    """List rulings, for the office and for whom they concern, newest first."""
    return await who.read(rulings.listed, query)


@router.get("/rulings/{ruling_id}", operation_id="ruling.read")
async def read(ruling_id: UUID, who: Who) -> Ruling:
    """Show one ruling with its reason."""
    return await who.read(rulings.one, ruling_id)


@router.post("/rulings/{ruling_id}/confirm", operation_id="ruling.confirm")
async def confirm(ruling_id: UUID, who: Who) -> Ruling:
    """Let a grade stand that somebody else proposed."""
    return await who.write(rulings.confirm, ruling_id, present=rulings.one)


@router.post("/rulings/{ruling_id}/decline", operation_id="ruling.decline")
async def decline(ruling_id: UUID, who: Who) -> Ruling:
    """Refuse a proposed grade, or take it back."""
    return await who.write(rulings.decline, ruling_id, present=rulings.one)
