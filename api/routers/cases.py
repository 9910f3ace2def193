"""/cases: the one inbox (待办) of what offices have to decide."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.route import DoorRoute, Who
from api.routers.files import attachment
from api.schemas.base import Page
from api.schemas.cases import Assignment, Case, CaseAnswer, CaseQuery, NewCase
from api.schemas.lists import Reason
from api.services import answers, cases, hour_claims

router = APIRouter(prefix="/api/v1/cases", tags=["cases"], route_class=DoorRoute)


@router.get("", operation_id="case.list")
async def listed(query: Annotated[CaseQuery, Query()], who: Who) -> Page[Case]:
    """List the cases that the caller asked for or has to see to, newest first."""
    return await who.read(cases.listed, query)


@router.post("", operation_id="case.create", status_code=201)
async def create(body: NewCase, who: Who) -> Case:
    """Ask an office for a decision; with a claim, for hours that are wrong or missing."""
    create = cases.create if body.claim is None else hour_claims.create
    return await who.write(create, body.values(), present=cases.one)


@router.get("/{case_id}", operation_id="case.read")
async def read(case_id: UUID, who: Who) -> Case:
    """Show one case."""
    return await who.read(cases.one, case_id)


@router.get("/{case_id}/evidence", operation_id="case.evidence")
async def evidence(case_id: UUID, who: Who) -> Response:
    """Fetch the file that a claim of hours or an appeal brought as evidence."""
    return attachment(await who.read(hour_claims.evidence, case_id))


@router.post("/{case_id}/assign", operation_id="case.assign")
async def assign(case_id: UUID, body: Assignment, who: Who) -> Case:
    """Give a case to somebody who may answer it."""
    return await who.write(cases.assign, case_id, body.person_id, present=cases.one)


@router.post("/{case_id}/answer", operation_id="case.answer")
async def answer(case_id: UUID, body: CaseAnswer, who: Who) -> Case:
    """Answer a case; never one's own, nor an objection against one's own answer. What its outcome says is done."""
    return await who.write(answers.answer, case_id, body.told(), present=cases.one)


@router.post("/{case_id}/close", operation_id="case.close")
async def close(case_id: UUID, who: Who) -> Case:
    """Close an answered case."""
    return await who.write(cases.close, case_id, present=cases.one)


@router.post("/{case_id}/reopen", operation_id="case.reopen")
async def reopen(case_id: UUID, body: Reason, who: Who) -> Case:
    """Reopen a case once; only who asked does."""
    return await who.write(cases.reopen, case_id, body.reason, present=cases.one)


@router.post("/{case_id}/withdraw", operation_id="case.withdraw")
async def withdraw(case_id: UUID, who: Who) -> Case:
    """Take one's own case back before it is answered; it costs nothing."""
    return await who.write(answers.withdraw, case_id, present=cases.one)


@router.post("/{case_id}/escalate", operation_id="case.escalate")
async def escalate(case_id: UUID, who: Who) -> Case:
    """Call the offices above to a case that is late."""
    return await who.write(cases.escalate, case_id, present=cases.one)
