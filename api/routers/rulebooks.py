"""/rulebooks: the rules of assessment as data."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.domain.rulebook.schema import json_schema
from api.route import Anyone, DoorRoute, Who
from api.schemas.assessment import EditedRulebook, Findings, NewRulebook, Rulebook, RulebookQuery, RulebookText
from api.schemas.base import Page
from api.schemas.simulation import NewSimulation
from api.schemas.work import Job
from api.services import jobs, rulebooks, simulations

router = APIRouter(prefix="/api/v1/rulebooks", tags=["rulebooks"], route_class=DoorRoute)


@router.get("", operation_id="rulebook.list")
async def listed(query: Annotated[RulebookQuery, Query()], who: Who) -> Page[Rulebook]:
    """List rulebooks, newest first."""
    return await who.read(rulebooks.listed, query)


@router.post("", operation_id="rulebook.create", status_code=201)
async def create(body: NewRulebook, who: Who) -> RulebookText:
    """Keep a draft of a rulebook; what lint finds in it stands in the answer."""
    return await who.write(rulebooks.create, body.values(), present=rulebooks.as_written(body.values()))


@router.post("/lint", operation_id="rulebook.check")
async def check(body: NewRulebook, who: Who) -> Findings:
    """Say what is wrong with a text, by line and column; nothing is kept."""
    return await who.read(rulebooks.check, body.values())


@router.get("/schema", operation_id="rulebook.schema")
async def schema(who: Anyone) -> dict[str, Any]:
    """Show the JSON Schema by which a rulebook is written, in YAML or JSON."""
    return json_schema()


@router.get("/{rulebook_id}", operation_id="rulebook.read")
async def read(rulebook_id: UUID, who: Who) -> RulebookText:
    """Show one rulebook with its text and findings."""
    return await who.read(rulebooks.one, rulebook_id)


@router.put("/{rulebook_id}", operation_id="rulebook.edit")
async def edit(rulebook_id: UUID, body: EditedRulebook, who: Who) -> RulebookText:
    """Write a draft anew."""
    return await who.write(rulebooks.edit, rulebook_id, body.values(), present=rulebooks.as_written(body.values()))


@router.get("/{rulebook_id}/lint", operation_id="rulebook.lint")
async def lint(rulebook_id: UUID, who: Who) -> Findings:
    """Say what is wrong with a rulebook although it can be read."""
    return await who.read(rulebooks.findings, rulebook_id)


@router.post("/{rulebook_id}/simulations", operation_id="rulebook.simulate", status_code=202)
async def simulate(rulebook_id: UUID, body: NewSimulation, who: Who) -> Job:
    """Try a rulebook, also a draft, on an authority's members in a past period; the job's result has the figures."""
    return await who.write(simulations.request, rulebook_id, body.values(), present=jobs.one)


@router.post("/{rulebook_id}/activate", operation_id="rulebook.activate")
async def activate(rulebook_id: UUID, who: Who) -> RulebookText:
    """Put a draft without errors in force."""
    return await who.write(rulebooks.activate, rulebook_id, present=rulebooks.one)


@router.post("/{rulebook_id}/retire", operation_id="rulebook.retire")
async def retire(rulebook_id: UUID, who: Who) -> RulebookText:
    """Take a rulebook out of force."""
    return await who.write(rulebooks.retire, rulebook_id, present=rulebooks.one)
