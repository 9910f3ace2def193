"""Many cases through both implementations: where they disagree, and how often each primitive stands and binds."""

from __future__ import annotations

import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.support.oracle.cases import Case, by_engine, by_oracle, case, disagreement
from tests.support.oracle.faults import seeded
from tests.support.oracle.plain import Row
from tests.support.oracle.primitives import PRIMITIVES, without


@dataclass
class Tally:
    """What many cases came to; a primitive that stood and bound often enough is not looked for any more."""

    stands_enough: int
    binds_enough: int
    cases: int = 0
    disagreements: list[str] = field(default_factory=list)
    stands: Counter[str] = field(default_factory=Counter)
    binds: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[Case, Row]] = field(default_factory=list)
    bound: defaultdict[str, list[tuple[Case, Row]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, seed: int) -> None:
        """Compare the answers to one case, and look for what stands and binds in it."""
        made = case(seed)
        expected = by_oracle(made)
        self.cases += 1
        self.seen += [(made, expected)] if self.cases <= 300 else []
        found = differs(made, expected)
        if found:
            self.disagreements.append(f"seed {seed} {found}")
        for name in PRIMITIVES:
            if self.stands[name] >= self.stands_enough and self.binds[name] >= self.binds_enough:
                continue
            other = without(name, made)
            self.stands[name] += other is not None
            if other is not None and self.binds[name] < self.binds_enough and by_oracle(other) != expected:
                self.binds[name] += 1
                self.bound[name] += [(made, expected)] if len(self.bound[name]) < 20 else []

    def rare(self) -> list[str]:
        """Return the primitives that stood or bound too seldom."""
        return [
            f"{name}: stands {self.stands[name]}, binds {self.binds[name]}"
            for name in PRIMITIVES
            if self.stands[name] < self.stands_enough or self.binds[name] < self.binds_enough
        ]

    def missed(self) -> list[str]:
        """Return the primitives whose seeded fault the comparison does not catch."""
        return [name for name in PRIMITIVES if not self.catches(name)]

    def catches(self, name: str) -> bool:
        """Say whether the comparison tells the engine with a primitive's fault from the rule, where it binds first."""
        return caught(name, [*self.bound[name], *self.seen])


def differs(made: Case, expected: Row) -> str | None:
    """Return where the engine's answer differs from the expected one; a crash is a difference too."""
    try:
        return disagreement(expected, by_engine(made))
    except Exception:
        return traceback.format_exc(limit=-2)


def caught(name: str, cases: Iterable[tuple[Case, Row]]) -> bool:
    """Say whether one of these cases tells the engine with a primitive's seeded fault from the rule."""
    with seeded(name):
        return any(differs(made, expected) for made, expected in cases)
