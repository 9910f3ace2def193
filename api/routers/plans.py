"""/plans: 联系安排, drafted, balanced and issued by a work committee; lists and files are those of /documents."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter, UploadFile

from api.adapters.tables import read_table
from api.domain.rows import RowError
from api.route import DoorRoute, Who
from api.schemas.plans import Issuing, NewPlan, Plan, PlanEdit, PlanHistory
from api.services import plan_views, plans

router = APIRouter(prefix="/api/v1/plans", tags=["plans"], route_class=DoorRoute)


@router.post("", operation_id="document.create", status_code=201)
async def create(body: NewPlan, who: Who) -> Plan:
    """Draft a plan, or a new edition of an issued one."""
    return await who.write(plans.create, body.values(), present=plan_views.one)


@router.get("/{plan_id}", operation_id="document.preview")
async def read(plan_id: UUID, who: Who) -> Plan:
    """Show a plan; a draft with what it asks of each community."""
    return await who.read(plan_views.one, plan_id)


@router.put("/{plan_id}", operation_id="document.edit")
async def edit(plan_id: UUID, body: PlanEdit, who: Who) -> Plan:
    """Write a draft anew; without rows those it has stay."""
    return await who.write(plans.edit, plan_id, body.values(), present=plan_views.one)


@router.post("/{plan_id}/rows", operation_id="document.import")
async def fill(plan_id: UUID, file: UploadFile, who: Who) -> Plan:
    """Replace the rows of a draft by those of an xlsx or csv table; one bad row refuses it all."""
    table = await asyncio.to_thread(_table, await file.read(), file.filename or "")
    return await who.write(plans.fill, plan_id, *table, present=plan_views.one)


@router.post("/{plan_id}/rebalance", operation_id="document.rebalance")
async def rebalance(plan_id: UUID, who: Who) -> Plan:
    """Bring every community within its capacity with the fewest moves."""
    return await who.write(plans.rebalance, plan_id, present=plan_views.one)


@router.post("/{plan_id}/issue", operation_id="document.issue")
async def issue(plan_id: UUID, body: Issuing, who: Who) -> Plan:
    """Issue the plan; units can report in from now on."""
    return await who.write(plans.issue, plan_id, body.over_capacity, present=plan_views.one)


@router.get("/{plan_id}/history", operation_id="document.history")
async def history(plan_id: UUID, who: Who) -> PlanHistory:
    """Show every step of the plan and of the editions before it."""
    return await who.read(plan_views.history, plan_id)


def _table(content: bytes, name: str) -> tuple[list[str], list[tuple[int, list[str]]], list[RowError]]:
    table = read_table(content, name)
    rows = list(table.rows)
    return table.headers, rows, table.refused
