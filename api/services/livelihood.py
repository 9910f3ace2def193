"""民生微实事: what is needed before such a project starts, the accounts of funds and projects, figures by community."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain import backing as rules
from api.domain.funds import NotAFund
from api.domain.kind_labels import kind_label
from api.models import Case, Entry, Need, Organization, Payment, Project, Resource
from api.services import backing, fund_papers, funding_rules, projects, purses, resources
from api.services.days import today, zone_of
from api.services.places import place

_first = aliased(Entry, name="first_entry")
_OBJECTIONS = sa.select(sa.func.count()).where(
    Case.kind == "objection", Case.subject_kind == "project", Case.subject_id == sa.bindparam("project"),
    Case.state.in_(("open", "assigned", "escalated", "reopened")),
)  # fmt: skip


def require_ready(session: Session, actor: Actor, project: Any) -> None:
    """Raise NotReady where a project for a livelihood need lacks voices, notice or money, or objections are open.

    Any other project starts when its parties want.
    """
    if project.need_id is None:
        return
    kind = session.scalar(sa.select(Need.kind).where(Need.id == project.need_id))
    if kind != "livelihood_project":
        return
    _, declared = funding_rules.holding(session, actor, project.path)
    known = rules.Ready(
        backing.supporters(session, project.need_id), backing.meeting_of(session, project.need_id),
        fund_papers.noticed_until(session, actor, project.id), project.budget_fen,
        purses.balance(session, actor, project.id), session.scalar(_OBJECTIONS, {"project": project.id}) or 0,
    )  # fmt: skip
    rules.require_ready(declared, known, today(session, actor.tenant_id))


def statement(session: Session, actor: Actor, resource_id: UUID, query: Any) -> dict[str, Any]:
    """Return a fund's balance before the day `since`, what came in and went out by kind, and the balance at the end.

    Without days: from the beginning until now. NotAFund.
    """
    fund = resources.find(session, actor, resource_id)
    if fund.kind != "fund":
        raise NotAFund
    opening, lines = _lines(session, actor, resource_id, query.since, query.before)
    return {
        "resource_id": fund.id, "title": fund.title, "organization_id": fund.organization_id,
        "organization_name": fund.organization_name, "opening_fen": opening, "lines": lines,
        "closing_fen": opening + sum(line["amount_fen"] for line in lines),
    }  # fmt: skip


def account(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """Return what a project was given and by which fund, what it spent and what is left, in fen."""
    project = projects.find(session, actor, project_id)
    _, lines = _lines(session, actor, project_id, None, None)
    given = purses.given(session, project_id)
    titles = session.rows(sa.select(Resource.id, Resource.title).where(Resource.id.in_(given)).order_by(Resource.id))
    return {
        "project_id": project_id, "budget_fen": project.budget_fen, "lines": lines,
        "balance_fen": sum(line["amount_fen"] for line in lines),
        "funds": [{"resource_id": row.id, "title": row.title, "amount_fen": given[row.id]} for row in titles],
    }  # fmt: skip


def figures(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return for a place and a year how many livelihood projects were proposed, came how far, cost what, rated how.

    Needs count in the year of their proposal, money in that of its day. Residents' ratings stand together.
    """
    at = place(session, actor, query.organization_id, axis="territory", pointer="?organizationId")
    below = sa.select(Organization.id).where(
        Organization.tenant_id == actor.tenant_id, Organization.path >= at.path,
        Organization.path < f"{at.path[:-1]}0",
    )  # fmt: skip
    begin, end = date(query.year, 1, 1), date(query.year + 1, 1, 1)
    zone = zone_of(session, actor.tenant_id)
    asked = sa.select(Need.id, Need.state).where(
        Need.tenant_id == actor.tenant_id, Need.kind == "livelihood_project", Need.community_id.in_(below),
        Need.state != "draft", Need.created_at >= datetime.combine(begin, time(), zone),
        Need.created_at < datetime.combine(end, time(), zone),
    )  # fmt: skip
    states = Counter(row.state for row in session.rows(asked))
    serving = sa.select(Project.id).join(Need, Need.id == Project.need_id).where(
        Project.tenant_id == actor.tenant_id, Need.kind == "livelihood_project", Project.community_id.in_(below)
    )  # fmt: skip
    paid = sa.select(Payment.kind, sa.func.sum(Payment.amount_fen).label("fen")).where(
        Payment.tenant_id == actor.tenant_id, Payment.state == "confirmed", Payment.project_id.in_(serving),
        Payment.paid_on >= begin, Payment.paid_on < end,
    )  # fmt: skip
    fen = {row.kind: int(row.fen) for row in session.rows(paid.group_by(Payment.kind))}
    said = session.rows(backing.ratings(serving))
    told = rules.summary((row.marks["stars"] for row in said), (row.marks["accepted"] for row in said))
    return {
        "organization_id": at.id, "name": at.name, "year": query.year, "proposed": sum(states.values()),
        "states": dict(sorted(states.items())), "allotted_fen": fen.get("allotment", 0),
        "spent_fen": fen.get("spending", 0), "refunded_fen": fen.get("refund", 0), **told,
    }  # fmt: skip


def _lines(
    session: Session, actor: Actor, account_id: UUID, since: date | None, before: date | None
) -> tuple[int, list[dict[str, Any]]]:
    """Return the balance before the days and the sums of each kind in them; a reversal counts with what it reverses."""
    of = (Entry.tenant_id == actor.tenant_id, Entry.account_id == account_id, Entry.unit == "fen")
    opening = 0
    if since is not None:
        opening = int(session.scalar(sa.select(sa.func.sum(Entry.amount)).where(*of, Entry.served_on < since)) or 0)
    kind = sa.func.coalesce(_first.kind, Entry.kind)
    sums = sa.select(
        kind.label("kind"), sa.func.sum(Entry.amount).label("fen"),
        sa.func.sum(sa.case((Entry.reverses_id.is_(None), 1), else_=-1)).label("payments"),
    ).outerjoin(_first, _first.id == Entry.reverses_id).where(*of)  # fmt: skip
    if since is not None:
        sums = sums.where(Entry.served_on >= since)
    if before is not None:
        sums = sums.where(Entry.served_on < before)
    lines = [
        {"kind": row.kind, "label": kind_label("entry.kind", row.kind), "amount_fen": int(row.fen),
         "payments": int(row.payments)}
        for row in session.rows(sums.group_by(kind).order_by(kind))
    ]  # fmt: skip
    return opening, lines
