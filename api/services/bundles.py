"""输入包: all that a judgement may look at, read in sets as of a sealed position and written in canonical rows.

SQL sums the entries by the columns that the rulebook asks for; what a rule makes of the sums is the engine's matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.bundle_rows import DAY_COLUMNS, NONE, Names, day_columns, entry_rows, keyed, occasion_names
from api.domain.rulebook.bundle import InputBundle, attributes, grouping, looks_back
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.sanctions import MAKE_UP
from api.domain.workdays import WorkCalendar
from api.models import Activity, Affiliation, Entry, Person, Position, Sanction
from api.services.affiliations import IN_FORCE_ONCE
from api.services.bundle_facts import fact_sources, unit_sources
from api.services.cuts import Cut, occasions
from api.services.earlier_results import over_time
from api.services.relations import shaped
from api.services.subjects import Subject, Unit, organization_keys

_Reversed = sa.orm.aliased(Entry, name="reversed_entry")
_activity = sa.orm.aliased(Activity, name="served_activity")
_leader, _kept = sa.orm.aliased(Person, name="leader"), sa.orm.aliased(Person, name="leader_kept")
NOT_APPLICABLE = sa.literal_column(f"'{NONE}'")  # as a parameter PostgreSQL could not tell that it groups by the same
COLUMNS: dict[str, Any] = {
    "activity": sa.func.coalesce(Entry.shift_id, Entry.activity_id, Entry.source_id),
    "community": Entry.community_id,
    "employer": Entry.employer_id,
    "id": sa.func.coalesce(Entry.reverses_id, Entry.id),
    "kind": sa.func.coalesce(_Reversed.kind, Entry.kind),  # a reversal counts as what it reverses
    "nature": Entry.nature,
    "provenance": Entry.provenance,
    "servedOn": Entry.served_on,
    "unit": Entry.unit,
    # of the activity, which nobody edits once it is published
    "activityKind": sa.func.coalesce(_activity.kind, NOT_APPLICABLE),
    "category": sa.func.coalesce(_activity.category, NOT_APPLICABLE),
    "role": sa.case(
        (Entry.account_id.in_((_leader.account_id, _kept.account_id)), sa.literal_column("'leader'")),
        else_=sa.literal_column("'participant'"),
    ),
}
_OF_ACTIVITIES = frozenset({"activityKind", "category", "role"})


class Reading(NamedTuple):
    """How a rulebook reads entries: by which columns they are summed, and whether those before the period too."""

    columns: tuple[str, ...]
    lifetime: bool


def entry_columns(book: Book) -> tuple[str, ...]:
    """Return the columns by which the entries of a bundle are summed for a rulebook: its own, the unit and the day."""
    asked = asked_columns(book)
    named = {"id" if name == "key" else name for name in asked}
    named |= {"activity"} if "timeOfDay" in asked else set()
    return tuple(sorted({"servedOn", "unit", *(named & (COLUMNS.keys() | {"relation"}))}))


def asked_columns(book: Book) -> list[str]:
    """Return the columns of entries that a rulebook looks at, those that follow from the day among them."""
    return grouping(book).get("entries", {"columns": []})["columns"]


def member_bundles(
    session: Session, cut: Cut, book: Book, subjects: Sequence[Subject], gaps: Sequence[dict[str, str]]
) -> list[InputBundle]:
    """Return the bundle of each member, in their order; a few statements for all of them.

    `gaps` are what nobody records (`unrecorded`), the same for all.
    """
    accounts = [subject.account_id for subject in subjects]
    entries = _entries(session, cut, book, accounts)
    facts = fact_sources(session, cut, book, accounts)
    held = affiliations(session, cut, book, [subject.person_id for subject in subjects])
    earlier = over_time(session, cut, book, accounts)
    asked = attributes(book)
    bundles: list[Any] = [
        {
            **head(cut, subject.key, "member", gaps),
            "attributes": {name: subject.attributes.get(name) for name in asked},
            "entries": entries[subject.account_id],
            "affiliations": held[subject.person_id],
            **facts[subject.account_id],
            **earlier[subject.account_id],
        }
        for subject in subjects
    ]
    return bundles


def unit_bundles(
    session: Session,
    cut: Cut,
    book: Book,
    units: Sequence[Unit],
    members: dict[UUID, list[Any]],
    denominators: dict[UUID, dict[str, int | None]],
    gaps: Sequence[dict[str, str]],
) -> list[InputBundle]:
    """Return the bundle of each unit: its own record, its members' judgements and its head-counts."""
    ids = [unit.id for unit in units]
    entries, facts = _entries(session, cut, book, ids), unit_sources(session, cut, book, ids, gaps)
    earlier = over_time(session, cut, book, ids)
    bundles: list[Any] = [
        {
            **head(cut, unit.key, book.subject, ()),
            "attributes": {},
            "entries": entries[unit.id],
            "members": sorted(members.get(unit.id, []), key=lambda row: row["key"]),
            "denominators": denominators[unit.id],
            **facts[unit.id],
            **earlier[unit.id],
        }
        for unit in units
    ]
    return bundles


