"""/needs: the needs list of the communities."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.lists import Reason
from api.schemas.matching import LastGap
from api.schemas.needs import Need, NeedQuery, NewNeed
from api.schemas.proposals import MatchProposal, ProposalQuery
from api.services import match_figures, match_proposals, needs, project_steps

router = APIRouter(prefix="/api/v1/needs", tags=["needs"], route_class=DoorRoute)


@router.get("", operation_id="need.list")
async def listed(query: Annotated[NeedQuery, Query()], who: Who) -> Page[Need]:
    """List needs, newest first."""
    return await who.read(needs.listed, query)


@router.post("", operation_id="need.create", status_code=201)
async def create(body: NewNeed, who: Who) -> Need:
    """Write a draft of a need."""
    return await who.write(needs.create, body.values(), present=needs.one)


@router.get("/{need_id}", operation_id="need.read")
async def read(need_id: UUID, who: Who) -> Need:
    """Show one need."""
    return await who.read(needs.one, need_id)


@router.put("/{need_id}", operation_id="need.edit")
async def edit(need_id: UUID, body: NewNeed, who: Who) -> Need:
    """Write a draft anew."""
    return await who.write(needs.edit, need_id, body.values(), present=needs.one)


@router.post("/{need_id}/submit", operation_id="need.submit")
async def submit(need_id: UUID, who: Who) -> Need:
    """Hand a draft to the community."""
    return await who.write(needs.submit, need_id, present=needs.one)


@router.post("/{need_id}/publish", operation_id="need.publish")
async def publish(need_id: UUID, who: Who) -> Need:
    """Put a submitted need on the list."""
    return await who.write(needs.publish, need_id, present=needs.one)


@router.post("/{need_id}/decline", operation_id="need.decline")
async def decline(need_id: UUID, body: Reason, who: Who) -> Need:
    """Refuse a submitted need with a reason."""
    return await who.write(needs.decline, need_id, body.reason, present=needs.one)


@router.post("/{need_id}/withdraw", operation_id="need.withdraw")
async def withdraw(need_id: UUID, body: Reason, who: Who) -> Need:
    """Take a published need off the list."""
    return await who.write(needs.withdraw, need_id, body.reason, present=needs.one)


@router.post("/{need_id}/release", operation_id="need.release")
async def release(need_id: UUID, body: Reason, who: Who) -> Need:
    """Take a matched need back to the list; the project that served it is called off."""
    return await who.write(project_steps.release_need, need_id, body.reason, present=needs.one)


@router.post("/{need_id}/confirm", operation_id="need.confirm")
async def confirm(need_id: UUID, who: Who) -> Need:
    """Say that the need is met."""
    return await who.write(needs.confirm, need_id, present=needs.one)


@router.get("/{need_id}/proposals", operation_id="match_proposal.list")
async def proposals(need_id: UUID, query: Annotated[ProposalQuery, Query()], who: Who) -> Page[MatchProposal]:
    """List what was proposed for a need, for offices; a name is there only of who accepted and may be read."""
    return await who.read(match_proposals.of_need, need_id, query)


@router.get("/{need_id}/unserved", operation_id="need.unserved")
async def unserved(need_id: UUID, who: Who) -> LastGap:
    """Say why nobody was found for a need in the last run that looked at it, and what would change it."""
    return await who.read(match_figures.unserved, need_id)
