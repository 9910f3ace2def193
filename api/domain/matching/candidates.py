"""Candidates: for each kind and slot the nearest pairs, found by trees, so that a city need not try every pair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.domain.matching.columns import Column, Columns
from api.domain.matching.scores import Pairs, among, distances

_SPREAD = 60  # metres by which places are moved in the trees alone: who shares a point must not all find the same few
_DEPTHS = np.array((2, 4, 8, 16, 32, 64))  # neighbours asked for at once in one bucket
_NEXT = 1.5  # a share beyond so many times a depth takes the next
_ASK_SIDE = 8  # nearest helpers that every ask gets at least
_FOR_A_PLACE = 2  # nearest helpers that an ask gets for each of its places


class Bucket(NamedTuple):
    """Who can serve a kind, passes its gate and is free in a slot, and which asks want just that; numbers in order."""

    slot: int
    offers: Column
    asks: Column


def buckets(columns: Columns) -> Iterator[Bucket]:
    """Yield the buckets that have both, by kind and slot; offers that can take nothing more are left out."""
    wide = columns.slot_count
    ask, slot = columns.ask_slots
    open_ = columns.ask["places"][ask] > 0
    wanted = columns.ask["kind"][ask[open_]] * wide + slot[open_]
    keys, asks = _sorted(wanted, ask[open_])
    offered, offers = _offered(columns, np.unique(keys))
    for key in np.unique(keys):
        begin, end = np.searchsorted(offered, (key, key + 1))
        if begin < end:
            first, last = np.searchsorted(keys, (key, key + 1))
            yield Bucket(int(key % wide), offers[begin:end], asks[first:last])


def every_pair(columns: Columns) -> Pairs:
    """Return every pair that could serve, whatever the distance within reach."""
    return _united(columns, [_crossed(columns, bucket) for bucket in buckets(columns)])


def candidates(columns: Columns) -> Pairs:
    """Return the pairs that the flow chooses among, by offer, ask and slot.

    Each offer gets its nearest asks in each of its buckets, about `limits.edges` in all; each ask gets its nearest
    offers, so that an ask far from everybody is seen too; wishes are always among them. A small city gets every pair.
    """
    found = list(buckets(columns))
    if sum(len(bucket.offers) * len(bucket.asks) for bucket in found) <= columns.limits.edges * len(columns.offers):
        return _united(columns, [_crossed(columns, bucket) for bucket in found])
    offers, asks = _points(columns, columns.offer), _points(columns, columns.ask)
    times = np.bincount(np.concatenate([bucket.offers for bucket in found]), minlength=len(columns.offers))
    keys = [_near(columns, bucket, offers, asks, times) for bucket in found]
    return _united(columns, [*keys, _wishes(columns)])


def _sorted(keys: Column, beside: Column) -> tuple[Column, Column]:
    order = np.lexsort((beside, keys))
    return keys[order], beside[order]


def _offered(columns: Columns, wanted: Column) -> tuple[Column, Column]:
    """Return kind × slots + slot with the offer beside it, for what is wanted and not shut, in order."""
    kinds = max(len(columns.kinds), 1)
    wide = columns.slot_count
    useful = (columns.offer["places"][columns.skill_keys // kinds] > 0) & (columns.shut == 0)
    offer, kind = columns.skill_keys[useful] // kinds, columns.skill_keys[useful] % kinds
    begin = np.searchsorted(columns.free_keys, offer * wide)
    count = np.searchsorted(columns.free_keys, (offer + 1) * wide) - begin
    row = np.repeat(np.arange(len(offer)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    slot = columns.free_keys[begin[row] + within] % wide
    keys = kind[row] * wide + slot
    _, asked = among(wanted, keys)
    return _sorted(keys[asked == 1], offer[row[asked == 1]])


def _crossed(columns: Columns, bucket: Bucket) -> Column:
    """Return the keys of the cross product of a bucket, less what is out of reach."""
    part = max(1, 100_000 // len(bucket.asks))
    found = []
    for begin in range(0, len(bucket.offers), part):
        some = bucket.offers[begin : begin + part]
        offer = np.repeat(some, len(bucket.asks))
        ask = np.tile(bucket.asks, len(some))
        found.append(_reached(columns, Pairs(offer, ask, np.full(len(offer), bucket.slot))))
    return np.concatenate(found)


def _reached(columns: Columns, pairs: Pairs) -> Column:
    """Return one key for each pair that is in reach: offer, ask and slot in one number, in their order."""
    near = distances(columns, pairs) <= columns.offer["reach"][pairs.offer]
    both = pairs.offer[near] * max(len(columns.asks), 1) + pairs.ask[near]
    return both * columns.slot_count + pairs.slot[near]


def _points(columns: Columns, side: dict[str, Column]) -> NDArray[np.float64]:
    """Return positions for the trees: a little apart from each other, and what has no place beside some offer."""
    placed = np.flatnonzero(columns.offer["placed"])
    x, y = side["x"].copy(), side["y"].copy()
    if len(placed):
        lost = side["placed"] == 0
        beside = placed[side["mark"][lost] % len(placed)]
        x[lost], y[lost] = columns.offer["x"][beside], columns.offer["y"][beside]
    x += side["mark"] % (2 * _SPREAD) - _SPREAD
    y += side["mark"] // 1009 % (2 * _SPREAD) - _SPREAD
    return np.column_stack((x, y)).astype(np.float64)


def _near(
    columns: Columns, bucket: Bucket, offers: NDArray[np.float64], asks: NDArray[np.float64], times: Column
) -> Column:
    """Return the keys of a bucket's nearest pairs from both sides; who is in few buckets looks farther in each."""
    from scipy.spatial import cKDTree  # type: ignore[attr-defined] # its stubs leave it out

    share = columns.limits.edges / np.maximum(times[bucket.offers], 1)
    which, found = _nearest(cKDTree(asks[bucket.asks]), offers[bucket.offers], share)
    share = np.maximum(columns.ask["places"][bucket.asks] * _FOR_A_PLACE, _ASK_SIDE)
    wanted, near = _nearest(cKDTree(offers[bucket.offers]), asks[bucket.asks], share)
    offer = np.concatenate((bucket.offers[which], bucket.offers[near]))
    ask = np.concatenate((bucket.asks[found], bucket.asks[wanted]))
    return _reached(columns, Pairs(offer, ask, np.full(len(offer), bucket.slot)))


