"""What a run came to, for offices: needs served, places filled, idle people and concentration, in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from api.domain.matching.columns import Column, Columns
from api.domain.matching.scores import Pairs


@dataclass(frozen=True, slots=True)
class Share:
    """One community or unit: how many places it has or could fill, how many were filled, and how many people idle."""

    name: str
    places: int
    filled: int
    idle: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of a run. `newly_served` are needs that nobody served before; `idle` could help and got nothing.

    `concentration` is the sum of squared shares of the communities in the filled places, in ten-thousandths: 10 000
    is all in one place. `communities` and `units` are by name; what belongs to none is left out of them.
    """

    needs: int
    places: int
    filled: int
    served: int
    newly_served: int
    helpers: int
    idle: int
    concentration: int
    communities: tuple[Share, ...]
    units: tuple[Share, ...]


def figures(columns: Columns, pairs: Pairs, places: Column) -> Figures:
    """Return the sums of what was proposed; `pairs` are the chosen ones and `places` what each fills."""
    ask, offer = columns.ask, columns.offer
    got = np.bincount(pairs.ask, places, len(columns.asks)).astype(np.int64)
    used = np.bincount(pairs.offer, places, len(columns.offers)).astype(np.int64)
    wanting, able = ask["places"] > 0, offer["places"] > 0
    idle = able & (used == 0)
    by_place = np.bincount(ask["community"] + 1, got, len(columns.communities) + 1).astype(np.int64)[1:]
    wanted = np.bincount(ask["community"] + 1, ask["places"], len(columns.communities) + 1).astype(np.int64)[1:]
    total = int(by_place.sum())
    names = sorted(columns.communities)
    return Figures(
        int(wanting.sum()), int(ask["places"].sum()), int(got.sum()), int(((got > 0) | (ask["served"] > 0)).sum()),
        int(((got > 0) & (ask["served"] == 0)).sum()), int((used > 0).sum()), int(idle.sum()),
        sum(int(each) ** 2 for each in by_place) * 10_000 // (total * total) if total else 0,
        tuple(Share(name, int(wanted[at]), int(by_place[at])) for at, name in enumerate(names)),
        _units([row.unit for row in columns.offers], offer["places"], used, idle),
    )  # fmt: skip


def _units(units: Sequence[str | None], places: Column, used: Column, idle: Any) -> tuple[Share, ...]:
    found: dict[str, list[int]] = {}
    for name, able, filled, resting in zip(units, places.tolist(), used.tolist(), idle.tolist(), strict=True):
        if name is not None:
            sums = found.setdefault(name, [0, 0, 0])
            for at, value in enumerate((able, filled, int(resting))):
                sums[at] += value
    return tuple(Share(name, *found[name]) for name in sorted(found))
