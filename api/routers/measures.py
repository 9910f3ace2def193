"""/switches and /emergencies: what districts choose of what policy leaves open, and what an emergency permits."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who, problem_responses
from api.schemas.base import ListQuery, Page
from api.schemas.measures import (
    Called,
    Emergency,
    EmergencyQuery,
    NewEmergency,
    Switch,
    SwitchDecision,
    Switches,
    SwitchQuery,
)
from api.services import emergencies, switches

router = APIRouter(prefix="/api/v1", tags=["measures"], route_class=DoorRoute)


@router.get("/switches", operation_id="switch.list", responses=problem_responses([404]))
async def listed(query: Annotated[SwitchQuery, Query()], who: Who) -> Switches:
    """Show every switch as it stands at a place, with the law that bounds it and the way without it."""
    return await who.read(switches.listed, query.organization_id)


@router.post("/switches/{code}", operation_id="switch.set")
async def decide(code: str, body: SwitchDecision, who: Who) -> Switch:
    """Turn a switch on or off for a district and all below it, or leave it to what lies above."""
    return await who.write(switches.decide, code, body.values(), present=switches.decided)


@router.get("/emergencies", operation_id="emergency.list")
async def all_of_them(query: Annotated[EmergencyQuery, Query()], who: Who) -> Page[Emergency]:
    """List the emergencies, newest first."""
    return await who.read(emergencies.listed, query)


@router.post("/emergencies", operation_id="emergency.propose", status_code=201)
async def propose(body: NewEmergency, who: Who) -> Emergency:
    """Propose an emergency; somebody else has to confirm it."""
    return await who.write(emergencies.propose, body.values(), present=emergencies.one)


@router.get("/emergencies/{emergency_id}", operation_id="emergency.read")
async def read(emergency_id: UUID, who: Who) -> Emergency:
    """Show one emergency."""
    return await who.read(emergencies.one, emergency_id)


@router.post("/emergencies/{emergency_id}/confirm", operation_id="emergency.confirm")
async def confirm(emergency_id: UUID, who: Who) -> Emergency:
    """Declare what somebody else proposed."""
    return await who.write(emergencies.confirm, emergency_id, present=emergencies.one)


@router.post("/emergencies/{emergency_id}/decline", operation_id="emergency.decline")
async def decline(emergency_id: UUID, who: Who) -> Emergency:
    """Refuse what was proposed."""
    return await who.write(emergencies.decline, emergency_id, present=emergencies.one)


@router.post("/emergencies/{emergency_id}/end", operation_id="emergency.end")
async def end(emergency_id: UUID, who: Who) -> Emergency:
    """End an emergency before its time."""
    return await who.write(emergencies.end, emergency_id, present=emergencies.one)


@router.get("/emergencies/{emergency_id}/roll", operation_id="emergency.roll")
async def roll(emergency_id: UUID, query: Annotated[ListQuery, Query()], who: Who) -> Page[Called]:
    """List the registered members and who has come, where the emergency permits it."""
    return await who.read(emergencies.called, emergency_id, query)
