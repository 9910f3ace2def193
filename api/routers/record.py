"""记实 over HTTP: facts and entries, corrections, records, the first screen."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.record import (
    Entry,
    EntryQuery,
    Fact,
    FactQuery,
    Home,
    NewFact,
    OrganizationRecord,
    Period,
    Record,
    Recorded,
    Reversal,
)
from api.services import facts as recorded_facts
from api.services import ledger, records

router = APIRouter(prefix="/api/v1", tags=["record"], route_class=DoorRoute)


@router.get("/me/home", operation_id="home.read")
async def home(who: Who) -> Home:
    """Show all that the first screen needs."""
    return await who.read(records.home)


@router.get("/me/record", operation_id="record.mine")
async def mine(who: Who) -> Record:
    """Show the caller's own record."""
    return await who.read(records.mine)


@router.get("/people/{person_id}/record", operation_id="record.read")
async def of_person(person_id: UUID, who: Who) -> Record:
    """Show a person's record as far as the caller may see it."""
    return await who.read(records.of_person, person_id)


@router.get("/organizations/{organization_id}/record", operation_id="organization.record")
async def of_organization(organization_id: UUID, query: Annotated[Period, Query()], who: Who) -> OrganizationRecord:
    """Show the sums of a community, or of the people of a unit."""
    return await who.read(records.of_organization, organization_id, query)


@router.get("/facts", operation_id="fact.list")
async def facts(query: Annotated[FactQuery, Query()], who: Who) -> Page[Fact]:
    """List facts, newest first."""
    return await who.read(records.facts, query)


@router.post("/facts", operation_id="fact.record", status_code=201)
async def record_fact(body: NewFact, who: Who) -> Recorded:
    """Record what a unit or a person did; what a unit tells of itself stands once the community confirms it."""
    return await who.write(recorded_facts.record, body.values(), present=recorded_facts.one)


@router.get("/facts/{fact_id}", operation_id="fact.read")
async def fact(fact_id: UUID, who: Who) -> Fact:
    """Show one fact."""
    return await who.read(records.fact, fact_id)


@router.post("/facts/{fact_id}/reverse", operation_id="fact.reverse", status_code=201)
async def reverse_fact(fact_id: UUID, body: Reversal, who: Who) -> Fact:
    """Take a fact back; the answer is the fact that reverses it, and what was posted is corrected."""
    return await who.write(ledger.reverse_fact, fact_id, body.reason, present=records.fact)


@router.get("/entries", operation_id="entry.list")
async def entries(query: Annotated[EntryQuery, Query()], who: Who) -> Page[Entry]:
    """List entries, newest first."""
    return await who.read(records.entries, query)


@router.get("/entries/{entry_id}", operation_id="entry.read")
async def entry(entry_id: UUID, who: Who) -> Entry:
    """Show one entry."""
    return await who.read(records.entry, entry_id)


@router.post("/entries/{entry_id}/reverse", operation_id="entry.reverse")
async def reverse_entry(entry_id: UUID, body: Reversal, who: Who) -> Entry:
    """Take an entry back; the answer is the entry with what reverses it."""
    return await who.write(ledger.reverse_entry, entry_id, body.reason, present=records.entry)
