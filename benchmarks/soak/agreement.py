"""E1: a second, plain implementation of the rules agrees exactly on random rulebooks × histories."""

from __future__ import annotations

from benchmarks.harness import Row
from tests.support.oracle.comparing import Tally

CASES = {"small": 300, "normal": 2_000, "full": 10_000}
STANDS, BINDS = 500, 100
"""How often each primitive must stand and bind in 10 000 cases; fewer cases ask for their part."""


def rows(size: str, seed: int) -> list[Row]:
    """Compare both implementations on the cases of many seeds, and on each primitive with its seeded fault."""
    cases = CASES[size]
    command = f"python -m benchmarks.soak --bar E1 --size {size} --seed {seed}"
    part = cases / CASES["full"]
    tally = Tally(stands_enough=max(1, int(STANDS * part)), binds_enough=max(1, int(BINDS * part)))
    for number in range(cases):
        tally.take(seed * 1_000_000 + number)
    for disagreement in tally.disagreements[:20]:
        print(disagreement)
    rare, missed = tally.rare(), tally.missed()
    primitives = len(tally.stands)
    caught = f"{primitives - len(missed)} of {primitives} seeded faults caught"
    return [
        Row(f"E1 disagreements in {cases} cases", len(tally.disagreements), "0", "cases", not tally.disagreements,
            caught, command),
        Row("E1 primitives that stand and bind seldom", ", ".join(rare) or 0,
            f"0 under {tally.stands_enough} and {tally.binds_enough}", "primitives", not rare, caught, command),
        Row("E1 seeded faults not caught", ", ".join(missed) or 0, "0", "faults", not missed, caught, command),
    ]  # fmt: skip
