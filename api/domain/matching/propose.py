"""The way into the matching engine: from asks, offers, weights and limits to proposals with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from api.domain.matching.candidates import candidates, every_pair
from api.domain.matching.columns import Column, Columns, columns
from api.domain.matching.earnings import Earned, earnings
from api.domain.matching.figures import Figures, figures
from api.domain.matching.flow import network, solve
from api.domain.matching.greedy import greedy
from api.domain.matching.inputs import Ask, Limits, Offer, Weights
from api.domain.matching.reasons import Alternative, Proposal, alternatives, proposed
from api.domain.matching.scores import Pairs, scores
from api.domain.matching.shut import with_shut
from api.domain.matching.unserved import Unserved, unserved

Method = Literal["flow", "greedy"]
Stage = Literal["inputs", "candidates", "scores", "solve", "reasons"]
STAGES: tuple[Stage, ...] = ("inputs", "candidates", "scores", "solve", "reasons")
"""The stages of a run in their order, for its progress."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a run proposes: `method` is `flow` where it is the optimum of its candidates, `greedy` for the preview.

    `objective` is the sum of the points of all proposals; `candidate_count` the pairs that were chosen among.
    """

    columns: Columns
    method: Method
    objective: int
    candidate_count: int
    pairs: Pairs
    places: Column
    earned: Earned
    alternatives: dict[int, Alternative]
    unserved: list[Unserved]
    figures: Figures

    def __len__(self) -> int:
        return len(self.places)

    def rows(self) -> list[list[Any]]:
        """Return ask, offer, slot, places and points of each proposal in their order, without its reasons."""
        asks, offers = ([row.id for row in rows] for rows in (self.columns.asks, self.columns.offers))
        slots = [*sorted(self.columns.slots), None]
        flat = (column.tolist() for column in (*self.pairs, self.places, self.earned.points()))
        return [
            [asks[ask], offers[offer], slots[slot], places, points]
            for offer, ask, slot, places, points in zip(*flat, strict=True)
        ]

    def __iter__(self) -> Iterator[Proposal]:
        """Yield each proposal with its reasons, by offer, ask and slot; a few thousand at a time are in memory."""
        for begin in range(0, len(self.places), 4096):
            part = slice(begin, begin + 4096)
            yield from proposed(
                self.columns, Pairs(*(column[part] for column in self.pairs)), self.places[part],
                Earned(*(column[part] for column in self.earned)), self.alternatives,
            )  # fmt: skip


def _silent(_stage: Stage) -> None:
    """Tell nobody."""


def propose(
    asks: Sequence[Ask],
    offers: Sequence[Offer],
    weights: Weights | None = None,
    limits: Limits | None = None,
    *,
    method: Method = "flow",
    all_pairs: bool = False,
    on_stage: Callable[[Stage], None] = _silent,
) -> Proposals:
    """Return the best proposals; the same inputs in any order give the same, and nothing is assigned.

    `method` `greedy` is the preview; `flow` is exact, and falls back to the preview only where the solver itself finds
    no optimum. `all_pairs` leaves no candidate out, for comparison. `on_stage` is called before each stage and may
    raise to stop the run. Raises WeightsInvalid, WeightsTooLarge or InputRepeated.
    """
    on_stage("inputs")
    run = columns(asks, offers, weights or Weights(), limits or Limits())
    on_stage("candidates")
    pairs = every_pair(run) if all_pairs else candidates(run)
    on_stage("scores")
    worth = scores(run, pairs)
    on_stage("solve")
    solved = solve(network(run, pairs, worth), len(worth)) if method == "flow" else None
    filled = greedy(run, pairs, worth) if solved is None else solved[0]
    on_stage("reasons")
    rows = np.flatnonzero(filled)
    chosen, places = Pairs(*(column[rows].astype(np.int64) for column in pairs)), filled[rows]
    earned = earnings(run, chosen, worth[rows], places)
    return Proposals(
        run, "greedy" if solved is None else "flow", int(earned.points().sum()), len(worth), chosen, places, earned,
        with_shut(run, pairs, worth, filled, alternatives(run, pairs, worth, filled, exact=solved is not None)),
        unserved(run, pairs, filled),
        figures(run, chosen, places),
    )  # fmt: skip
