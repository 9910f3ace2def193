"""A unit computed, published, appealed against, recomputed and sealed over HTTP; 5 000 members: `--bar A5`."""

from __future__ import annotations

import pytest

from benchmarks.soak.appeals import SIZES, Journey, everybody
from tests.support import appealing

MEMBERS, APPEALS = SIZES["small"]
SEED = 20260302


@pytest.fixture
def journey(fresh_database, tmp_path):
    world = appealing.build(fresh_database, tmp_path, MEMBERS, 1)
    yield Journey(world, APPEALS, SEED)
    world.close()


async def test_upheld_appeals_are_recomputed_and_nobody_else_changes(journey):
    await journey.run()
    assert journey.faults() == []
    print("A5, small:", ", ".join(f"{name} {took:.2f} s" for name, took in journey.seconds.items()))


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
async def test_a_recomputation_of_everybody_is_seen(journey):
    """Control: whose record was put right without an appeal would be judged by it as well."""
    with everybody():
        await journey.run()
    assert len([fault for fault in journey.faults() if "without an appeal" in fault]) >= 5
