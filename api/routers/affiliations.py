"""/affiliations: who works where; whoever leaves loses at once what came with the job."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.route import DoorRoute, Who
from api.schemas.affiliations import Affiliation, NewAffiliation
from api.schemas.lists import Reason
from api.services import affiliation_steps

router = APIRouter(prefix="/api/v1/affiliations", tags=["affiliations"], route_class=DoorRoute)


@router.post("", operation_id="affiliation.create", status_code=201)
async def create(body: NewAffiliation, who: Who) -> Affiliation:
    """Note that a person works at an organisation."""
    return await who.write(affiliation_steps.create, body.values(), present=affiliation_steps.one)


@router.get("/{affiliation_id}", operation_id="affiliation.read")
async def read(affiliation_id: UUID, who: Who) -> Affiliation:
    """Show one affiliation."""
    return await who.read(affiliation_steps.one, affiliation_id)


@router.post("/{affiliation_id}/end", operation_id="affiliation.end")
async def end(affiliation_id: UUID, body: Reason, who: Who) -> Affiliation:
    """End it today, with every grant that hangs on it."""
    return await who.write(affiliation_steps.end, affiliation_id, body.reason, present=affiliation_steps.one)
