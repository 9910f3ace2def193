"""What a merge does to the ledger: entries are carried over by reversal and transfer, and back; none is edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session, new_id
from api.domain.forgotten import WATERMARK
from api.domain.merging import MergeWaits, Standing, carried
from api.models import Cycle, Entry, Fact, Organization, Shift
from api.services import pairs, settlement
from api.services.days import zone_of

_undone = aliased(Entry, name="undone_entry")
_STANDS = sa.and_(Entry.reverses_id.is_(None), ~sa.exists().where(_undone.reverses_id == Entry.id).correlate(Entry))
_SEALED = ("final", "delivered")


def require_settled(session: Session, tenant_id: UUID, account_id: UUID) -> None:
    """Raise MergeWaits where a check-in of the account may still be settled: its shift ended lately, and it waits."""
    lately = sa.select(Shift.id, Shift.state).join(Fact, Fact.shift_id == Shift.id).where(
        Fact.tenant_id == tenant_id, Fact.account_id == account_id, Fact.kind == "check_in", Fact.reverses_id.is_(None),
        Shift.imported.is_(False), Shift.lapsed_at.is_(None), Shift.ends_at > session.now - WATERMARK,
    )  # fmt: skip
    states = dict(tuple(row) for row in session.rows(lately.distinct()))
    standing = pairs.at_shifts(session, states, [account_id]) if states else {}
    if any(pair.waits or states[shift_id] == "open" for (shift_id, _, _), pair in standing.items()):
        raise MergeWaits


def carry(session: Session, actor: Actor, merge_id: UUID, gone: UUID, left: UUID) -> list[dict[str, Any]]:
    """Carry the standing entries of account `gone` over to account `left`; return what became of each.

    Each is reversed and posted anew as far as its time is free there, with the same day, community, employer and times.
    What a sealed cycle counted stays where it is: a sealed period changes only by an amendment.
    """
    settlement.hold(session, [gone, left])
    theirs = _standing(session, actor.tenant_id, gone)
    sealed = _sealed(session, actor.tenant_id, theirs)
    theirs = [row for row in theirs if row.id not in sealed]
    own = _standing(session, actor.tenant_id, left)
    timed = [row for row in theirs if row.unit in settlement.MINUTES]
    posted = carried([_as_standing(row) for row in timed], [_as_standing(row) for row in own if row.unit in _TIMED])
    revisions = _revisions(session, [row.source_id for row in theirs])
    rows, record = [], []
    for row in theirs:
        reversal = _reversal(session, actor, row)
        parts = [part for part in posted if part.entry_id == row.id] if row in timed else [_as_standing(row)]
        new = [
            _posted(session, actor, row, left, part.amount, part.started_at, part.ended_at)
            | _source(merge_id, row, number, revisions)
            for number, part in enumerate(parts)
        ]
        rows += [reversal, *new]
        record.append(
            {"entry": str(row.id), "reversal": str(reversal["id"]), "posted": [str(one["id"]) for one in new]}
        )
    session.insert(Entry, rows)
    return record


def carry_back(session: Session, actor: Actor, gone: UUID, left: UUID, record: Iterable[dict[str, Any]]) -> None:
    """Take back what `carry` posted and post the entries of account `gone` as they were.

    What an officer reversed since stays reversed. Presences of who stays are settled again where time became free.
    """
    settlement.hold(session, [gone, left])
    record = list(record)
    new = _entries(session, [UUID(each) for one in record for each in one["posted"]])
    old = _entries(session, [UUID(one["entry"]) for one in record])
    stand = {row.id for row in new.values() if row.undone_by is None}
    revisions = _revisions(session, [row.source_id for row in old.values()])
    rows = []
    for one in record:
        posted = [UUID(each) for each in one["posted"]]
        rows += [_reversal(session, actor, new[each]) for each in posted if each in stand]
        if stand.issuperset(posted):
            row = old[UUID(one["entry"])]
            again = _posted(session, actor, row, gone, row.amount, row.started_at, row.ended_at)
            rows.append(again | _source(None, row, 0, revisions))
    session.insert(Entry, rows)
    windows = [(row.started_at, row.ended_at) for row in new.values() if row.started_at and row.ended_at]
    if windows:
        zone = zone_of(session, actor.tenant_id)
        settlement.settle(session, actor.tenant_id, zone, {left: (actor, windows)})


_TIMED = frozenset(settlement.MINUTES)


def _standing(session: Session, tenant_id: UUID, account_id: UUID) -> Sequence[Any]:
    of = sa.and_(Entry.tenant_id == tenant_id, Entry.account_id == account_id, Entry.account_kind == "person")
    return session.rows(sa.select(*Entry.__table__.c).where(of, _STANDS).order_by(Entry.id))


def _entries(session: Session, ids: Sequence[UUID]) -> dict[UUID, Any]:
    statement = sa.select(*Entry.__table__.c, _undone.id.label("undone_by")).outerjoin(
        _undone, _undone.reverses_id == Entry.id
    )
    return {row.id: row for row in session.rows(statement.where(Entry.id.in_(ids)).order_by(Entry.id))}


def _sealed(session: Session, tenant_id: UUID, rows: Sequence[Any]) -> set[UUID]:
    """Return those entries that a final cycle of an authority above their community or employer counted."""
    cycles = session.rows(
        sa.select(Cycle.period_start, Cycle.period_end, Organization.path)
        .join(Organization, Organization.id == Cycle.organization_id)
        .where(Cycle.tenant_id == tenant_id, Cycle.state.in_(_SEALED))
    )
    if not cycles:
        return set()
    places = {place for row in rows for place in (row.community_id, row.employer_id) if place}
    found = session.rows(sa.select(Organization.id, Organization.path).where(Organization.id.in_(places)))
    paths = {row.id: row.path for row in found}
    return {
        row.id
        for row in rows
        for cycle in cycles
        if cycle.period_start <= row.served_on < cycle.period_end
        and any(paths.get(place, "").startswith(cycle.path) for place in (row.community_id, row.employer_id))
    }


def _revisions(session: Session, sources: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    """Return the last revision of each source and unit; whatever account it stands under."""
    last = sa.select(Entry.source_id, Entry.unit, sa.func.max(Entry.revision).label("last")).where(
        Entry.source_id.in_(sources), Entry.reverses_id.is_(None)
    )
    return {(row.source_id, row.unit): row.last for row in session.rows(last.group_by(Entry.source_id, Entry.unit))}


def _as_standing(row: Any) -> Standing:
    return Standing(row.id, row.amount, row.started_at, row.ended_at)


def _source(merge_id: UUID | None, row: Any, number: int, revisions: dict[tuple[UUID, str], int]) -> dict[str, Any]:
    """Return source and revision of a posting: the first goes on with the source, a further stretch is one of its own.

    Of one source only one entry stands at a time.
    """
    if number == 0 or merge_id is None:
        return {"source_id": row.source_id, "revision": revisions.get((row.source_id, row.unit), row.revision) + 1}
    return {"source_id": uuid5(merge_id, f"{row.id}:{number}"), "revision": 0}


def _appended(session: Session, actor: Actor) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": None, "request_key": None, "fingerprint": None, "account_kind": "person", "kind": "transfer",
    }  # fmt: skip


def _reversal(session: Session, actor: Actor, row: Any) -> dict[str, Any]:
    same = {"account_id": row.account_id, "unit": row.unit, "amount": -row.amount, "revision": row.revision}
    return _appended(session, actor) | same | settlement.reversal_of(row)


def _posted(
    session: Session, actor: Actor, row: Any, account: UUID, amount: int, started_at: Any, ended_at: Any
) -> dict[str, Any]:
    kept = ("unit", "nature", "served_on", "provenance", "activity_id", "shift_id", "community_id", "employer_id")
    return _appended(session, actor) | {name: getattr(row, name) for name in kept} | {
        "account_id": account, "amount": amount, "started_at": started_at, "ended_at": ended_at, "reverses_id": None,
    }  # fmt: skip
