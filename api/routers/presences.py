"""Presences: one's own at a shift, lists of them for roll calls, and the code that a member shows."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.errors import Problem
from api.problems import as_row
from api.route import DoorRoute, Who, problem_responses
from api.schemas.presences import MemberCode, Outcome, Outcomes, OwnPresence, Presence, PresenceCodeQuery, PresenceList
from api.services import member_codes, presences
from api.services.presences import Presented

router = APIRouter(prefix="/api/v1", tags=["presences"], route_class=DoorRoute)


@router.put("/shifts/{shift_id}/presences/me", operation_id="presence.record")
async def record(shift_id: UUID, body: OwnPresence, who: Who) -> Presence:
    """Check the caller in or out; a repeat gets what stands."""
    return await who.write_one(presences.check_in, Presented(shift_id, **body.values()))


@router.get("/me/presence-code", operation_id="presence.show_code", responses=problem_responses([404]))
async def own_code(query: Annotated[PresenceCodeQuery, Query()], who: Who) -> MemberCode:
    """Show the caller's own code, by which an organiser records that they came or left; it changes every 30 seconds."""
    return await who.read(member_codes.show, query.shift_id)


@router.post("/presences", operation_id="presence.record_list")
async def record_list(body: PresenceList, who: Who) -> Outcomes:
    """Record a list: members' codes that were scanned, a roll call or a sheet, or one's own presences.

    Each gets an outcome of its own.
    """
    found = await who.write_each(presences.check_in, [Presented(**each.values()) for each in body.presences])
    return Outcomes(outcomes=[_outcome(each) for each in found])


def _outcome(found: Any) -> Outcome:
    return Outcome.model_validate({"problem": as_row(found)} if isinstance(found, Problem) else {"presence": found})
