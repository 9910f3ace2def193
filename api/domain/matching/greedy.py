"""A preview at once: the best pair first, again and again, with the needs that nobody serves before all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.scores import Pairs

_CHUNK = 100_000  # pairs looked at before those whose people or places are gone are dropped


@dataclass(slots=True)
class _Left:
    """How many places everybody and everything has left."""

    offer: list[int]
    ask: list[int]
    community: list[int]
    slot: dict[int, int]
    pair: dict[int, int]


def greedy(columns: Columns, pairs: Pairs, worth: Column, *, cover_first: bool = True) -> Column:
    """Return how many places each pair fills when the pairs take what is left in the order of their points.

    With `cover_first` each ask that nobody serves first gets one helper where there is one; then the rest is filled.
    Ties go by offer, ask and slot. It keeps every limit that the flow keeps, and earns less or as much.
    """
    left = _begin(columns)
    filled = np.zeros(len(worth), np.int64)
    order = np.lexsort((np.arange(len(worth)), -worth))
    if cover_first:
        fresh = columns.ask["served"] == 0
        _pass(columns, pairs, order[fresh[pairs.ask[order]]], left, filled, [int(each) for each in fresh])
    _pass(columns, pairs, order, left, filled, None)
    return filled


def _begin(columns: Columns) -> _Left:
    limits = columns.limits
    room = [limits.communities.get(name, limits.community) for name in sorted(columns.communities)]
    wide = len(columns.asks) + 1
    return _Left(
        columns.offer["places"].tolist(), columns.ask["places"].tolist(),
        [wide * 10_000_000 if each is None else each for each in room] + [wide * 10_000_000], {}, {},
    )  # fmt: skip


def _pass(
    columns: Columns, pairs: Pairs, order: Column, left: _Left, filled: Column, wanting: list[int] | None
) -> None:
    """Let each pair take what it can; `wanting`, where given, is how many helpers each ask may get in this pass."""
    at_once, community = columns.offer["at_once"], columns.ask["community"]
    for begin in range(0, len(order), _CHUNK):
        some = order[begin : begin + _CHUNK]
        needed = np.array(left.ask if wanting is None else wanting)
        some = some[(np.array(left.offer)[pairs.offer[some]] > 0) & (needed[pairs.ask[some]] > 0)]
        offers, asks, slots = (column[some].tolist() for column in pairs)
        limits, places = at_once[pairs.offer[some]].tolist(), community[pairs.ask[some]].tolist()
        for number, offer, ask, slot, once, place in zip(
            some.tolist(), offers, asks, slots, limits, places, strict=True
        ):
            if wanting is not None and not wanting[ask]:
                continue
            taken = _take(columns, left, offer, ask, slot, once, place, 1 if wanting is not None else once)
            if taken:
                filled[number] += taken
                if wanting is not None:
                    wanting[ask] = 0


def _take(columns: Columns, left: _Left, offer: int, ask: int, slot: int, once: int, place: int, most: int) -> int:
    """Take as many places as are left everywhere, at most `most`; return how many."""
    if not left.offer[offer] or not left.ask[ask]:
        return 0
    time = offer * columns.slot_count + slot if slot != columns.by_agreement else -1
    pair = offer * len(columns.asks) + ask
    room = once if time < 0 else left.slot.get(time, once)
    taken = min(left.offer[offer], left.ask[ask], left.community[place], room, left.pair.get(pair, once), most)
    if taken <= 0:
        return 0
    left.offer[offer] -= taken
    left.ask[ask] -= taken
    left.community[place] -= taken
    left.pair[pair] = left.pair.get(pair, once) - taken
    if time >= 0:
        left.slot[time] = room - taken
    return taken
