"""资金文书: receipts of donations, the notice of a project before it starts, and the published accounts of a fund."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require
from api.db import Session
from api.domain import funds as rules
from api.domain.documents import Head, Label
from api.domain.documents.funding import Backing, Moved, donation_receipt, fund_accounts, project_notice
from api.domain.kind_labels import kind_label
from api.models import Document, Entry, Need, Organization, Payment, Project, Resource
from api.services import backing, changes, documents, funding_rules, projects, purses, resources
from api.services.days import today
from api.services.parties import parties

MOST_SHOWN = 500
"""Payments that published accounts list one by one; busier periods stand by kind, and the list is at /payments."""

WITHHELD = "捐赠人（匿名）"


def receipt(session: Session, actor: Actor, payment: Any, grant: UUID) -> UUID:
    """Issue the receipt of a donation to the unit or person who gave it; a repeat returns the one that stands.

    A person is called as they wished, never by their name in the register.
    """
    asked = [payment.organization_id, *([payment.donor_id] if payment.donor_id else [])]
    day = payment.paid_on
    named = parties(session, actor, asked, day)
    giver = named[payment.donor_id].name if payment.donor_id else payment.shown_as or WITHHELD
    head = Head(named[payment.organization_id], named.get(payment.donor_id), day, day + timedelta(days=1))
    fund = session.scalar(sa.select(Resource.title).where(Resource.id == payment.resource_id))
    content = donation_receipt(
        head, donor=giver, fund=fund, fen=payment.amount_fen, given_on=day, purpose=payment.purpose
    )
    return documents.issue(
        session, actor, kind="receipt", issuer_id=payment.organization_id, title="捐赠收据", content=content,
        recipient_id=payment.donor_id or payment.person_id, source=f"payment:{payment.id}:confirmed", grant=grant,
    )  # fmt: skip


def void(session: Session, actor: Actor, document_id: UUID, reason: str, grant: UUID) -> None:
    """Revoke the receipt of a donation that was reversed; one that ended otherwise stays as it is."""
    columns = (Document.id, Document.state, Document.version, Document.issuer_id)
    row = session.first(sa.select(*columns).where(Document.id == document_id))
    if row is not None and row.state == "issued":
        ended = {"reason": reason, "ended_at": session.now}
        changes.take(session, actor, Document, row, "document.revoke", ended, at=row.issuer_id, grant=grant)


def announce(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Give public notice of an agreed project: what, from which money, and until when objections are heard.

    A repeat returns the notice that stands. Raises NotFound, Forbidden, StepNotAllowed.
    """
    row = projects.hold(session, actor, project_id)
    grant = require(actor, "project.announce", row.path)
    changes.take(session, actor, Project, row, "project.announce", at=row.community_id, grant=grant)
    _, declared = funding_rules.holding(session, actor, row.path)
    day = today(session, actor.tenant_id)
    given = purses.given(session, project_id)
    titles = session.rows(sa.select(Resource.id, Resource.title).where(Resource.id.in_(given)).order_by(Resource.id))
    sides = projects.parties_of(session, [project_id])[project_id]
    what = session.scalar(sa.select(Need.title).where(Need.id == row.need_id)) if row.need_id else None
    head = Head(
        parties(session, actor, [row.community_id], day)[row.community_id], None, day,
        day + timedelta(days=max(declared.notice_days, 1)),
    )  # fmt: skip
    content = project_notice(
        head, project=row.title, what=what or row.title, budget=row.budget_fen,
        funds=[(fund.title, given[fund.id]) for fund in titles],
        parties=[side["organization_name"] for side in sides], backing=_backed(session, row.need_id),
    )  # fmt: skip
    documents.issue(
        session, actor.aside(), kind="notice", issuer_id=row.community_id, recipient_id=None, content=content,
        title=f"公示：{row.title}", circle="public", source=_notice_of(project_id), grant=grant,
    )  # fmt: skip
    return project_id


def noticed_until(session: Session, actor: Actor, project_id: UUID) -> date | None:
    """Return the first day after the notice of a project has stood long enough; None where none stands."""
    of = (Document.tenant_id == actor.tenant_id, Document.source == _notice_of(project_id), Document.state == "issued")
    content = session.scalar(sa.select(Document.content).where(*of))
    return None if content is None else date.fromisoformat(content["period"]["end"])


def publish(session: Session, actor: Actor, resource_id: UUID, values: dict[str, Any]) -> UUID:
    """Publish the accounts of a fund from day `since` until, not including, `before`; return the document's id.

    Givers stand as they wished to be named. The same days again give a new document as later payments may have come.
    NotAFund, InvalidContent for days that are none.
    """
    fund = resources.find(session, actor, resource_id)
    if fund.kind != "fund":
        raise rules.NotAFund
    grant = require(actor, "fund.publish", fund.path)
    since, before = values["since"], values["before"]
    opening, closing = (_until(session, actor, resource_id, day) for day in (since, before))
    moved = _moved(session, actor, resource_id, since, before)
    issuer = parties(session, actor, [fund.organization_id], since)[fund.organization_id]
    content = fund_accounts(
        Head(issuer, None, since, before), fund=fund.title, opening=opening, closing=closing, moved=moved,
        left_out=max(len(moved) - MOST_SHOWN, 0),
    )  # fmt: skip
    return documents.issue(
        session, actor, kind="notice", issuer_id=fund.organization_id, recipient_id=None,
        title=f"资金收支公示：{fund.title}", content=content, circle="public", grant=grant,
    )  # fmt: skip


def _backed(session: Session, need_id: UUID | None) -> Backing:
    if need_id is None:
        return Backing(0)
    meeting = backing.meeting_of(session, need_id)
    votes = (meeting.counts["for"], meeting.voted) if meeting else (None, None)
    return Backing(backing.supporters(session, need_id), *votes)


def _notice_of(project_id: UUID) -> str:
    return f"project:{project_id}:notice"


def _until(session: Session, actor: Actor, account_id: UUID, day: date) -> int:
    of = (Entry.tenant_id == actor.tenant_id, Entry.account_id == account_id, Entry.unit == "fen")
    return int(session.scalar(sa.select(sa.func.sum(Entry.amount)).where(*of, Entry.served_on < day)) or 0)


def _moved(session: Session, actor: Actor, account_id: UUID, since: date, before: date) -> list[Moved]:
    entries = (
        sa.select(
            Entry.served_on, Entry.kind, Entry.amount, Payment.purpose, Payment.anonymous, Payment.shown_as,
            Payment.kind.label("paid"), Project.title, Organization.name.label("donor"),
        )
        .join(Payment, Payment.id == Entry.source_id)
        .outerjoin(Organization, Organization.id == Payment.donor_id)
        .outerjoin(Project, Project.id == Payment.project_id)
        .where(
            Entry.tenant_id == actor.tenant_id, Entry.account_id == account_id, Entry.unit == "fen",
            Entry.served_on >= since, Entry.served_on < before,
        )
        .order_by(Entry.served_on, Entry.id)
    )  # fmt: skip
    return [
        Moved(row.served_on, Label(row.kind, **kind_label("entry.kind", row.kind)), _what(row), row.amount)
        for row in session.rows(entries)
    ]


def _what(row: Any) -> str:
    if row.paid == "donation":
        return WITHHELD if row.anonymous else row.shown_as or row.donor or WITHHELD
    return row.title or row.purpose
