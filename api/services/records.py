"""What the ledger says: facts and entries one by one, the sums of a person and of an organisation, the first screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain.kind_labels import kind_label
from api.models import (
    Activity,
    Affiliation,
    Entry,
    Fact,
    Need,
    Organization,
    Person,
    Position,
    Shift,
    Signup,
    Tenant,
)
from api.services import emergencies
from api.services.ledger import undone_entry, undone_fact
from api.services.places import governed
from api.visibility import visible

_FACTS = (
    sa.select(*Fact.__table__.c, undone_fact.id.label("reversed_by"), Position.position, Organization.path)
    .outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)
    .outerjoin(Position, Position.row_id == Fact.id)
    .outerjoin(Organization, Organization.id == Fact.community_id)
)
_ENTRIES = (
    sa.select(*Entry.__table__.c, undone_entry.id.label("reversed_by"), Position.position, Organization.path)
    .outerjoin(undone_entry, undone_entry.reverses_id == Entry.id)
    .outerjoin(Position, Position.row_id == Entry.id)
    .outerjoin(Organization, Organization.id == Entry.community_id)
)
_COUNT = sa.func.sum(sa.case((Entry.reverses_id.is_(None), 1), else_=-1)).label("entries")
_AMOUNT = sa.func.sum(Entry.amount).label("amount")


def facts(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the facts that the actor may see, newest first."""
    of_unit = sa.and_(Fact.account_kind == "organization", Fact.account_id == query.organization_id)
    return _listed(session, actor, query, _FACTS if query.organization_id is None else _FACTS.where(of_unit), Fact)


