"""Presences: one's own at a shift, and lists of them for roll calls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from api.errors import Problem
from api.route import DoorRoute, Who
from api.schemas.service import Outcome, Outcomes, OwnPresence, Presence, PresenceList
from api.services import presences
from api.services.presences import Presented

router = APIRouter(prefix="/api/v1", tags=["presences"], route_class=DoorRoute)


@router.put("/shifts/{shift_id}/presences/me", operation_id="presence.record")
async def record(shift_id: UUID, body: OwnPresence, who: Who) -> Presence:
    """Check the caller in or out; a repeat gets what stands."""
    return await who.write_one(presences.check_in, Presented(shift_id, **body.values()))


@router.post("/presences", operation_id="presence.record_list")
async def record_list(body: PresenceList, who: Who) -> Outcomes:
    """Record a list: a roll call, or one's own presences; each gets an outcome of its own."""
    found = await who.write_each(presences.check_in, [Presented(**each.values()) for each in body.presences])
    return Outcomes(outcomes=[_outcome(each) for each in found])


def _outcome(found: Any) -> Outcome:
    return Outcome.model_validate({"problem": found.as_row()} if isinstance(found, Problem) else {"presence": found})
