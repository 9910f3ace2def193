"""/duty-posts, /pledges, /pairings: projects of persons; /project-people: who takes part in them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import ListQuery, Page
from api.schemas.lists import Project, Reason
from api.schemas.posts import (
    Keeping,
    Leaving,
    NewDutyPost,
    NewPairing,
    NewPledge,
    NewVisit,
    ProjectClaim,
    ProjectPerson,
    ProjectPersonQuery,
    ShownHousehold,
    Visit,
)
from api.services import duty_posts, pairings, pledges, project_people, projects

router = APIRouter(prefix="/api/v1", tags=["projects"], route_class=DoorRoute)


@router.post("/duty-posts", operation_id="duty_post.publish", status_code=201)
async def publish(body: NewDutyPost, who: Who) -> Project:
    """Publish a duty post or responsibility area that members may claim."""
    return await who.write(duty_posts.publish, body.values(), present=projects.one)


@router.post("/duty-posts/{project_id}/close", operation_id="duty_post.close")
async def close(project_id: UUID, body: Reason, who: Who) -> Project:
    """Close a post; who holds it holds it no longer."""
    return await who.write(duty_posts.close, project_id, body.reason, present=projects.one)


@router.post("/pledges", operation_id="pledge.make", status_code=201)
async def make(body: NewPledge, who: Who) -> Project:
    """State a pledge before a branch or community."""
    return await who.write(pledges.make, body.values(), present=projects.one)


@router.post("/pledges/{project_id}/show", operation_id="pledge.show")
async def show(project_id: UUID, who: Who) -> Project:
    """Let everybody read one's pledge."""
    return await who.write(pledges.show, project_id, present=projects.one)


@router.post("/pledges/{project_id}/withdraw", operation_id="pledge.withdraw")
async def withdraw(project_id: UUID, who: Who) -> Project:
    """Take back one's pledge while nobody has confirmed it."""
    return await who.write(pledges.withdraw, project_id, present=projects.one)


@router.post("/pledges/{project_id}/confirm", operation_id="pledge.confirm")
async def confirm(project_id: UUID, body: Keeping, who: Who) -> Project:
    """Say whether a pledge was kept, as the one before whom it was made."""
    return await who.write(pledges.confirm, project_id, body.kept, body.remark, present=projects.one)


@router.post("/pairings", operation_id="pairing.propose", status_code=201)
async def propose(body: NewPairing, who: Who) -> Project:
    """Offer a pairing with a household or group that agreed."""
    return await who.write(pairings.propose, body.values(), present=projects.one)


@router.get("/pairings/{pairing_id}/household", operation_id="pairing.household")
async def household(pairing_id: UUID, who: Who) -> ShownHousehold:
    """Show who is paired, to who is paired with them and to the community worker; it is logged."""
    return await who.read(pairings.household, pairing_id)


@router.post("/pairings/{pairing_id}/visits", operation_id="pairing.visit", status_code=201)
async def visit(pairing_id: UUID, body: NewVisit, who: Who) -> Visit:
    """Note a visit of one's own."""
    return await who.write(pairings.visit, pairing_id, body.values(), present=pairings.one_visit)


@router.get("/pairings/{pairing_id}/visits", operation_id="pairing.visits")
async def visits(pairing_id: UUID, query: Annotated[ListQuery, Query()], who: Who) -> Page[Visit]:
    """List the notes of visits, newest first: one's own, to the community worker all."""
    return await who.read(pairings.visits, pairing_id, query)


@router.post("/pairings/{pairing_id}/end", operation_id="pairing.end")
async def end_pairing(pairing_id: UUID, body: Leaving, who: Who) -> Project:
    """End a pairing for the household; who they are is shredded."""
    return await who.write(duty_posts.close, pairing_id, body.reason, present=projects.one)


@router.get("/project-people", operation_id="project_person.list")
async def listed(query: Annotated[ProjectPersonQuery, Query()], who: Who) -> Page[ProjectPerson]:
    """List parts in projects, newest first: one's own, and those of what one organises."""
    return await who.read(project_people.listed, query)


@router.post("/project-people", operation_id="project_person.claim", status_code=201)
async def claim(body: ProjectClaim, who: Who) -> ProjectPerson:
    """Claim a place of an open duty post or pairing for oneself."""
    return await who.write(project_people.claim, body.project_id, present=project_people.one)


@router.get("/project-people/{project_person_id}", operation_id="project_person.read")
async def read(project_person_id: UUID, who: Who) -> ProjectPerson:
    """Show one part."""
    return await who.read(project_people.one, project_person_id)


@router.post("/project-people/{project_person_id}/accept", operation_id="project_person.accept")
async def accept(project_person_id: UUID, who: Who) -> ProjectPerson:
    """Agree to a claim as the organiser."""
    return await who.write(project_people.accept, project_person_id, present=project_people.one)


@router.post("/project-people/{project_person_id}/decline", operation_id="project_person.decline")
async def decline(project_person_id: UUID, body: Reason, who: Who) -> ProjectPerson:
    """Refuse a claim with a reason."""
    return await who.write(project_people.decline, project_person_id, body.reason, present=project_people.one)


@router.post("/project-people/{project_person_id}/end", operation_id="project_person.end")
async def end(project_person_id: UUID, body: Leaving, who: Who) -> ProjectPerson:
    """Leave, at any time."""
    return await who.write(project_people.end, project_person_id, body.reason, present=project_people.one)


@router.post("/project-people/{project_person_id}/renew", operation_id="project_person.renew")
async def renew(project_person_id: UUID, who: Who) -> ProjectPerson:
    """Begin another term."""
    return await who.write(project_people.renew, project_person_id, present=project_people.one)


@router.post("/project-people/{project_person_id}/mark", operation_id="project_person.mark")
async def mark(project_person_id: UUID, body: Reason, who: Who) -> ProjectPerson:
    """Mark a demonstration post, with a reason."""
    return await who.write(project_people.mark, project_person_id, body.reason, present=project_people.one)
