"""资金账户: accounts of funds and projects in fen, to which payments post; never below nought, and no sum is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session, new_id
from api.domain import funds as rules
from api.domain.four_eyes import NeedsSecondPerson
from api.models import NOBODY, Entry, Organization, Payment, Person, Project, ProjectParty, Resource
from api.services import changes, funding_rules, settlement
from api.services.days import today

_undone = aliased(Entry, name="undone_entry")
_STANDING = (
    sa.select(*Entry.__table__.c)
    .where(
        Entry.source_id == sa.bindparam("source"), Entry.unit == "fen", Entry.reverses_id.is_(None),
        ~sa.exists().where(_undone.reverses_id == Entry.id),
    )
    .order_by(Entry.revision)
)  # fmt: skip
_NET = (
    sa.select(
        Payment.resource_id,
        sa.func.sum(sa.case((Payment.kind == "refund", -Payment.amount_fen), else_=Payment.amount_fen)).label("fen"),
    )
    .where(
        Payment.project_id == sa.bindparam("project"), Payment.state == "confirmed",
        Payment.kind.in_(("allotment", "refund")),
    )
    .group_by(Payment.resource_id)
)  # fmt: skip


def hold(session: Session, project_id: UUID | None, fund_ids: Iterable[UUID]) -> None:
    """Lock the accounts of a project and of funds until the transaction ends, always in this order.

    Of several payments at once each finds what those before it left.
    """
    if project_id is not None:
        session.execute(sa.select(Project.id).where(Project.id == project_id).with_for_update())
    for fund_id in sorted(fund_ids):
        session.execute(sa.select(Resource.id).where(Resource.id == fund_id).with_for_update())


def balance(session: Session, actor: Actor, account_id: UUID) -> int:
    """Return what an account holds, in fen: the sum of its entries."""
    of = (Entry.tenant_id == actor.tenant_id, Entry.account_id == account_id, Entry.unit == "fen")
    return int(session.scalar(sa.select(sa.func.sum(Entry.amount)).where(*of)) or 0)


def given(session: Session, project_id: UUID) -> dict[UUID, int]:
    """Return what each fund gave a project and did not get back, in fen."""
    return {row.resource_id: int(row.fen) for row in session.rows(_NET, {"project": project_id})}


def post(session: Session, actor: Actor, payment: Any, grant: UUID | None) -> None:
    """Post a confirmed payment to its accounts, which are held; FundTooLow where one would go below nought.

    What a unit or a person donated stands on their own account as well, as a donation: a rulebook that counts money
    reads it there, any other does not.
    """
    moved = rules.legs(payment.kind, payment.amount_fen, payment.resource_id, payment.project_id)
    for account, amount in moved:
        _require_left(session, actor, account, amount)
    rows = [_leg(session, actor, payment, grant, ("fund", account), amount) for account, amount in moved]
    donor = _donor(session, payment)
    if donor is not None:
        rows.append(_leg(session, actor, payment, grant, donor, payment.amount_fen))
    for number, row in enumerate(rows):
        row["revision"] = number  # one payment, several legs: each is posted once
    session.insert(Entry, rows)


def take_back(session: Session, actor: Actor, payment: Any, grant: UUID | None) -> None:
    """Reverse what a payment posted, on accounts that are held; FundTooLow where the money is no longer there.

    What stands is reversed, wherever it stands now: a merge of people carries a donation from one account to another.
    """
    posted = session.rows(_STANDING, {"source": payment.id})
    for row in posted:
        if row.account_kind == "fund":
            _require_left(session, actor, row.account_id, -row.amount)
    same = ("account_kind", "account_id", "unit", "revision")
    session.insert(Entry, [
        _appended(session, actor, grant)
        | {name: getattr(row, name) for name in same}
        | {"kind": "correction", "amount": -row.amount}
        | settlement.reversal_of(row)
        for row in posted
    ])  # fmt: skip


def promise(session: Session, actor: Actor, project: Any, fund: Any) -> None:
    """Let an agreement move what it says from the fund that it names to the project: its parties' word is enough.

    `fund` is held and has id, state and organization_id. The amount is the project's quantity, else its budget; where
    it says neither, nothing moves yet. Raises FundClosed, FundTooLow, NeedsSecondPerson, OverProjectLimit,
    OverYearLimit.
    """
    amount = project.quantity or project.budget_fen
    if not amount:
        return
    agreeing = sa.select(ProjectParty.confirmed_by).where(ProjectParty.project_id == project.id)
    others = {row.confirmed_by for row in session.rows(agreeing)} - {None, actor.person_id}
    if not others:
        raise NeedsSecondPerson
    _moved(session, actor, "allotment", project, fund, amount, min(others))


def end(session: Session, actor: Actor, project: Any) -> None:
    """Close a held project's account: what it asked for of funds is declined, and what is left goes back to them.

    PaymentsWaiting where something that it paid waits for its second person, which could never count afterwards.
    """
    columns = (Payment.id, Payment.kind, Payment.state, Payment.version, Payment.organization_id)
    waiting = session.rows(
        sa.select(*columns).where(Payment.project_id == project.id, Payment.state == "proposed").order_by(Payment.id)
    )
    paid = sum(row.kind == "spending" for row in waiting)
    if paid:
        raise rules.PaymentsWaiting(count=paid)
    told = {"reason": "项目已结束", "decided_at": session.now}
    for row in waiting:
        changes.take(session, actor, Payment, row, "payment.decline", told, at=row.organization_id)
    flow_back(session, actor, project)


def flow_back(session: Session, actor: Actor, project: Any) -> None:
    """Send what is left on a held project's account back to its funds, by what each gave; a repeat finds nought."""
    rest = balance(session, actor, project.id)
    back = rules.shares(rest, given(session, project.id)) if rest else {}
    if not back:
        return
    hold(session, None, back)
    columns = (Resource.id, Resource.state, Resource.organization_id)
    found = session.rows(sa.select(*columns).where(Resource.id.in_(sorted(back))).order_by(Resource.id))
    for fund in found:
        _moved(session, actor, "refund", project, fund, back[fund.id], NOBODY)


