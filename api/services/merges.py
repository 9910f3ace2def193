"""Merging people: proposed with evidence, decided by somebody else as a case, and undone exactly within its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require, within
from api.db import Session, new_id
from api.domain.ledger import SelfApproval
from api.domain.merging import LaterMergeFirst, SamePerson, UndoTooLate
from api.errors import NotFound
from api.models import Affiliation, Organization, Person, PersonMerge
from api.services import cases, changes, merge_ledger, merge_rows
from api.services.identity_conflicts import office_above
from api.visibility import DISPUTED

OUTCOMES = frozenset({"accepted", "declined"})

_SHOWN = sa.select(
    PersonMerge.id, PersonMerge.version, PersonMerge.state, PersonMerge.survivor_id, PersonMerge.merged_id,
    PersonMerge.organization_id, PersonMerge.case_id, PersonMerge.reason, PersonMerge.evidence, PersonMerge.proposed_by,
    PersonMerge.done_at, PersonMerge.undone_at, PersonMerge.record, PersonMerge.created_at, PersonMerge.tenant_id,
    Organization.name.label("organization_name"), Organization.path, Person.wrapped_key,
).join(Organization, Organization.id == PersonMerge.organization_id).join(
    Person, Person.id == PersonMerge.survivor_id
)  # fmt: skip


def propose(session: Session, actor: Actor, survivor_id: UUID, values: dict[str, Any]) -> UUID:
    """Propose that `other_id` is the same human as the survivor, with evidence; a case asks the office above both.

    Nothing changes before somebody else accepts it. A repeat of the proposal while one stands is a Conflict. NotFound,
    SamePerson, SelfApproval.
    """
    other_id = values["other_id"]
    if other_id == survivor_id:
        raise SamePerson(pointer="/otherId")
    survivor = _mergeable(session, actor, survivor_id, None)
    _mergeable(session, actor, other_id, "/otherId")
    if actor.person_id in (survivor_id, other_id):
        raise SelfApproval
    office = _office(session, actor, [survivor_id, other_id])
    merge_id = new_id()
    case_id = cases.open_case(
        session, actor.aside(), kind="identity_merge", organization_id=office, reason=values["reason"],
        facts={"merge": str(merge_id), "other": str(other_id)}, subject_kind="person", subject_id=survivor_id,
    )  # fmt: skip
    row = {
        "id": merge_id, "survivor_id": survivor_id, "merged_id": other_id, "organization_id": office,
        "case_id": case_id, "reason": values["reason"], "proposed_by": actor.person_id, "done_at": None,
        "undone_at": None, "record": [],
        "evidence": session.vault.seal(survivor.wrapped_key, survivor_id, _place(merge_id), values["evidence"]),
    }  # fmt: skip
    return changes.create(session, actor, PersonMerge, "person_merge.propose", row, at=office)


def settle(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Merge what an accepted case proposes, or decline it; declined after it was reopened, the merge is undone."""
    row = _locked(session, actor.tenant_id, UUID(case.facts["merge"]))
    if actor.person_id in (row.survivor_id, row.merged_id):
        raise SelfApproval
    if told["outcome"] == "declined":
        if row.state == "done":
            _undo(session, actor, row, grant)
        elif row.state == "proposed":
            _take(session, actor, row, "person_merge.decline", {}, grant)
    elif row.state == "proposed":
        _merge(session, actor, row, grant)
    return {}


def undo(session: Session, actor: Actor, merge_id: UUID, reason: str) -> UUID:
    """Part two people again exactly as they were: within the days of the settings. UndoTooLate, LaterMergeFirst."""
    shown = _find(session, actor, merge_id)
    grant = require(actor, "person_merge.undo", shown.path)
    row = _locked(session, actor.tenant_id, merge_id)
    if actor.person_id in (row.survivor_id, row.merged_id):
        raise SelfApproval
    _undo(session, actor, row, grant, reason)
    return merge_id


