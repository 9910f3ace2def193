"""/payments, accounts of funds and projects, and the rules of livelihood projects."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.route import DoorRoute, Who, problem_responses
from api.routers.files import attachment
from api.schemas.base import Page
from api.schemas.documents import Document
from api.schemas.funds import (
    AtQuery,
    Days,
    DaysQuery,
    Donor,
    FundingRule,
    FundingRuleList,
    FundStatement,
    LivelihoodFigures,
    NewAllocation,
    NewAllotment,
    NewDonation,
    NewFundingRule,
    NewSpending,
    Payment,
    PaymentQuery,
    ProjectAccount,
    YearQuery,
)
from api.schemas.lists import Reason
from api.services import documents, fund_papers, funding_rules, livelihood, payments

router = APIRouter(prefix="/api/v1", tags=["funds"], route_class=DoorRoute)


@router.get("/payments", operation_id="payment.list")
async def listed(query: Annotated[PaymentQuery, Query()], who: Who) -> Page[Payment]:
    """List payments, newest first; the confirmed ones to everybody."""
    return await who.read(payments.listed, query)


@router.get("/payments/{payment_id}", operation_id="payment.read")
async def read(payment_id: UUID, who: Who) -> Payment:
    """Show one payment."""
    return await who.read(payments.one, payment_id)


@router.post("/payments/{payment_id}/confirm", operation_id="payment.confirm")
async def confirm(payment_id: UUID, who: Who) -> Payment:
    """Confirm what somebody else proposed; the money moves."""
    return await who.write(payments.confirm, payment_id, present=payments.one)


@router.post("/payments/{payment_id}/decline", operation_id="payment.decline")
async def decline(payment_id: UUID, body: Reason, who: Who) -> Payment:
    """Refuse a proposed payment."""
    return await who.write(payments.decline, payment_id, body.reason, present=payments.one)


@router.post("/payments/{payment_id}/withdraw", operation_id="payment.withdraw")
async def withdraw(payment_id: UUID, who: Who) -> Payment:
    """Take one's own proposal back."""
    return await who.write(payments.withdraw, payment_id, present=payments.one)


@router.post("/payments/{payment_id}/reverse", operation_id="payment.reverse")
async def reverse(payment_id: UUID, body: Reason, who: Who) -> Payment:
    """Take back what was posted wrongly; the entries are reversed, never edited."""
    return await who.write(payments.reverse, payment_id, body.reason, present=payments.one)


@router.get("/payments/{payment_id}/donor", operation_id="payment.donor")
async def donor(payment_id: UUID, who: Who) -> Donor:
    """Say who gave, also where the public is not told; opening a name is noted."""
    return await who.read(payments.donor, payment_id)


@router.get("/payments/{payment_id}/files/{file_id}", operation_id="payment.evidence")
async def evidence(payment_id: UUID, file_id: UUID, who: Who) -> Response:
    """Fetch a voucher or invoice that was brought with a payment."""
    return attachment(await who.read(payments.evidence, payment_id, file_id))


@router.post("/resources/{resource_id}/allocations", operation_id="payment.allocate", status_code=201)
async def allocate(resource_id: UUID, body: NewAllocation, who: Who) -> Payment:
    """Say that public or own money came into a fund."""
    return await who.write(payments.allocate, resource_id, body.values(), present=payments.one)


@router.post("/resources/{resource_id}/donations", operation_id="payment.donate", status_code=201)
async def donate(resource_id: UUID, body: NewDonation, who: Who) -> Payment:
    """Give money to a fund, or record what somebody gave."""
    return await who.write(payments.donate, resource_id, body.values(), present=payments.one)


@router.get("/resources/{resource_id}/statement", operation_id="fund.statement", responses=problem_responses([422]))
async def statement(resource_id: UUID, query: Annotated[DaysQuery, Query()], who: Who) -> FundStatement:
    """Show income and spending of a fund."""
    return await who.read(livelihood.statement, resource_id, query)


@router.post("/resources/{resource_id}/statements", operation_id="fund.publish", status_code=201)
async def publish(resource_id: UUID, body: Days, who: Who) -> Document:
    """Publish the accounts of a fund as a document that everybody can verify."""
    return await who.write(fund_papers.publish, resource_id, body.values(), present=documents.one)


@router.post("/projects/{project_id}/allotments", operation_id="payment.allot", status_code=201)
async def allot(project_id: UUID, body: NewAllotment, who: Who) -> Payment:
    """Ask a fund for money for an agreed project."""
    return await who.write(payments.allot, project_id, body.values(), present=payments.one)


@router.post("/projects/{project_id}/spendings", operation_id="payment.spend", status_code=201)
async def spend(project_id: UUID, body: NewSpending, who: Who) -> Payment:
    """Say what a project paid."""
    return await who.write(payments.spend, project_id, body.values(), present=payments.one)


@router.get("/projects/{project_id}/account", operation_id="project.account")
async def account(project_id: UUID, who: Who) -> ProjectAccount:
    """Show what a project was given, spent and has left."""
    return await who.read(livelihood.account, project_id)


@router.get("/livelihood-figures", operation_id="fund.figures", responses=problem_responses([404]))
async def figures(query: Annotated[YearQuery, Query()], who: Who) -> LivelihoodFigures:
    """Show the livelihood projects of a place in a year, their money and how residents rate them."""
    return await who.read(livelihood.figures, query)


@router.get("/funding-rules", operation_id="funding_rule.list", responses=problem_responses([404]))
async def rules(query: Annotated[AtQuery, Query()], who: Who) -> FundingRuleList:
    """Show the rules of livelihood projects that hold at an organisation, and who declared which."""
    return await who.read(funding_rules.listed, query.organization_id)


@router.post("/funding-rules", operation_id="funding_rule.set", status_code=201)
async def set_rules(body: NewFundingRule, who: Who) -> FundingRule:
    """Declare limits and conditions of a district and all below it as a new edition."""
    return await who.write(funding_rules.declare, body.values(), present=funding_rules.one)
