"""/projects: proposed, confirmed by every party, carried out, rated."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who, problem_responses
from api.schemas.base import Page
from api.schemas.lists import Declining, Delivering, NewProject, Project, ProjectQuery, Rating, Reason, Terms
from api.schemas.negotiation import Bookings, MessageQuery, Moving, NewMessage, ProjectHistory, ProjectMessage
from api.services import agreements, bookings, project_clocks, project_messages, project_steps, projects, proposing

router = APIRouter(prefix="/api/v1/projects", tags=["projects"], route_class=DoorRoute)


@router.get("", operation_id="project.list")
async def listed(query: Annotated[ProjectQuery, Query()], who: Who) -> Page[Project]:
    """List projects, newest first."""
    return await who.read(projects.listed, query)


@router.post("", operation_id="project.propose", status_code=201)
async def propose(body: NewProject, who: Who) -> Project:
    """Propose a project as one of its parties; a need that it is for is claimed."""
    return await who.write(proposing.propose, body.values(), present=projects.one)


@router.get("/{project_id}", operation_id="project.read")
async def read(project_id: UUID, who: Who) -> Project:
    """Show one project."""
    return await who.read(projects.one, project_id)


@router.post("/{project_id}/accept", operation_id="project.accept")
async def accept(project_id: UUID, who: Who) -> Project:
    """Confirm it for one's own side; with the last side's confirmation it is agreed."""
    return await who.write(agreements.accept, project_id, present=projects.one)


@router.post("/{project_id}/counter", operation_id="project.counter")
async def counter(project_id: UUID, body: Terms, who: Who) -> Project:
    """Set other terms; all sides have to confirm anew."""
    return await who.write(proposing.counter, project_id, body.values(), present=projects.one)


@router.post("/{project_id}/decline", operation_id="project.decline")
async def decline(project_id: UUID, body: Declining, who: Who) -> Project:
    """Refuse it."""
    return await who.write(project_steps.decline, project_id, body.reason, present=projects.one)


@router.post("/{project_id}/cancel", operation_id="project.cancel")
async def cancel(project_id: UUID, body: Reason, who: Who) -> Project:
    """Call it off."""
    return await who.write(project_steps.cancel, project_id, body.reason, present=projects.one)


@router.post("/{project_id}/start", operation_id="project.start")
async def start(project_id: UUID, who: Who) -> Project:
    """Begin the work."""
    return await who.write(project_steps.start, project_id, present=projects.one)


@router.post("/{project_id}/deliver", operation_id="project.deliver")
async def deliver(project_id: UUID, body: Delivering, who: Who) -> Project:
    """Say what came of it."""
    return await who.write(project_steps.deliver, project_id, body.summary, present=projects.one)


@router.post("/{project_id}/rate", operation_id="project.rate")
async def rate(project_id: UUID, body: Rating, who: Who) -> Project:
    """Rate the result."""
    return await who.write(project_steps.rate, project_id, body.stars, body.remark, present=projects.one)


@router.post("/{project_id}/close", operation_id="project.close")
async def close(project_id: UUID, who: Who) -> Project:
    """Close it."""
    return await who.write(project_steps.close, project_id, present=projects.one)


@router.post("/{project_id}/release", operation_id="project.release")
async def release(project_id: UUID, body: Reason, who: Who) -> Project:
    """Release an agreed project that never began; its need is open again."""
    return await who.write(project_clocks.release, project_id, body.reason, present=projects.one)


@router.post("/{project_id}/renew", operation_id="project.renew", status_code=201)
async def renew(project_id: UUID, body: Terms, who: Who) -> Project:
    """Propose that it goes on under these terms; the answer is the new project, which all sides confirm."""
    return await who.write(proposing.renew, project_id, body.values(), present=projects.one)


@router.get("/{project_id}/messages", operation_id="project.messages", responses=problem_responses([404]))
async def messages(project_id: UUID, query: Annotated[MessageQuery, Query()], who: Who) -> Page[ProjectMessage]:
    """List what its sides wrote, proposed and confirmed, newest first."""
    return await who.read(project_messages.listed, project_id, query)


@router.post("/{project_id}/messages", operation_id="project.write", status_code=201)
async def write(project_id: UUID, body: NewMessage, who: Who) -> ProjectMessage:
    """Write to the other sides."""
    return await who.write(project_messages.write, project_id, body.text, present=project_messages.one)


@router.get("/{project_id}/history", operation_id="project.history")
async def history(project_id: UUID, who: Who) -> ProjectHistory:
    """Show which terms were proposed when, and who confirmed them."""
    return await who.read(project_messages.history, project_id)


@router.get("/{project_id}/bookings", operation_id="project.bookings")
async def booked(project_id: UUID, who: Who) -> Bookings:
    """Show what it takes of its resource and when."""
    return await who.read(bookings.listed, project_id)


@router.post("/{project_id}/bookings/{booking_id}/move", operation_id="project.move_booking")
async def move_booking(project_id: UUID, booking_id: UUID, body: Moving, who: Who) -> Project:
    """Let one occurrence take place at another time; the other sides are told."""
    moving = (project_id, booking_id, body.starts_at, body.ends_at)
    return await who.write(project_steps.move_booking, *moving, present=projects.one)


@router.post("/{project_id}/bookings/{booking_id}/cancel", operation_id="project.cancel_booking")
async def cancel_booking(project_id: UUID, booking_id: UUID, body: Reason, who: Who) -> Project:
    """Call one occurrence off; the other sides are told, and its time is free again."""
    return await who.write(project_steps.cancel_booking, project_id, booking_id, body.reason, present=projects.one)
