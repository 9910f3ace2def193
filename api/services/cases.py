"""事项: somebody asks an office to decide; a clock in working days, an answer, one inbox (待办)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, acting, allowed, found, require
from api.db import Session
from api.domain.cases import (
    CaseWithdrawn,
    DecidedBefore,
    NotAHandler,
    NotLate,
    OutcomeMissing,
    OutcomeUnfit,
    OwnCase,
    ReopenedOnce,
)
from api.domain.opinions import AskAnew
from api.domain.subject_kinds import JudgedByOwnStreet
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Forbidden
from api.models import Case, Organization
from api.services import changes, own_results
from api.services.days import today
from api.services.judges import kept_for_street
from api.services.offices import office_for
from api.services.places import place
from api.visibility import visible

DUE_DAYS = 10
"""Working days within which an office answers, where nobody says otherwise."""

_OPEN = ("open", "assigned", "escalated", "reopened")
_ANSWERABLE = ("assigned", "escalated")
_SHOWN = sa.select(
    Case.id, Case.version, Case.state, Case.kind, Case.organization_id, Case.subject_kind, Case.subject_id, Case.reason,
    Case.facts, Case.due_on, Case.assigned_to, Case.answer, Case.answered_by, Case.opened_by, Case.created_at,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Case.organization_id)  # fmt: skip


def open_case(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    organization_id: UUID,
    reason: str,
    facts: dict[str, Any],
    subject_kind: str,
    subject_id: UUID | None = None,
    source: str | None = None,
    due_days: int = DUE_DAYS,
) -> UUID:
    """Open a case at an organisation and return its id; a second one of the same `source` gives the first.

    `reason` is a code or the words of who asks, `facts` what an officer needs to decide, without names; due in
    `due_days` working days of the tenant's calendar.
    """
    case = {
        "kind": kind, "organization_id": organization_id, "reason": reason, "facts": facts, "source": source,
        "subject_kind": subject_kind, "subject_id": subject_id, "due_days": due_days,
    }  # fmt: skip
    return open_cases(session, actor, [case])[0]


def open_cases(session: Session, actor: Actor, asked: Sequence[dict[str, Any]]) -> list[UUID]:
    """Open cases, each with the members that `open_case` takes; return an id for each, of what stands."""
    if not asked:
        return []
    day = today(session, actor.tenant_id)
    due = {days: add_workdays(day, days, WorkCalendar()) for days in {case.get("due_days", DUE_DAYS) for case in asked}}
    rows = [_born(session, actor, case, due[case.get("due_days", DUE_DAYS)]) for case in asked]
    session.insert_new(Case, sorted(rows, key=lambda row: (row["source"] or "", row["id"])))
    by_source: dict[Any, UUID] = dict(_standing(session, actor, [row["source"] for row in rows if row["source"]]))
    ids: list[UUID] = [by_source.get(row["source"], row["id"]) for row in rows]
    new = [row for row, stands in zip(rows, ids, strict=True) if row["id"] == stands]
    for row in new:
        changes.record(session, actor, "case.create", "case", row["id"], at=row["organization_id"], written=row)
    return ids


def _born(session: Session, actor: Actor, case: dict[str, Any], due_on: date) -> dict[str, Any]:
    values = {
        "kind": case["kind"], "organization_id": case["organization_id"], "reason": case["reason"],
        "facts": case["facts"], "subject_kind": case["subject_kind"], "subject_id": case.get("subject_id"),
        "source": case.get("source"),
        "due_on": due_on, "opened_by": actor.person_id, "assigned_to": None, "answer": None, "answered_by": None,
    }  # fmt: skip
    return changes.born(session, actor, "case", "case.create", values)


def _standing(session: Session, actor: Actor, sources: list[str]) -> list[tuple[str, UUID]]:
    looks = sa.select(Case.source, Case.id).where(Case.tenant_id == actor.tenant_id)
    slices = [sources[start : start + 500] for start in range(0, len(sources), 500)]
    return [tuple(row) for part in slices for row in session.rows(looks.where(Case.source.in_(part)))]


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Ask an office for a decision; against the answer to an earlier case, whose decider then stays out."""
    about = values["subject_id"] if values["subject_kind"] == "organization" else None
    if values["kind"] in ("complaint", "suggestion"):  # nobody answers a complaint about themselves
        organization = office_for(session, actor, values["organization_id"], about)
    else:
        organization = place(session, actor, values["organization_id"], pointer="/organizationId")
    if not actor.for_self("case.create"):  # a system asks for those whose it is; a person asks any office
        require(actor, "case.create", organization.path)
    facts: dict[str, Any] = {}
    if values["subject_kind"] == "case":
        before = find(session, actor, values["subject_id"])
        facts["deciders"] = deciders(before)
    return open_case(
        session,
        actor,
        kind=values["kind"],
        organization_id=organization.id,
        reason=values["reason"],
        facts=facts,
        subject_kind=values["subject_kind"],
        subject_id=values["subject_id"],
    )