def head(cut: Cut, subject: str, kind: str, gaps: Sequence[dict[str, str]]) -> Any:
    """Return what every bundle says first: of whom and what period it is, as of what, and the `gaps` in the record."""
    told = {
        "subject": subject,
        "subjectKind": kind,
        "period": {"start": cut.start.isoformat(), "end": cut.end.isoformat()},
        "asOf": cut.position,
        "timeZone": cut.zone.key,
        "calendar": _calendar(),
    }
    return {**told, "unknown": gaps} if gaps else told


@cache
def _calendar() -> str:
    return WorkCalendar().version  # reads the metadata of a package: once a process is enough


def reading(book: Book) -> Reading:
    """Return how a rulebook reads the entries."""
    need = grouping(book).get("entries")
    return Reading(entry_columns(book), need is not None and need["lifetime"])


def as_of(read: Reading, whose: sa.ColumnElement[bool], *selected: Any) -> Any:
    """Select from certain entries that were sealed by the position and served in the period: those of `bounds`."""
    statement = (
        sa.select(*selected)
        .join(Position, Position.row_id == Entry.id)
        .where(
            Entry.tenant_id == sa.bindparam("tenant"),
            whose,
            Entry.served_on < sa.bindparam("end"),
            Position.tenant_id == sa.bindparam("tenant"),
            Position.position <= sa.bindparam("position"),
        )
    )
    if "kind" in read.columns:
        statement = statement.outerjoin(_Reversed, _Reversed.id == Entry.reverses_id)
    if not _OF_ACTIVITIES.isdisjoint(read.columns):
        statement = statement.outerjoin(_activity, _activity.id == Entry.activity_id)
    if "role" in read.columns:  # a leader whose record was merged leads on under the record that is left
        statement = statement.outerjoin(_leader, _leader.id == _activity.leader_id)
        statement = statement.outerjoin(_kept, _kept.id == _leader.merged_into)
    return statement if read.lifetime else statement.where(Entry.served_on >= sa.bindparam("start"))


def bounds(cut: Cut, read: Reading) -> dict[str, Any]:
    """Return the parameters of an `as_of` statement."""
    told = {"tenant": cut.tenant_id, "end": cut.end, "position": cut.position}
    return told if read.lifetime else {**told, "start": cut.start}


