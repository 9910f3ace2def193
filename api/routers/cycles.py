"""/cycles: periods of assessment and their steps."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from api.adapters.render.bars import spread_svg
from api.route import DoorRoute, Who, problem_responses
from api.schemas.assessment import Cycle, CycleQuery, NewCycle
from api.schemas.base import Page
from api.schemas.figures import Figures, Ranking
from api.schemas.simulation import HowItStands, WhatIf
from api.schemas.work import Job
from api.services import cycles, figures, jobs
from api.services.what_if import what_if as standing_if

router = APIRouter(prefix="/api/v1/cycles", tags=["cycles"], route_class=DoorRoute)


@router.get("", operation_id="cycle.list")
async def listed(query: Annotated[CycleQuery, Query()], who: Who) -> Page[Cycle]:
    """List cycles, newest first."""
    return await who.read(cycles.listed, query)


@router.post("", operation_id="cycle.create", status_code=201)
async def create(body: NewCycle, who: Who) -> Cycle:
    """Open a cycle of an authority."""
    return await who.write(cycles.create, body.values(), present=cycles.one)


@router.get("/{cycle_id}", operation_id="cycle.read")
async def read(cycle_id: UUID, who: Who) -> Cycle:
    """Show one cycle."""
    return await who.read(cycles.one, cycle_id)


@router.post("/{cycle_id}/compute", operation_id="cycle.compute", status_code=202)
async def compute(cycle_id: UUID, who: Who) -> Job:
    """Judge every member and unit as of the last sealed position."""
    return await who.write(cycles.compute, cycle_id, present=jobs.one)


@router.post("/{cycle_id}/what-if", operation_id="cycle.what_if")
async def what_if(cycle_id: UUID, body: WhatIf, who: Who) -> HowItStands:
    """Tell the caller how they stand by what is recorded now, and how with further services; writes nothing."""
    return await who.read(standing_if, cycle_id, body.values()["services"])


@router.get("/{cycle_id}/figures", operation_id="cycle.figures", responses=problem_responses([409]))
async def spread(cycle_id: UUID, who: Who) -> Figures:
    """Show how the grades of a cycle's members are spread, as counts that tell of no few people, and as a picture."""
    found: Any = await who.read(figures.figures, cycle_id)
    bars = [
        (f"{line['labels']['zh']}（{line['members']}）",
         [(column["labels"]["zh"], cell) for column, cell in zip(found["columns"], line["cells"], strict=True)])
        for line in found["classes"]
    ]  # fmt: skip
    whole = ("全部", [(column["labels"]["zh"], column["members"]) for column in found["columns"]])
    found["picture"] = spread_svg([whole, *bars])
    return found


@router.get("/{cycle_id}/ranking", operation_id="cycle.ranking", responses=problem_responses([409]))
async def ranking(cycle_id: UUID, who: Who, subject: Literal["unit", "community"] = "unit") -> Ranking:
    """Show units or communities in order, where the district switched it on; never people, never by what is spent."""
    return await who.read(figures.ranking, cycle_id, subject)


@router.post("/{cycle_id}/open-self-review", operation_id="cycle.open_self_review")
async def open_self_review(cycle_id: UUID, who: Who) -> Cycle:
    """Let the subjects say something of themselves."""
    return await who.write(cycles.open_self_review, cycle_id, present=cycles.one)


@router.post("/{cycle_id}/open-public-review", operation_id="cycle.open_public_review")
async def open_public_review(cycle_id: UUID, who: Who) -> Cycle:
    """Let communities and residents say something of the subjects."""
    return await who.write(cycles.open_public_review, cycle_id, present=cycles.one)


@router.post("/{cycle_id}/publish", operation_id="cycle.publish")
async def publish(cycle_id: UUID, who: Who) -> Cycle:
    """Tell each subject the own result."""
    return await who.write(cycles.publish, cycle_id, present=cycles.one)


@router.post("/{cycle_id}/open-appeals", operation_id="cycle.open_appeals")
async def open_appeals(cycle_id: UUID, who: Who) -> Cycle:
    """Take objections."""
    return await who.write(cycles.open_appeals, cycle_id, present=cycles.one)


@router.post("/{cycle_id}/finalize", operation_id="cycle.finalize")
async def finalize(cycle_id: UUID, who: Who) -> Cycle:
    """Make the cycle final: from here on it is sealed."""
    return await who.write(cycles.finalize, cycle_id, present=cycles.one)


@router.post("/{cycle_id}/deliver", operation_id="cycle.deliver", status_code=202)
async def deliver(cycle_id: UUID, who: Who) -> Job:
    """Issue and deliver the feedback statement of every unit."""
    return await who.write(cycles.deliver, cycle_id, present=jobs.one)
