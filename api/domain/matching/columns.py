"""Asks and offers as columns of whole numbers, on which candidates, scores and the flow work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    `skill_keys` are offer × categories + category in order, `level` and `declines` stand beside them; `free_keys` are
    offer × slots + slot in order, with `preferred` beside them. `wish_*` and `refused` are keys of the same form.
    """

    asks: list[Ask]
    offers: list[Offer]
    weights: Weights
    limits: Limits
    categories: dict[str, int]
    communities: dict[str, int]
    slots: dict[int, int]
    ask: dict[str, Column]
    offer: dict[str, Column]
    ask_slots: tuple[Column, Column]
    skill_keys: Column
    level: Column
    declines: Column
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


def columns(asks: Sequence[Ask], offers: Sequence[Offer], weights: Weights, limits: Limits) -> Columns:
    """Return the inputs as columns; WeightsInvalid or InputRepeated where they cannot be."""
    require_weights(weights, limits)
    asks, offers = arranged(asks), arranged(offers)
    categories = _numbered({ask.category for ask in asks})
    communities = _numbered({ask.community for ask in asks if ask.community is not None})
    slots = _numbered({slot for ask in asks for slot in ask.slots or ()})
    skill_keys, level, declines = _skills(offers, categories, weights)
    free_keys, preferred = _free(offers, slots, weights)
    numbers = _numbered({ask.id for ask in asks})
    return Columns(
        asks, offers, weights, limits, categories, communities, slots, _ask_columns(asks, categories, communities),
        _offer_columns(offers, limits, weights), _ask_slots(asks, slots), skill_keys, level, declines, free_keys,
        preferred,
        {
            "category": _named(offers, "wishes", categories),
            "community": _named(offers, "wishes", communities),
            "ask": _named(offers, "wishes", numbers),
        },
        _named(offers, "declined", numbers), [_flags(ask) for ask in asks],
    )  # fmt: skip


def _numbered(names: set[Any]) -> dict[Any, int]:
    return {name: number for number, name in enumerate(sorted(names))}


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


def _ask_columns(asks: list[Ask], categories: dict[str, int], communities: dict[str, int]) -> dict[str, Column]:
    wanted = _column([1 if ask.headcount is None else ask.headcount for ask in asks])
    served = _column([max(ask.served, 0) for ask in asks])
    return _common(asks) | {
        "category": _column([categories[ask.category] for ask in asks]),
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


def _skills(offers: list[Offer], categories: dict[str, int], weights: Weights) -> tuple[Column, Column, Column]:
    rows = []
    for number, offer in enumerate(offers):
        refusals = dict(offer.declines)
        for category, level in sorted(dict(offer.skills).items()):
            if category in categories:
                times = min(max(refusals.get(category, 0), 0), weights.most)
                rows.append((number * len(categories) + categories[category], min(max(level, 1), 3), times))
    table = _column(rows).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()


def _free(offers: list[Offer], slots: dict[int, int], weights: Weights) -> tuple[Column, Column]:
    """Return when each offer is free, with what the slot is worth: liked 100, free 50, nothing said `unknown`."""
    keys: list[int] = []
    worth: list[int] = []
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
    return _column(keys), _column(worth)


def _named(offers: list[Offer], attribute: str, numbers: dict[str, int]) -> Column:
    keys = {
        number * len(numbers) + numbers[name]
        for number, offer in enumerate(offers)
        for name in getattr(offer, attribute)
        if name in numbers
    }
    return np.sort(_column(list(keys)))
