"""The packed ledger read for many accounts at once, as of a sealed position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from api.db import Session
from api.domain.columns import COLUMNS, TYPES, Arrays, as_arrays, as_bytes, following, places, written
from api.domain.rulebook.compiled import Compiled, Source
from api.domain.rulebook.postings import Flags, Postings
from api.services.ledger_columns import FOLD, arrays_of, codes_in, posting_of, sealed, stored, told

_READ = 256


@dataclass(frozen=True, slots=True)
class Numbering:
    """Some accounts as the packed ledger knows them as of a position; the same for every rule that is tried on them.

    `subjects` is the place among these accounts of each account's number, −1 of others'; `wide` says of whom sums of
    months hide something. `tail` is what no block holds yet, its numbers coming after all others; `rows` is how many
    postings there are in all, `kinds` the widest that they are written in.
    """

    tenant_id: UUID
    blocks: int
    rows: int
    kinds: Mapping[str, str]
    subjects: NDArray[np.int32]
    wide: Flags
    columns: Sequence[dict[str, str | None]]
    named: int
    tail: Arrays


def numbering(session: Session, tenant_id: UUID, position: int, accounts: Iterable[UUID]) -> Numbering:
    """Return who of the packed ledger's accounts these are, and what was sealed since; a few statements."""
    news = told(session, tenant_id, position)
    rows = sealed(session, tenant_id, news[-1].last if news else 0, position)
    ids, occasions, months, wide = (
        b"".join([getattr(row, name) for row in news]) for name in ("accounts", "occasions", "months", "wide")
    )
    codes = [code for row in news for code in codes_in(row.codes)]
    tail = following([posting_of(row) for row in rows], len(ids) // 16, len(codes), occasions, months)
    wanted = written(accounts)
    subjects = places(b"".join([ids, *tail.accounts]), wanted).astype(np.int32)
    hidden = np.zeros(len(wanted) // 16, np.bool_)
    odd = subjects[np.concatenate([np.frombuffer(wide, "<i4"), np.array(tail.wide, "<i4")])]
    hidden[odd[odd >= 0]] = True
    columns = [dict(zip(COLUMNS, code, strict=True)) for code in [*codes, *tail.codes]]
    named = len(occasions) // 16 + len(tail.occasions)
    size = sum(row.account_size for row in news) // 4 + len(rows)
    last = as_arrays(as_bytes(tail.arrays))
    kinds = {name: _widest(name, news, last[name].itemsize) for name in TYPES}
    return Numbering(tenant_id, len(news), size, kinds, subjects, hidden, columns, named, last)


def _widest(name: str, news: Sequence[Any], least: int) -> str:
    widths = (4 * getattr(row, f"{name}_size") // row.account_size for row in news)
    return f"{TYPES[name][:2]}{max((least, *widths))}"


def postings(session: Session, known: Numbering, ready: Compiled, days: tuple[int, int]) -> Postings:
    """Return what a rulebook asks of the entries of these accounts, as far as they were sealed by the position.

    `days` is a half-open span of ordinals. Sums of whole months are read where those are enough: then the span begins
    and ends with a month. A few statements, whatever the size.
    """
    names = ("account", "day", "amount", "code", *sorted(ready.columns))
    kinds = TYPES if ready.source == "months" else known.kinds
    found, end = {name: np.empty(known.rows, kinds[name]) for name in names}, 0
    for arrays in _blocks(session, known, ready.source, names):  # one at a time, while it lies in the cache
        subject, day = known.subjects[arrays["account"]], arrays["day"]
        keep = (subject >= 0) & (day >= days[0]) & (day < days[1])
        part = {**arrays, "account": subject}
        if not keep.all():
            part = {name: column[keep] for name, column in part.items()}
        start, end = end, end + len(part["account"])
        for name, column in part.items():
            found[name][start:end] = column
    column = [found[name][:end] if name in found else np.zeros(0, kind) for name, kind in TYPES.items()]
    wide = known.wide if ready.source == "months" else None
    return Postings(*column, known.columns, len(known.wide), known.named, wide)


def _blocks(session: Session, known: Numbering, source: Source, names: Sequence[str]) -> Iterator[Arrays]:
    yield {name: known.tail[name] for name in names}
    for level, since, before in _ranges(known.blocks, source):
        for start in range(since, before, _READ):
            for row in stored(session, known.tenant_id, level, start, min(before, start + _READ), names):
                yield arrays_of(row, names)


def _ranges(blocks: int, source: Source) -> Iterator[tuple[int, int, int]]:
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
