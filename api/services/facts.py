"""记实事项 by hand: what a community saw stands at once, what a unit tells of itself once the community confirms it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session, new_id
from api.domain.fact_columns import ReasonUnknown, read_of_facts, read_of_groups, reasons_named, require_asked
from api.domain.facts import (
    COMMUNITY_RECORDED,
    EXEMPTIONS,
    PERSON_KINDS,
    SUBJECTS,
    UNIT_KINDS,
    UNIT_REPORTED,
    AlreadyTold,
    NotRegisteredThere,
    OwnPlaceOnly,
    ProjectUnfit,
    ShiftUnfit,
    Told,
    require_sound,
)
from api.domain.ledger import SelfApproval
from api.domain.nil_returns import NIL
from api.domain.rulebook.bundle import grouping, kinds_asked
from api.domain.rulebook.load import read
from api.models import Case, Fact, Organization, Person, Rulebook, Shift
from api.services import cases, contributions, offices, records
from api.services.affiliations import as_of
from api.services.days import today, zone_of
from api.services.places import place
from api.visibility import visible


@dataclass(frozen=True, slots=True)
class Account:
    """Of whom a fact is, and who employs them on the day; a unit is its own employer. `shift_id`: of which shift."""

    kind: str
    id: UUID
    employer_id: UUID | None
    shift_id: UUID | None = None


def record(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Record a fact of a unit, a person or a place; return its id, or that of the case that has to confirm it.

    The community's own record stands at once, and so does a unit's nil return. What else a unit's liaison tells opens
    a case at the community, what a community tells of itself one at the office above; the fact stands when somebody
    else accepts it (`confirm`). Kinds are those of `domain.facts` and those for which a rulebook in force there asks.
    A repeat with the same Idempotency-Key changes nothing. NotFound, Forbidden, SelfApproval, NotRegisteredThere,
    OwnPlaceOnly, ShiftUnfit, AlreadyTold, ColumnUnasked, ReasonUnknown, what `require_sound` raises, and what
    `contributions` does: of a project the same is recorded once.
    """
    told = Told(*(values[name] for name in ("kind", "occurred_on", "amount", "reason", "until", "code", "value")))
    told = replace(told, project=values["project_id"] and str(values["project_id"]), columns=values["columns"])
    claim = partial(contributions.evidence, session, actor, values["file_id"])
    community = place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    day = today(session, actor.tenant_id)
    if values["person_id"] is not None:
        grant = require(actor, "fact.record", community.path)
        if told.project is not None:
            raise ProjectUnfit(pointer="/projectId")
        account = _person(session, actor, values["person_id"], community.id, told, day, values["shift_id"])
        asked = _asked(session, actor, community.path, "person", told, day)
    elif values["organization_id"] == community.id:
        return _of_place(session, actor, told, community, day, claim(asked=True))
    else:
        unit = place(session, actor, values["organization_id"], axis="employer", pointer="/organizationId")
        account = Account("organization", unit.id, unit.id)
        asked = _asked(session, actor, community.path, "organization", told, day)
        contributions.require_project(session, actor, values["project_id"], unit.id, community.id)
        own = actor.grant_for("fact.record", unit.path)
        if own is not None:  # nobody vouches for their own unit, but anybody for what it did not do
            require_sound(told, account.kind, day, asked)
            if told.kind != NIL:
                alike = contributions.alike(session, actor, unit.id, community.id, told)
                more = {**claim(asked=True), **({"alike": alike} if alike else {})}
                return _report(session, actor, told, unit.id, community.id, community.id, more)
            claim(asked=False)
            row = {**_row(session, actor, told, account, community.id, own), "provenance": UNIT_REPORTED}
            session.insert(Fact, [row])
            return row["id"]
        grant = require(actor, "fact.record", community.path)
        contributions.alike(session, actor, unit.id, community.id, told)
    claim(asked=False)
    require_sound(told, account.kind, day, asked)
    row = _row(session, actor, told, account, community.id, grant)
    session.insert(Fact, [row])
    return row["id"]


