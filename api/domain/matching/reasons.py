"""Why each proposal was made: what counted and how much, and the nearest alternative and why it lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.earnings import Earned
from api.domain.matching.flow import load_costs, place_worth
from api.domain.matching.inputs import FACTORS
from api.domain.matching.scores import Pairs, among, distances, keyed, values


class Counted(NamedTuple):
    """One thing that counted: its value (0 to 100, or how many times or places), its weight, its points; no zeros."""

    factor: str
    value: int
    weight: int
    points: int


class Alternative(NamedTuple):
    """The offer that scores most among those that were not taken for the ask, and why it was not.

    `why` is `scored_less`, `carries_more`, `equal` (either would do; each run takes the same), `busy` (its slot),
    `full` (all that it can take), `community_full`, `not_worth` (it would have cost points), `not_best` where only
    the preview chose, or the code of a gate that it does not pass. `instead` is the ask that got it; `ahead` is the
    score of the weakest taken less that of the alternative.
    """

    offer_id: str
    score: int
    ahead: int
    why: str
    instead: str | None


class Proposal(NamedTuple):
    """An offer proposed for an ask: nobody is bound before they say yes.

    `slot` is None where the time is to be agreed on, `metres` None where a place is unknown. `sums` are what `counted`
    names, member by member; their points sum up to `points`, and the points of all proposals to the objective of the
    run.
    """

    ask_id: str
    offer_id: str
    slot: int | None
    places: int
    points: int
    metres: int | None
    sums: list[tuple[str, int, int, int]]
    alternative: Alternative | None
    flags: tuple[str, ...]

    @property
    def counted(self) -> tuple[Counted, ...]:
        """What counted, in the order in which reasons name it."""
        return tuple(Counted(*each) for each in self.sums)

    def reasons(self) -> dict[str, Any]:
        """Return the reasons as compact plain data to be stored; `told` makes them readable again."""
        kept: dict[str, Any] = {"counted": self.sums}
        if self.alternative is not None:
            kept["alternative"] = self.alternative
        if self.flags:
            kept["flags"] = self.flags
        return kept


def told(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored reasons with every member named: `counted`, `alternative` (or None) and `flags`."""
    other = kept.get("alternative")
    return {
        "counted": [Counted(*each)._asdict() for each in kept["counted"]],
        "alternative": None if other is None else Alternative(*other)._asdict(),
        "flags": list(kept.get("flags", ())),
    }


