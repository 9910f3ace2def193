"""Packing the sealed entries by columns, and reading them back for many accounts at once as of a sealed position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from psycopg.rows import namedtuple_row

from api.access import Actor
from api.db import Session
from api.domain.columns import COLUMNS, TYPES, Arrays, Block, Posting, Seen, by_month, ids_in, packed, places, written
from api.domain.rulebook.compiled import Compiled, Source
from api.domain.rulebook.postings import Postings
from api.models import Entry, LedgerColumns, Position

ROWS = 4096  # postings a block
FOLD = 8  # blocks a block of the next level
_AT_ONCE = 16
_READ = 256

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
        some = [_posting(row) for row in waiting[number * rows : (number + 1) * rows]]
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
    for row in _news(session, tenant_id, _LAST):
        for numbers, new in ((seen.accounts, ids_in(row.accounts)), (seen.occasions, ids_in(row.occasions))):
            numbers.update(zip(new, range(len(numbers), len(numbers) + len(new)), strict=True))
        for code in row.codes:
            seen.codes[tuple(code)] = len(seen.codes)
        seen.months += np.frombuffer(row.months, "<i4").tolist()
    return seen


def _news(session: Session, tenant_id: UUID, position: int) -> Sequence[Any]:
    """Return what each block up to a position was the first to see, in their order."""
    statement = sa.select(_C.last, _C.accounts, _C.occasions, _C.months, _C.codes, _C.wide).where(
        _C.tenant_id == tenant_id, _C.level == 0, _C.last <= position
    )
    return session.rows(statement.order_by(_C.place))


def _fold(session: Session, tenant_id: UUID, blocks: int) -> None:
    """Sum up eight blocks of a level wherever the newest block completes them."""
    level = 0
    while blocks % FOLD == 0:
        blocks, level = blocks // FOLD, level + 1
        below = _stored(session, tenant_id, level - 1, (blocks - 1) * FOLD, blocks * FOLD, ("first", "last", *TYPES))
        arrays = by_month([_arrays([row], TYPES) for row in below])
        block = Block(arrays, [], [], [], [], [])
        session.insert_new(LedgerColumns, [_kept(tenant_id, level, blocks - 1, below[0].first, below[-1].last, block)])


def _stored(
    session: Session, tenant_id: UUID, level: int, since: int, before: int, names: Iterable[str]
) -> Sequence[Any]:
    statement = sa.select(*(_C[name] for name in names)).where(
        _C.tenant_id == tenant_id, _C.level == level, _C.place >= since, _C.place < before
    )
    return _as_bytes(session, statement.order_by(_C.place))


def _as_bytes(session: Session, statement: sa.Select[Any]) -> Sequence[Any]:
    """Return the rows of a statement; PostgreSQL is asked for bytes as they are, not written out as text."""
    driver = session.connection.connection.driver_connection
    if session.dialect != "postgresql" or driver is None:
        return session.rows(statement)
    asked = statement.compile(dialect=session.connection.dialect)
    with driver.cursor(binary=True, row_factory=namedtuple_row) as cursor:
        return cursor.execute(str(asked), asked.params).fetchall()


def _arrays(rows: Sequence[Any], names: Iterable[str]) -> Arrays:
    return {name: np.frombuffer(b"".join([getattr(row, name) for row in rows]), TYPES[name]) for name in names}


def _kept(tenant_id: UUID, level: int, place: int, first: int, last: int, block: Block) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id, "level": level, "place": place, "first": first, "last": last,
        "codes": [list(code) for code in block.codes], "accounts": b"".join(block.accounts),
        "occasions": b"".join(block.occasions), "months": np.array(block.months, "<i4").tobytes(),
        "wide": np.unique(np.array(block.wide, "<i4")).tobytes(),
        **{name: array.tobytes() for name, array in block.arrays.items()},
    }  # fmt: skip


def _posting(row: Any) -> Posting:
    position, account, served_on, amount, unit, kind, nature, provenance, occasion, reversal, original = row
    at = None if occasion is None else bytes.fromhex(occasion.replace("-", ""))
    account = bytes.fromhex(account.replace("-", ""))
    return Posting(position, account, served_on, amount, (unit, kind, nature, provenance), at, original, bool(reversal))


def postings(
    session: Session, tenant_id: UUID, position: int, accounts: Sequence[UUID], ready: Compiled, days: tuple[int, int]
) -> Postings:
    """Return what a rulebook asks of the entries of these accounts, as far as they were sealed by the position.

    `days` is a half-open span of ordinals. Sums of whole months are read where those are enough: then the span begins
    and ends with a month. A few statements, whatever the size; what no block holds yet comes from the ledger.
    """
    news = _news(session, tenant_id, position)
    end = news[-1].last if news else 0
    found = _Reading(news, written(accounts), ready, days)
    for level, since, before in _ranges(session, tenant_id, len(news), ready.source):
        for start in range(since, before, _READ):
            rows = _stored(session, tenant_id, level, start, min(before, start + _READ), found.names)
            found.take(_arrays(rows, found.names), found.subjects)
    tail = session.rows(_POSTINGS, {"tenant": tenant_id, "after": end, "until": position})
    if tail:
        found.add([_posting(row) for row in tail])
    return found.done()


def differing(session: Session, tenant_id: UUID) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """Yield each block that is not what packing its positions again makes, and each sum of blocks that is none."""
    seen, last = Seen(), 0
    for place in range(_end(session, tenant_id)[1]):
        (kept,) = session.rows(_block(tenant_id, 0, place))
        rows = session.rows(_POSTINGS, {"tenant": tenant_id, "after": last, "until": kept.last})
        block = packed([_posting(row) for row in rows], seen)
        again = _kept(tenant_id, 0, place, rows[0].position if rows else 0, kept.last, block)
        if again != kept._asdict():
            yield tenant_id, {"level": 0, "place": place}
        last = kept.last
    for level, place in session.rows(sa.select(_C.level, _C.place).where(_C.tenant_id == tenant_id, _C.level > 0)):
        (kept,) = session.rows(_block(tenant_id, level, place))
        below = _stored(session, tenant_id, level - 1, place * FOLD, (place + 1) * FOLD, TYPES)
        again = by_month([_arrays([row], TYPES) for row in below])
        if any(again[name].tobytes() != getattr(kept, name) for name in TYPES):
            yield tenant_id, {"level": level, "place": place}


def _block(tenant_id: UUID, level: int, place: int) -> Any:
    return sa.select(*_C).where(_C.tenant_id == tenant_id, _C.level == level, _C.place == place)


def _ranges(session: Session, tenant_id: UUID, blocks: int, source: Source) -> Iterator[tuple[int, int, int]]:
    """Yield the fewest stored blocks that cover so many blocks: level, first place, and the place after the last."""
    place, level = 0, 0
    while source == "months" and FOLD ** (level + 1) <= blocks:
        level += 1
    while place < blocks:
        size = FOLD**level
        upto = blocks // size
        if upto * size > place:
            yield level, place // size, upto
            place = upto * size
        level -= 1


class _Reading:
    """Arrays of blocks on their way to those of the subjects that are asked for."""

    def __init__(self, news: Sequence[Any], accounts: bytes, ready: Compiled, days: tuple[int, int]):
        self._ready, self._days, self._accounts = ready, days, accounts
        self._news = news
        self.subjects = places(b"".join(row.accounts for row in news), accounts)  # of each number
        self.columns = [dict(zip(COLUMNS, code, strict=True)) for row in news for code in row.codes]
        self.named = sum(len(row.occasions) for row in news) // 16
        self.names = ("account", "day", "amount", "code", *sorted(ready.columns))
        self._parts: list[Arrays] = []
        self._wide = np.zeros(len(accounts) // 16, np.bool_)
        self._mark_wide(self.subjects[np.frombuffer(b"".join(row.wide for row in news), "<i4")])

    def _mark_wide(self, subjects: NDArray[np.int64]) -> None:
        self._wide[subjects[subjects >= 0]] = True

    def take(self, arrays: Arrays, subjects: NDArray[np.int64]) -> None:
        """Keep what these subjects (the place of each account's number, −1 for others) have in the days asked for."""
        day, subject = arrays["day"], subjects.astype(np.int32)[arrays["account"]]
        keep = (subject >= 0) & (day >= self._days[0]) & (day < self._days[1])
        part = {**arrays, "account": subject}
        self._parts.append(part if keep.all() else {name: column[keep] for name, column in part.items()})

    def add(self, tail: Sequence[Posting]) -> None:
        """Keep postings that no block holds yet."""
        block = packed(tail, Seen())
        arrays, codes = dict(block.arrays), len(self.columns)
        self.columns += [dict(zip(COLUMNS, code, strict=True)) for code in block.codes]
        known = places(b"".join(block.occasions), b"".join(row.occasions for row in self._news))
        new = known < 0
        known[new] = self.named + np.arange(int(new.sum()))
        self.named += int(new.sum())
        months = np.frombuffer(b"".join(row.months for row in self._news), "<i4")
        first = np.array(block.months, "<i4")
        first[~new] = months[known[~new]]
        subjects = places(b"".join(block.accounts), self._accounts)
        occasion, belongs = arrays["occasion"], arrays["occasion"] >= 0
        month = np.array([posting.served_on.year * 12 + posting.served_on.month for posting in tail])
        other = belongs.copy()
        other[belongs] = first[occasion[belongs]] != month[belongs]
        self._mark_wide(subjects[arrays["account"][other]])
        self._mark_wide(subjects[np.array(block.wide, "<i4")])
        arrays["occasion"] = occasion.copy()
        arrays["occasion"][belongs] = known[occasion[belongs]]
        arrays["code"] = arrays["code"] + np.uint16(codes)
        self.take({name: arrays[name] for name in self.names}, subjects)

    def done(self) -> Postings:
        """Return what was kept."""

        def column(name: str) -> NDArray[Any]:
            some = [part[name] for part in self._parts if name in part]
            return some[0] if len(some) == 1 else np.concatenate([np.zeros(0, TYPES[name]), *some])

        monthly = self._ready.source == "months"
        return Postings(
            column("account"), column("day"), column("amount"), column("count"), column("code"), column("occasion"),
            self.columns, len(self._wide), self.named, self._wide if monthly else None,
        )  # fmt: skip
