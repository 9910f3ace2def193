"""投诉查实: what a complaint found true leaves behind; before an office has found it, it counts nowhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.facts import COMMUNITY_RECORDED, NotRegisteredThere, NotYetHappened
from api.domain.ledger import SelfApproval
from api.errors import Invalid, NotFound
from api.models import Fact, Organization, Person
from api.services import ledger
from api.services.affiliations import as_of
from api.services.days import today
from api.services.places import place

OUTCOMES = frozenset({"accepted", "declined"})


class FindingUnfit(Invalid):
    """A finding belongs to a complaint that is accepted, and names one person or one unit."""

    code = "finding_unfit"
    zh, en = "只有查实的投诉才写明认定对象", "Only a complaint that is accepted names whom it was found of"


def settle(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Post the fact of a complaint found true, of the person or unit that the office names; once for each answer.

    What an earlier answer found falls with it. The person must have been registered where the office governs on that
    day. FindingUnfit, NotRegisteredThere, SelfApproval, NotYetHappened.
    """
    before, finding = case.facts.get("finding"), told.get("finding")
    if finding is not None and told["outcome"] != "accepted":
        raise FindingUnfit(pointer="/finding")
    if before is not None:
        ledger.take_back(session, actor, UUID(before), grant, "recorded_by_mistake")
    if finding is None:
        return {"finding": None} if before is not None else {}
    if finding["occurred_on"] > today(session, actor.tenant_id):
        raise NotYetHappened(day=finding["occurred_on"].isoformat(), pointer="/finding/occurredOn")
    row = _of_person(session, actor, case, finding) if finding["person_id"] else _of_unit(session, actor, case, finding)
    fact = {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": grant, "request_key": None, "fingerprint": None, "kind": "complaint_finding",
        "occurred_at": session.now, "served_on": finding["occurred_on"], "provenance": COMMUNITY_RECORDED,
        "shift_id": finding["shift_id"], "pair": None, "revision": 0, "reverses_id": None,
        "details": {"value": "found_true", "caseId": str(case.id)}, **row,
    }  # fmt: skip
    session.insert(Fact, [fact])
    return {"finding": str(fact["id"])}


def _of_person(session: Session, actor: Actor, case: Any, finding: dict[str, Any]) -> dict[str, Any]:
    known = sa.select(Person.account_id).where(
        Person.tenant_id == actor.tenant_id, Person.id == finding["person_id"], Person.state == "active"
    )
    account, day = session.scalar(known), finding["occurred_on"]
    if account is None:
        raise NotFound(pointer="/finding/personId")
    if account == actor.account_id:
        raise SelfApproval
    belonging = as_of(session, actor.tenant_id, [account])
    home = belonging.home(account, day)
    if home is None or not _path(session, home).startswith(case.path):
        raise NotRegisteredThere(day=day.isoformat())
    employer = belonging.employer(account, day)
    return {"account_kind": "person", "account_id": account, "community_id": home, "employer_id": employer}


def _of_unit(session: Session, actor: Actor, case: Any, finding: dict[str, Any]) -> dict[str, Any]:
    if finding["organization_id"] is None:
        raise FindingUnfit(pointer="/finding")
    unit = place(session, actor, finding["organization_id"], axis="employer", pointer="/finding/organizationId")
    return {
        "account_kind": "organization", "account_id": unit.id, "community_id": case.organization_id,
        "employer_id": unit.id,
    }  # fmt: skip


def _path(session: Session, organization_id: UUID) -> str:
    return session.scalar(sa.select(Organization.path).where(Organization.id == organization_id))
