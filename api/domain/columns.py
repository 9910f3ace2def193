"""The sealed entries by columns: blocks of postings as arrays, and their monthly sums, for sums over many subjects.

A block is what some sealed positions hold, so it never changes. Accounts and occasions have small numbers in the order
in which they were first seen; each block says which it saw first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

TYPES = {"account": "<i4", "day": "<i4", "amount": "<i8", "count": "<i4", "code": "<u2", "occasion": "<i8"}
"""The arrays of a block, and how wide each may become; as bytes they are as narrow as what they hold."""

COLUMNS = ("unit", "kind", "nature", "provenance")
Code = tuple[str, str, str | None, str]
Arrays = dict[str, NDArray[Any]]


class Posting(NamedTuple):
    """One sealed entry; `kind` is that of what it takes back, `original` the position of that; ids are 16 bytes."""

    position: int
    account: bytes
    served_on: date
    amount: int
    code: Code
    occasion: bytes | None
    original: int | None
    reversal: bool


@dataclass(slots=True)
class Seen:
    """The numbers given so far: of accounts, of occasions (with the month of the first posting), and of codes."""

    accounts: dict[bytes, int] = field(default_factory=dict)
    occasions: dict[bytes, int] = field(default_factory=dict)
    months: list[int] = field(default_factory=list)
    codes: dict[Code, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """Postings as arrays, and what was first seen in them.

    `wide` are the accounts of which sums of months hide something: an occasion with postings in another month, or an
    amount below nought that takes nothing back.
    """

    arrays: Arrays
    accounts: list[bytes]
    occasions: list[bytes]
    months: list[int]
    codes: list[Code]
    wide: list[int]


def packed(postings: Sequence[Posting], seen: Seen) -> Block:
    """Return postings in the order of their positions as arrays; what is new among them is added to `seen`."""
    block = Block({}, [], [], [], [], [])
    rows = [_row(each, seen, block) for each in postings]
    for place, (name, kind) in enumerate(TYPES.items()):
        block.arrays[name] = np.array([row[place] for row in rows], kind)
    return block


def _row(posting: Posting, seen: Seen, block: Block) -> tuple[int, ...]:
    account = _number(posting.account, seen.accounts, block.accounts)
    code = _number(posting.code, seen.codes, block.codes)
    if posting.occasion is None:
        occasion = -(posting.original or posting.position)
    else:
        month = posting.served_on.year * 12 + posting.served_on.month
        known = len(seen.months)
        occasion = _number(posting.occasion, seen.occasions, block.occasions)
        if occasion == known:
            seen.months.append(month)
            block.months.append(month)
        if seen.months[occasion] != month:
            block.wide.append(account)
    if posting.amount and (posting.amount < 0) != posting.reversal:
        block.wide.append(account)
    return account, posting.served_on.toordinal(), posting.amount, -1 if posting.reversal else 1, code, occasion


def _number(name: Any, numbers: dict[Any, int], new: list[Any]) -> int:
    found = numbers.get(name)
    if found is None:
        found = numbers[name] = len(numbers)
        new.append(name)
    return found


def following(postings: Sequence[Posting], accounts: int, codes: int, occasions: bytes, months: bytes) -> Block:
    """Return postings as a block after others, which told of so many accounts and codes, and of these occasions.

    What they tell of as new is what they hold: an account or a code may have a number already and gets one more.
    `occasions` are ids as `written` made them, `months` the month of the first posting of each as four bytes.
    """
    block = packed(postings, Seen())
    arrays = {**block.arrays, "account": block.arrays["account"] + np.int32(accounts)}
    arrays["code"] = arrays["code"] + np.uint16(codes)
    known = places(b"".join(block.occasions), occasions)
    new, first = known < 0, np.array(block.months, "<i4")
    first[~new] = np.frombuffer(months, "<i4")[known[~new]]
    known[new] = len(occasions) // 16 + np.arange(int(new.sum()))
    some = arrays["occasion"] >= 0
    local = arrays["occasion"][some]
    month = np.array([posting.served_on.year * 12 + posting.served_on.month for posting in postings], "<i4")
    elsewhen = arrays["account"][some][first[local] != month[some]]
    arrays["occasion"] = arrays["occasion"].copy()
    arrays["occasion"][some] = known[local]
    told = [each for each, fresh in zip(block.occasions, new.tolist(), strict=True) if fresh]
    wide = [number + accounts for number in block.wide] + elsewhen.tolist()
    return Block(arrays, block.accounts, told, first[new].tolist(), block.codes, wide)


def by_month(some: Iterable[Arrays]) -> Arrays:
    """Return the sums by account, month and code of several blocks' arrays, the day being the month's first."""
    some = list(some)
    whole = {name: np.concatenate([arrays[name] for arrays in some]).astype(TYPES[name]) for name in _SUMMED_BY}
    first = np.array([_first(day) for day in range(_low(whole["day"]), int(whole["day"].max(initial=0)) + 1)], "<i4")
    day = first[whole["day"] - _low(whole["day"])] if len(whole["day"]) else whole["day"]
    order = np.lexsort((whole["code"], day, whole["account"]))
    keys = [column[order] for column in (whole["account"], day, whole["code"])]
    new = np.ones(len(order), np.bool_)
    new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    starts = np.flatnonzero(new)
    sums = {name: np.add.reduceat(whole[name][order], starts) if len(starts) else whole[name] for name in _SUMMED}
    account, day, code = (key[starts] for key in keys)
    found = {"account": account, "day": day, "code": code, **sums, "occasion": np.zeros(0)}
    return {name: found[name].astype(kind) for name, kind in TYPES.items()}


_SUMMED = ("amount", "count")
_SUMMED_BY = ("account", "day", "code", *_SUMMED)


def _low(days: NDArray[Any]) -> int:
    return int(days.min()) if len(days) else 1


def _first(day: int) -> int:
    return date.fromordinal(day).replace(day=1).toordinal()


def as_bytes(arrays: Arrays) -> dict[str, bytes]:
    """Return arrays as bytes; all but accounts and days in the fewest bytes a number that hold them all."""
    return {name: column.astype(_narrow(name, column)).tobytes() for name, column in arrays.items()}


def _narrow(name: str, column: NDArray[Any]) -> str:
    if name in ("account", "day"):
        return TYPES[name]
    low, high = int(column.min(initial=0)), int(column.max(initial=0))
    kinds = (f"{TYPES[name][:2]}{width}" for width in (1, 2, 4, 8))
    return next(kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)


def as_arrays(texts: Mapping[str, bytes]) -> Arrays:
    """Return the arrays, accounts among them, that were written as these bytes, whatever the width of their numbers."""
    rows = max(1, len(texts["account"]) // 4)
    return {name: np.frombuffer(text, f"{TYPES[name][:2]}{len(text) // rows or 1}") for name, text in texts.items()}


def written(ids: Iterable[UUID]) -> bytes:
    """Return ids as bytes, sixteen each."""
    return b"".join([each.int.to_bytes(16, "big") for each in ids])


def ids_in(text: bytes) -> list[bytes]:
    """Return the ids, as bytes, in what `written` made."""
    return [text[at : at + 16] for at in range(0, len(text), 16)]


def places(wanted: bytes, among: bytes) -> NDArray[np.int64]:
    """Return for each id of `wanted` its place in `among`, −1 where it is not there; both as `written` made them."""
    here, asked = (np.frombuffer(text, "<u8").reshape(-1, 2) for text in (among, wanted))
    order, turn = np.argsort(here[:, 1]), np.argsort(asked[:, 1])  # both in order: looked up near each other
    low = here[order, 1]
    if not len(low):
        return np.full(len(asked), -1)
    if (low[1:] == low[:-1]).any():  # two ids with the same end: then each is looked at as a whole
        known = {among[at : at + 16]: at // 16 for at in range(0, len(among), 16)}
        return np.array([known.get(wanted[at : at + 16], -1) for at in range(0, len(wanted), 16)], np.int64)
    at = np.empty(len(asked), np.int64)
    at[turn] = order[np.minimum(np.searchsorted(low, asked[turn, 1]), len(low) - 1)]
    return np.where((here[at] == asked).all(axis=1), at, -1)
