"""Why places stayed empty, and what would change it: skill, reach, time, limits, or simply too few people."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.scores import Pairs, among, distances, keyed
from api.domain.matching.words import SHUT

LOOKED_AT = 32  # nearest skilled offers looked at first; all of them where these do not explain it
_STAGES = (
    "no_skill", "no_skill_in_reach", "no_time", "shut", "refused", "asked_enough", "no_capacity", "beyond_candidates",
)  # fmt: skip
_FREE, _FIT, _OPEN = 3, 4, 6  # how far who is free then has come, who passes the gate besides, who may be asked more
_CHANGES = {
    "windows_contradict": "name_a_window",
    "no_skill": "find_the_skill",
    "no_skill_in_reach": "come_closer",
    "no_time": "another_slot",
    **SHUT,
    "refused": "ask_others",
    "asked_enough": "raise_the_limit",
    "community_full": "raise_the_capacity",
    "no_capacity": "more_helpers",
    "beyond_candidates": "more_candidates",
    "not_worth": "change_the_weights",
}


class Unserved(NamedTuple):
    """An ask with empty places after the run, why, and what would change it.

    `why`: `windows_contradict`, `no_skill` (nobody has it), `no_skill_in_reach`, `no_time`, the code of a gate (nobody
    in reach who is free then passes it; of several codes the most frequent), `refused` (all of these said no to this
    ask), `asked_enough` (they have their load or were asked often enough), `community_full`, `no_capacity` (they were
    all proposed elsewhere), `beyond_candidates` (somebody is idle but was not among the candidates) or `not_worth`
    (somebody is idle, but would cost points). `change` says what would help; with `metres` the nearest skilled offer,
    with `slot` a time at which `helpers` in reach are free. `looked_at` skilled offers, the nearest first, were asked:
    so many were in `reach`, `free` then, `fit` for its gate, and `open` to more.
    """

    ask_id: str
    missing: int
    got: int
    why: str
    change: str
    looked_at: int = 0
    reach: int = 0
    free: int = 0
    fit: int = 0
    open: int = 0
    metres: int | None = None
    slot: int | None = None
    helpers: int = 0
    flags: tuple[str, ...] = ()


class _Looked(NamedTuple):
    """Pairs of an ask with skilled offers, how far each came, from skilled (1) to idle (7), and what shut it out."""

    ask: Column
    offer: Column
    metres: Column
    stage: Column
    shut: Column


def unserved(columns: Columns, pairs: Pairs, filled: Column) -> list[Unserved]:
    """Return every ask with empty places, by id, each with its reason."""
    rows = np.flatnonzero(filled)
    got = np.bincount(pairs.ask[rows], filled[rows], len(columns.asks)).astype(np.int64)
    missing = columns.ask["places"] - got
    asks = np.flatnonzero(missing > 0)
    timed = np.isin(asks, columns.ask_slots[0])
    busy = _Busy(columns, pairs, rows, filled)
    looked = _looked(columns, asks[timed], busy)
    free_at = _other_slots(columns, looked, asks)
    full = _full_communities(columns, got)
    _, known = among(
        keyed(pairs.offer, len(columns.asks), pairs.ask), keyed(looked.offer, len(columns.asks), looked.ask)
    )
    found = []
    ends = np.searchsorted(looked.ask, asks, "right")
    for ask, begin, end in zip(asks.tolist(), np.searchsorted(looked.ask, asks).tolist(), ends.tolist(), strict=True):
        part = _Looked(*(column[begin:end] for column in looked))
        why = _why(columns, part, known[begin:end]) if columns.asks[ask].slots != () else "windows_contradict"
        if why in ("no_capacity", "beyond_candidates", "not_worth") and ask in full:
            why = "community_full"
        found.append(_row(columns, ask, int(missing[ask]), int(got[ask]), why, part, free_at.get(ask)))
    return found


def _why(columns: Columns, part: _Looked, known: Column) -> str:
    """Return why nobody more came; `known` says which of the pairs were among the candidates."""
    stage = int(part.stage.max()) if len(part.stage) else 0
    if stage == _FREE:
        return columns.reasons_shut[int(np.bincount(part.shut[part.stage == stage]).argmax()) - 1]
    if stage == len(_STAGES) - 1 and known[part.stage == stage].all():
        return "not_worth"
    return _STAGES[stage]


def _row(
    columns: Columns, ask: int, missing: int, got: int, why: str, part: _Looked, other: tuple[int, int] | None
) -> Unserved:
    slot, helpers = other if why == "no_time" and other else (None, 0)
    change = "more_helpers" if why == "no_time" and not other else _CHANGES[why]
    apart = part.metres[part.metres >= 0]
    stages = part.stage.tolist()
    near, free, fit, able = (sum(stage >= least for stage in stages) for least in (2, _FREE, _FIT, _OPEN))
    metres = int(apart.min()) if len(apart) and why == "no_skill_in_reach" else None
    flags, looked_at = columns.flags[ask], len(part.stage)
    return Unserved(
        columns.asks[ask].id, missing, got, why, change, looked_at, near, free, fit, able, metres, slot, helpers, flags
    )


class _Busy:
    """Who has something at which slot after the run, and how many places everybody has left."""

    def __init__(self, columns: Columns, pairs: Pairs, rows: Column, filled: Column):
        offers, wide, many = len(columns.offers), columns.slot_count, len(columns.asks)
        self.left = columns.offer["places"] - np.bincount(pairs.offer[rows], filled[rows], offers).astype(np.int64)
        keys, at = np.unique(keyed(pairs.offer[rows], wide, pairs.slot[rows]), return_inverse=True)
        full = np.bincount(at, filled[rows], len(keys)) >= columns.offer["at_once"][keys // wide]
        self.slots = keys[full & (keys % wide != columns.by_agreement)]
        self.pairs = np.unique(keyed(pairs.offer[rows], many, pairs.ask[rows]))


def _looked(columns: Columns, asks: Column, busy: _Busy) -> _Looked:
    """Return the skilled offers of each ask with how far they came, by ask; those that serve it already left out."""
    first = _staged(columns, *skilled(columns, asks, LOOKED_AT), busy)
    best = np.zeros(len(columns.asks), np.int64)
    np.maximum.at(best, first.ask, first.stage)
    again = asks[best[asks] < _OPEN]
    more = _staged(columns, *skilled(columns, again, None), busy)
    kept = ~np.isin(first.ask, again)
    joined = _Looked(*(np.concatenate((a[kept], b)) for a, b in zip(first, more, strict=True)))
    order = np.lexsort((joined.offer, joined.ask))
    return _Looked(*(column[order] for column in joined))


def skilled(columns: Columns, asks: Column, most: int | None) -> tuple[Column, Column]:
    """Return (ask, offer) for the nearest `most` offers with the skill, or for all of them."""
    from scipy.spatial import KDTree

    kinds = max(len(columns.kinds), 1)
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for kind in np.unique(columns.ask["kind"][asks]):
        wanted = asks[columns.ask["kind"][asks] == kind]
        offers = columns.skill_keys[columns.skill_keys % kinds == kind] // kinds
        if not len(offers):
            continue
        if most is None or len(offers) <= most:
            found.append((np.repeat(wanted, len(offers)), np.tile(offers, len(wanted))))
            continue
        tree = KDTree(np.column_stack((columns.offer["x"][offers], columns.offer["y"][offers])))
        _, near = tree.query(np.column_stack((columns.ask["x"][wanted], columns.ask["y"][wanted])), k=most)
        found.append((np.repeat(wanted, most), offers[np.asarray(near, np.int64).ravel()]))
    asked, offered = (np.concatenate(each) for each in zip(*found, strict=True))
    return asked, offered


def _staged(columns: Columns, ask: Column, offer: Column, busy: _Busy) -> _Looked:
    """Return how far each pair came on the way to a proposal; pairs that were proposed are left out."""
    many, wide = len(columns.asks), columns.slot_count
    _, met = among(busy.pairs, offer * many + ask)
    ask, offer = ask[met == 0], offer[met == 0]
    metres = distances(columns, Pairs(offer, ask, ask))
    row, slot = columns.times_of(ask)
    times = offer[row] * wide + slot
    _, free = among(columns.free_keys, times)
    _, taken = among(busy.slots, times)
    _, no = among(columns.refused, offer * many + ask)
    at, _ = among(columns.skill_keys, offer * len(columns.kinds) + columns.ask["kind"][ask])
    shut = columns.shut[at].astype(np.int64) if len(at) else at
    stage = np.ones(len(ask), np.int64)
    steps = (
        metres <= columns.offer["reach"][offer],
        np.bincount(row, free, len(ask)) > 0,
        shut == 0,
        no == 0,
        columns.offer["places"][offer] > 0,
        (np.bincount(row, free & (1 - taken), len(ask)) > 0) & (busy.left[offer] > 0),
    )
    for number, holds in enumerate(steps, start=1):
        stage = np.where((stage == number) & holds, number + 1, stage)
    return _Looked(ask, offer, metres, stage, shut)


def _other_slots(columns: Columns, looked: _Looked, asks: Column) -> dict[int, tuple[int, int]]:
    """Return for each ask that found nobody free the slot at which most skilled offers in reach are, and how many."""
    best = np.zeros(len(columns.asks), np.int64)
    np.maximum.at(best, looked.ask, looked.stage)
    some = (best[looked.ask] == 2) & (looked.stage == 2) & (looked.shut == 0)
    ask, offer = looked.ask[some], looked.offer[some]
    wide = columns.slot_count
    begin, end = (
        np.searchsorted(columns.free_keys, offer * wide),
        np.searchsorted(columns.free_keys, (offer + 1) * wide),
    )
    row = np.repeat(np.arange(len(ask)), end - begin)
    within = np.arange(len(row)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
    slot = columns.free_keys[begin[row] + within] % wide
    timed = slot != columns.by_agreement
    keys, counts = np.unique(ask[row[timed]] * wide + slot[timed], return_counts=True)
    order = np.lexsort((keys, -counts))
    names, found = sorted(columns.slots), {}
    for at in order.tolist():
        found.setdefault(int(keys[at]) // wide, (names[int(keys[at]) % wide], int(counts[at])))
    return {ask: found[ask] for ask in asks.tolist() if ask in found}


def _full_communities(columns: Columns, got: Column) -> set[int]:
    """Return the asks whose community takes nobody more."""
    limits = columns.limits
    used = np.bincount(columns.ask["community"] + 1, got, len(columns.communities) + 1)
    full = {
        number
        for name, number in columns.communities.items()
        if (most := limits.communities.get(name, limits.community)) is not None and used[number + 1] >= most
    }
    return {ask for ask, place in enumerate(columns.ask["community"].tolist()) if place in full}