def one(session: Session, actor: Actor, subject_id: UUID) -> dict[str, Any]:
    """Return what became of what `record` was told: the fact where it stands, the case where a unit told it."""
    told = session.first(sa.select(Case.facts).where(visible(actor, Case), Case.id == subject_id))
    if told is None:
        return {"fact": records.fact(session, actor, subject_id), "case": None}
    fact_id = UUID(told.facts["fact"]["id"])
    stands = session.first(sa.select(Fact.id).where(Fact.tenant_id == actor.tenant_id, Fact.id == fact_id))
    return {
        "fact": records.fact(session, actor, fact_id) if stands else None,
        "case": cases.one(session, actor, subject_id),
    }


def confirm(session: Session, actor: Actor, case: Any, grant: UUID, answer: dict[str, Any]) -> dict[str, Any]:
    """Let the fact that a unit told stand from the answer that accepts it, once.

    A fact that stands already is taken back by `fact.reverse` alone.
    """
    told = case.facts["fact"]
    if answer["outcome"] == "accepted":
        more = {"value": told.get("value"), "project": told.get("projectId"), "columns": told.get("columns", {})}
        said = Told(told["kind"], date.fromisoformat(told["occurredOn"]), told["amount"], **more)
        at = UUID(told.get("communityId", str(case.organization_id)))
        stands = sa.select(Fact.id).where(Fact.tenant_id == actor.tenant_id, Fact.id == UUID(told["id"]))
        if session.first(stands) is None:
            contributions.alike(session, actor, case.subject_id, at, said, but=case.id)
        whose = Account("organization", case.subject_id, None if case.subject_id == at else case.subject_id)
        row = _row(session, actor, said, whose, at, grant)
        confirmed = {"id": UUID(told["id"]), "provenance": UNIT_REPORTED}
        session.insert_new(Fact, [{**row, **confirmed, "details": {**row["details"], "caseId": str(case.id)}}])
    return {}


def _of_place(
    session: Session, actor: Actor, told: Told, community: Any, day: date, claim: dict[str, Any]
) -> UUID:  # fmt: skip
    """Ask the office above to confirm what a community tells of itself: it is judged by it, and judges it."""
    require(actor, "fact.record", community.path)
    if not any(reach.organization_id == community.id for reach in actor.reaches_for("fact.record")):
        raise OwnPlaceOnly(pointer="/organizationId")
    require_sound(told, "place", day, _asked(session, actor, community.path, "place", told, day))
    office = offices.office_for(session, actor, community.id, community.id)
    return _report(session, actor, told, community.id, community.id, office.id, claim)


def _report(
    session: Session, actor: Actor, told: Told, subject_id: UUID, community_id: UUID, office_id: UUID,
    more: dict[str, Any],
) -> UUID:  # fmt: skip
    """Ask an office to confirm; the fact's id is given now, so that it can stand only once."""
    fact = {
        "id": str(new_id()), "kind": told.kind, "occurredOn": told.occurred_on.isoformat(), "amount": told.amount,
        "value": told.value, "projectId": told.project, "communityId": str(community_id),
        **({"columns": dict(told.columns)} if told.columns else {}),
    }  # fmt: skip
    return cases.open_case(
        session, actor, kind="supplement", organization_id=office_id, reason="unit_reported_fact",
        facts={"fact": fact, **more}, subject_kind="organization", subject_id=subject_id,
    )  # fmt: skip


