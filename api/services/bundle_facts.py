"""Facts and exemptions on their way into a bundle; what nobody here records is unknown, not nought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain import nil_returns
from api.domain.bundle_rows import RECORDED_HERE, Names, day_columns, keyed, occasion_names
from api.domain.exemptions import OPEN, exempt_spans
from api.domain.facts import UNIT_KINDS
from api.domain.place_facts import DERIVED
from api.domain.rulebook.bundle import grouping, kinds_asked, looks_back
from api.domain.rulebook.schema import Rulebook as Book
from api.models import Fact, Person, Position
from api.services.cuts import Cut, occasions
from api.services.standings import standings
from api.services.subjects import organization_keys

_undone = sa.orm.aliased(Fact, name="undone")
_undone_at = sa.orm.aliased(Position, name="undone_at")
_gone = sa.orm.aliased(Person, name="gone")
_WRITTEN = frozenset({"key", "kind", "activity", "community", "employer", "provenance"})


def unit_sources(
    session: Session, cut: Cut, book: Book, units: Sequence[UUID], gaps: Sequence[dict[str, str]]
) -> dict[UUID, dict[str, Any]]:
    """Return `facts`, nil returns among them, `exemptions` and what is `unknown` of each unit as of the cut.

    `gaps` are the kinds that nobody records (`unrecorded`); what a unit says of itself, or its silence, changes them.
    """
    sources = fact_sources(session, cut, book, units, UNIT_KINDS)
    asked, reads = kinds_asked(book), "facts" in grouping(book)
    for own in sources.values():
        facts = own.pop("facts")
        named = {fact["kind"] for fact in facts} if asked is None else asked
        unknown = nil_returns.gaps(facts, asked or (), gaps, cut.start, cut.end)
        shown = [fact for fact in facts if fact["kind"] in named or fact["kind"] == nil_returns.NIL]
        if reads or shown:
            own["facts"] = shown
        if unknown:
            own["unknown"] = unknown
    return sources


def fact_sources(
    session: Session, cut: Cut, book: Book, accounts: Sequence[UUID], more: Collection[str] = ()
) -> dict[UUID, dict[str, Any]]:
    """Return `facts` (where the rulebook asks for any) and `exemptions` of each account as of the cut.

    Facts are of the kinds that the rulebook names, and `more`.
    """
    named = kinds_asked(book)
    asked = None if named is None else named.union(more)
    need = grouping(book).get("facts")
    kinds = None if asked is None else {*asked, "exemption"}
    found = standing_facts(session, cut, accounts, kinds, lifetime=need is not None and need["lifetime"])
    shifts = occasions(session, {row.shift_id for rows in found.values() for row in rows if row.shift_id})
    places = {place for rows in found.values() for row in rows for place in (row.community_id, row.employer_id)}
    keys = organization_keys(session, cut.tenant_id, places - {None}, cut.cut_off)
    recorded = _recorded(session, cut, accounts, back=looks_back(book, "exemptions"))
    sources: dict[UUID, dict[str, Any]] = {}
    for account in accounts:
        rows = found[account]
        held = {row.shift_id for row in rows if row.shift_id in shifts}
        names = Names(cut.zone, keys, occasion_names([shifts[each] for each in held], cut.zone))
        written = list(fact_rows(rows, names, need["columns"] if need else []))
        granted = [_exemption(key, row) for key, row, _ in written if row.kind == "exemption"]
        sources[account] = {"exemptions": granted + recorded[account]}
        if need is not None or more:
            sources[account]["facts"] = [fact for _, row, fact in written if asked is None or row.kind in asked]
    return sources


def exempt_accounts(session: Session, cut: Cut, accounts: Sequence[UUID]) -> set[UUID]:
    """Return those of these accounts for whom an exemption is in force at the cut-off, granted or by the record."""
    found = standing_facts(session, cut, accounts, {"exemption"}, lifetime=True)
    recorded, day = _recorded(session, cut, accounts), cut.cut_off.isoformat()
    held = {account: [*recorded[account], *(_exemption("", row) for row in rows)] for account, rows in found.items()}
    return {account for account, rows in held.items() if any(row["start"] <= day < row["end"] for row in rows)}


def _recorded(
    session: Session, cut: Cut, accounts: Sequence[UUID], *, back: bool = False
) -> dict[UUID, list[dict[str, str]]]:
    """Return the exemptions that follow from what is on record of each account in the period, or before it too."""
    found = standings(session, cut.tenant_id, accounts, cut.end)
    start = "" if back else cut.start.isoformat()
    return {account: [row for row in exempt_spans(held) if row["end"] > start] for account, held in found.items()}


def unrecorded(session: Session, cut: Cut, book: Book) -> list[dict[str, str]]:
    """Return as gaps the kinds of facts that a rulebook asks for and of which nobody keeps a record in the period."""
    asked = (kinds_asked(book) or set()) - RECORDED_HERE - DERIVED
    kept = kinds_kept(session, cut, asked)
    return [{"source": "facts", "kind": kind} for kind in sorted(asked - kept)]


def kinds_kept(session: Session, cut: Cut, kinds: Collection[str]) -> set[str]:
    """Return those of these kinds of facts of which somebody in the tenant keeps a record in the period."""
    if not kinds:
        return set()
    statement = (
        sa.select(Fact.kind)
        .distinct()
        .join(Position, Position.row_id == Fact.id)
        .where(
            Fact.tenant_id == cut.tenant_id,
            Fact.kind.in_(sorted(kinds)),
            Fact.served_on >= cut.start,
            Fact.served_on < cut.end,
            Position.position <= cut.position,
        )
    )
    return {row.kind for row in session.rows(statement)}


def standing_facts(
    session: Session, cut: Cut, accounts: Sequence[UUID], kinds: Iterable[str] | None, *, lifetime: bool
) -> dict[UUID, list[Any]]:
    """Return the facts of each account that were sealed by the position and not reversed by it.

    What stands under the account of a record that was merged into another counts for who is left, as it is known now; a
    presence that both records have of one shift counts once.
    """
    left = merged(session, cut.tenant_id, accounts)
    undone = (
        sa.exists()
        .where(_undone.reverses_id == Fact.id, _undone_at.row_id == _undone.id, _undone_at.position <= cut.position)
        .correlate(Fact)
    )
    statement = sa.select(
        Fact.id, Fact.account_id, Fact.kind, Fact.served_on, Fact.shift_id, Fact.community_id, Fact.employer_id,
        Fact.provenance, Fact.details, Fact.pair,
    ).join(Position, Position.row_id == Fact.id).where(
        Fact.tenant_id == cut.tenant_id, Fact.account_id.in_([*accounts, *left]), Fact.reverses_id.is_(None), ~undone,
        Fact.served_on < cut.end, Position.position <= cut.position,
    )  # fmt: skip
    if kinds is not None:
        statement = statement.where(Fact.kind.in_(sorted(kinds)))
    if not lifetime:  # an exemption may have begun before the period
        spans = Fact.kind.in_(("exemption", nil_returns.NIL))
        statement = statement.where(sa.or_(Fact.served_on >= cut.start, spans))
    found: dict[UUID, list[Any]] = {account: [] for account in accounts}
    rows = session.rows(statement.order_by(Fact.id))
    known = {(row.account_id, _presence(row)) for row in rows if row.account_id not in left}
    for row in rows:
        account = left.get(row.account_id, row.account_id)
        if account == row.account_id or row.shift_id is None or (account, _presence(row)) not in known:
            known.add((account, _presence(row)))
            found[account].append(row)
    return found


def _presence(row: Any) -> tuple[Any, ...]:
    return row.shift_id, row.pair, row.kind


def merged(session: Session, tenant_id: UUID, accounts: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the account of each record that was merged into one of these, and into which."""
    statement = (
        sa.select(_gone.account_id, Person.account_id.label("left"))
        .join(Person, Person.id == _gone.merged_into)
        .where(_gone.tenant_id == tenant_id, _gone.state == "merged", Person.account_id.in_(accounts))
    )
    return {row.account_id: row.left for row in session.rows(statement)}


