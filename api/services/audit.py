"""audit verify: does the ledger keep what it promises? Every finding names its check, its subject and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import operator
from api.db import Session
from api.domain.leaves import leaf
from api.domain.ledger import overcredited
from api.models import NOBODY, ApiClient, Entry, Fact, MonthlyTotal, Person, Position, Shift, Signup, Witness
from api.services import audit_funds, audit_judged, ledger_columns, sealer, settlement, witness
from api.services.days import zone_of

Finding = dict[str, Any]
_CHUNK = 1000
_PEOPLE = 200
_SEALED_WITHIN = timedelta(hours=1)


def verify(session: Session, tenant_id: UUID) -> list[Finding]:
    """Return what is wrong with a tenant's ledger as `{check, subject, detail}`; nothing where every invariant holds.

    Reads only. Checks are those of the ledger invariants that need nothing but this database; `CHECKS` names them all.
    """
    return [
        {"check": name, "subject": str(subject), "detail": detail}
        for name, check in CHECKS.items()
        for subject, detail in check(session, tenant_id)
    ]


Found = Iterator[tuple[Any, dict[str, Any]]]


def _gapless(session: Session, tenant_id: UUID) -> Found:
    count, first, last = session.rows(
        sa.select(sa.func.count(), sa.func.min(Position.position), sa.func.max(Position.position)).where(
            Position.tenant_id == tenant_id
        )
    )[0]
    if count and (first, last) != (1, count):
        yield tenant_id, {"positions": count, "first": first, "last": last}


def _leaves(session: Session, tenant_id: UUID) -> Found:
    """Every sealed row is there and is what was sealed."""
    after = 0
    sealed = sa.select(Position.position, Position.kind, Position.row_id, Position.leaf).order_by(Position.position)
    while rows := session.rows(sealed.where(Position.tenant_id == tenant_id, Position.position > after).limit(_CHUNK)):
        content = sealer.read_rows(session, [(row.kind, row.row_id) for row in rows])
        for row in rows:
            found = content.get(row.row_id)
            if found is None:
                yield row.row_id, {"position": row.position, "kind": row.kind, "is": "missing"}
            elif leaf(row.kind, found) != row.leaf:
                yield row.row_id, {"position": row.position, "kind": row.kind, "is": "changed"}
        after = rows[-1].position


def _left_behind(session: Session, tenant_id: UUID) -> Found:
    """What was recorded an hour ago is sealed."""
    for row in session.rows(sealer.unsealed(session, tenant_id, everything=True).limit(_CHUNK)):
        if row.recorded_at < session.now - _SEALED_WITHIN:
            yield row.id, {"kind": row.kind, "recordedAt": row.recorded_at.isoformat()}


def _totals(session: Session, tenant_id: UUID) -> Found:
    """Monthly sums are folds of the sealed entries."""
    sealed = sealer.FOLDED.join(Position, Position.row_id == Entry.id).where(Entry.tenant_id == tenant_id)
    folded = sealer.fold(session.connection.execute(sealed.execution_options(yield_per=_CHUNK)))
    columns = MonthlyTotal.__table__.c
    kept = {
        tuple(row[:7]): list(row[7:])
        for row in session.rows(
            sa.select(
                columns.account_id, columns.month, columns.unit, columns.kind, columns.nature, columns.community_id,
                columns.employer_id, columns.amount, columns.entries,
            ).where(columns.tenant_id == tenant_id)
        )
    }  # fmt: skip
    for key in sorted(folded.keys() | kept.keys(), key=str):
        if folded.get(key, [0, 0]) != kept.get(key, [0, 0]):
            yield key[0], {"month": key[1], "unit": key[2], "ledger": folded.get(key), "kept": kept.get(key)}


def _reversals(session: Session, tenant_id: UUID) -> Found:
    """A reversal names one earlier row of the same account, which is no reversal, with the opposite amount, once.

    Earlier is what the order says, as far as both are sealed: times of recording alone could be written back.
    """
    for table, same in ((Entry, ("account_id", "unit", "served_on")), (Fact, ("account_id", "kind", "shift_id"))):
        first, own, named = aliased(table), aliased(Position), aliased(Position)
        differs = [
            getattr(first, name).is_distinct_from(getattr(table, name)) for name in same
        ]  # fmt: skip
        if table is Entry:
            differs.append(first.amount != -Entry.amount)
        wrong = (
            sa.select(table.id, table.reverses_id)
            .outerjoin(first, first.id == table.reverses_id)
            .outerjoin(own, own.row_id == table.id)
            .outerjoin(named, named.row_id == table.reverses_id)
            .where(
                table.tenant_id == tenant_id,
                table.reverses_id.is_not(None),
                sa.or_(
                    first.id.is_(None),
                    first.reverses_id.is_not(None),
                    first.recorded_at > table.recorded_at,
                    named.position > own.position,
                    *differs,
                ),
            )
        )
        twice = (
            sa.select(table.reverses_id, sa.func.count())
            .where(table.tenant_id == tenant_id, table.reverses_id.is_not(None))
            .group_by(table.reverses_id)
            .having(sa.func.count() > 1)
        )
        for row_id, reverses_id in session.rows(wrong):
            yield row_id, {"reverses": str(reverses_id)}
        for row_id, times in session.rows(twice):
            yield row_id, {"reversed": times}


def _one_presence(session: Session, tenant_id: UUID) -> Found:
    """Of one person, shift, pair and direction one presence stands: what was acknowledged counts exactly once."""
    undone = aliased(Fact)
    key = (Fact.account_id, Fact.shift_id, Fact.pair, Fact.kind)
    several = (
        sa.select(*key, sa.func.count().label("facts"))
        .where(
            Fact.tenant_id == tenant_id, Fact.kind.in_(("check_in", "check_out")), Fact.shift_id.is_not(None),
            Fact.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Fact.id),
        )
        .group_by(*key)
        .having(sa.func.count() > 1)
    )  # fmt: skip
    for row in session.rows(several):
        yield row.account_id, {"shift": str(row.shift_id), "pair": row.pair, "kind": row.kind, "facts": row.facts}


def _one_credit_a_pair(session: Session, tenant_id: UUID) -> Found:
    """Of one person, shift and pair at most one credit stands in one unit, whatever presence it follows from."""
    key = (Entry.account_id, Fact.shift_id, Fact.pair, Entry.unit)
    several = (
        sa.select(*key, sa.func.count().label("entries"))
        .join(Fact, Fact.id == Entry.source_id)
        .where(Entry.tenant_id == tenant_id, Fact.shift_id.is_not(None), *_STANDING)
        .group_by(*key)
        .having(sa.func.count() > 1)
    )
    for row in session.rows(several):
        yield row.account_id, {"shift": str(row.shift_id), "pair": row.pair, "unit": row.unit, "entries": row.entries}


def _somebody_acted(session: Session, tenant_id: UUID) -> Found:
    """Whoever acted is known: a person, a client, a witness, or the system itself."""
    for kind, table in sealer.TABLES.items():
        acted = sa.select(table.id, table.actor_id).where(table.tenant_id == tenant_id, table.actor_id != NOBODY)
        strangers = acted.subquery()
        unknown = [~sa.exists().where(one.id == strangers.c.actor_id) for one in (Person, ApiClient, Witness)]
        for row in session.rows(sa.select(strangers).where(*unknown)):
            yield row.id, {"kind": kind, "actor": str(row.actor_id)}


def _places(session: Session, tenant_id: UUID) -> Found:
    """Confirmed people are counted exactly, and never more than there are places (imported history excepted)."""
    count = sa.func.count(Signup.id)
    counted = (
        sa.select(Shift.id, Shift.capacity, Shift.confirmed, count.label("signups"))
        .outerjoin(Signup, sa.and_(Signup.shift_id == Shift.id, Signup.state == "confirmed"))
        .where(Shift.tenant_id == tenant_id, Shift.imported.is_(False))
        .group_by(Shift.id, Shift.capacity, Shift.confirmed)
        .having(sa.or_(count != Shift.confirmed, Shift.confirmed > Shift.capacity))
    )
    for row in session.rows(counted):
        yield row.id, {"capacity": row.capacity, "confirmed": row.confirmed, "signups": row.signups}


_undone = aliased(Entry, name="undone_entry")
_STANDING = (
    Entry.reverses_id.is_(None),
    Entry.account_kind == "person",
    Entry.unit.in_(settlement.MINUTES),
    ~sa.exists().where(_undone.reverses_id == Entry.id),
)


def _one_credit(session: Session, tenant_id: UUID) -> Found:
    """Of one source at most one entry stands in one unit."""
    several = (
        sa.select(Entry.source_id, Entry.unit, sa.func.count().label("entries"))
        .where(Entry.tenant_id == tenant_id, *_STANDING)
        .group_by(Entry.source_id, Entry.unit)
        .having(sa.func.count() > 1)
    )
    for row in session.rows(several):
        yield row.source_id, {"unit": row.unit, "entries": row.entries}


def _no_time_twice(session: Session, tenant_id: UUID) -> Found:
    """No person has more credited minutes than time, across all communities."""
    standing = (
        sa.select(Entry.account_id, Entry.started_at, Entry.ended_at, Entry.amount)
        .where(Entry.tenant_id == tenant_id, Entry.started_at.is_not(None), Entry.ended_at.is_not(None), *_STANDING)
        .order_by(Entry.account_id, Entry.started_at)
    )
    rows = session.connection.execute(standing.execution_options(yield_per=_CHUNK))
    for account, these in groupby(rows, key=lambda row: row.account_id):
        for start, end, minutes, room in overcredited(tuple(row)[1:] for row in these):
            yield account, {"from": _iso(start), "until": _iso(end), "credited": minutes, "minutes": room}


def _posted(session: Session, tenant_id: UUID) -> Found:
    """What presences are worth is what is posted: settling everything again would post nothing."""
    zone, actor = zone_of(session, tenant_id), operator(tenant_id)
    accounts = sa.select(Fact.account_id).where(
        Fact.tenant_id == tenant_id, Fact.kind == "check_in", Fact.shift_id.is_not(None)
    )
    everybody = [row.account_id for row in session.rows(accounts.distinct().order_by(Fact.account_id))]
    for start in range(0, len(everybody), _PEOPLE):
        for entry in settlement.unposted(session, actor, zone, everybody[start : start + _PEOPLE]):
            yield (
                entry["account_id"],
                {"unit": entry["unit"], "minutes": entry["amount"], "shift": str(entry["shift_id"])},
            )


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


CHECKS: dict[str, Callable[[Session, UUID], Found]] = {
    "positions_gapless": _gapless,
    "leaves_match": _leaves,
    "sealed_in_time": _left_behind,
    "totals_are_folds": _totals,
    "columns_are_entries": ledger_columns.differing,
    "reversals_name_one": _reversals,
    "places_are_counted": _places,
    "one_entry_a_source": _one_credit,
    "no_time_twice": _no_time_twice,
    "posted_as_worth": _posted,
    "one_presence_a_pair": _one_presence,
    "one_credit_a_pair": _one_credit_a_pair,
    "somebody_acted": _somebody_acted,
    "accounts_of_money": audit_funds.accounts_of_money,
    "tree_matches": witness.tree_matches,
    "checkpoints_match": witness.checkpoints_match,
    "checkpoints_signed": witness.checkpoints_signed,
    "witnesses_agree": witness.witnesses_agree,
    "documents_as_issued": audit_judged.documents_as_issued,
    "assessments_reproduce": audit_judged.assessments_reproduce,
    "assessed_minutes_are_folds": audit_judged.assessed_minutes_are_folds,
    "sealed_periods_stand": audit_judged.sealed_periods_stand,
    "match_runs_reproduce": audit_judged.match_runs_reproduce,
}
