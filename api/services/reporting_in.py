"""报到: members report in, communities accept, return or redirect; registrations are transferred, end, are renewed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain import registration as rules
from api.domain.periods import EndsBeforeItBegins
from api.errors import Conflict
from api.models import Affiliation, OrganizationLink
from api.services import changes, receipts, registrations, unit_registrations
from api.services.days import today
from api.services.people import affiliation_row
from api.services.places import WrongKind, place
from api.services.unit_registrations import CommunityMissing


class NoPairedCommunity(Conflict):
    """The person's employer is registered nowhere, so that there is no fallback."""

    code = "no_paired_community"
    zh = "所在单位尚未与社区结对，请选择居住地社区"
    en = "The employer is paired with no community; name the community of residence"


class NotPaired(Conflict):
    """The fallback leads only to a community in which the employer is registered."""

    code = "not_paired"
    zh, en = "所在单位未在该社区报到", "The employer is not registered in this community"


class TransferPending(Conflict):
    """A transfer was asked for and the other community has not decided."""

    code = "transfer_pending"
    zh, en = "转移申请正在处理中", "A transfer is waiting for the other community's decision"


class SameCommunity(Conflict):
    """A registration cannot be passed on to where it is or was passed on from."""

    code = "same_community"
    zh, en = "该报到已在或已由此社区转出", "The registration is at this community or was passed on from there"


class UnitFollowsPlan(Conflict):
    """Units move by a new edition of the plan alone."""

    code = "unit_follows_plan"
    zh, en = "单位的调整须通过联系安排进行", "A unit moves by a new edition of the plan alone"