def entries_at(session: Session, cut: Cut, book: Book, into: dict[UUID, UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the entries of what was served at places, summed under what each place belongs to; of nobody by name."""
    return _entries(session, cut, book, sorted(into), Entry.community_id, into)


def _entries(
    session: Session, cut: Cut, book: Book, accounts: Sequence[UUID], owner: Any = Entry.account_id,
    into: dict[UUID, UUID] | None = None,
) -> dict[UUID, list[dict[str, Any]]]:  # fmt: skip
    how = reading(book)
    columns = how.columns
    read, shape = shaped(session, cut, columns, accounts)
    by = [COLUMNS[name] for name in read]
    amount = sa.cast(sa.func.sum(Entry.amount), sa.BigInteger)
    count = sa.func.sum(sa.case((Entry.reverses_id.is_(None), 1), else_=-1))
    theirs = owner.in_(sa.bindparam("owners", expanding=True))
    statement = as_of(how, theirs, owner, amount, count, *by).group_by(owner, *by)
    found: defaultdict[UUID, dict[tuple[Any, ...], tuple[int, int]]] = defaultdict(dict)
    for at, total, times, *group in session.rows(statement, {**bounds(cut, how), "owners": list(accounts)}):
        account, alike = at if into is None else into[at], shape(at, group)
        before = found[account].get(alike, (0, 0))
        found[account][alike] = (before[0] + int(total), before[1] + int(times))
    sums = {account: [(group, *both) for group, both in rows.items()] for account, rows in found.items()}
    groups = {account: list(rows) for account, rows in found.items()}
    names, asked = _names(session, cut, columns, groups), asked_columns(book)
    rows = {account: entry_rows(columns, sums[account], names[account]) for account in sums}
    if not DAY_COLUMNS.isdisjoint(asked):
        rows = {
            account: [row | day_columns(row, row["servedOn"], asked) for row in some] for account, some in rows.items()
        }
    return {account: rows.get(account, []) for account in (accounts if into is None else into.values())}


def _names(
    session: Session, cut: Cut, columns: Sequence[str], groups: dict[UUID, list[tuple[Any, ...]]]
) -> dict[UUID, Names]:
    """Return the names of what each account's groups refer to."""
    used = {name: columns.index(name) for name in ("activity", "community", "employer") if name in columns}
    at = [used[name] for name in ("community", "employer") if name in used]
    places = {group[n] for rows in groups.values() for group in rows for n in at if group[n] is not None}
    organizations = organization_keys(session, cut.tenant_id, places, cut.cut_off)
    where = used.get("activity")
    ids = {} if where is None else {account: {group[where] for group in rows} for account, rows in groups.items()}
    known = occasions(session, {each for found in ids.values() for each in found})
    return {
        account: Names(
            cut.zone,
            organizations,
            occasion_names([known[each] for each in ids.get(account, ()) if each in known], cut.zone),
        )
        for account in groups
    }


def affiliations(
    session: Session, cut: Cut, book: Book, people: Sequence[UUID]
) -> dict[UUID, list[dict[str, Any]]]:  # fmt: skip
    """Return what each person was affiliated to in the period, as it is known now; before it too where a rule asks.

    A suspended right to make up hours stands among them from the day on which it was imposed, while it holds.
    """
    statement = sa.select(
        Affiliation.person_id, Affiliation.kind, Affiliation.organization_id, Affiliation.valid_from, Affiliation.id,
        Affiliation.valid_to, Affiliation.basis,
    ).where(
        Affiliation.tenant_id == cut.tenant_id,
        Affiliation.person_id.in_(people),
        Affiliation.kind.in_(("employment", "registration", "secondary_home")),
        Affiliation.state.in_(IN_FORCE_ONCE),
        Affiliation.valid_from < cut.end,
    )  # fmt: skip
    if not looks_back(book, "affiliations"):
        statement = statement.where(sa.or_(Affiliation.valid_to.is_(None), Affiliation.valid_to > cut.start))
    rows = session.rows(statement)
    keys = organization_keys(session, cut.tenant_id, {row.organization_id for row in rows}, cut.cut_off)
    names = Names(cut.zone, keys)
    held: dict[UUID, list[Any]] = {person: [] for person in people}
    for row in rows:
        held[row.person_id].append(row)
    columns = ("kind", "community", "start", "id")
    suspensions = _suspensions(session, cut, people)
    return {
        person: [
            {"key": key, "kind": row.kind, "start": row.valid_from.isoformat(),
             "end": row.valid_to and row.valid_to.isoformat(), "community": keys[row.organization_id],
             "basis": row.basis}
            for key, row in sorted(zip(keyed(columns, [tuple(row)[1:5] for row in found], names), found, strict=True))
        ]
        + suspensions.get(person, [])
        for person, found in held.items()
    }  # fmt: skip


def _suspensions(session: Session, cut: Cut, people: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    statement = sa.select(Sanction.person_id, Sanction.imposed_at).where(
        Sanction.tenant_id == cut.tenant_id, Sanction.person_id.in_(people), Sanction.kind == MAKE_UP,
        Sanction.state == "imposed",
    )  # fmt: skip
    held: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in session.rows(statement.order_by(Sanction.imposed_at, Sanction.id)):
        day = row.imposed_at.astimezone(cut.zone).date()
        if day < cut.end:
            key = f"{MAKE_UP}/{day.isoformat()}" + (f"#{len(held[row.person_id]) + 1}" if held[row.person_id] else "")
            held[row.person_id].append({"key": key, "kind": MAKE_UP, "start": day.isoformat(), "end": None})
    return held