def one(session: Session, actor: Actor, merge_id: UUID) -> dict[str, Any]:
    """Return one merge with its evidence and what it moved; NotFound beyond the actor's reach."""
    return _view(session, actor, _find(session, actor, merge_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the merges within the actor's reach, newest first."""
    statement = _SHOWN.where(_seen(actor))
    if query.state is not None:
        statement = statement.where(PersonMerge.state == query.state)
    if query.person_id is not None:
        both = (PersonMerge.survivor_id, PersonMerge.merged_id)
        statement = statement.where(sa.or_(*(column == query.person_id for column in both)))
    page = paging.page(session, statement, PersonMerge.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


def _merge(session: Session, actor: Actor, row: Any, grant: UUID) -> None:
    accounts = _accounts(session, row)
    for person_id in (row.survivor_id, row.merged_id):
        if accounts[person_id].state != "active":
            raise NotFound
    gone, left = accounts[row.merged_id].account_id, accounts[row.survivor_id].account_id
    merge_ledger.require_settled(session, actor.tenant_id, gone)
    moved = merge_rows.give(session, actor, row.merged_id, row.survivor_id)
    before = sa.select(Person.id).where(Person.merged_into == row.merged_id)
    moved += [{"table": "people", "id": str(each.id)} for each in session.rows(before)]
    session.execute(sa.update(Person).where(Person.merged_into == row.merged_id).values(merged_into=row.survivor_id))
    moved += merge_ledger.carry(session, actor, row.id, gone, left)
    _set_person(session, row.merged_id, "merged", row.survivor_id)
    _take(session, actor, row, "person_merge.confirm", {"done_at": session.now, "record": moved}, grant)
    _record_person(session, actor, row, "person.merge", grant, moved)


def _undo(session: Session, actor: Actor, row: Any, grant: UUID, reason: str | None = None) -> None:
    days = session.settings.merge_undo_days
    if row.done_at is not None and session.now - row.done_at > timedelta(days=days):
        raise UndoTooLate(days=days)
    accounts = _accounts(session, row)
    if accounts[row.survivor_id].state == "merged":
        raise LaterMergeFirst
    _take(session, actor, row, "person_merge.undo", {"undone_at": session.now}, grant, reason)
    gone, left = accounts[row.merged_id].account_id, accounts[row.survivor_id].account_id
    _set_person(session, row.merged_id, "active", None)
    earlier = [UUID(each["id"]) for each in row.record if each.get("table") == "people"]
    session.execute(sa.update(Person).where(Person.id.in_(earlier)).values(merged_into=row.merged_id))
    rows = [each for each in row.record if "table" in each and each["table"] != "people"]
    merge_rows.give_back(session, row.merged_id, row.survivor_id, rows)
    merge_ledger.carry_back(session, actor, gone, left, [each for each in row.record if "entry" in each])


def _accounts(session: Session, row: Any) -> dict[UUID, Any]:
    of = sa.select(Person.id, Person.account_id, Person.state).where(Person.id.in_([row.survivor_id, row.merged_id]))
    return {person.id: person for person in session.rows(of.order_by(Person.id).with_for_update(key_share=True))}


def _set_person(session: Session, person_id: UUID, state: str, merged_into: UUID | None) -> None:
    values = {"state": state, "merged_into": merged_into, "version": Person.version + 1}
    session.execute(sa.update(Person).where(Person.id == person_id).values(**values))


def _record_person(session: Session, actor: Actor, row: Any, step: str, grant: UUID, moved: Any) -> None:
    changes.record(
        session, actor.aside(), step, "person", row.merged_id, at=row.organization_id, grant=grant, written=moved,
        details={"merge": str(row.id)},
    )  # fmt: skip


def _take(
    session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID, reason: str | None = None
) -> None:
    who = actor if actor.step == step else actor.aside()  # an answer's key belongs to its case
    told = {"reasoned": True} if reason else None
    changes.take(session, who, PersonMerge, row, step, values, at=row.organization_id, grant=grant, details=told)


def _mergeable(session: Session, actor: Actor, person_id: UUID, pointer: str | None) -> Any:
    """Return an active person on a roster within the actor's reach, or on nobody's; NotFound beyond."""
    held = sa.select(Affiliation.person_id).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.valid_to.is_(None), Affiliation.state != DISPUTED
    )
    here = held.where(within(actor, "person_merge.propose", Affiliation.organization_id))
    row = session.first(
        sa.select(Person.id, Person.wrapped_key).where(
            Person.tenant_id == actor.tenant_id, Person.id == person_id, Person.state == "active",
            sa.or_(Person.id.in_(here), Person.id.not_in(held.where(Affiliation.person_id == person_id))),
        )
    )  # fmt: skip
    if row is None:
        raise NotFound(pointer=pointer)
    return row


def _office(session: Session, actor: Actor, people: list[UUID]) -> UUID:
    """Return who decides: the office above the employers of both, else above the communities they belong to."""
    held = session.rows(
        sa.select(Affiliation.organization_id, Organization.axis)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .where(
            Affiliation.tenant_id == actor.tenant_id,
            Affiliation.person_id.in_(people),
            Affiliation.valid_to.is_(None),
        )
    )
    axis = "territory" if held and all(row.axis == "territory" for row in held) else "employer"
    units = [row.organization_id for row in held if row.axis == axis]
    return office_above(session, actor.tenant_id, units, axis)


def _place(merge_id: UUID) -> str:
    return f"person_merges.evidence:{merge_id.hex}"


def _seen(actor: Actor) -> Any:
    return sa.and_(
        PersonMerge.tenant_id == actor.tenant_id,
        sa.or_(
            PersonMerge.proposed_by == actor.person_id, within(actor, "person_merge.read", PersonMerge.organization_id)
        ),
    )


def _find(session: Session, actor: Actor, merge_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(_seen(actor), PersonMerge.id == merge_id)))


def _locked(session: Session, tenant_id: UUID, merge_id: UUID) -> Any:
    of = sa.select(*PersonMerge.__table__.c).where(PersonMerge.tenant_id == tenant_id, PersonMerge.id == merge_id)
    return found(session.first(of.with_for_update()))


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    evidence = session.vault.open(row["wrapped_key"], row["survivor_id"], _place(row["id"]), row["evidence"])
    counts: dict[str, int] = {}
    for each in row["record"]:
        name = each.get("table", "entries")
        counts[name] = counts.get(name, 0) + 1
    steps = allowed(actor, "person_merge", row["state"], row["path"])
    late = row["done_at"] and session.now - row["done_at"] > timedelta(days=session.settings.merge_undo_days)
    open_ = [step for step in steps if step == "person_merge.undo" and not late]
    return {**row, "evidence": evidence, "moved": counts, "allowed_actions": open_}
