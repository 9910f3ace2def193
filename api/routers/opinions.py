"""/opinions: what Party organisations of street and community say of a person or a unit, and how it is asked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.opinions import (
    NewOpinion,
    Opinion,
    OpinionDraft,
    OpinionIssue,
    OpinionItem,
    OpinionQuery,
    OpinionReply,
    OpinionRoster,
    Procedures,
    Statement,
    Vote,
)
from api.services import opinion_papers, opinion_views, opinion_voices, opinions

router = APIRouter(prefix="/api/v1", tags=["opinions"], route_class=DoorRoute)


@router.get("/opinion-procedures", operation_id="opinion.procedures")
async def procedures(who: Who) -> Procedures:
    """List the declared procedures: who asks, who is heard, days, votes, what the person is told."""
    return await who.read(opinion_views.procedures)


@router.get("/opinions", operation_id="opinion.list")
async def listed(query: Annotated[OpinionQuery, Query()], who: Who) -> Page[OpinionItem]:
    """List the opinions that the caller is named to read or that are about them, newest first."""
    return await who.read(opinion_views.listed, query)


@router.post("/opinions", operation_id="opinion.create", status_code=201)
async def ask(body: NewOpinion, who: Who) -> Opinion:
    """Ask for an opinion on a person or on a unit's honour; it becomes a case with a clock in working days."""
    return await who.write(opinions.ask, body.values(), present=opinion_views.one)


@router.get("/opinions/{opinion_id}", operation_id="opinion.read")
async def read(opinion_id: UUID, who: Who) -> Opinion:
    """Show one opinion to who is named to read it; every reading stands in the log."""
    return await who.read(opinion_views.one, opinion_id)


@router.post("/opinions/{opinion_id}/speak", operation_id="opinion.speak")
async def speak(opinion_id: UUID, body: Statement, who: Who) -> Opinion:
    """Say what an organisation that is heard says, once."""
    return await who.write(opinion_voices.speak, opinion_id, body.values(), present=opinion_views.one)


@router.post("/opinions/{opinion_id}/convene", operation_id="opinion.convene")
async def convene(opinion_id: UUID, body: OpinionRoster, who: Who) -> Opinion:
    """Fix the roster of members and residents who deliberate on a unit's honour."""
    return await who.write(opinion_voices.convene, opinion_id, body.person_ids, present=opinion_views.one)


@router.post("/opinions/{opinion_id}/vote", operation_id="opinion.vote")
async def vote(opinion_id: UUID, body: Vote, who: Who) -> Opinion:
    """Vote for, against or abstain, once; only numbers and reasons leave the round."""
    return await who.write(opinion_voices.vote, opinion_id, body.choice, body.reason, present=opinion_views.one)


@router.post("/opinions/{opinion_id}/draft", operation_id="opinion.draft")
async def draft(opinion_id: UUID, body: OpinionDraft, who: Who) -> Opinion:
    """Write the draft with the record as of now; where the procedure tells the person, they may reply."""
    return await who.write(opinion_papers.draft, opinion_id, body.conclusion, body.text, present=opinion_views.one)


@router.post("/opinions/{opinion_id}/reply", operation_id="opinion.reply")
async def reply(opinion_id: UUID, body: OpinionReply, who: Who) -> Opinion:
    """Reply to the draft about oneself, once."""
    return await who.write(opinion_voices.reply, opinion_id, body.text, present=opinion_views.one)


@router.post("/opinions/{opinion_id}/issue", operation_id="opinion.issue")
async def issue(opinion_id: UUID, body: OpinionIssue, who: Who) -> Opinion:
    """Issue the opinion as a numbered document and deliver it; where too few voted there is none."""
    return await who.write(opinion_papers.issue, opinion_id, body.values(), present=opinion_views.one)