def fact_rows(rows: Sequence[Any], names: Names, columns: Sequence[str]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield facts as rows of one bundle with their keys, by these: key, what was read, what is written."""
    groups = [(row.served_on, row.kind, row.shift_id, row.id) for row in rows]
    keys = keyed(("servedOn", "kind", "activity", "id"), groups, names)
    for key, row in sorted(zip(keys, rows, strict=True), key=lambda pair: pair[0]):
        fact: dict[str, Any] = {"key": key, "kind": row.kind, "occurredOn": row.served_on.isoformat()}
        told = {name: row.details.get(name) for name in ("amount", "value", *columns) if name not in _WRITTEN}
        told |= {
            "activity": names.of("activity", row.shift_id),
            "community": names.of("community", row.community_id),
            "employer": names.of("employer", row.employer_id),
            "provenance": row.provenance,
            "until": row.details.get("end") if row.kind == nil_returns.NIL else None,
        }
        fact |= {name: value for name, value in told.items() if value is not None}
        yield key, row, {**fact, **day_columns(fact, fact["occurredOn"], columns)}


def _exemption(key: str, row: Any) -> dict[str, Any]:
    """Return an exemption: its fact says `kind`, `start` and, where it is known, `end` (the first day after)."""
    told = row.details
    start, end = told.get("start") or row.served_on.isoformat(), told.get("end") or OPEN
    return {"key": key, "kind": told.get("kind", "other"), "start": start, "end": end}
