"""R7, as many steps as a push affords: ledger, sign-up and registration against plain models, alike on both databases.

The full size, 10 000 steps and more of each: `python -m benchmarks.soak --bar R7`.
"""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from tests.conftest import SELECTED
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.machines import MACHINES
from tests.support.machines.seeded import is_seen
from tests.support.machines.twins import Twins, drive

SEED = 20260302
STEPS = {"ledger": 1_200, "sign-up": 600, "registration": 120}


@pytest.fixture(scope="module")
def small_worlds(databases, tmp_path_factory):
    with ExitStack() as stack:
        urls = [stack.enter_context(databases.migrated(kind)) for kind in SELECTED]
        built = [worlds.build(url, tmp_path_factory.mktemp("var"), Clock()) for url in urls]
        for world in built:
            stack.callback(world.close)
        yield Twins(built)


@pytest.mark.parametrize("name", MACHINES)
def test_services_answer_as_the_plain_model_on_every_database(small_worlds, name):
    begun = time.monotonic()
    taken = drive(MACHINES[name], small_worlds, STEPS[name], SEED)
    assert sum(taken.values()) >= STEPS[name]
    print(f"R7 {name}: {dict(taken)} of {len(small_worlds.all)}, seed {SEED}, {time.monotonic() - begun:.1f} s")


@pytest.mark.parametrize("name", MACHINES)
def test_a_seeded_mistake_disagrees_with_the_model(small_worlds, name):
    assert is_seen(name, lambda: drive(MACHINES[name], small_worlds, STEPS[name], SEED, shrink=False))