def submit(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Report in: the member who asks, or with `unit_id` a unit against the published plan; return its id.

    Raises AlreadyRegistered where the person has or has asked for a principal registration, or is registered there.
    """
    if values["unit_id"] is not None:
        return unit_registrations.submit(session, actor, values["unit_id"], values["community_id"])
    registrations.lock(session, actor.person_id)
    community, basis = _destination(session, actor, values["community_id"], values["basis"])
    request = rules.Request(_community(session, actor, community).id, basis, values["principal"])
    standing = registrations.standing(session, actor, actor.person_id)
    if rules.judge(request, rules.Home(None, None), standing).reason == "duplicate":
        raise rules.AlreadyRegistered(registrationId=str(standing[0].id), communityId=str(standing[0].community))
    return _ask(session, actor, actor.person_id, request)


def _destination(session: Session, actor: Actor, community: UUID | None, basis: str | None) -> tuple[UUID, str]:
    """Return where somebody asks to report in and on what basis; left open, the roster tells, then the pairing."""
    if community is None and basis is None:
        due = rules.destination(registrations.home_of(session, actor, actor.person_id))
        if due is not None and due.community is not None:
            return due.community, due.basis
        basis = "paired_fallback"
    if basis == "paired_fallback":
        paired = registrations.paired(session, actor, actor.person_id)
        if community is not None and community not in paired:
            raise NotPaired(pointer="/communityId")
        if not paired:
            raise NoPairedCommunity
        return community or paired[0], basis
    if community is None:
        raise CommunityMissing(pointer="/communityId")
    return community, basis or "residence"


def accept(session: Session, actor: Actor, registration_id: UUID, until: date | None) -> UUID:
    """Take a member or unit in; on a transfer the old registration is handed over in the same transaction.

    The employer gets a receipt (回执). Raises AlreadyRegistered where another principal registration stands.
    """
    row = registrations.find(session, actor, registration_id)
    grant = require(actor, "registration.accept", row.path)
    day = today(session, actor.tenant_id)
    values: dict[str, Any] = {"valid_from": day} if row.unit_id is None else {}
    if until is not None:
        _require_later(until, day)
        values["valid_to"] = until
    if row.unit_id is None and row.state == "submitted":
        _hand_over(session, actor, row, grant, day)
    table = registrations.table_of(row)
    changes.take(session, actor, table, row, "registration.accept", values, at=row.community_id, grant=grant)
    receipts.issue(session, actor, row, day, grant)
    return registration_id


def return_(session: Session, actor: Actor, registration_id: UUID, reason: str) -> UUID:
    """Send a request back with a reason (not_resident, duplicate, wrong_community); want of capacity is none."""
    return _step(session, actor, registration_id, "registration.return", {"reason": reason})


def redirect(session: Session, actor: Actor, registration_id: UUID, community_id: UUID) -> UUID:
    """Pass a request on to another community, where it is submitted at once; a transfer keeps what it replaces."""
    row = registrations.find(session, actor, registration_id)
    grant = require(actor, "registration.redirect", row.path)
    passed = [*row.details.get("passed", ()), str(row.community_id)]
    target = _community(session, actor, community_id)
    if str(target.id) in passed:
        raise SameCommunity(pointer="/communityId")
    table = registrations.table_of(row)
    copied = session.first(sa.select(*table.__table__.columns).where(table.id == registration_id))
    day = today(session, actor.tenant_id)
    place_column = "organization_id" if table is Affiliation else "to_id"
    fresh = {**found(copied)._asdict(), place_column: target.id, "details": {"passed": passed}, "valid_from": day}
    fresh |= changes.born(session, actor, "registration", "registration.submit", {})
    details = {**row.details, "successor_id": str(fresh["id"])}
    changes.take(
        session, actor, table, row, "registration.redirect", {"details": details}, at=row.community_id, grant=grant
    )
    session.insert(table, [fresh])
    changes.record(
        session, actor, "registration.submit", "registration", fresh["id"], at=target.id, grant=grant, written=fresh
    )
    return registration_id


def transfer(session: Session, actor: Actor, registration_id: UUID, community_id: UUID, basis: str) -> UUID:
    """Ask another community to take a member over; this registration stands until that one accepts."""
    row = registrations.find(session, actor, registration_id)
    if row.unit_id is not None:
        raise UnitFollowsPlan
    own = row.person_id == actor.person_id
    grant = None if own else require(actor, "registration.transfer", row.path)
    registrations.lock(session, row.person_id)
    target = _community(session, actor, community_id)
    if target.id == row.community_id:
        raise SameCommunity(pointer="/communityId")
    if registrations.pending_transfers(session, [(row.id, row.person_id)]):
        raise TransferPending
    request = rules.Request(target.id, basis, row.principal, row.id)
    others = registrations.standing(session, actor, row.person_id)
    if row.state == "accepted" and rules.judge(request, rules.Home(None, None), others).reason == "duplicate":
        raise rules.AlreadyRegistered(communityId=str(target.id))
    fresh = _request_row(session, actor, row.person_id, request)
    details = {**row.details, "successor_id": str(fresh["id"])}
    changes.take(
        session,
        actor,
        Affiliation,
        row,
        "registration.transfer",
        {"details": details},
        at=row.community_id,
        grant=grant,
    )
    _keep(session, actor, fresh, grant)
    return registration_id


def end(session: Session, actor: Actor, registration_id: UUID, reason: str) -> UUID:
    """End an accepted registration today."""
    ending = {"reason": reason, "valid_to": today(session, actor.tenant_id)}
    return _step(session, actor, registration_id, "registration.end", ending)


def renew(session: Session, actor: Actor, registration_id: UUID, until: date | None) -> UUID:
    """Take an expired registration up again; raise AlreadyRegistered where another one stands by now."""
    row = registrations.find(session, actor, registration_id)
    grant = require(actor, "registration.renew", row.path)
    if until is not None:
        _require_later(until, today(session, actor.tenant_id))
    if row.unit_id is None:
        registrations.lock(session, row.person_id)
        rules.acceptance(
            row.id,
            rules.Request(row.community_id, row.basis, row.principal),
            registrations.standing(session, actor, row.person_id),
        )
    table = registrations.table_of(row)
    changes.take(
        session, actor, table, row, "registration.renew", {"valid_to": until}, at=row.community_id, grant=grant
    )
    return registration_id


def expire_due(session: Session, actor: Actor, limit: int = 1000) -> int:
    """Let the registrations expire whose last day has passed; return how many. A repeat finds none."""
    day = today(session, actor.tenant_id)
    count = 0
    for table, at in ((Affiliation, Affiliation.organization_id), (OrganizationLink, OrganizationLink.to_id)):
        due = sa.select(table.id, table.state, table.version, at.label("place")).where(
            table.tenant_id == actor.tenant_id,
            table.kind == "registration",
            table.state == "accepted",
            table.valid_to <= day,
        )
        for row in session.rows(due.order_by(table.id).limit(limit - count)):
            changes.take(session, actor, table, row, "registration.expire", at=row.place)
            count += 1
    return count


def _step(session: Session, actor: Actor, registration_id: UUID, step: str, values: dict[str, Any]) -> UUID:
    row = registrations.find(session, actor, registration_id)
    # A unit's liaison acts for the unit, the community's worker for the community.
    mine = row.unit_path and actor.grant_for(step, row.unit_path)
    grant = mine or require(actor, step, row.path)
    changes.take(session, actor, registrations.table_of(row), row, step, values, at=row.community_id, grant=grant)
    return registration_id


def _hand_over(session: Session, actor: Actor, row: Any, grant: UUID, day: date) -> None:
    registrations.lock(session, row.person_id)
    standing = registrations.standing(session, actor, row.person_id)
    request = rules.Request(row.community_id, row.basis, row.principal, row.replaces_id)
    for change in rules.acceptance(row.id, request, standing):
        if change.step == "registration.hand_over":
            old = found(session.first(_OLD, {"id": change.id}))
            changes.take(
                session,
                actor.aside(),
                Affiliation,
                old,
                change.step,
                {"valid_to": day},
                at=old.organization_id,
                grant=grant,
            )


_OLD = sa.select(Affiliation.id, Affiliation.state, Affiliation.version, Affiliation.organization_id).where(
    Affiliation.id == sa.bindparam("id")
)


def _ask(session: Session, actor: Actor, person_id: UUID, request: rules.Request) -> UUID:
    row = _request_row(session, actor, person_id, request)
    _keep(session, actor, row, None)
    return row["id"]


def _request_row(session: Session, actor: Actor, person_id: UUID, request: rules.Request) -> dict[str, Any]:
    return affiliation_row(
        session, actor, person_id, request.community, "registration", since=today(session, actor.tenant_id),
        state="submitted", basis=request.basis, principal=request.principal, replaces_id=request.replaces,
    )  # fmt: skip


def _keep(session: Session, actor: Actor, row: dict[str, Any], grant: UUID | None) -> None:
    session.insert(Affiliation, [row])
    at = row["organization_id"]
    changes.record(session, actor, "registration.submit", "registration", row["id"], at=at, grant=grant, written=row)


def _community(session: Session, actor: Actor, community_id: UUID) -> Any:
    row = place(session, actor, community_id, axis="territory", pointer="/communityId")
    if row.kind not in registrations.COMMUNITIES:
        raise WrongKind(name=row.name, wanted="community", wantedZh="社区", pointer="/communityId")
    return row


def _require_later(until: date, day: date) -> None:
    if until <= day:
        raise EndsBeforeItBegins(startsOn=day.isoformat(), pointer="/until")