def assign(session: Session, actor: Actor, case_id: UUID, person_id: UUID | None) -> UUID:
    """Give a case to a person who may answer it, else to the actor; NotAHandler, OwnCase, DecidedBefore."""
    case = find(session, actor, case_id)
    grant = require(actor, "case.assign", case.path)
    _require_street(session, actor, case, "case.assign")
    handler = person_id or actor.person_id
    try:
        deciding = acting(session, actor.tenant_id, handler, "case.answer")
        may_answer = bool(deciding.grant_for("case.answer", case.path)) and not kept_for_street(
            session, deciding, [case._asdict()]
        )
    except KeyError:
        may_answer = False
    if not may_answer:
        raise NotAHandler(pointer="/personId")
    require_fresh(case, handler)
    return _take(session, actor, case, "case.assign", {"assigned_to": handler}, grant)


def answer(
    session: Session,
    actor: Actor,
    case_id: UUID,
    text: str,
    outcome: str | None = None,
    settle: Callable[[Any, UUID], dict[str, Any]] | None = None,
) -> tuple[Any, UUID]:
    """Answer a case; return it as it stood and the grant. Who asked, and who decided before, does not: OwnCase.

    `settle(case, grant)` does what follows from the answer and returns what the case remembers of it; by
    `require_outcome` it may insist on an outcome. DecidedBefore, StepNotAllowed.
    """
    case = find(session, actor, case_id)
    grant = require(actor, "case.answer", case.path)
    _require_street(session, actor, case, "case.answer")
    require_fresh(case, actor.person_id)
    more = settle(case, grant) if settle is not None and case.state in _ANSWERABLE else {}
    facts = {name: fact for name, fact in case.facts.items() if name != "outcome"}
    facts |= more | ({"outcome": outcome} if outcome else {})
    told = {"answer": text, "answered_by": actor.person_id, "facts": facts}
    _take(session, actor, case, "case.answer", told, grant)
    return case, grant


def require_outcome(outcome: str | None, outcomes: Collection[str]) -> None:
    """Raise OutcomeMissing or OutcomeUnfit where an answer does not say one of the outcomes that something hangs on."""
    if outcome is None:
        raise OutcomeMissing(pointer="/outcome")
    if outcome not in outcomes:
        raise OutcomeUnfit(pointer="/outcome", allowed=", ".join(sorted(outcomes)))


def close(session: Session, actor: Actor, case_id: UUID) -> UUID:
    """Close an answered case."""
    case = find(session, actor, case_id)
    return _take(session, actor, case, "case.close", {}, require(actor, "case.close", case.path))


def reopen(session: Session, actor: Actor, case_id: UUID, reason: str) -> UUID:
    """Reopen a case: once, by who asked, for another decider and with a new clock."""
    case = find(session, actor, case_id)
    if case.opened_by != actor.person_id:
        raise Forbidden(step="case.reopen")
    if "reopened" in case.facts:
        raise ReopenedOnce
    if case.state == "closed" and case.answered_by is None:
        raise CaseWithdrawn
    if case.kind == "opinion":
        raise AskAnew
    facts = {**case.facts, "deciders": deciders(case), "reopened": {"reason": reason, "answer": case.answer}}
    due_on = add_workdays(today(session, actor.tenant_id), DUE_DAYS, WorkCalendar())
    anew = {"facts": facts, "due_on": due_on, "assigned_to": None, "answer": None, "answered_by": None}
    return _take(session, actor, case, "case.reopen", anew, None)


