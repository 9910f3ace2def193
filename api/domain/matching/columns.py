"""Asks and offers as columns of whole numbers, on which candidates, scores and the flow work."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from api.domain.matching.inputs import Ask, Limits, Offer, Weights, arranged, require_weights

Column = NDArray[np.signedinteger[Any]]
NOWHERE = 0
"""The position of what has no place: never read, because `placed` is false beside it."""


@dataclass(slots=True)
class Columns:
    """A run's inputs, asks and offers by id. `BY_AGREEMENT`, the slot after the last, is that of asks without a time.

    A kind is a category with the gate that stands before it, if any. `skill_keys` are offer × kinds + kind in order;
    `level`, `declines` and `shut` (0, or one more than the place in `reasons_shut` of why the gate is shut) stand
    beside them. `free_keys` are offer × slots + slot in order, with `preferred` beside them. `wished` and `refused`
    are keys of the same form.
    """

    asks: list[Ask]
    offers: list[Offer]
    weights: Weights
    limits: Limits
    kinds: dict[tuple[str, str], int]
    communities: dict[str, int]
    slots: dict[int, int]
    ask: dict[str, Column]
    offer: dict[str, Column]
    ask_slots: tuple[Column, Column]
    skill_keys: Column
    level: Column
    declines: Column
    shut: Column
    reasons_shut: list[str]
    free_keys: Column
    preferred: Column
    wished: dict[str, Column]
    refused: Column
    flags: list[tuple[str, ...]]

    @property
    def by_agreement(self) -> int:
        """The number of the slot that stands for a time that nobody has said."""
        return len(self.slots)

    @property
    def slot_count(self) -> int:
        """How many slots there are, the one by agreement included."""
        return len(self.slots) + 1

    def times_of(self, ask: Column) -> tuple[Column, Column]:
        """Return each possible time of each of these asks: the place of the ask in `ask`, and the slot."""
        of, slot = self.ask_slots
        begin, end = np.searchsorted(of, ask), np.searchsorted(of, ask, "right")
        row = np.repeat(np.arange(len(ask)), end - begin)
        within = np.arange(len(row)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
        return row, slot[begin[row] + within]


def columns(asks: Sequence[Ask], offers: Sequence[Offer], weights: Weights, limits: Limits) -> Columns:
    """Return the inputs as columns; WeightsInvalid or InputRepeated where they cannot be."""
    require_weights(weights, limits)
    asks, offers = arranged(asks), arranged(offers)
    kinds = _numbered({kind_of(ask) for ask in asks})
    reasons_shut = sorted({why for offer in offers for _, why in offer.shut})
    communities = _numbered({ask.community for ask in asks if ask.community is not None})
    slots = _numbered({slot for ask in asks for slot in ask.slots or ()})
    skill_keys, level, declines, shut = _skills(offers, kinds, reasons_shut, weights)
    free_keys, preferred = _free(offers, slots, weights)
    numbers = _numbered({ask.id for ask in asks})
    return Columns(
        asks, offers, weights, limits, kinds, communities, slots, _ask_columns(asks, kinds, communities),
        _offer_columns(offers, limits, weights), _ask_slots(asks, slots), skill_keys, level, declines, shut,
        reasons_shut, free_keys, preferred,
        {
            "kind": _named(offers, "wishes", len(kinds), _by_category(kinds)),
            "community": _named(offers, "wishes", len(communities), _single(communities)),
            "ask": _named(offers, "wishes", len(numbers), _single(numbers)),
        },
        _named(offers, "declined", len(numbers), _single(numbers)), [_flags(ask) for ask in asks],
    )  # fmt: skip


def kind_of(ask: Ask) -> tuple[str, str]:
    """Return what an ask wants: its category and its gate, which is empty where anybody may come."""
    return ask.category, ask.gate or ""


def _numbered(names: set[Any]) -> dict[Any, int]:
    return {name: number for number, name in enumerate(sorted(names))}


def _by_category(kinds: dict[tuple[str, str], int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for (category, _), number in kinds.items():
        found.setdefault(category, []).append(number)
    return found


def _single(numbers: dict[str, int]) -> dict[str, list[int]]:
    return {name: [number] for name, number in numbers.items()}


def _column(values: Any) -> Column:
    return np.array(values, dtype=np.int64)


def _flags(ask: Ask) -> tuple[str, ...]:
    found = (
        ("time_unknown", ask.slots is None),
        ("windows_contradict", ask.slots is not None and not ask.slots),
        ("headcount_unknown", ask.headcount is None),
        ("place_unknown", ask.place is None),
    )
    return tuple(name for name, holds in found if holds)


def _common(rows: Sequence[Any]) -> dict[str, Column]:
    places = _column([row.place or (NOWHERE, NOWHERE) for row in rows]).reshape(-1, 2)
    return {
        "x": places[:, 0].copy(),
        "y": places[:, 1].copy(),
        "placed": _column([row.place is not None for row in rows]),
        # A stable number of each id, by which ties of place are spread; it does not depend on who else is there.
        "mark": _column([crc32(row.id.encode()) for row in rows]),
    }


def _ask_columns(asks: list[Ask], kinds: dict[tuple[str, str], int], communities: dict[str, int]) -> dict[str, Column]:
    wanted = _column([1 if ask.headcount is None else ask.headcount for ask in asks])
    served = _column([max(ask.served, 0) for ask in asks])
    return _common(asks) | {
        "kind": _column([kinds[kind_of(ask)] for ask in asks]),
        "community": _column([-1 if ask.community is None else communities[ask.community] for ask in asks]),
        "places": np.maximum(wanted - served, 0),
        "served": served,
        "urgency": np.clip(_column([ask.urgency for ask in asks]), 0, 100),
    }


def _offer_columns(offers: list[Offer], limits: Limits, weights: Weights) -> dict[str, Column]:
    free = _column([min(offer.max_tasks - offer.load, (limits.asks - offer.asked) * offer.at_once) for offer in offers])
    rating = _column([weights.unknown if offer.rating is None else offer.rating for offer in offers])
    return _common(offers) | {
        "places": np.maximum(free, 0),
        "reach": np.maximum(_column([offer.reach for offer in offers]), 0),
        "load": np.maximum(_column([offer.load for offer in offers]), 0),
        "at_once": np.maximum(_column([offer.at_once for offer in offers]), 1),
        "rating": np.clip(rating, 0, 100),
        "no_shows": np.clip(_column([offer.no_shows for offer in offers]), 0, weights.most),
    }


def _ask_slots(asks: list[Ask], slots: dict[int, int]) -> tuple[Column, Column]:
    """Return each possible time of each ask as ask and slot; what has no time stands in the slot by agreement."""
    rows = [
        (number, slot)
        for number, ask in enumerate(asks)
        for slot in ([len(slots)] if ask.slots is None else sorted({slots[each] for each in ask.slots}))
    ]
    table = _column(rows).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def _skills(
    offers: list[Offer], kinds: dict[tuple[str, str], int], reasons_shut: list[str], weights: Weights
) -> tuple[Column, Column, Column, Column]:
    """Return the kinds that each offer has the skill for, with its level, its declines, and whether a gate is shut."""
    of = {category: [] for category, _ in kinds}
    for (category, gate), number in kinds.items():
        of[category].append((number, gate))
    code = {why: number for number, why in enumerate(reasons_shut, start=1)}
    keys, levels, times, shut = array("q"), array("b"), array("b"), array("h")

    @cache  # many have the same skills, and nothing against them
    def able(skills: Any, declines: Any, gates: Any) -> tuple[list[int], array[int], array[int], array[int]]:
        refusals, closed = dict(declines), dict(gates)
        found = [
            (kind, min(max(level, 1), 3), min(max(refusals.get(category, 0), 0), weights.most),
             code[closed[gate]] if gate in closed else 0)
            for category, level in sorted(dict(skills).items())
            for kind, gate in of.get(category, ())
        ]  # fmt: skip
        one, two, three, four = zip(*found, strict=True) if found else ((), (), (), ())
        return list(one), array("b", two), array("b", three), array("h", four)

    for number, offer in enumerate(offers):
        base, (numbers, *others) = number * len(kinds), able(offer.skills, offer.declines, offer.shut)
        keys.extend([base + kind for kind in numbers])
        for column, more in zip((levels, times, shut), others, strict=True):
            column.extend(more)
    return _kept(keys), _kept(levels), _kept(times), _kept(shut)


def _free(offers: list[Offer], slots: dict[int, int], weights: Weights) -> tuple[Column, Column]:
    """Return when each offer is free, with what the slot is worth: liked 100, free 50, nothing said `unknown`."""
    keys, worth = array("q"), array("b")
    width = len(slots) + 1
    for number, offer in enumerate(offers):
        base = number * width
        if offer.slots is None:
            keys.extend(range(base, base + width))
            worth.extend([weights.unknown] * width)
            continue
        liked = set(offer.preferred)
        for slot in sorted(set(offer.slots)):
            if slot in slots:
                keys.append(base + slots[slot])
                worth.append(100 if slot in liked else 50)
        keys.append(base + width - 1)
        worth.append(weights.unknown)
    return _kept(keys), _kept(worth)


def _kept(values: Any) -> Column:
    """Return an array of machine numbers as a column of just that width."""
    return np.array(values)


def _named(offers: list[Offer], attribute: str, wide: int, numbers: dict[str, list[int]]) -> Column:
    keys = {
        at * wide + number
        for at, offer in enumerate(offers)
        for name in getattr(offer, attribute)
        for number in numbers.get(name, ())
    }
    return np.sort(_column(list(keys)))
