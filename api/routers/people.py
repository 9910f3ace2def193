"""/people: who is on the rosters, as far as the caller may know."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who, problem_responses
from api.routers.auth_common import limited_by
from api.schemas.base import Page
from api.schemas.people import Person, PersonQuery, PersonSearch, PlainPerson, Unmask
from api.services import people, person_search, unmasking

router = APIRouter(prefix="/api/v1/people", tags=["people"], route_class=DoorRoute)


@router.get("", operation_id="person.list")
async def listed(query: Annotated[PersonQuery, Query()], who: Who) -> Page[Person]:
    """List the people within the caller's reach, the newest first."""
    return await who.read(people.listed, query)


@router.post("/search", operation_id="person.search", responses=problem_responses((429,)))
async def search(body: PersonSearch, who: Who) -> Page[Person]:
    """Find people of one's reach by exact name, phone or ID number; sixty times an hour, each on record."""
    await limited_by(who, person_search.AN_HOUR, str(who.ask.claims.person_id if who.ask.claims else ""))
    wanted = {name: value for name, value in body.values().items() if value is not None}
    return await who.write(person_search.search, wanted)


@router.get("/{person_id}", operation_id="person.read")
async def read(person_id: UUID, who: Who) -> Person:
    """Show one person."""
    return await who.read(people.one, person_id)


@router.post("/{person_id}/unmask", operation_id="person.unmask")
async def unmask(person_id: UUID, body: Unmask, who: Who) -> PlainPerson:
    """Show fields of a person in plain for a stated purpose; every call stands in the log that the person can read."""
    return await who.read(unmasking.unmask, person_id, body.fields, body.purpose)
