"""The sealed entries by columns: what is written in few bytes reads back, and what follows the blocks joins them."""

from datetime import date, timedelta
from random import Random
from uuid import UUID

import numpy as np
import pytest

from api.domain.columns import (
    TYPES,
    Posting,
    Seen,
    as_arrays,
    as_bytes,
    by_month,
    following,
    packed,
    places,
    written,
)

CODES = [("volunteer_minutes", "earned", "volunteer_service", "code"), ("fen", "earned", None, "case")]


def history(count, seed):
    """Return postings of a few accounts: on shifts, some of two months, and on none; some amounts are below nought."""
    chance = Random(seed)
    return [
        Posting(
            n + 1, bytes([chance.randrange(9)] * 16), date(2025, 1, 20) + timedelta(days=chance.randrange(40)),
            chance.choice([30, 60, 200, 90_000, -45]), chance.choice(CODES),
            chance.choice([None, *(bytes([100 + shift] * 16) for shift in range(12))]), None, chance.random() < 0.2,
        )
        for n in range(count)
    ]  # fmt: skip


def read(block, accounts, occasions, codes):
    """Return the rows of a block with the ids that its numbers stand for, and the accounts that it calls wide."""
    rows = [
        (accounts[account], day, amount, count, codes[code], occasions[occasion] if occasion >= 0 else occasion)
        for account, day, amount, count, code, occasion in zip(
            *(block.arrays[name].tolist() for name in TYPES), strict=True
        )
    ]
    return rows, {accounts[number] for number in block.wide}


@pytest.mark.parametrize("after", [0, 1, 100, 200])
def test_what_follows_the_blocks_is_what_packing_all_of_it_would_tell(after):
    postings = history(200, after)
    whole = packed(postings, Seen())
    head = packed(postings[:after], Seen())
    months = np.array(head.months, "<i4").tobytes()
    tail = following(postings[after:], len(head.accounts), len(head.codes), b"".join(head.occasions), months)
    told = [getattr(head, name) + getattr(tail, name) for name in ("accounts", "occasions", "codes")]
    parts = [read(block, *told) for block in (head, tail)]
    rows, wide = read(whole, whole.accounts, whole.occasions, whole.codes)
    assert parts[0][0] + parts[1][0] == rows
    assert parts[0][1] | parts[1][1] == wide
    assert len(set(told[1])) == len(told[1])


@pytest.mark.parametrize(("highest", "width"), [(127, 1), (128, 2), (2**15, 4), (2**31, 8), (0, 1)])
def test_a_column_takes_the_fewest_bytes_and_reads_back_as_in_its_full_width(highest, width):
    arrays = {name: np.zeros(3, kind) for name, kind in TYPES.items()}
    arrays["amount"][1], arrays["occasion"][2] = highest, -highest
    narrow, full = as_bytes(arrays), {name: column.tobytes() for name, column in arrays.items()}
    assert len(narrow["amount"]) == 3 * width
    for texts in (narrow, full):
        again = as_arrays(texts)
        assert all(again[name].tolist() == column.tolist() for name, column in arrays.items())


def test_months_of_narrow_columns_are_summed_without_running_over():
    arrays = {name: np.ones(1000, kind) for name, kind in TYPES.items()}
    arrays["amount"][:] = 100
    sums = by_month([as_arrays(as_bytes(arrays))] * 2)
    assert (sums["amount"].tolist(), sums["count"].tolist()) == ([200_000], [2000])


@pytest.mark.parametrize("alike", [False, True])
def test_each_id_is_found_where_it_stands_or_nowhere(alike):
    chance = Random(1)
    ids = [UUID(int=chance.getrandbits(128) & ~0xFFFF if alike else chance.getrandbits(128)) for _ in range(300)]
    ids += [UUID(int=ids[0].int ^ 1 << 127)] if alike else []  # another id with the same end
    among, asked = ids[:200] + ids[300:], chance.choices(ids, k=500)
    expected = [among.index(each) if each in among else -1 for each in asked]
    assert places(written(asked), written(among)).tolist() == expected
    assert places(written(asked), b"").tolist() == [-1] * 500
