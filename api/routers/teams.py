"""/teams: people who help together, and whoever answers for them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.proposals import ToldAvailability
from api.schemas.teams import EditedTeam, NewTeam, Team, TeamQuery
from api.services import teams

router = APIRouter(prefix="/api/v1/teams", tags=["matching"], route_class=DoorRoute)


@router.get("", operation_id="team.list")
async def listed(query: Annotated[TeamQuery, Query()], who: Who) -> Page[Team]:
    """List teams, newest first."""
    return await who.read(teams.listed, query)


@router.post("", operation_id="team.create", status_code=201)
async def create(body: NewTeam, who: Who) -> Team:
    """Found a team of a community with who answers for it."""
    return await who.write(teams.create, body.values(), present=teams.one)


@router.get("/{team_id}", operation_id="team.read")
async def read(team_id: UUID, who: Who) -> Team:
    """Show one team."""
    return await who.read(teams.one, team_id)


@router.put("/{team_id}", operation_id="team.edit")
async def edit(team_id: UUID, body: EditedTeam, who: Who) -> Team:
    """Give a team another name or somebody else who answers for it."""
    return await who.write(teams.edit, team_id, body.values(), present=teams.one)


@router.put("/{team_id}/availability", operation_id="team.tell")
async def tell(team_id: UUID, body: ToldAvailability, who: Who) -> Team:
    """Say for a team when, where and with what it would help; nothing is proposed to one that has not."""
    return await who.write(teams.tell, team_id, body.values(), present=teams.one)


@router.post("/{team_id}/join", operation_id="team.join")
async def join(team_id: UUID, who: Who) -> Team:
    """Enter a team; what its leader says yes to is then asked of the caller, who is free to say no."""
    return await who.write(teams.join, team_id, present=teams.one)


@router.post("/{team_id}/leave", operation_id="team.leave")
async def leave(team_id: UUID, who: Who) -> Team:
    """Leave a team, at any time."""
    return await who.write(teams.leave, team_id, present=teams.one)


@router.post("/{team_id}/end", operation_id="team.end")
async def end(team_id: UUID, who: Who) -> Team:
    """End a team; what its people said yes to stands."""
    return await who.write(teams.end, team_id, present=teams.one)
