"""/needs: the needs list of the communities."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.route import DoorRoute, Who
from api.routers.files import attachment as as_file
from api.schemas.base import Page
from api.schemas.lists import Reason
from api.schemas.matching import LastGap
from api.schemas.needs import Claiming, Contact, Need, NeedQuery, NewNeed, Prolonging, Releasing, Thanking
from api.schemas.proposals import MatchProposal, ProposalQuery
from api.services import match_figures, match_proposals, need_claims, needs

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


@router.post("/{need_id}/prolong", operation_id="need.prolong")
async def prolong(need_id: UUID, body: Prolonging, who: Who) -> Need:
    """Let a published need be answered until a later day."""
    return await who.write(needs.prolong, need_id, body.reply_by, body.expires_on, present=needs.one)


@router.post("/{need_id}/answer", operation_id="need.answer")
async def answer(need_id: UUID, body: Reason, who: Who) -> Need:
    """Tell who asked that nobody serves it, and why; it leaves the list."""
    return await who.write(needs.answer, need_id, body.reason, present=needs.one)


@router.post("/{need_id}/claim", operation_id="need.claim")
async def claim(need_id: UUID, body: Claiming, who: Who) -> Need:
    """Claim a micro-wish, for oneself or for a unit that one speaks for; one claim at a time."""
    return await who.write(need_claims.claim, need_id, body.organization_id, present=needs.one)


@router.post("/{need_id}/start", operation_id="need.start")
async def start(need_id: UUID, who: Who) -> Need:
    """Say that what was wished for is on its way; there is no way back from here."""
    return await who.write(need_claims.start, need_id, present=needs.one)


@router.post("/{need_id}/complete", operation_id="need.complete")
async def complete(need_id: UUID, who: Who) -> Need:
    """Say that what was wished for has been brought."""
    return await who.write(need_claims.deliver, need_id, present=needs.one)


@router.post("/{need_id}/release", operation_id="need.release")
async def release(need_id: UUID, body: Releasing, who: Who) -> Need:
    """Let a claim go; the community takes a need back with a reason, and the project that served it is called off."""
    return await who.write(need_claims.release, need_id, body.reason, present=needs.one)


@router.post("/{need_id}/confirm", operation_id="need.confirm")
async def confirm(need_id: UUID, who: Who) -> Need:
    """Say that the need is met."""
    return await who.write(needs.confirm, need_id, present=needs.one)


@router.post("/{need_id}/thank", operation_id="need.thank")
async def thank(need_id: UUID, body: Thanking, who: Who) -> Need:
    """Thank who met it."""
    return await who.write(needs.thank, need_id, body.thanks, present=needs.one)


@router.get("/{need_id}/contact", operation_id="need.contact")
async def contact(need_id: UUID, who: Who) -> Contact:
    """Show where and for whom it is, to who serves it and while they do; each look is logged."""
    return await who.read(need_claims.contact, need_id)


@router.get("/{need_id}/attachments/{file_id}", operation_id="need.attachment")
async def attachment(need_id: UUID, file_id: UUID, who: Who) -> Response:
    """Fetch a file that belongs to a need."""
    return as_file(await who.read(need_claims.attachment, need_id, file_id))


@router.get("/{need_id}/proposals", operation_id="match_proposal.list")
async def proposals(need_id: UUID, query: Annotated[ProposalQuery, Query()], who: Who) -> Page[MatchProposal]:
    """List what was proposed for a need, for offices; a name is there only of who accepted and may be read."""
    return await who.read(match_proposals.of_need, need_id, query)


@router.get("/{need_id}/unserved", operation_id="need.unserved")
async def unserved(need_id: UUID, who: Who) -> LastGap:
    """Say why nobody was found for a need in the last run that looked at it, and what would change it."""
    return await who.read(match_figures.unserved, need_id)