def withdraw(session: Session, actor: Actor, case_id: UUID) -> UUID:
    """Take a case back, for who asked and before it is answered; it costs nothing."""
    case = find(session, actor, case_id)
    if case.opened_by != actor.person_id:
        raise Forbidden(step="case.withdraw")
    return _take(session, actor, case, "case.withdraw", {}, None)


def escalate(session: Session, actor: Actor, case_id: UUID) -> UUID:
    """Call the offices above to a case that is late: by who asked or an officer; NotLate before."""
    case = find(session, actor, case_id)
    grant = None if case.opened_by == actor.person_id else require(actor, "case.escalate", case.path)
    if case.state in _OPEN and today(session, actor.tenant_id) <= case.due_on:
        raise NotLate(dueOn=case.due_on.isoformat())
    return _take(session, actor, case, "case.escalate", {}, grant)


def one(session: Session, actor: Actor, case_id: UUID) -> dict[str, Any]:
    """Return one case as it stands for this actor."""
    return _views(session, actor, [find(session, actor, case_id)._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the cases that the actor asked for or has to see to, newest first."""
    statement = _SHOWN.where(visible(actor, Case))
    for column, wanted in (
        (Case.state, query.state),
        (Case.kind, query.kind),
        (Case.organization_id, query.organization_id),
        (Case.subject_id, query.subject_id),
        (Case.assigned_to, actor.person_id if query.mine else None),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.late:
        statement = statement.where(Case.state.in_(_OPEN), Case.due_on < today(session, actor.tenant_id))
    page = paging.page(session, statement, Case.id, limit=query.limit, cursor=query.cursor)
    page["items"] = _views(session, actor, page["items"])
    return page


def find(session: Session, actor: Actor, case_id: UUID | None) -> Any:
    """Return a case's row with its office's path; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Case), Case.id == case_id)))


def _take(session: Session, actor: Actor, case: Any, step: str, values: dict[str, Any], grant: UUID | None) -> UUID:
    changes.take(session, actor, Case, case, step, values, at=case.organization_id, grant=grant)
    return case.id


def deciders(case: Any) -> list[str]:
    """Return who decided the case before, or what it is about, as far as it stands now."""
    before = [*case.facts.get("deciders", ()), *([str(case.answered_by)] if case.answered_by else [])]
    return list(dict.fromkeys(before))


def require_fresh(case: Any, person_id: UUID) -> None:
    """Raise OwnCase or DecidedBefore where a person is not the one to decide."""
    if case.opened_by == person_id:
        raise OwnCase
    if str(person_id) in case.facts.get("deciders", ()):
        raise DecidedBefore


def _require_street(session: Session, actor: Actor, case: Any, step: str) -> None:
    if kept_for_street(session, actor, [case._asdict()]):
        raise JudgedByOwnStreet(step=step)


def _views(session: Session, actor: Actor, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    day, kept = today(session, actor.tenant_id), kept_for_street(session, actor, cases)
    own = own_results.appealed(session, actor, cases)
    return [_view(actor, case, day, kept=case["id"] in kept, concerned=case["id"] in own) for case in cases]


def _view(actor: Actor, case: dict[str, Any], day: date, *, kept: bool, concerned: bool) -> dict[str, Any]:
    own = case["opened_by"] == actor.person_id
    late = case["state"] in _OPEN and case["due_on"] < day
    shut = set() if late else {"case.escalate"}
    decided = case["answered_by"] is not None and case["kind"] != "opinion"
    if not own or not decided or "reopened" in case["facts"]:
        shut.add("case.reopen")
    if not own:
        shut.add("case.withdraw")
    if own or concerned or str(actor.person_id) in case["facts"].get("deciders", ()):
        shut.add("case.answer")
    if kept:
        shut |= {"case.assign", "case.answer"}
    steps = allowed(actor, "case", case["state"], case["path"], own=own)
    hidden = {"deciders", "before"} | (set() if case["assigned_to"] == actor.person_id else {"contact"})
    facts = {name: fact for name, fact in case["facts"].items() if name not in hidden}
    return {**case, "facts": facts, "late": late, "allowed_actions": [step for step in steps if step not in shut]}
