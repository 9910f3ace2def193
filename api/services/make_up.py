"""补录资格: suspended after hours made up were found false; two people decide, the hours fall, the employer is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain.consents import EMPLOYER_RESULT
from api.domain.documents import Head, Words
from api.domain.documents.suspensions import TITLE, Suspended, suspension_notice
from api.domain.facts import COMMUNITY_RECORDED
from api.domain.ledger import SelfApproval
from api.domain.sanctions import MAKE_UP, ClaimNotDecided, a_year_after, in_hours
from api.domain.signal_rules import shipped
from api.models import Affiliation, Case, Entry, Fact, Organization, Person, Sanction
from api.services import cases, changes, disclosures, documents, ledger
from api.services.affiliations import IN_FORCE_ONCE, as_of
from api.services.days import today, zone_of
from api.services.ledger import undone_entry
from api.services.parties import parties

_RULE = Words("平台处置规则", "Rules of sanctions")
_DECIDED = ("answered", "closed")
_CLAIM = sa.select(Case.id, Case.facts, Case.opened_by, Case.created_at).where(Case.facts.is_not(None))


def propose(session: Session, actor: Actor, case_id: UUID, reason: str) -> UUID:
    """Propose that who made a claim of hours makes up none for now, because it was false; return the sanction's id.

    It holds once somebody else confirms it, for a year from then and until the hours of the rule are served. A second
    one on the same claim is the first while that stands. NotFound, Forbidden, ClaimNotDecided, SelfApproval.
    """
    case = cases.find(session, actor, case_id)
    grant = require(actor, "sanction.suspend", case.path)
    if case.opened_by == actor.person_id:
        raise SelfApproval
    if "claim" not in case.facts or case.state not in _DECIDED or case.answered_by is None:
        raise ClaimNotDecided
    live = sa.select(Sanction.id).where(
        Sanction.tenant_id == actor.tenant_id, Sanction.case_id == case_id, Sanction.kind == MAKE_UP,
        Sanction.state.in_(("proposed", "imposed")),
    )  # fmt: skip
    standing = session.scalar(live)
    if standing is not None:
        return standing
    book = shipped()
    row = {
        "kind": MAKE_UP, "signal_id": None, "organizer_id": None, "person_id": case.opened_by, "case_id": case_id,
        "organization_id": case.organization_id, "reason": reason, "rules_version": book.version,
        "ends_on": a_year_after(today(session, actor.tenant_id)), "after_shifts": None,
        "after_minutes": book.sanctions[MAKE_UP].minutes, "proposed_by": actor.person_id, "confirmed_by": None,
        "imposed_at": None, "ended_at": None,
    }  # fmt: skip
    return changes.create(session, actor, Sanction, "sanction.suspend", row, at=case.organization_id, grant=grant)


def imposed(session: Session, actor: Actor, row: Any, grant: UUID) -> dict[str, Any]:
    """Void what the claim posted, record the finding, tell the employer, and return until when it holds at least."""
    day = today(session, actor.tenant_id)
    case = found(session.first(_CLAIM.where(Case.tenant_id == actor.tenant_id, Case.id == row.case_id)))
    posted = [UUID(each) for each in case.facts.get("posted", ())]
    stands = sa.select(Entry.id, Entry.amount).where(
        Entry.tenant_id == actor.tenant_id, Entry.id.in_(posted),
        ~sa.exists().where(undone_entry.reverses_id == Entry.id),
    )  # fmt: skip
    void = session.rows(stands.order_by(Entry.id))
    for entry in void:
        ledger.take_back_entry(session, actor.aside(), entry.id, grant, "found_false")
    _record(session, actor.aside(), row, case, grant)
    ends_on = a_year_after(day)
    _tell(session, actor.aside(), row, grant, sum(entry.amount for entry in void), ends_on)
    return {"ends_on": ends_on}


def lifted(session: Session, actor: Actor, sanction_id: UUID, grant: UUID) -> None:
    """Take the finding back on which a suspension rested that an appeal lifted; of an older one there is none."""
    finding = _finding(actor, sanction_id)
    if session.first(sa.select(Fact.id).where(Fact.tenant_id == actor.tenant_id, Fact.id == finding)) is not None:
        ledger.take_back(session, actor, finding, grant, "recorded_by_mistake")


def _record(session: Session, actor: Actor, row: Any, case: Any, grant: UUID) -> None:
    """Record as a fact that the claim was found false, of the day of which it spoke."""
    claim, account = case.facts["claim"], session.scalar(sa.select(Person.account_id).where(Person.id == row.person_id))
    said = datetime.fromisoformat(claim["startsAt"]) if "startsAt" in claim else case.created_at
    day = said.astimezone(zone_of(session, actor.tenant_id)).date()
    fact = {
        "id": _finding(actor, row.id), "tenant_id": actor.tenant_id, "recorded_at": session.now,
        "actor_id": actor.person_id, "grant_id": grant, "request_key": None, "fingerprint": None,
        "kind": "make_up_finding", "account_kind": "person", "account_id": account, "occurred_at": session.now,
        "served_on": day, "provenance": COMMUNITY_RECORDED, "shift_id": claim.get("shiftId") and UUID(claim["shiftId"]),
        "pair": None, "revision": 0, "community_id": UUID(claim["communityId"]),
        "employer_id": as_of(session, actor.tenant_id, [account], ("employment",)).employer(account, day),
        "reverses_id": None, "details": {"value": "false", "caseId": str(case.id)},
    }  # fmt: skip
    session.insert(Fact, [fact])


def _finding(actor: Actor, sanction_id: UUID) -> UUID:
    """Return the id of the fact that a suspension rests on."""
    return uuid5(actor.tenant_id, f"make_up_finding:{sanction_id}")


def _tell(session: Session, actor: Actor, row: Any, grant: UUID, minutes: int, ends_on: Any) -> None:
    """Issue and deliver the notice to the employer of the day; who has none is told of to nobody."""
    day = today(session, actor.tenant_id)
    held = sa.select(
        Affiliation.organization_id, Affiliation.roster_number, Affiliation.id, Organization.disclosure,
        Person.wrapped_key, Person.name,
    ).join(Organization, Organization.id == Affiliation.organization_id).join(
        Person, Person.id == Affiliation.person_id
    ).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == row.person_id,
        Affiliation.kind == "employment", Affiliation.state.in_(IN_FORCE_ONCE), Affiliation.valid_from <= day,
        sa.or_(Affiliation.valid_to.is_(None), Affiliation.valid_to > day),
    )  # fmt: skip
    unit = session.first(held.order_by(Affiliation.principal.desc(), Affiliation.valid_from.desc(), Affiliation.id))
    if unit is None:
        return
    named = unit.disclosure == "named"
    name = session.vault.open(unit.wrapped_key, row.person_id, "name", unit.name) if named else None
    known = parties(session, actor, [row.organization_id, unit.organization_id], day)
    head = Head(
        known[row.organization_id], known[unit.organization_id], day, ends_on, zone_of(session, actor.tenant_id).key,
        TITLE,
    )  # fmt: skip
    number = None if unit.disclosure == "aggregate_only" else unit.roster_number or f"~{unit.id.hex[-6:]}"
    content = suspension_notice(
        head, Suspended(number, name, minutes, in_hours(row.after_minutes)), rule=_RULE, version=row.rules_version
    )  # fmt: skip
    document_id = documents.issue(
        session, actor, kind="bulletin", issuer_id=row.organization_id, recipient_id=unit.organization_id,
        title=TITLE.zh, content=content, source=f"sanction:{row.id}", grant=grant,
    )  # fmt: skip
    if number is not None:
        told = [(row.person_id, "/member")]
        disclosures.note(session, actor, document_id, unit.organization_id, EMPLOYER_RESULT, told)
    if named:
        session.look([row.person_id], ["name"], "document", organization_id=row.organization_id)