def _asked(session: Session, actor: Actor, path: str, account_kind: str, told: Told, today: date) -> set[str]:
    """Return the kinds of facts of such a subject for which rulebooks ask that are in force there on the fact's day.

    Rules for people ask for facts of organisations where the share of a quota hangs on them. One that is in force today
    asks for facts of days before it where it looks back to them.
    ColumnUnasked, ReasonUnknown.
    """
    odd = told.reason is not None and told.reason not in EXEMPTIONS
    if told.kind in UNIT_KINDS | PERSON_KINDS and not told.columns and not odd:
        return set()
    statement = (
        sa.select(Rulebook.content, Rulebook.effective_from, Rulebook.subject)
        .join(Organization, Organization.id == Rulebook.organization_id)
        .where(
            Rulebook.tenant_id == actor.tenant_id, Rulebook.state == "active",
            Rulebook.effective_from <= max(told.occurred_on, today),
            sa.or_(Rulebook.effective_to.is_(None), Rulebook.effective_to > told.occurred_on),
            sa.func.substr(sa.literal(path), 1, sa.func.length(Organization.path)) == Organization.path,
        )
    )  # fmt: skip
    books = [(read(row.content), row.effective_from <= told.occurred_on) for row in session.rows(statement)]
    asking = [
        book
        for book, then in books
        if book.subject in SUBJECTS[account_kind] and (then or grouping(book).get("facts", {}).get("lifetime"))
    ]
    of_groups = read_of_groups(books) if account_kind != "person" else {}
    columns = read_of_facts(asking)
    for kind, more in of_groups.items():
        columns.setdefault(kind, set()).update(more)
    require_asked(told.kind, told.columns, columns)
    if odd and told.reason not in reasons_named(asking):
        raise ReasonUnknown(reason=told.reason, pointer="/reason")
    return {kind for book in asking for kind in kinds_asked(book) or ()} | {kind for kind in of_groups if kind}


def _person(
    session: Session, actor: Actor, person_id: UUID, community_id: UUID, told: Told, day: date, shift_id: UUID | None
) -> Account:  # fmt: skip
    seen = sa.select(Person.account_id).where(visible(actor, Person), Person.id == person_id)
    account_id = found(session.first(seen)).account_id
    if account_id == actor.account_id:
        raise SelfApproval
    belonging = as_of(session, actor.tenant_id, [account_id])
    since = day if told.kind == "exemption" else told.occurred_on
    if shift_id is not None:
        _require_present(session, actor, account_id, community_id, told, shift_id)
    elif belonging.home(account_id, since) != community_id:
        raise NotRegisteredThere(day=since.isoformat())
    return Account("person", account_id, belonging.employer(account_id, told.occurred_on), shift_id)


def _require_present(
    session: Session, actor: Actor, account_id: UUID, community_id: UUID, told: Told, shift_id: UUID
) -> None:
    """Raise ShiftUnfit unless the person was present at a shift there that day, AlreadyTold of the same once more.

    The shift is locked until the transaction ends, so that of two at once one is told.
    """
    here = sa.select(Shift.starts_at).where(visible(actor, Shift), Shift.id == shift_id)
    shift = session.first(here.where(Shift.community_id == community_id).with_for_update(of=Shift))
    undone = sa.orm.aliased(Fact)
    standing = sa.select(Fact.id, Fact.kind).where(
        Fact.tenant_id == actor.tenant_id, Fact.shift_id == shift_id, Fact.account_id == account_id,
        Fact.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Fact.id).correlate(Fact),
    )  # fmt: skip
    facts = session.rows(standing)
    on = shift and shift.starts_at.astimezone(zone_of(session, actor.tenant_id)).date()
    if told.kind == "exemption" or on != told.occurred_on or not any(fact.kind == "check_in" for fact in facts):
        raise ShiftUnfit(pointer="/shiftId")
    for fact in facts:
        if fact.kind == told.kind:
            raise AlreadyTold(factId=str(fact.id))


def _row(
    session: Session, actor: Actor, told: Told, account: Account, community_id: UUID, grant: UUID
) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": grant, **actor.take_key(), "kind": told.kind, "account_kind": account.kind,
        "account_id": account.id, "occurred_at": session.now, "served_on": told.occurred_on,
        "provenance": COMMUNITY_RECORDED, "shift_id": account.shift_id, "pair": None, "revision": 0,
        "community_id": community_id, "employer_id": account.employer_id, "reverses_id": None,
        "details": told.details(),
    }  # fmt: skip
