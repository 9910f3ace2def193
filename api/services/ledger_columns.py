"""Packing the sealed entries by columns, and telling whether what was packed is what was sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from psycopg.rows import namedtuple_row

from api.access import Actor
from api.db import Session
from api.domain.columns import TYPES, Arrays, Block, Posting, Seen, as_arrays, as_bytes, by_month, ids_in, packed
from api.models import Entry, LedgerColumns, Position

ROWS = 4096  # postings a block
FOLD = 8  # blocks a block of the next level
_AT_ONCE = 16

_original = sa.orm.aliased(Entry, name="original")
_at = sa.orm.aliased(Position, name="original_at")
# Ids are read as text, of which bytes are made: as objects they cost more than all else of a posting.
_POSTINGS = (
    sa.select(
        Position.position, sa.cast(Entry.account_id, sa.Text).label("account"), Entry.served_on, Entry.amount,
        Entry.unit, sa.func.coalesce(_original.kind, Entry.kind).label("kind"), Entry.nature, Entry.provenance,
        sa.cast(sa.func.coalesce(Entry.shift_id, Entry.activity_id), sa.Text).label("occasion"),
        Entry.reverses_id.is_not(None).label("reversal"),
        _at.position.label("original"),
    )
    .join(Entry, Entry.id == Position.row_id)
    .outerjoin(_original, _original.id == Entry.reverses_id)
    .outerjoin(_at, _at.row_id == Entry.reverses_id)
    .where(
        Position.tenant_id == sa.bindparam("tenant"), Position.kind == "entry",
        Position.position > sa.bindparam("after"), Position.position <= sa.bindparam("until"),
    )
    .order_by(Position.position)
)  # fmt: skip
_C = LedgerColumns.__table__.c


def pack(session: Session, actor: Actor, rows: int = ROWS) -> int:
    """Pack the next full blocks of a tenant's sealed entries, and the monthly sums over them; return how many blocks.

    A repeat packs none again. What does not fill a block waits; readers take it from the ledger.
    """
    tenant_id = actor.tenant_id
    after, place = _end(session, tenant_id)
    limit = _POSTINGS.limit(rows * _AT_ONCE)
    waiting = session.rows(limit, {"tenant": tenant_id, "after": after, "until": _LAST})
    full = len(waiting) // rows
    if not full:
        return 0
    seen = _seen(session, tenant_id)
    for number in range(full):
        some = [posting_of(row) for row in waiting[number * rows : (number + 1) * rows]]
        block = packed(some, seen)
        session.insert_new(
            LedgerColumns, [_kept(tenant_id, 0, place + number, some[0].position, some[-1].position, block)]
        )
        _fold(session, tenant_id, place + number + 1)
    return full


_LAST = 2**62


def _end(session: Session, tenant_id: UUID) -> tuple[int, int]:
    newest = sa.select(_C.last, _C.place).where(_C.tenant_id == tenant_id, _C.level == 0)
    row = session.first(newest.order_by(_C.place.desc()).limit(1))
    return (0, 0) if row is None else (row.last, row.place + 1)


def _seen(session: Session, tenant_id: UUID) -> Seen:
    seen = Seen()
    for row in told(session, tenant_id, _LAST):
        for numbers, new in ((seen.accounts, ids_in(row.accounts)), (seen.occasions, ids_in(row.occasions))):
            numbers.update(zip(new, range(len(numbers), len(numbers) + len(new)), strict=True))
        for code in codes_in(row.codes):
            seen.codes[tuple(code)] = len(seen.codes)
        seen.months += np.frombuffer(row.months, "<i4").tolist()
    return seen


def told(session: Session, tenant_id: UUID, position: int) -> Sequence[Any]:
    """Return what each block up to a position was the first to see, in their order, and how long its arrays are."""
    return _as_bytes(session, _TOLD, {"tenant": tenant_id, "position": position})


_TOLD = (
    sa.select(
        _C.last, _C.accounts, _C.occasions, _C.months, _C.wide, sa.cast(_C.codes, sa.Text).label("codes"),
        *(sa.func.length(_C[name]).label(f"{name}_size") for name in TYPES),
    )
    .where(
        _C.tenant_id == sa.bindparam("tenant"), _C.level == sa.literal_column("0"),
        _C.last <= sa.bindparam("position", type_=sa.BigInteger),
    )
    .order_by(_C.place)
)  # fmt: skip


def codes_in(text: str) -> list[list[str | None]]:
    """Return the codes that a block told of, which are few and in few blocks."""
    return [] if text == "[]" else json.loads(text)


def sealed(session: Session, tenant_id: UUID, after: int, until: int) -> Sequence[Any]:
    """Return the sealed entries after a position up to another, in their order, for `posting_of`."""
    return session.rows(_POSTINGS, {"tenant": tenant_id, "after": after, "until": until})


def _fold(session: Session, tenant_id: UUID, blocks: int) -> None:
    """Sum up eight blocks of a level wherever the newest block completes them."""
    level = 0
    while blocks % FOLD == 0:
        blocks, level = blocks // FOLD, level + 1
        below = stored(session, tenant_id, level - 1, (blocks - 1) * FOLD, blocks * FOLD, ("first", "last", *TYPES))
        arrays = by_month([arrays_of(row, TYPES) for row in below])
        block = Block(arrays, [], [], [], [], [])
        session.insert_new(LedgerColumns, [_kept(tenant_id, level, blocks - 1, below[0].first, below[-1].last, block)])


def stored(
    session: Session, tenant_id: UUID, level: int, since: int, before: int, names: Iterable[str]
) -> Sequence[Any]:
    """Return these columns of the blocks of a level from one place up to another."""
    asked = {"tenant": tenant_id, "level": level, "since": since, "before": before}
    return _as_bytes(session, _stored(tuple(names)), asked)


@lru_cache
def _stored(names: tuple[str, ...]) -> Any:
    level, since, before = (sa.bindparam(name, type_=sa.Integer) for name in ("level", "since", "before"))
    return (
        sa.select(*(_C[name] for name in names))
        .where(_C.tenant_id == sa.bindparam("tenant"), _C.level == level, _C.place >= since, _C.place < before)
        .order_by(_C.place)
    )


def _as_bytes(session: Session, statement: sa.Select[Any], asked: dict[str, Any]) -> Sequence[Any]:
    """Return the rows of a statement; PostgreSQL is asked for bytes as they are, not written out as text."""
    driver = session.connection.connection.driver_connection
    if session.dialect != "postgresql" or driver is None:
        return session.rows(statement, asked)
    with driver.cursor(binary=True, row_factory=namedtuple_row) as cursor:
        return cursor.execute(_written(statement, session.connection.dialect), asked).fetchall()


@lru_cache
def _written(statement: sa.Select[Any], dialect: sa.Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def arrays_of(row: Any, names: Iterable[str]) -> Arrays:
    """Return stored columns of a block, accounts among them, as arrays."""
    return as_arrays({name: getattr(row, name) for name in names})


def _kept(tenant_id: UUID, level: int, place: int, first: int, last: int, block: Block) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id, "level": level, "place": place, "first": first, "last": last,
        "codes": [list(code) for code in block.codes], "accounts": b"".join(block.accounts),
        "occasions": b"".join(block.occasions), "months": np.array(block.months, "<i4").tobytes(),
        "wide": np.unique(np.array(block.wide, "<i4")).tobytes(),
        **as_bytes(block.arrays),
    }  # fmt: skip


def posting_of(row: Any) -> Posting:
    """Return a row of `sealed` as what a block is packed of."""
    position, account, served_on, amount, unit, kind, nature, provenance, occasion, reversal, original = row
    at = None if occasion is None else bytes.fromhex(occasion.replace("-", ""))
    account = bytes.fromhex(account.replace("-", ""))
    return Posting(position, account, served_on, amount, (unit, kind, nature, provenance), at, original, bool(reversal))


def differing(session: Session, tenant_id: UUID) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """Yield each block that is not what packing its positions again makes, and each sum of blocks that is none."""
    seen, last = Seen(), 0
    for place in range(_end(session, tenant_id)[1]):
        (kept,) = session.rows(_block(tenant_id, 0, place))
        rows = sealed(session, tenant_id, last, kept.last)
        block = packed([posting_of(row) for row in rows], seen)
        again = _kept(tenant_id, 0, place, rows[0].position if rows else 0, kept.last, block)
        if again != _narrow(kept, block.arrays):
            yield tenant_id, {"level": 0, "place": place}
        last = kept.last
    for level, place in session.rows(sa.select(_C.level, _C.place).where(_C.tenant_id == tenant_id, _C.level > 0)):
        (kept,) = session.rows(_block(tenant_id, level, place))
        below = stored(session, tenant_id, level - 1, place * FOLD, (place + 1) * FOLD, TYPES)
        again = by_month([arrays_of(row, TYPES) for row in below])
        narrow = _narrow(kept, again)
        if any(column != narrow[name] for name, column in as_bytes(again).items()):
            yield tenant_id, {"level": level, "place": place}


def _narrow(kept: Any, arrays: Arrays) -> dict[str, Any]:
    """Return a block as it is kept, an array in its full width, as blocks were first packed, as it is kept now."""
    narrow = as_bytes(arrays)
    wide = {name for name, kind in TYPES.items() if getattr(kept, name) == arrays[name].astype(kind).tobytes()}
    return {name: narrow[name] if name in wide else each for name, each in kept._asdict().items()}


def _block(tenant_id: UUID, level: int, place: int) -> Any:
    return sa.select(*_C).where(_C.tenant_id == tenant_id, _C.level == level, _C.place == place)
