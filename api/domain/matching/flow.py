"""The best proposals as an exact min-cost flow: helpers, their slots, asks and communities as a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.domain.matching.columns import Column, Columns
from api.domain.matching.inputs import Weights
from api.domain.matching.scores import Pairs, keyed
from api.errors import Invalid

Marks = NDArray[np.bool_]
_SOURCE, _SINK = 0, 1
_CHUNK = 100_000  # arcs handed over at once
_LARGEST = 2**62  # the solver multiplies costs by the number of nodes, in 64 bits


class WeightsTooLarge(Invalid):
    """The weights times the size of the network leave 64 bits."""

    code = "weights_too_large"
    zh, en = "匹配权重过大，无法精确求解", "The weights are too large to be solved exactly"


@dataclass(slots=True)
class Network:
    """A flow network as groups of arcs: tails, heads, capacities, costs; `chosen` marks the pairs of a group."""

    nodes: int
    supply: int = 0
    groups: list[tuple[Column, Column, Column, Column]] = field(default_factory=list)
    chosen: list[tuple[int, Marks]] = field(default_factory=list)

    def add(self, tails: Any, heads: Any, capacities: Any, costs: Any, pairs: Marks | None = None) -> None:
        """Add a group of arcs; `pairs` marks the pairs that they stand for, in their order."""
        many = np.broadcast_shapes(*(np.shape(each) for each in (tails, heads, capacities, costs)))
        if pairs is not None:
            self.chosen.append((len(self.groups), pairs))
        ends = (np.broadcast_to(np.asarray(each, dtype=np.int32), many) for each in (tails, heads))
        sizes = (np.broadcast_to(np.asarray(each), many) for each in (capacities, costs))
        self.groups.append((*ends, *sizes))  # type: ignore[arg-type]

    def take(self, count: int) -> int:
        """Return the first of `count` new nodes."""
        first = self.nodes
        self.nodes += count
        return first


def network(columns: Columns, pairs: Pairs, worth: Column) -> Network:
    """Return the network of a run, in which the cost of a flow is minus the points that it earns."""
    asks, offers = len(columns.asks), len(columns.offers)
    built = Network(2)
    first_ask, first_offer = built.take(asks), built.take(offers)
    degree = np.bincount(pairs.offer, minlength=offers) * columns.offer["at_once"]
    used, wanted = np.flatnonzero(degree), np.flatnonzero(np.bincount(pairs.ask, minlength=asks))
    places = np.minimum(columns.offer["places"], degree)
    _helpers(columns, built, used, places, first_offer)
    _chosen(columns, built, pairs, worth, places, first_offer, first_ask)
    _asks(columns, built, wanted, first_ask)
    built.supply = int(min(places.sum(), columns.ask["places"][wanted].sum()))
    built.add(_SOURCE, [_SINK], built.supply, 0)
    return built


def load_costs(columns: Columns, offer: Column, before: Column) -> Column:
    """Return what a further place takes off for offers that have so many already in this run."""
    return np.minimum(columns.offer["load"][offer] + before, columns.weights.most) * columns.weights.load


def place_worth(weights: Weights) -> int:
    """Return what a filled place earns: where every weight is zero, filling places is still what a run is for."""
    return max(weights.place, 1)


def _helpers(columns: Columns, built: Network, used: Column, places: Column, first: int) -> None:
    """Join the source to each helper by parallel arcs, each place dearer than the one before until `most`."""
    steps = columns.weights.most + 1
    for step in range(steps):
        some = used[places[used] > step]
        room = np.ones(len(some), np.int64) if step < steps - 1 else places[some] - step
        built.add(_SOURCE, some + first, room, load_costs(columns, some, np.full(len(some), step)))


def _chosen(
    columns: Columns, built: Network, pairs: Pairs, worth: Column, places: Column, first_offer: int, first_ask: int
) -> None:
    """Join helpers to asks: through their slots, and through the pair where it could meet in several slots.

    Whoever takes one place needs neither: of a pair's slots the best, and of equals the first, is enough.
    """
    single = places[pairs.offer] == 1
    best = _best_slots(columns, pairs, worth, np.flatnonzero(single).astype(np.int32))
    taken = np.zeros(len(worth), bool)
    taken[best] = True
    built.add(pairs.offer[best] + first_offer, pairs.ask[best] + first_ask, 1, -worth[best], taken)
    _several(columns, built, pairs, worth, ~single, first_offer, first_ask)


def _several(
    columns: Columns, built: Network, pairs: Pairs, worth: Column, several: Marks, first_offer: int, first_ask: int
) -> None:
    """Join those who take several places to asks."""
    wide = columns.slot_count
    keys, where = np.unique(keyed(pairs.offer[several], wide, pairs.slot[several]), return_inverse=True)
    timed = keys % wide != columns.by_agreement
    slots = np.where(timed, built.take(len(keys)) + np.arange(len(keys)), keys // wide + first_offer)
    owners = keys[timed] // wide
    built.add(owners + first_offer, slots[timed], columns.offer["at_once"][owners], 0)
    tails = slots.astype(np.int32)[where]
    del where
    heads = pairs.ask[several] + np.int32(first_ask)
    pair = keyed(pairs.offer[several], len(columns.asks), pairs.ask[several])
    same = np.zeros(len(pair), bool)
    same[1:] = pair[1:] == pair[:-1]
    same[:-1] |= same[1:]
    meeting, of = np.unique(pair[same], return_inverse=True)
    through = built.take(len(meeting))
    built.add(
        through + np.arange(len(meeting)), meeting % max(len(columns.asks), 1) + first_ask,
        columns.offer["at_once"][meeting // max(len(columns.asks), 1)], 0,
    )  # fmt: skip
    heads[same] = through + of
    del pair
    at_once = columns.offer["at_once"][pairs.offer[several]]
    built.add(tails, heads, 1 if (at_once == 1).all() else at_once, -worth[several], several)


def _best_slots(columns: Columns, pairs: Pairs, worth: Column, some: Column) -> Column:
    """Return of each pair's triples the one that is worth most, the earliest of equals; the triples stand by pair."""
    if not len(some):
        return some
    pair = keyed(pairs.offer[some], len(columns.asks), pairs.ask[some])
    first = np.ones(len(some), bool)
    first[1:] = pair[1:] != pair[:-1]
    rank = worth[some].astype(np.int64) * columns.slot_count - pairs.slot[some]
    best = np.maximum.reduceat(rank, np.flatnonzero(first))
    return some[rank == best[np.cumsum(first) - 1]]


