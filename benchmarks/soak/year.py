"""YEAR: a simulated year of two communities on a clock of its own; afterwards every invariant of the ledger holds.

People sign up, stay away, come early and late, forget to check out and are called by roll; leaders confirm or do not,
presences are taken back, hours are handed in twice. What stands is held against books that the simulator keeps.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from benchmarks.soak import habits
from benchmarks.soak.simulator import Simulator
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.machines.seeded import mistaken

SIZES = {"small": (7, 90, 14), "normal": (90, 120, 8), "full": (365, 200, 12)}  # days, people, shifts a week


def rows(size: str, seed: int) -> list[Row]:
    """Simulate and count what is wrong in the end; the control lets settlement credit overlaps twice."""
    found = []
    with mistaken("ledger"):
        caught = len(_simulated("sqlite", (14, 90, 12), seed).faults())
    for kind in KINDS:
        simulator = _simulated(kind, SIZES[size], seed)
        wrong = simulator.faults()
        told = f"{simulator.told()}, seed {seed}; control: overlaps credited twice, {caught} faults; {wrong[:2] or ''}"
        found.append(Row(f"YEAR, {kind}", len(wrong), "0", "faults", not wrong and caught > 0, told, ""))
        found += _habits(kind, simulator)
    return found


def _simulated(kind: str, size: tuple[int, int, int], seed: int) -> Simulator:
    with ExitStack() as stack:
        url, folder, _ = stack.enter_context(empty(kind))
        clock = Clock()
        world = worlds.build(url, Path(folder), clock)
        stack.callback(world.close)
        simulator = Simulator(world, clock, seed, *size)
        simulator.run()
        simulator.faults()
        return simulator


def _habits(kind: str, simulator: Simulator) -> list[Row]:
    """Print what was observed beside the figures that it was drawn from."""
    seen = simulator.seen
    lead = habits.median(seen.leads)
    return [
        Row(f"YEAR no-show, {kind}", 100 * seen.no_show(), f"{100 * habits.NO_SHOW:.0f}", "%", True, "", ""),
        Row(f"YEAR there within 30 min, {kind}", 100 * seen.early_share(), "60 to 70", "%", True, "", ""),
        Row(f"YEAR asked before the shift, {kind}", lead, f"{habits.LEAD_HOURS[0.5]:.0f} at most", "h", True,
            "a year begins with nobody having asked", ""),
        Row(f"YEAR places of a rush gone, {kind}", habits.median(seen.rushes), f"{habits.BURST[1]} at most", "s", True,
            f"{len(seen.rushes)} rushes", ""),
    ]  # fmt: skip
