"""What chosen pairs earn, proposal by proposal: the sum is the objective of the flow, to the point."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.flow import place_worth
from api.domain.matching.scores import Pairs


class Earned(NamedTuple):
    """The points of each chosen pair by where they come from; `load` is negative or nothing."""

    score: Column
    place: Column
    cover: Column
    load: Column

    def points(self) -> Column:
        """Return the sum for each pair."""
        return self.score + self.place + self.cover + self.load


def earnings(columns: Columns, pairs: Pairs, worth: Column, places: Column) -> Earned:
    """Return what each chosen pair earns, given the points of a place in it and how many places it fills.

    The first helper of an ask is the one that scores most (of equals the first by id). What an offer carries counts
    in the order of the pairs: the load before the run, then the places of its earlier pairs.
    """
    weights = columns.weights
    cover = np.zeros(len(places), np.int64)
    if len(places):
        order = np.lexsort((pairs.slot, pairs.offer, -worth, pairs.ask))
        first = np.ones(len(order), bool)
        first[1:] = pairs.ask[order[1:]] != pairs.ask[order[:-1]]
        leaders = order[first]
        cover[leaders] = np.where(columns.ask["served"][pairs.ask[leaders]] == 0, weights.cover, 0)
    before = columns.offer["load"][pairs.offer] + _earlier(pairs.offer, places)
    carried = (_carried(before + places, weights.most) - _carried(before, weights.most)) * weights.load
    return Earned(worth * places, place_worth(weights) * places, cover, -carried)


def _earlier(offer: Column, places: Column) -> Column:
    """Return the places of the earlier rows of the same offer; the rows stand by offer."""
    if not len(offer):
        return np.zeros(0, np.int64)
    total = np.cumsum(places) - places
    begins = np.searchsorted(offer, offer)
    return total - total[begins]


def _carried(count: Column, most: int) -> Column:
    """Return 0 + 1 + … over so many places, each counted up to `most`."""
    low = np.minimum(count, most)
    return low * (low - 1) // 2 + (count - low) * most