def _asks(columns: Columns, built: Network, used: Column, first: int) -> None:
    """Join each ask to the sink, or to its community where that has a capacity; a first helper earns `cover`."""
    weights, limits = columns.weights, columns.limits
    names = sorted(columns.communities)
    room = [limits.communities.get(name, limits.community) for name in names]
    first_community = built.take(len(names))
    bounded = np.array([each is not None for each in room] + [False])  # the last is that of asks without a community
    community = columns.ask["community"][used]
    heads = np.where(bounded[community], first_community + community, _SINK)
    places, served = columns.ask["places"][used], columns.ask["served"][used]
    fresh = served == 0
    worth = place_worth(weights)
    built.add(used[fresh] + first, heads[fresh], 1, -worth - weights.cover)
    rest = np.where(fresh, places - 1, places)
    more = rest > 0
    built.add(used[more] + first, heads[more], rest[more], -worth)
    limited = np.flatnonzero(bounded[:-1])
    built.add(limited + first_community, _SINK, np.array([room[each] for each in limited], np.int64), 0)


def solve(built: Network, count: int) -> tuple[Column, int] | None:
    """Return how many places each of `count` pairs fills at the optimum, and the points that it earns.

    None where the solver finds no optimum, which its own checks alone could cause; WeightsTooLarge where the costs
    leave 64 bits.
    """
    from ortools.graph.python import min_cost_flow

    largest = max((int(np.abs(costs).max()) for *_, costs in built.groups if len(costs)), default=0)
    if largest * (built.nodes + 1) >= _LARGEST:
        raise WeightsTooLarge
    solver: Any = min_cost_flow.SimpleMinCostFlow()
    arcs = []
    for number in range(len(built.groups)):
        group = built.groups[number]
        built.groups[number] = ()  # type: ignore[call-overload] # the solver has its own copy soon
        arcs.append((solver.num_arcs(), len(group[0])))
        for begin in range(0, len(group[0]), _CHUNK):
            tails, heads, capacities, costs = (column[begin : begin + _CHUNK] for column in group)
            solver.add_arcs_with_capacity_and_unit_cost(
                np.array(tails), np.array(heads), capacities.astype(np.int64), costs.astype(np.int64)
            )
        del group
    solver.set_nodes_supplies(np.array([_SOURCE, _SINK]), np.array([built.supply, -built.supply]))
    status = solver.solve()
    if status == solver.BAD_COST_RANGE:
        raise WeightsTooLarge
    if status != solver.OPTIMAL:
        return None
    filled = np.zeros(count, np.int64)
    for group, pairs in built.chosen:
        begin, many = arcs[group]
        filled[pairs] = solver.flows(np.arange(begin, begin + many))
    return filled, -int(solver.optimal_cost())
