"""What a pair of offer and ask is worth: six factors from 0 to 100 by declared weights, less what counts against."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.inputs import FACTORS, FULL

_CHUNK = 100_000  # pairs valued at once, so that memory stays flat in a large city


class Pairs(NamedTuple):
    """Who could serve which ask when: numbers of offers, asks and slots, in that order and each triple once.

    In a large city there are millions, so they are kept in 32 bits; products of them are made by `keyed`.
    """

    offer: Column
    ask: Column
    slot: Column


def keyed(first: Column, width: int, second: Column) -> Column:
    """Return first × width + second in 64 bits: one number for two."""
    return first.astype(np.int64) * width + second


def among(keys: Column, wanted: Column) -> tuple[Column, Column]:
    """Return where each wanted key would stand in the sorted keys, and whether it stands there (0 or 1)."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, (keys[at] == wanted).astype(np.int64)


def distances(columns: Columns, pairs: Pairs) -> Column:
    """Return whole metres, rounded down, for each pair; −1 where either has no place."""
    ask, offer = columns.ask, columns.offer
    east = offer["x"][pairs.offer] - ask["x"][pairs.ask]
    north = offer["y"][pairs.offer] - ask["y"][pairs.ask]
    known = (offer["placed"][pairs.offer] & ask["placed"][pairs.ask]) == 1
    # The square root of a whole number below 2^52 is rounded correctly, so its floor is exact everywhere.
    return np.where(known, np.sqrt((east * east + north * north).astype(np.float64)).astype(np.int64), -1)


def values(columns: Columns, pairs: Pairs) -> dict[str, Column]:
    """Return each factor's value for each pair, and how often `decline` and `no_show` count against it."""
    ask, offer = columns.ask, columns.offer
    kind = ask["kind"][pairs.ask]
    skill, _ = among(columns.skill_keys, keyed(pairs.offer, len(columns.kinds), kind))
    free, _ = among(columns.free_keys, keyed(pairs.offer, columns.slot_count, pairs.slot))
    metres = distances(columns, pairs)
    reach = np.maximum(offer["reach"][pairs.offer], 1)
    return {
        "skills": columns.level[skill].astype(np.int64) * FULL // 3,
        "distance": np.where(
            metres < 0, columns.weights.unknown, FULL - np.minimum(np.maximum(metres, 0) * FULL // reach, FULL)
        ),
        "slot": columns.preferred[free].astype(np.int64),
        "rating": offer["rating"][pairs.offer],
        "wish": _wishes(columns, pairs, kind) * FULL,
        "urgency": ask["urgency"][pairs.ask],
        "decline": columns.declines[skill].astype(np.int64),
        "no_show": offer["no_shows"][pairs.offer],
    }


def scores(columns: Columns, pairs: Pairs) -> Column:
    """Return what each pair is worth in points, before what a place, a first helper and a load add or take off."""
    found = [np.zeros(0, np.int32)]
    for begin in range(0, len(pairs.offer), _CHUNK):
        part = Pairs(*(column[begin : begin + _CHUNK] for column in pairs))
        found.append(summed(columns, values(columns, part)).astype(np.int32))
    return np.concatenate(found)


def summed(columns: Columns, valued: dict[str, Column]) -> Column:
    """Return the points of valued factors: the sum of value times weight, less what counts against."""
    weights = columns.weights
    total = sum(valued[name] * getattr(weights, name) for name in FACTORS)
    return total - valued["decline"] * weights.decline - valued["no_show"] * weights.no_show


def _wishes(columns: Columns, pairs: Pairs, kind: Column) -> Column:
    """Return 1 where the offer has wished for the category, the community or the very ask."""
    community = columns.ask["community"][pairs.ask]
    places = len(columns.communities)
    _, such = among(columns.wished["kind"], keyed(pairs.offer, len(columns.kinds), kind))
    _, near = among(columns.wished["community"], keyed(pairs.offer, max(places, 1), np.maximum(community, 0)))
    _, this = among(columns.wished["ask"], keyed(pairs.offer, len(columns.asks), pairs.ask))
    return such | (near * (community >= 0)) | this
