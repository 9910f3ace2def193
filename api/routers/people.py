"""/people: who is on the rosters, as far as the caller may know."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.people import Person, PersonQuery, PlainPerson, Unmask
from api.services import people, unmasking

router = APIRouter(prefix="/api/v1/people", tags=["people"], route_class=DoorRoute)


@router.get("", operation_id="person.list")
async def listed(query: Annotated[PersonQuery, Query()], who: Who) -> Page[Person]:
    """List the people within the caller's reach, the newest first."""
    return await who.read(people.listed, query)


@router.get("/{person_id}", operation_id="person.read")
async def read(person_id: UUID, who: Who) -> Person:
    """Show one person."""
    return await who.read(people.one, person_id)


@router.post("/{person_id}/unmask", operation_id="person.unmask")
async def unmask(person_id: UUID, body: Unmask, who: Who) -> PlainPerson:
    """Show fields of a person in plain for a stated purpose; every call stands in the log that the person can read."""
    return await who.read(unmasking.unmask, person_id, body.fields, body.purpose)
