"""Residents' voices on livelihood projects and proposals: support, a meeting's votes, ratings of what came of them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.route import DoorRoute, Who
from api.schemas.funds import Backing, Convening, ProjectRatings, ResidentRating, Voting
from api.schemas.lists import Project
from api.services import backing, fund_papers, projects

router = APIRouter(prefix="/api/v1", tags=["backing"], route_class=DoorRoute)


@router.get("/needs/{need_id}/support", operation_id="need.backing")
async def backed(need_id: UUID, who: Who) -> Backing:
    """Show how many residents back a need and how their meeting voted; nobody is named."""
    return await who.read(backing.of_need, need_id)


@router.post("/needs/{need_id}/support", operation_id="need.support")
async def support(need_id: UUID, who: Who) -> Backing:
    """Back a livelihood project or proposal as a resident of its community."""
    return await who.write(backing.support, need_id, present=backing.of_need)


@router.post("/needs/{need_id}/withdraw-support", operation_id="need.withdraw_support")
async def withdraw_support(need_id: UUID, who: Who) -> Backing:
    """Back it no longer."""
    return await who.write(backing.withdraw_support, need_id, present=backing.of_need)


@router.post("/needs/{need_id}/meeting", operation_id="need.convene", status_code=201)
async def convene(need_id: UUID, body: Convening, who: Who) -> Backing:
    """Fix who sits in the residents' meeting on a project."""
    return await who.write(backing.convene, need_id, body.people, present=backing.of_need)


@router.post("/needs/{need_id}/vote", operation_id="need.vote")
async def vote(need_id: UUID, body: Voting, who: Who) -> Backing:
    """Vote in the residents' meeting, once."""
    return await who.write(backing.vote, need_id, body.vote, present=backing.of_need)


@router.post("/projects/{project_id}/notice", operation_id="project.announce")
async def announce(project_id: UUID, who: Who) -> Project:
    """Give public notice of an agreed project before it starts."""
    return await who.write(fund_papers.announce, project_id, present=projects.one)


@router.get("/projects/{project_id}/ratings", operation_id="project.ratings")
async def ratings(project_id: UUID, who: Who) -> ProjectRatings:
    """Show how residents rate a project."""
    return await who.read(backing.of_project, project_id)


@router.post("/projects/{project_id}/ratings", operation_id="project.review", status_code=201)
async def rate(project_id: UUID, body: ResidentRating, who: Who) -> ProjectRatings:
    """Rate a delivered project as a resident of its community, once."""
    return await who.write(backing.rate, project_id, body.values(), present=backing.of_project)
