"""Whether proposals keep every limit, told from asks and offers alone: it shares no code with what made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import isqrt
from typing import Protocol

from api.domain.matching.inputs import Ask, Limits, Offer


class Chosen(Protocol):
    """What is looked at of a proposal."""

    @property
    def ask_id(self) -> str: ...  # noqa: D102

    @property
    def offer_id(self) -> str: ...  # noqa: D102

    @property
    def slot(self) -> int | None: ...  # noqa: D102

    @property
    def places(self) -> int: ...  # noqa: D102


def violations(asks: Sequence[Ask], offers: Sequence[Offer], limits: Limits, proposals: Iterable[Chosen]) -> list[str]:
    """Return what is wrong with the proposals, one sentence each; nothing where every limit is kept.

    Checked are skill, gate, time, reach and refusals of each pair, one task a slot, head-counts, loads, how often
    somebody is asked, and the capacities of communities.
    """
    wanted, able = {ask.id: ask for ask in asks}, {offer.id: offer for offer in offers}
    found: list[str] = []
    filled, used, times, pairs = Counter(), Counter(), Counter(), Counter()
    for each in proposals:
        ask, offer = wanted.get(each.ask_id), able.get(each.offer_id)
        if ask is None or offer is None or each.places < 1:
            found.append(f"{each.offer_id} for {each.ask_id} is nobody's")
            continue
        found += [f"{offer.id} for {ask.id}: {what}" for what in _pair(ask, offer, each.slot)]
        filled[ask.id] += each.places
        used[offer.id] += each.places
        pairs[offer.id, ask.id] += each.places
        if each.slot is not None:
            times[offer.id, each.slot] += each.places
    return found + _totals(wanted, able, limits, filled, used, times, pairs)


def _pair(ask: Ask, offer: Offer, slot: int | None) -> list[str]:
    wrong = []
    if ask.category not in {category for category, _ in offer.skills}:
        wrong.append("without the skill")
    if slot is None:
        if ask.slots is not None:
            wrong.append("without a time")
    elif slot not in (ask.slots or ()) or (offer.slots is not None and slot not in offer.slots):
        wrong.append("at another time")
    if ask.place and offer.place:
        east, north = ask.place[0] - offer.place[0], ask.place[1] - offer.place[1]
        if isqrt(east * east + north * north) > offer.reach:
            wrong.append("out of reach")
    if ask.id in offer.declined:
        wrong.append("although refused")
    if ask.gate in dict(offer.shut):
        wrong.append("although its gate is shut")
    return wrong


def _totals(
    asks: Mapping[str, Ask], offers: Mapping[str, Offer], limits: Limits, filled: Counter[str], used: Counter[str],
    times: Counter[tuple[str, int]], pairs: Counter[tuple[str, str]],
) -> list[str]:  # fmt: skip
    found = []
    communities: Counter[str] = Counter()
    for name, places in filled.items():
        ask = asks[name]
        if places > (1 if ask.headcount is None else ask.headcount) - ask.served:
            found.append(f"{name} has too many helpers")
        if ask.community is not None:
            communities[ask.community] += places
    for name, places in used.items():
        offer = offers[name]
        if places > offer.max_tasks - offer.load:
            found.append(f"{name} is loaded beyond its cap")
        if places > (limits.asks - offer.asked) * offer.at_once:
            found.append(f"{name} is asked too often")
    found += [f"{name} has two tasks at {at}" for (name, at), many in times.items() if many > offers[name].at_once]
    found += [f"{name} serves {ask} twice" for (name, ask), many in pairs.items() if many > offers[name].at_once]
    for name, places in communities.items():
        most = limits.communities.get(name, limits.community)
        if most is not None and places > most:
            found.append(f"{name} takes more than its capacity")
    return found