def require_limits(session: Session, actor: Actor, project: Any, fund: Any, amount: int, year: int) -> None:
    """Raise OverProjectLimit or OverYearLimit where `amount` fen more of public money would be too much.

    Public is what a street, a district or another place holds; what units hold is theirs to give. The community's row
    is locked, so that two of its projects at once do not each take the last of its year.
    """
    held = sa.select(Organization.axis).where(Organization.id == fund.organization_id)
    if session.scalar(held) != "territory":
        return
    at = sa.select(Organization.path).where(Organization.id == project.community_id)
    _, declared = funding_rules.holding(session, actor, session.scalar(at.with_for_update()))
    public = sa.select(_NET.selected_columns.fen).where(
        Payment.resource_id.in_(
            sa.select(Resource.id).join(Organization, Organization.id == Resource.organization_id)
            .where(Organization.axis == "territory")
        ), Payment.kind.in_(("allotment", "refund")), Payment.state == "confirmed",
    )  # fmt: skip
    here = sa.select(Project.id).where(Project.community_id == project.community_id)
    this_year = sa.extract("year", Payment.paid_on) == year
    of_project = int(session.scalar(public.where(Payment.project_id == project.id)) or 0)
    of_year = int(session.scalar(public.where(Payment.project_id.in_(here), this_year)) or 0)
    rules.require_within(declared, amount, of_project, of_year, year)


def _moved(
    session: Session, actor: Actor, kind: str, project: Any, fund: Any, amount: int, proposed_by: UUID
) -> None:  # fmt: skip
    """Write and post a payment that follows from a decision taken on the project itself."""
    day = today(session, actor.tenant_id)
    if kind == "allotment":
        if fund.state not in ("published", "exhausted"):
            raise rules.FundClosed
        require_limits(session, actor, project, fund, amount, day.year)
    row = {
        "kind": kind, "amount_fen": amount, "paid_on": day, "organization_id": fund.organization_id,
        "resource_id": fund.id, "project_id": project.id, "donor_id": None, "person_id": None, "anonymous": False,
        "shown_as": None, "payee": None, "purpose": project.title, "reason": None, "file_ids": [],
        "document_id": None, "proposed_by": proposed_by,
        "confirmed_by": actor.person_id if kind == "allotment" else None, "decided_at": session.now,
    }  # fmt: skip
    payment_id = changes.create(session, actor.aside(), Payment, "payment.post", row, at=fund.organization_id)
    written = sa.select(Payment.id, Payment.kind, Payment.amount_fen, Payment.paid_on, Payment.resource_id,
                        Payment.project_id, Payment.donor_id, Payment.person_id)  # fmt: skip
    post(session, actor.aside(), session.first(written.where(Payment.id == payment_id)), None)


def _require_left(session: Session, actor: Actor, account_id: UUID, amount: int) -> None:
    left = balance(session, actor, account_id) if amount < 0 else 0
    if left + amount < 0:
        raise rules.FundTooLow(balanceFen=left, wantedFen=-amount)


def _donor(session: Session, payment: Any) -> tuple[str, UUID] | None:
    """Return kind and id of the account of who donated; None where that is nobody of the platform."""
    if payment.kind != "donation":
        return None
    if payment.donor_id is not None:
        return "organization", payment.donor_id
    if payment.person_id is None:
        return None
    return "person", session.scalar(sa.select(Person.account_id).where(Person.id == payment.person_id))


def _leg(
    session: Session, actor: Actor, payment: Any, grant: UUID | None, account: tuple[str, UUID], amount: int
) -> dict[str, Any]:
    kind, account_id = account
    return _appended(session, actor, grant) | {
        "account_kind": kind, "account_id": account_id, "unit": "fen", "amount": amount, "kind": payment.kind,
        "nature": None, "served_on": payment.paid_on, "started_at": None, "ended_at": None,
        "provenance": "payment", "source_id": payment.id, "revision": 0, "reverses_id": None, "activity_id": None,
        "shift_id": None, "community_id": None, "employer_id": account_id if kind == "organization" else None,
    }  # fmt: skip


def _appended(session: Session, actor: Actor, grant: UUID | None) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": grant, **actor.take_key(),
    }  # fmt: skip
