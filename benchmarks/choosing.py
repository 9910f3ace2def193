"""How people find needs without a matcher: a list from the top, or a look around where the popular wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from math import dist
from random import Random
from typing import NamedTuple

from api.domain.matching.inputs import Ask, Limits, Offer
from benchmarks.cities import City

Ranking = Callable[[Random], Mapping[str, float]]


class Choice(NamedTuple):
    """One volunteer took one place."""

    offer_id: str
    ask_id: str
    slot: int | None
    places: int = 1


class Outcome(NamedTuple):
    """What came of it: how many needs nobody had served before and somebody serves now, and places filled."""

    newly_served: int
    filled: int


def outcome(asks: list[Ask], chosen: list[Choice]) -> Outcome:
    """Return what the choices come to."""
    taken = {each.ask_id for each in chosen}
    return Outcome(sum(ask.id in taken for ask in asks if not ask.served), sum(each.places for each in chosen))


def by_list(town: City, limits: Limits, seed: int = 1) -> list[Choice]:
    """Let volunteers come one by one and take what fits from the top of the list, the most looked at first."""
    order = sorted(town.asks, key=lambda ask: (-town.popularity[ask.id], ask.id))
    return _chosen(town, limits, Random(seed), lambda _chance: {ask.id: at for at, ask in enumerate(order)})


def by_browsing(town: City, limits: Limits, seed: int = 1) -> list[Choice]:
    """Let volunteers come one by one and take what fits at random, a need looked at twice as often twice as likely."""

    def drawn(chance: Random) -> dict[str, float]:
        return {ask.id: chance.expovariate(1) / max(town.popularity[ask.id], 1) for ask in town.asks}

    return _chosen(town, limits, Random(seed), drawn, again=True)


def _chosen(town: City, limits: Limits, chance: Random, ranked: Ranking, again: bool = False) -> list[Choice]:
    by: dict[str, list[Ask]] = defaultdict(list)
    for ask in town.asks:
        by[ask.category].append(ask)
    left = {ask.id: max((1 if ask.headcount is None else ask.headcount) - ask.served, 0) for ask in town.asks}
    rank, found = ranked(chance), []
    for count, offer in enumerate(chance.sample(town.offers, len(town.offers))):
        if again and count % 50 == 49:  # the next fifty look around anew
            rank = ranked(chance)
        room = min(offer.max_tasks - offer.load, limits.asks - offer.asked)
        fitting = sorted((ask for kind, _ in offer.skills for ask in by[kind]), key=lambda ask: rank[ask.id])
        busy: set[int | None] = set()
        for ask in fitting:
            if room <= 0:
                break
            slot = _fits(ask, offer, busy) if left[ask.id] > 0 else False
            if slot is not False:
                found.append(Choice(offer.id, ask.id, slot))
                busy.add(slot)
                left[ask.id] -= 1
                room -= 1
    return found


def _fits(ask: Ask, offer: Offer, busy: set[int | None]) -> int | bool | None:
    """Return the first slot in which it fits, None for a time to be agreed on, False where it does not fit."""
    if ask.gate in dict(offer.shut):
        return False
    if ask.place and offer.place and dist(ask.place, offer.place) > offer.reach:
        return False
    if ask.slots is None:
        return None
    free = (slot for slot in ask.slots if slot not in busy and (offer.slots is None or slot in offer.slots))
    return next(free, False)
