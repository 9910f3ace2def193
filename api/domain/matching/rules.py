"""What an office may declare of a match: weights, limits and memory, each within sane bounds, zero among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from api.domain.matching.inputs import Ask, Limits, Offer, Weights, WeightsInvalid
from api.domain.matching.learning import Memory


@dataclass(frozen=True, slots=True)
class Terms:
    """How far a run looks ahead and how often it asks.

    `asks` is how often somebody is asked in a calendar month, `horizon_days` how far ahead needs are matched,
    `answer_days` how long a proposal waits for its answer, `lead_hours` how long before it begins a need may still be
    proposed, `capacity` how many places a community takes in one run (None: as many as there are). `reply_days` are the
    working days that a proposal of a project waits for its other side, `start_days` the days after its first one at
    which an agreed project that has not begun is asked about. `verify_days` are the working days in which a
    community checks a need that was submitted; `list_day` is the day of the month on which the needs of the next
    one are frozen and published as its list (None: no list is kept a month ahead). `spread` keeps units from
    clustering: a community takes at most so many per cent of an even share of what units can give in a run (0: as
    many as there are).
    """

    asks: int = 3
    horizon_days: int = 35
    answer_days: int = 5
    lead_hours: int = 24
    reply_days: int = 10
    start_days: int = 14
    verify_days: int = 5
    list_day: int | None = None
    capacity: int | None = None
    spread: int = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is declared; what an office leaves out stays as it is here."""

    weights: Weights
    terms: Terms
    memory: Memory

    def limits(self, kind: str, asks: Sequence[Ask], offers: Sequence[Offer]) -> Limits:
        """Return the limits of a run; units among several communities are spread by `spread`."""
        most = self.terms.capacity
        communities = {ask.community for ask in asks} - {None}
        if kind == "units" and self.terms.spread and len(communities) > 1:
            places = min(sum(offer.max_tasks for offer in offers), sum(ask.headcount or 1 for ask in asks))
            even = max(1, -(-places * self.terms.spread // (100 * len(communities))))
            most = even if most is None else min(most, even)
        return Limits(asks=self.terms.asks, community=most)

    def document(self) -> dict[str, Any]:
        """Return them as plain data; `rules_of` reads it again."""
        return {"weights": asdict(self.weights), "terms": asdict(self.terms), "memory": asdict(self.memory)}


_WEIGHT = 10_000
_BOUNDS: dict[str, tuple[int, int]] = {
    "most": (0, 100), "unknown": (0, 100), "asks": (0, 31), "horizon_days": (1, 92), "answer_days": (1, 30),
    "lead_hours": (0, 168), "reply_days": (1, 60), "start_days": (1, 92), "verify_days": (1, 60), "list_day": (1, 28),
    "capacity": (0, 100_000),
    "decline_days": (0, 3650), "no_show_days": (0, 3650), "rating_days": (0, 3650), "inputs_days": (0, 3650),
    "spread": (0, 1000),
}  # fmt: skip


def rules_of(content: Mapping[str, Any]) -> Rules:
    """Return the rules that a document declares, the shipped numbers where it is silent; WeightsInvalid beyond bounds.

    Weights go from 0 to 10 000: beyond that one factor drowns every other, and the exact sums need no more.
    """
    parts = {
        name: kind(**_checked(kind, content.get(name) or {}))
        for name, kind in (("weights", Weights), ("terms", Terms), ("memory", Memory))
    }
    return Rules(**parts)  # type: ignore[arg-type] # each is of its own kind


def _checked(kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {each.name for each in fields(kind)}
    for name, value in given.items():
        least, most = _BOUNDS.get(name, (0, _WEIGHT))
        if value is None and name in ("capacity", "list_day"):
            continue
        if name not in known or type(value) is not int or not least <= value <= most:
            raise WeightsInvalid(weight=name, most=most, pointer=f"/{name}")
    return dict(given)
