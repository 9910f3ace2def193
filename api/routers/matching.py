"""/match-runs, /match-rules, /match-proposals, /me/availability, /me/proposals: needs and helpers brought together."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.adapters.render.bars import spread_svg
from api.domain.matching.outcome import bars
from api.route import DoorRoute, Who, problem_responses
from api.schemas.base import Page
from api.schemas.lists import Declining
from api.schemas.matching import (
    MatchFigures,
    MatchPreview,
    MatchRule,
    MatchRules,
    MatchRun,
    MatchRunQuery,
    NewMatchRule,
    NewMatchRun,
    Previewing,
    RulesQuery,
)
from api.schemas.proposals import Accepting, Availability, MatchProposal, ProposalQuery, Stars, ToldAvailability
from api.services import (
    availabilities,
    match_answers,
    match_figures,
    match_proposals,
    match_rules,
    match_runs,
)

router = APIRouter(prefix="/api/v1", tags=["matching"], route_class=DoorRoute)


@router.get("/me/availability", operation_id="availability.read")
async def availability(who: Who) -> Availability:
    """Show what the caller declared of their free time."""
    return await who.read(availabilities.mine)


@router.put("/me/availability", operation_id="availability.edit")
async def declare(body: ToldAvailability, who: Who) -> Availability:
    """Declare when, where and with what one would help; nothing is proposed to who did not, or is not active."""
    return await who.write(availabilities.edit, body.values(), present=availabilities.mine)


@router.get("/me/proposals", operation_id="match_proposal.mine")
async def mine(query: Annotated[ProposalQuery, Query()], who: Who) -> Page[MatchProposal]:
    """List what was proposed to the caller and to units they speak for, newest first."""
    return await who.read(match_proposals.mine, query)


@router.get("/match-proposals/{match_proposal_id}", operation_id="match_proposal.read")
async def proposal(match_proposal_id: UUID, who: Who) -> MatchProposal:
    """Show one proposal with its reasons."""
    return await who.read(match_proposals.one, match_proposal_id)


@router.post("/match-proposals/{match_proposal_id}/accept", operation_id="match_proposal.accept")
async def accept(match_proposal_id: UUID, body: Accepting, who: Who) -> MatchProposal:
    """Say yes: a person is signed up, a unit's project is proposed and confirmed for its side."""
    when = (body.starts_at, body.ends_at)
    return await who.write(match_answers.accept, match_proposal_id, when, present=match_proposals.one)


@router.post("/match-proposals/{match_proposal_id}/decline", operation_id="match_proposal.decline")
async def decline(match_proposal_id: UUID, body: Declining, who: Who) -> MatchProposal:
    """Say no; it costs nothing, and a reason is kept for the caller alone."""
    return await who.write(match_answers.decline, match_proposal_id, body.reason, present=match_proposals.one)


@router.post("/match-proposals/{match_proposal_id}/rate", operation_id="match_proposal.rate")
async def rate(match_proposal_id: UUID, body: Stars, who: Who) -> MatchProposal:
    """Say for the community how it was, once it is over."""
    return await who.write(match_answers.rate, match_proposal_id, body.stars, present=match_proposals.one)


@router.get("/match-rules", operation_id="match_rule.list", responses=problem_responses([404]))
async def rules(query: Annotated[RulesQuery, Query()], who: Who) -> MatchRules:
    """Show the rules that hold at an organisation, and who declared which."""
    return await who.read(match_rules.listed, query.organization_id)


@router.post("/match-rules", operation_id="match_rule.set", status_code=201)
async def set_rules(body: NewMatchRule, who: Who) -> MatchRule:
    """Declare the rules of a district and all below it as a new edition."""
    return await who.write(match_rules.declare, body.values(), present=match_rules.one)


@router.get("/match-runs", operation_id="match_run.list")
async def runs(query: Annotated[MatchRunQuery, Query()], who: Who) -> Page[MatchRun]:
    """List the runs of areas within reach, newest first."""
    return await who.read(match_runs.listed, query)


@router.post("/match-runs", operation_id="match_run.create", status_code=202)
async def create(body: NewMatchRun, who: Who) -> MatchRun:
    """Match the open needs of an area: it proposes and never assigns. Its job tells how far, and can be stopped."""
    return await who.write(match_runs.request, body.values(), present=match_runs.one)


@router.post("/match-runs/preview", operation_id="match_run.preview")
async def preview(body: Previewing, who: Who) -> MatchPreview:
    """Show at once what a match would come to now; nothing is written or proposed."""
    return await who.read(match_figures.preview, body.values())


@router.get("/match-runs/{match_run_id}", operation_id="match_run.read")
async def run(match_run_id: UUID, who: Who) -> MatchRun:
    """Show one run."""
    return await who.read(match_runs.one, match_run_id)


@router.get("/match-runs/{match_run_id}/figures", operation_id="match_run.figures", responses=problem_responses([409]))
async def figures(match_run_id: UUID, who: Who) -> MatchFigures:
    """Show what a run came to and how it was answered, in numbers and as a picture; groups of few stand together."""
    found = await who.read(match_figures.figures, match_run_id)
    return {**found, "picture": spread_svg(bars(found))}  # type: ignore[return-value] # the route fills the view
