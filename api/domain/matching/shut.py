"""Who would have been first for an ask but does not pass its gate: told as the alternative that lost, never as whom."""

from __future__ import annotations

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.reasons import Alternative
from api.domain.matching.scores import Pairs, among, distances, keyed, scores
from api.domain.matching.unserved import LOOKED_AT, skilled


def with_shut(
    columns: Columns, pairs: Pairs, worth: Column, filled: Column, told: dict[int, Alternative]
) -> dict[int, Alternative]:
    """Return the alternatives, for asks with a gate that of whoever scores most and does not pass it, where it is more.

    Looked at are the nearest skilled offers in reach that have a place left and are free in a slot of the ask.
    """
    rows = np.flatnonzero(filled)
    gated = np.array([ask.gate is not None for ask in columns.asks], bool)
    asks = np.unique(pairs.ask[rows][gated[pairs.ask[rows]]]).astype(np.int64)
    if not len(asks) or not columns.reasons_shut:
        return told
    tried, why = _shut_out(columns, asks)
    points = scores(columns, tried)
    least = np.full(len(columns.asks), np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.ask[rows], worth[rows])
    found = dict(told)
    # The most points first, of equals the first by offer and slot; of each ask the first counts.
    for at in np.lexsort((tried.slot, tried.offer, -points)).tolist():
        ask, score = int(tried.ask[at]), int(points[at])
        best = found.get(ask)
        if best is None or score > best.score:
            name, reason = columns.offers[int(tried.offer[at])].id, columns.reasons_shut[int(why[at]) - 1]
            found[ask] = Alternative(name, score, int(least[ask]) - score, reason, None)
    return found


def _shut_out(columns: Columns, asks: Column) -> tuple[Pairs, Column]:
    """Return the pairs that only a gate keeps apart, and the number of why it is shut."""
    ask, offer = skilled(columns, asks, LOOKED_AT)
    at, _ = among(columns.skill_keys, keyed(offer, len(columns.kinds), columns.ask["kind"][ask]))
    shut = columns.shut[at].astype(np.int64) if len(at) else at
    near = distances(columns, Pairs(offer, ask, ask)) <= columns.offer["reach"][offer]
    keep = (shut > 0) & near & (columns.offer["places"][offer] > 0)
    ask, offer, shut = ask[keep], offer[keep], shut[keep]
    row, slot = columns.times_of(ask)
    _, free = among(columns.free_keys, keyed(offer[row], columns.slot_count, slot))
    row, slot = row[free == 1], slot[free == 1]
    return Pairs(offer[row], ask[row], slot), shut[row]
