"""Merging two records of one human: proposed here, decided as a case, undone here."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.lists import Reason
from api.schemas.merges import Merge, MergeQuery, NewMerge
from api.services import merges

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=DoorRoute)


@router.post("/people/{person_id}/merge", operation_id="person_merge.propose", status_code=201)
async def propose(person_id: UUID, body: NewMerge, who: Who) -> Merge:
    """Propose that another record is of the same person; somebody else decides the case that this opens."""
    return await who.write(merges.propose, person_id, body.values(), present=merges.one)


@router.get("/person-merges", operation_id="person_merge.list")
async def listed(query: Annotated[MergeQuery, Query()], who: Who) -> Page[Merge]:
    """List merges, newest first."""
    return await who.read(merges.listed, query)


@router.get("/person-merges/{person_merge_id}", operation_id="person_merge.read")
async def read(person_merge_id: UUID, who: Who) -> Merge:
    """Show one merge with its evidence."""
    return await who.read(merges.one, person_merge_id)


@router.post("/person-merges/{person_merge_id}/undo", operation_id="person_merge.undo")
async def undo(person_merge_id: UUID, body: Reason, who: Who) -> Merge:
    """Part the two again, exactly as they were, within the days that the installation sets."""
    return await who.write(merges.undo, person_merge_id, body.reason, present=merges.one)
