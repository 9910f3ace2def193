"""收支: money is allocated, donated, allotted and spent once a second person confirms it; reversed, never edited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, require
from api.db import Session
from api.domain import funds as rules
from api.domain.four_eyes import require_another
from api.domain.ledger import NotReversible, SelfApproval
from api.domain.steps import TABLES
from api.errors import Forbidden, NotFound
from api.models import Organization, Payment, Person, Project
from api.services import changes, files, fund_papers, projects, purses, resources
from api.services.days import today
from api.services.places import place
from api.visibility import visible

_Donor = sa.orm.aliased(Organization, name="donor")
_Community = sa.orm.aliased(Organization, name="carrying")
SHOWN = (
    sa.select(
        Payment.id, Payment.version, Payment.state, Payment.kind, Payment.amount_fen, Payment.paid_on,
        Payment.organization_id, Payment.resource_id, Payment.project_id, Payment.donor_id, Payment.person_id,
        Payment.anonymous, Payment.shown_as, Payment.payee, Payment.purpose, Payment.reason, Payment.file_ids,
        Payment.document_id, Payment.proposed_by, Payment.confirmed_by, Payment.decided_at, Payment.created_at,
        Organization.name.label("organization_name"), Organization.path, _Donor.name.label("donor_name"),
        _Donor.path.label("donor_path"), _Community.path.label("project_path"),
    )
    .join(Organization, Organization.id == Payment.organization_id)
    .outerjoin(_Donor, _Donor.id == Payment.donor_id)
    .outerjoin(Project, Project.id == Payment.project_id)
    .outerjoin(_Community, _Community.id == Project.community_id)
)  # fmt: skip


def allocate(session: Session, actor: Actor, resource_id: UUID, values: dict[str, Any]) -> UUID:
    """Say that public or own money came into a fund; it counts once a second person confirms. NotAFund, PaidLater."""
    fund = _fund(session, actor, resource_id)
    grant = require(actor, "payment.allocate", fund.path)
    return _propose(session, actor, "payment.allocate", "allocation", fund.organization_id, grant, values, fund=fund)


def donate(session: Session, actor: Actor, resource_id: UUID, values: dict[str, Any]) -> UUID:
    """Say that somebody gives money to a fund; who holds it confirms that it came.

    A unit's liaison gives for the unit (`donor_id`), anybody for themselves (`own`); who holds the fund records what
    others brought, also of somebody outside, of whom `shown_as` is all that is kept. DonorUnclear, NotAFund, PaidLater.
    """
    fund = _fund(session, actor, resource_id)
    if values["donor_id"] is not None and values["own"]:
        raise rules.DonorUnclear(pointer="/own")
    grant = actor.grant_for("payment.donate", fund.path)
    if values["donor_id"] is not None:
        unit = place(session, actor, values["donor_id"], axis="employer", pointer="/donorId")
        grant = actor.grant_for("payment.donate", unit.path) or grant
    if grant is None and not values["own"]:
        raise Forbidden(step="payment.donate")
    more = {name: values[name] for name in ("donor_id", "anonymous", "shown_as")}
    more["person_id"] = actor.person_id if values["own"] else None
    told = {name: values[name] for name in ("amount_fen", "paid_on", "purpose", "file_ids")}
    at = fund.organization_id
    return _propose(session, actor, "payment.donate", "donation", at, grant, {**told, **more}, fund=fund)


def allot(session: Session, actor: Actor, project_id: UUID, values: dict[str, Any]) -> UUID:
    """Ask that a fund gives a project money; who holds the fund confirms, and only then it moves.

    The community of the project asks, or who holds the fund. ProjectNotFunded, NotAFund, FundClosed.
    """
    project = projects.hold(session, actor, project_id)
    fund = _fund(session, actor, values["resource_id"], pointer="/resourceId")
    grant = actor.grant_for("payment.allot", project.path) or require(actor, "payment.allot", fund.path)
    _require_state(project.state, rules.FUNDED_IN)
    told = {name: value for name, value in values.items() if name != "resource_id"}
    told |= {"paid_on": today(session, actor.tenant_id), "file_ids": []}
    at = fund.organization_id
    return _propose(session, actor, "payment.allot", "allotment", at, grant, told, fund=fund, project=project)


def spend(session: Session, actor: Actor, project_id: UUID, values: dict[str, Any]) -> UUID:
    """Say what a project paid to whom for what, with its invoices; it counts once a second person confirms.

    The community says so or a party of the project. ProjectNotFunded, PaidLater.
    """
    project = projects.hold(session, actor, project_id)
    parties = projects.parties_of(session, [project_id])[project_id]
    paths = [project.path, *(party["path"] for party in parties)]
    grant = next((grant for path in paths if (grant := actor.grant_for("payment.spend", path)) is not None), None)
    if grant is None:
        raise Forbidden(step="payment.spend")
    _require_state(project.state, rules.SPENT_IN)
    at = project.community_id
    return _propose(session, actor, "payment.spend", "spending", at, grant, values, project=project)


def confirm(session: Session, actor: Actor, payment_id: UUID) -> UUID:
    """Confirm what somebody else proposed: it is posted to its accounts, and a donor gets a receipt.

    Raises NeedsSecondPerson, SelfApproval for who gave it, FundTooLow where an account would go below nought,
    OverProjectLimit, OverYearLimit, FundClosed and ProjectNotFunded.
    """
    row, grant = _held(session, actor, payment_id, "payment.confirm")
    TABLES["payment"].next(row.state, "payment.confirm")
    require_another(row.proposed_by, actor.person_id)
    if row.person_id == actor.person_id:
        raise SelfApproval
    project = None if row.project_id is None else projects.find(session, actor, row.project_id)
    if project is not None:
        _require_state(project.state, rules.FUNDED_IN if row.kind == "allotment" else rules.SPENT_IN)
    if row.resource_id is not None:
        fund = _fund(session, actor, row.resource_id)
        if row.kind == "allotment":
            purses.require_limits(session, actor, project, fund, row.amount_fen, row.paid_on.year)
    decided = {"confirmed_by": actor.person_id, "decided_at": session.now}
    if row.kind == "donation" and (row.donor_id or row.person_id):
        decided["document_id"] = fund_papers.receipt(session, actor.aside(), row, grant)
    _take(session, actor, row, "payment.confirm", decided, grant)
    purses.post(session, actor.aside(), row, grant)
    return payment_id


def decline(session: Session, actor: Actor, payment_id: UUID, reason: str) -> UUID:
    """Refuse a proposed payment with a reason; nothing moves."""
    row, grant = _held(session, actor, payment_id, "payment.decline")
    told = {"reason": reason, "confirmed_by": actor.person_id, "decided_at": session.now}
    _take(session, actor, row, "payment.decline", told, grant)
    return payment_id


def withdraw(session: Session, actor: Actor, payment_id: UUID) -> UUID:
    """Take one's own proposal back before anybody decided on it; Forbidden for anybody else's."""
    row = find(session, actor, payment_id)
    if row.proposed_by != actor.person_id:
        raise Forbidden(step="payment.withdraw")
    _take(session, actor, row, "payment.withdraw", {}, None)
    return payment_id


def reverse(session: Session, actor: Actor, payment_id: UUID, reason: str) -> UUID:
    """Take back what was posted wrongly, as somebody else than who proposed it; what is right is recorded anew.

    The entries are reversed, never edited; a donor's receipt is void. What comes back to a project that is over flows
    on to its funds.
    Raises FundTooLow where the money is spent, NotReversible for what flowed back by itself, NeedsSecondPerson.
    """
    row, grant = _held(session, actor, payment_id, "payment.reverse")
    TABLES["payment"].next(row.state, "payment.reverse")
    if row.kind == "refund":
        raise NotReversible
    require_another(row.proposed_by, actor.person_id)
    _take(session, actor, row, "payment.reverse", {"reason": reason}, grant)
    purses.take_back(session, actor.aside(), row, grant)
    if row.document_id is not None:
        fund_papers.void(session, actor.aside(), row.document_id, reason, grant)
    if row.kind == "spending":
        project = projects.find(session, actor, row.project_id)
        if project.state not in (*rules.FUNDED_IN, *rules.SPENT_IN):
            purses.flow_back(session, actor.aside(), project)
    return payment_id


def one(session: Session, actor: Actor, payment_id: UUID) -> dict[str, Any]:
    """Return one payment as this actor sees it; NotFound where they may not know of it."""
    return _view(actor, find(session, actor, payment_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of payments, newest first: those that count to everybody, others to whom they concern."""
    statement = SHOWN.where(visible(actor, Payment))
    for column, wanted in (
        (Payment.resource_id, query.resource_id),
        (Payment.project_id, query.project_id),
        (Payment.kind, query.kind),
        (Payment.state, query.state),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, Payment.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def donor(session: Session, actor: Actor, payment_id: UUID) -> dict[str, Any]:
    """Say who gave a donation, to who holds the fund and to auditors, also where the public is not told.

    Opening a person's name is noted in the log. NotFound where it is no donation.
    """
    row = find(session, actor, payment_id)
    require(actor, "payment.donor", row.path)
    if row.kind != "donation":
        raise NotFound
    name = None
    if row.person_id is not None:
        auditing = actor.only("auditor").grant_for("payment.donor", row.path) is not None
        session.look(
            [row.person_id], ["name"], "audit" if auditing else "document", organization_id=row.organization_id
        )
        person = session.first(sa.select(Person.wrapped_key, Person.name).where(Person.id == row.person_id))
        if person is not None and person.name is not None:
            name = session.vault.open(person.wrapped_key, row.person_id, "name", person.name)
    return {
        "kind": _donor_kind(row._asdict()), "organization_id": row.donor_id, "organization_name": row.donor_name,
        "person_id": row.person_id, "person_name": name, "shown_as": row.shown_as, "anonymous": row.anonymous,
    }  # fmt: skip


def evidence(session: Session, actor: Actor, payment_id: UUID, file_id: UUID) -> dict[str, Any]:
    """Return one of the files that were brought with a payment, with its bytes; NotFound for any other."""
    row = find(session, actor, payment_id)
    if row.proposed_by != actor.person_id:
        require(actor, "payment.evidence", row.path)
    if str(file_id) not in row.file_ids:
        raise NotFound
    return files.brought(session, actor, file_id)


def find(session: Session, actor: Actor, payment_id: UUID) -> Any:
    """Return a payment; NotFound where the actor may not know of it."""
    return found(session.first(SHOWN.where(visible(actor, Payment), Payment.id == payment_id)))


def _fund(session: Session, actor: Actor, resource_id: UUID, pointer: str | None = None) -> Any:
    row = resources.find(session, actor, resource_id)
    if row.kind != "fund":
        raise rules.NotAFund(pointer=pointer)
    if row.state not in ("published", "exhausted"):
        raise rules.FundClosed
    return row


def _require_state(state: str, states: tuple[str, ...]) -> None:
    if state not in states:
        raise rules.ProjectNotFunded(state=state)


def _propose(
    session: Session, actor: Actor, step: str, kind: str, at: UUID, grant: UUID | None, values: dict[str, Any],
    *, fund: Any = None, project: Any = None,
) -> UUID:  # fmt: skip
    if values["paid_on"] > today(session, actor.tenant_id):
        raise rules.PaidLater(day=values["paid_on"].isoformat(), pointer="/paidOn")
    for file_id in values["file_ids"]:
        files.one(session, actor, file_id)
    empty = {
        "donor_id": None, "person_id": None, "anonymous": False, "shown_as": None, "payee": None, "reason": None,
        "document_id": None, "confirmed_by": None, "decided_at": None,
    }  # fmt: skip
    row = {
        **empty, **values, "kind": kind, "organization_id": at, "resource_id": fund and fund.id,
        "project_id": project and project.id, "file_ids": [str(each) for each in values["file_ids"]],
        "proposed_by": actor.person_id,
    }  # fmt: skip
    return changes.create(session, actor, Payment, step, row, at=at, grant=grant)


def _held(session: Session, actor: Actor, payment_id: UUID, step: str) -> tuple[Any, UUID]:
    """Return a payment, its accounts locked, and the grant to take a step on it."""
    row = find(session, actor, payment_id)
    grant = require(actor, step, row.path)
    purses.hold(session, row.project_id, [] if row.resource_id is None else [row.resource_id])
    return find(session, actor, payment_id), grant


def _take(
    session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID | None
) -> None:  # fmt: skip
    changes.take(session, actor, Payment, row, step, values, at=row.organization_id, grant=grant)


def _donor_kind(row: dict[str, Any]) -> str:
    return "unit" if row["donor_id"] is not None else "person" if row["person_id"] is not None else "outside"


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    paths = [path for path in (row["path"], row["donor_path"], row["project_path"]) if path]
    inside = row["proposed_by"] == actor.person_id or any(actor.grant_for("payment.read", path) for path in paths)
    named = None if row["anonymous"] else row["shown_as"] or row["donor_name"]
    told = {"kind": _donor_kind(row), "name": named} if row["kind"] == "donation" else None
    own = row["proposed_by"] == actor.person_id
    steps = [
        step for step in TABLES["payment"].allowed(row["state"])
        if (step == "payment.withdraw" and own)
        or (step != "payment.withdraw" and actor.grant_for(step, row["path"]) is not None
            and not (own and step in ("payment.confirm", "payment.reverse")))
    ]  # fmt: skip
    return {
        **row, "donor": told, "payee": row["payee"] if inside else None, "file_ids": row["file_ids"] if inside else [],
        "proposed_at": row["created_at"], "allowed_actions": steps,
    }  # fmt: skip
