"""R7: state machines of ledger, sign-up and registration on both databases at once, against plain models."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.machines import MACHINES
from tests.support.machines.seeded import is_seen
from tests.support.machines.twins import Twins, drive

STEPS = {"small": 200, "normal": 10_000, "full": 100_000}


def rows(size: str, seed: int) -> list[Row]:
    """Count the steps of each machine in which all databases and the model agreed; one that differs ends the bar."""
    found: list[Row] = []
    with ExitStack() as stack:
        twins = Twins([_world(stack, kind) for kind in KINDS])
        for name, machine in MACHINES.items():
            seen = is_seen(name, lambda machine=machine: drive(machine, twins, 2_000, seed, shrink=False))
            taken = drive(machine, twins, STEPS[size], seed)
            steps = sum(taken.values())
            told = f"{dict(taken)}, seed {seed}; control: a seeded mistake, {'seen' if seen else 'not seen'}"
            goal = f"≥ {STEPS[size]}, all alike"
            found.append(Row(f"R7 {name}", steps, goal, "steps", seen and steps >= STEPS[size], told, ""))
    return found


def _world(stack: ExitStack, kind: str) -> worlds.World:
    url, folder, _ = stack.enter_context(empty(kind))
    world = worlds.build(url, Path(folder), Clock())
    stack.callback(world.close)
    return world