def _nearest(tree: Any, points: NDArray[np.float64], share: NDArray[Any]) -> tuple[Column, Column]:
    """Return (point, neighbour) for as many nearest neighbours of each point as the depth next to its share says."""
    depth = np.searchsorted(_DEPTHS[:-1] * _NEXT, share)
    parts = []
    for step in range(len(_DEPTHS)):
        some = np.flatnonzero(depth == step)
        if len(some):
            count = min(int(_DEPTHS[step]), tree.n)
            _, found = tree.query(points[some], k=count)
            parts.append((np.repeat(some, count), np.asarray(found, np.int64).ravel()))
    which, found = zip(*parts, strict=True)
    return np.concatenate(which), np.concatenate(found)


def _wishes(columns: Columns) -> Column:
    """Return the keys of the pairs in which an offer wished for the very ask, in every slot that both have."""
    count = max(len(columns.asks), 1)
    offer, ask = columns.wished["ask"] // count, columns.wished["ask"] % count
    useful = (columns.offer["places"][offer] > 0) & (columns.ask["places"][ask] > 0)
    offer, ask = offer[useful], ask[useful]
    row, slot = columns.times_of(ask)
    pairs = Pairs(offer[row], ask[row], slot)
    at, skilled = among(columns.skill_keys, pairs.offer * len(columns.kinds) + columns.ask["kind"][pairs.ask])
    if len(columns.shut):
        skilled &= columns.shut[at] == 0
    _, free = among(columns.free_keys, pairs.offer * columns.slot_count + pairs.slot)
    return _reached(columns, Pairs(*(column[(skilled & free) == 1] for column in pairs)))


def _united(columns: Columns, parts: list[Column]) -> Pairs:
    """Return the pairs of all keys in order, each once, less the asks that the offer has refused already."""
    many, wide = max(len(columns.asks), 1), columns.slot_count
    keys = np.concatenate([np.zeros(0, np.int64), *parts])
    parts.clear()
    keys.sort()
    keep = np.ones(len(keys), bool)
    keep[1:] = keys[1:] != keys[:-1]
    if len(columns.refused):
        keep &= among(columns.refused, keys // wide)[1] == 0
    keys = keys[keep]
    slot = (keys % wide).astype(np.int16 if wide < 2**15 else np.int32)
    keys //= wide
    return Pairs((keys // many).astype(np.int32), (keys % many).astype(np.int32), slot)