def entries(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the entries that the actor may see, newest first."""
    statement = _ENTRIES if query.unit is None else _ENTRIES.where(Entry.unit == query.unit)
    return _listed(session, actor, query, statement, Entry)


def fact(session: Session, actor: Actor, fact_id: UUID) -> dict[str, Any]:
    """Return one fact; NotFound where the actor may not know of it."""
    return _view(actor, found(session.first(_FACTS.where(visible(actor, Fact), Fact.id == fact_id)))._asdict(), "fact")


def entry(session: Session, actor: Actor, entry_id: UUID) -> dict[str, Any]:
    """Return one entry; NotFound where the actor may not know of it."""
    row = found(session.first(_ENTRIES.where(visible(actor, Entry), Entry.id == entry_id)))
    return _view(actor, row._asdict(), "entry")


def mine(session: Session, actor: Actor) -> dict[str, Any]:
    """Return the actor's own record."""
    return _record(session, actor, actor.person_id, actor.account_id)


def of_person(session: Session, actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Return a person's record as far as the actor may see its entries; NotFound where they see none of it."""
    row = found(session.first(sa.select(Person.account_id).where(visible(actor, Person), Person.id == person_id)))
    record = _record(session, actor, person_id, row.account_id)
    if person_id != actor.person_id:
        found(record["totals"] or None)
    return record


def of_organization(session: Session, actor: Actor, organization_id: UUID, query: Any) -> dict[str, Any]:
    """Return the sums of what was served in a place, or by the people of a unit, with all that is part of it.

    Beside them stands how many facts of each kind the units themselves have there, reversed ones left out.
    """
    place, _ = governed(session, actor, "organization.record", organization_id)
    part = sa.select(Organization.id).where(
        Organization.tenant_id == actor.tenant_id,
        Organization.path >= place.path,
        Organization.path < place.path[:-1] + "0",  # "0" follows "/": the first string after all that begin with it
    )
    territory = place.axis == "territory"
    column = Entry.community_id if territory else Entry.employer_id
    people = sa.func.count(sa.distinct(sa.case((Entry.account_kind == "person", Entry.account_id))))
    sums = sa.select(Entry.unit, _AMOUNT, _COUNT, people.label("people")).where(
        Entry.tenant_id == actor.tenant_id, column.in_(part)
    )
    whose = Fact.community_id if territory else Fact.account_id
    kept = sa.select(Fact.kind, sa.func.count().label("facts")).where(
        Fact.tenant_id == actor.tenant_id, Fact.account_kind == "organization", whose.in_(part),
        Fact.reverses_id.is_(None), ~sa.exists().where(undone_fact.reverses_id == Fact.id).correlate(Fact),
    )  # fmt: skip
    totals = [_whole(row._asdict()) for row in _summed(session, sums, Entry, query, Entry.unit)]
    facts_of = [
        {"kind": row.kind, "label": kind_label("fact.kind", row.kind), "facts": row.facts}
        for row in _summed(session, kept, Fact, query, Fact.kind)
    ]
    return {"organization_id": place.id, "name": place.name, "totals": totals, "facts": facts_of}


def _summed(session: Session, sums: Any, table: Any, query: Any, by: Any) -> Sequence[Any]:
    if query.since is not None:
        sums = sums.where(table.served_on >= query.since)
    if query.until is not None:
        sums = sums.where(table.served_on < query.until)
    return session.rows(sums.group_by(by).order_by(by))


def home(session: Session, actor: Actor) -> dict[str, Any]:
    """Return all that the first screen needs: name, registration, minutes of this year, next shifts, open needs near.

    Four statements beside the door's. Minutes are those of the ledger itself: one account is few rows.
    """
    keys = {"tenant": actor.tenant_id, "person": actor.person_id, "account": actor.account_id}
    # In no zone has the year turned more than a day earlier than in another.
    rows = session.rows(_MYSELF, {**keys, "since": date((session.now - timedelta(days=1)).year, 1, 1)})
    myself = found(rows[0] if rows else None)
    year = session.now.astimezone(ZoneInfo(myself.zone)).year
    sums = {row.unit: int(row.amount) for row in rows if row.year == year}
    at = next(({"community_id": row.community_id, "community_name": row.community_name, "state": row.state}
               for row in rows if row.community_id is not None), None)  # fmt: skip
    shifts = session.rows(_MY_SHIFTS, {"person": actor.person_id, "now": session.now})
    needs = session.rows(_OPEN_NEEDS, {"tenant": actor.tenant_id, "community": at["community_id"]}) if at else []
    return {
        "person_id": actor.person_id, "year": year, "registration": at,
        "name": session.vault.open(myself.wrapped_key, actor.person_id, "name", myself.name),
        "volunteer_minutes": sums.get("volunteer_minutes", 0), "participation_minutes": sums.get("participation", 0),
        "shifts": [row._asdict() for row in shifts], "needs": [row._asdict() for row in needs],
        "emergencies": emergencies.in_force(session, actor),
    }  # fmt: skip


_SUMS = (
    sa.select(
        Entry.account_id, Entry.unit, sa.extract("year", Entry.served_on).label("year"),
        sa.func.sum(Entry.amount).label("amount"),
    )
    .where(
        Entry.tenant_id == sa.bindparam("tenant"),
        Entry.account_id == sa.bindparam("account"),
        Entry.served_on >= sa.bindparam("since"),
        Entry.unit.in_(("volunteer_minutes", "participation")),
    )
    .group_by(Entry.account_id, Entry.unit, sa.extract("year", Entry.served_on))
    .subquery()
)  # fmt: skip
_MYSELF = (
    sa.select(
        Person.name, Person.wrapped_key, Tenant.zone, Affiliation.organization_id.label("community_id"),
        Organization.name.label("community_name"), Affiliation.state, _SUMS.c.unit, _SUMS.c.year, _SUMS.c.amount,
    )
    .join(Tenant, Tenant.id == Person.tenant_id)
    .outerjoin(
        Affiliation,
        sa.and_(
            Affiliation.tenant_id == Person.tenant_id,
            Affiliation.person_id == Person.id,
            Affiliation.kind == "registration",
            Affiliation.principal,
            Affiliation.state.in_(("accepted", "submitted")),
        ),
    )
    .outerjoin(Organization, Organization.id == Affiliation.organization_id)
    .outerjoin(_SUMS, _SUMS.c.account_id == Person.account_id)
    .where(Person.id == sa.bindparam("person"))
    .order_by(Affiliation.state, Affiliation.id)
)  # fmt: skip
_MY_SHIFTS = (
    sa.select(
        Shift.id.label("shift_id"), Activity.title, Activity.place, Shift.starts_at, Shift.ends_at,
        Signup.state.label("signup_state"),
    )
    .join(Shift, Shift.id == Signup.shift_id)
    .join(Activity, Activity.id == Shift.activity_id)
    .where(
        Signup.person_id == sa.bindparam("person"),
        Signup.state != "cancelled",
        Shift.state == "open",
        Shift.ends_at > sa.bindparam("now"),
    )
    .order_by(Shift.starts_at, Shift.id)
    .limit(5)
)  # fmt: skip
_OPEN_NEEDS = (
    sa.select(Need.id, Need.title, Need.category)
    .where(
        Need.tenant_id == sa.bindparam("tenant"),
        Need.community_id == sa.bindparam("community"),
        Need.state == "published",
    )
    .order_by(Need.id.desc())
    .limit(5)
)


def _record(session: Session, actor: Actor, person_id: UUID, account_id: UUID) -> dict[str, Any]:
    days = sa.select(Entry.unit, Entry.served_on, _AMOUNT, _COUNT).where(
        visible(actor, Entry), Entry.account_id == account_id
    )
    totals: dict[str, dict[str, Any]] = {}
    months: dict[tuple[str, str], dict[str, Any]] = {}
    for row in session.rows(days.group_by(Entry.unit, Entry.served_on).order_by(Entry.unit, Entry.served_on)):
        month = f"{row.served_on:%Y-%m}"
        for sums, key, names in (
            (totals, row.unit, {"unit": row.unit}),
            (months, (row.unit, month), {"unit": row.unit, "month": month}),
        ):
            sum_ = sums.setdefault(key, {**names, "amount": 0, "entries": 0})
            sum_["amount"] += int(row.amount)
            sum_["entries"] += int(row.entries)
    return {"person_id": person_id, "totals": list(totals.values()), "months": list(months.values())}


def _listed(session: Session, actor: Actor, query: Any, statement: sa.Select[Any], table: Any) -> dict[str, Any]:
    statement = statement.where(visible(actor, table))
    conditions: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
        (query.mine or None, lambda _: table.account_id == actor.account_id),
        (query.kind, lambda kind: table.kind == kind),
        (query.shift_id, lambda shift: table.shift_id == shift),
        (query.community_id, lambda community: table.community_id == community),
        (query.served_from, lambda day: table.served_on >= day),
        (query.served_before, lambda day: table.served_on < day),
    )
    for wanted, condition in conditions:
        if wanted is not None:
            statement = statement.where(condition(wanted))
    answer = paging.page(session, statement, table.id, limit=query.limit, cursor=query.cursor)
    noun = "fact" if table is Fact else "entry"
    answer["items"] = [_view(actor, item, noun) for item in answer["items"]]
    return answer


def _view(actor: Actor, item: dict[str, Any], noun: str) -> dict[str, Any]:
    step = f"{noun}.reverse"
    stands = item["reverses_id"] is None and item["reversed_by"] is None and item["account_id"] != actor.account_id
    may = stands and item["path"] is not None and actor.grant_for(step, item["path"]) is not None
    return {**item, "allowed_actions": [step] if may else []}


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name == "unit" else int(value) for name, value in row.items()}