def proposed(
    columns: Columns, pairs: Pairs, places: Column, earned: Earned, alternatives: dict[int, Alternative]
) -> Iterator[Proposal]:
    """Yield the proposals in the order of the pairs, each with its reasons."""
    valued = values(columns, pairs)
    weights, slots, asks, offers = columns.weights, sorted(columns.slots), columns.asks, columns.offers
    named = [(name, getattr(weights, name)) for name in FACTORS]
    named += [("decline", -weights.decline), ("no_show", -weights.no_show)]
    names, given = zip(*named, strict=True)
    factors = np.column_stack([valued[name] for name in names])
    counted = (factors * np.array(given) * places[:, None]).tolist()
    flat = (column.tolist() for column in (*pairs, places, earned.cover, earned.load, earned.points()))
    place = place_worth(weights)
    for found, points_each, offer, ask, slot, many, cover, load, points, metres in zip(
        factors.tolist(), counted, *flat, distances(columns, pairs).tolist(), strict=True
    ):
        sums = [each for each in zip(names, found, given, points_each, strict=True) if each[1]]
        sums.append(("place", many, place, place * many))
        if cover:
            sums.append(("cover", 1, weights.cover, cover))
        if load:
            sums.append(("load", -load // weights.load, -weights.load, load))
        yield Proposal(
            asks[ask].id, offers[offer].id, slots[slot] if slot < len(slots) else None, many, points,
            metres if metres >= 0 else None, sums, alternatives.get(ask), columns.flags[ask],
        )  # fmt: skip


def alternatives(
    columns: Columns, pairs: Pairs, worth: Column, filled: Column, *, exact: bool = True
) -> dict[int, Alternative]:
    """Return for each ask that got somebody the best-scoring offer that it did not get, and why not.

    `exact` says that `filled` is an optimum, so that what lost can be explained by the points; else `not_best` is said.
    """
    taken = filled > 0
    many = len(columns.asks)
    met = np.unique(keyed(pairs.offer[taken], many, pairs.ask[taken]))
    served = np.zeros(many, bool)
    served[pairs.ask[taken]] = True
    _, got = among(met, keyed(pairs.offer, many, pairs.ask))
    other = np.flatnonzero(served[pairs.ask] & (got == 0))
    # Of an ask's pairs the one with the most points; of equals the first by offer and slot.
    low = int(worth.min()) if len(worth) else 0
    rank = ((worth[other].astype(np.int64) - low) << 32) + (len(worth) - other)
    best = np.full(many, -1, np.int64)
    np.maximum.at(best, pairs.ask[other], rank)
    asks = np.flatnonzero(best >= 0)
    rows = len(worth) - (best[asks] & (2**32 - 1))
    weakest, dearest = _weakest(columns, pairs, worth, filled)
    state = _State(columns, pairs, filled)
    return {
        ask: state.alternative(row, int(worth[row]), int(weakest[ask]), int(dearest[ask]), exact)
        for ask, row in zip(asks.tolist(), rows.tolist(), strict=True)
    }


def _weakest(columns: Columns, pairs: Pairs, worth: Column, filled: Column) -> tuple[Column, Column]:
    """Return for each ask the least score taken, and the least score less what the last place of that offer cost."""
    rows = np.flatnonzero(filled)
    used = np.bincount(pairs.offer[rows], filled[rows], len(columns.offers)).astype(np.int64)
    net = worth[rows] - load_costs(columns, pairs.offer[rows], used[pairs.offer[rows]] - 1)
    least = np.full((2, len(columns.asks)), np.iinfo(np.int64).max)
    np.minimum.at(least[0], pairs.ask[rows], worth[rows])
    np.minimum.at(least[1], pairs.ask[rows], net)
    return least[0], least[1]


class _State:
    """Who has what after the run, to say why an alternative lost."""

    def __init__(self, columns: Columns, pairs: Pairs, filled: Column):
        rows = np.flatnonzero(filled)
        self.columns, self.pairs = columns, pairs
        self.used = np.bincount(pairs.offer[rows], filled[rows], len(columns.offers)).astype(np.int64)
        self.got = np.bincount(pairs.ask[rows], filled[rows], len(columns.asks)).astype(np.int64)
        self.next_costs = load_costs(columns, np.arange(len(columns.offers)), self.used)
        self.room = _room(columns, pairs, rows, filled)
        self.given: dict[int, list[tuple[int, int, int]]] = {}
        triples = zip(*(column[rows].tolist() for column in pairs), filled[rows].tolist(), strict=True)
        for offer, ask, slot, many in triples:
            self.given.setdefault(offer, []).append((ask, slot, many))

    def alternative(self, row: int, score: int, weakest: int, dearest: int, exact: bool) -> Alternative:
        """Return the alternative that stands in a row of the pairs."""
        offer, ask, slot = (int(column[row]) for column in self.pairs)
        why, instead = self.why(offer, ask, slot, score, dearest)
        if not exact and why in ("scored_less", "carries_more", "equal", "not_worth"):
            why = "not_best"
        elif why == "carries_more" and score < weakest:
            why = "scored_less"
        name = None if instead is None else self.columns.asks[instead].id
        return Alternative(self.columns.offers[offer].id, score, weakest - score, why, name)

    def why(self, offer: int, ask: int, slot: int, score: int, dearest: int) -> tuple[str, int | None]:
        """Return why an offer was not taken, and the ask that got it instead where one did."""
        columns, given = self.columns, self.given.get(offer, [])
        if given and self.used[offer] >= columns.offer["places"][offer]:
            return "full", given[0][0]
        here = [(other, many) for other, at, many in given if at == slot]
        if slot != columns.by_agreement and sum(many for _, many in here) >= columns.offer["at_once"][offer]:
            return "busy", here[0][0]
        net = score - int(self.next_costs[offer])
        if self.got[ask] < columns.ask["places"][ask]:
            return ("community_full" if self.room[columns.ask["community"][ask]] <= 0 else "not_worth"), None
        return ("equal" if net == dearest else "carries_more"), None


def _room(columns: Columns, pairs: Pairs, rows: Column, filled: Column) -> list[int]:
    """Return what each community could still take; the last stands for asks without one."""
    limits = columns.limits
    used = np.bincount(columns.ask["community"][pairs.ask[rows]] + 1, filled[rows], len(columns.communities) + 1)
    room = [limits.communities.get(name, limits.community) for name in sorted(columns.communities)]
    return [2**31 if most is None else most - int(used[at + 1]) for at, most in enumerate(room)] + [2**31]
