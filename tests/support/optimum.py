"""The best that a match could earn, from a linear program of HiGHS that shares nothing with the engine's network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import isqrt

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from api.domain.matching.inputs import Ask, Limits, Offer, Weights

Triple = tuple[str, str, int | None]
"""Offer, ask and slot; None is a time to be agreed on."""


def metres(ask: Ask, offer: Offer) -> int | None:
    if ask.place is None or offer.place is None:
        return None
    return isqrt((ask.place[0] - offer.place[0]) ** 2 + (ask.place[1] - offer.place[1]) ** 2)


def feasible(asks: Sequence[Ask], offers: Sequence[Offer]) -> Iterable[Triple]:
    """Yield every triple that the rules allow, one pair after the other."""
    for offer in offers:
        for ask in asks:
            apart = metres(ask, offer)
            if ask.category not in dict(offer.skills) or ask.id in offer.declined or ask.gate in dict(offer.shut):
                continue
            if apart is not None and apart > offer.reach:
                continue
            for slot in (None,) if ask.slots is None else ask.slots:
                if slot is None or offer.slots is None or slot in offer.slots:
                    yield offer.id, ask.id, slot


def score(ask: Ask, offer: Offer, slot: int | None, weights: Weights) -> int:
    """Return the points of a triple, as the documentation of the weights tells them."""
    apart, unknown = metres(ask, offer), weights.unknown
    wished = {ask.category, ask.community, ask.id} & set(offer.wishes)
    liked = unknown if slot is None or offer.slots is None else 100 if slot in offer.preferred else 50
    near = unknown if apart is None else 100 - min(apart * 100 // max(offer.reach, 1), 100)
    return (
        dict(offer.skills)[ask.category] * 100 // 3 * weights.skills
        + near * weights.distance
        + liked * weights.slot
        + (unknown if offer.rating is None else offer.rating) * weights.rating
        + (100 if wished else 0) * weights.wish
        + ask.urgency * weights.urgency
        - min(dict(offer.declines).get(ask.category, 0), weights.most) * weights.decline
        - min(offer.no_shows, weights.most) * weights.no_show
    )


class _Program:
    """A linear program that is filled row by row: minimise, with rows at most their limit."""

    def __init__(self) -> None:
        self.costs: list[int] = []
        self.bounds: list[tuple[int, int]] = []
        self.rows: list[list[tuple[int, int]]] = []
        self.limits: list[int] = []

    def variable(self, cost: int, most: int) -> int:
        self.costs.append(cost)
        self.bounds.append((0, most))
        return len(self.costs) - 1

    def row(self, terms: list[tuple[int, int]], most: int) -> None:
        self.rows.append(terms)
        self.limits.append(most)

    def best(self, method: str) -> int:
        cells = [(row, column, value) for row, terms in enumerate(self.rows) for column, value in terms]
        at = np.array(cells).reshape(-1, 3)
        matrix = csr_array((at[:, 2], (at[:, 0], at[:, 1])), (len(self.rows), len(self.costs)))
        found = linprog(self.costs, matrix, self.limits, bounds=self.bounds, method=method)
        assert found.status == 0, found.message
        assert abs(found.fun - round(found.fun)) < 0.01
        return -round(found.fun)


def optimum(
    asks: Sequence[Ask],
    offers: Sequence[Offer],
    weights: Weights,
    limits: Limits,
    triples: Iterable[Triple] | None = None,
    method: str = "highs",
) -> int:
    """Return the points of the best choice among the triples, by default among all that are feasible."""
    program = _Program()
    wanted, able = {ask.id: ask for ask in asks}, {offer.id: offer for offer in offers}
    by: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for offer_id, ask_id, slot in feasible(asks, offers) if triples is None else triples:
        ask, offer = wanted[ask_id], able[offer_id]
        at = program.variable(-(score(ask, offer, slot, weights) + max(weights.place, 1)), offer.at_once)
        by["ask", ask_id].append(at)
        by["offer", offer_id].append(at)
        by["pair", offer_id, ask_id].append(at)
        if slot is not None:
            by["time", offer_id, slot].append(at)
        if ask.community is not None:
            by["community", ask.community].append(at)
    for key, terms in by.items():
        _limited(program, key, terms, wanted, able, weights, limits)
    return program.best(method) if program.costs else 0


def _limited(
    program: _Program, key: tuple[object, ...], terms: list[int], asks: dict[str, Ask], offers: dict[str, Offer],
    weights: Weights, limits: Limits,
) -> None:  # fmt: skip
    whole, name = [(at, 1) for at in terms], str(key[1])
    match key[0]:
        case "ask":
            ask = asks[name]
            places = max((1 if ask.headcount is None else ask.headcount) - ask.served, 0)
            program.row(whole, places)
            if not ask.served:
                first = program.variable(-weights.cover, 1)
                program.row([(first, 1), *((at, -1) for at in terms)], 0)
        case "offer":
            offer = offers[name]
            places = max(min(offer.max_tasks - offer.load, (limits.asks - offer.asked) * offer.at_once), 0)
            steps = [program.variable(min(offer.load + step, weights.most) * weights.load, 1) for step in range(places)]
            program.row([*whole, *((step, -1) for step in steps)], 0)
        case "pair" | "time":
            program.row(whole, offers[name].at_once)
        case _:
            most = limits.communities.get(name, limits.community)
            if most is not None:
                program.row(whole, most)
