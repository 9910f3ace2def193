"""A simulated week, drawn as real volunteering is: afterwards every invariant holds; a year: `--bar YEAR`."""

from __future__ import annotations

import time

import pytest

from benchmarks.soak import habits
from benchmarks.soak.simulator import Simulator
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.machines.seeded import mistaken

SEED = 20260302


@pytest.fixture
def simulator(fresh_database, tmp_path):
    clock = Clock()
    world = worlds.build(fresh_database, tmp_path, clock)
    yield Simulator(world, clock, SEED, days=7, folk=84, weekly=14)
    world.close()


def test_after_a_week_every_minute_is_credited_once_and_the_audit_finds_nothing(simulator):
    begun = time.monotonic()
    simulator.run()
    seen = simulator.seen
    print(f"YEAR, a week: {simulator.told()}, seed {SEED}, {time.monotonic() - begun:.1f} s")
    print(f"no-show {seen.no_show():.2f} (figure {habits.NO_SHOW}), within 30 min {seen.early_share():.2f}")
    assert simulator.faults() == []
    assert min(seen.counts[name] for name in ("check_in", "check_out", "lapsed", "presumed", "handed in")) > 0
    assert [seconds <= habits.BURST[1] for seconds in seen.rushes] == [True]


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_minutes_that_are_credited_twice_are_seen(simulator):
    """Control: a settlement that does not look at other shifts posts what the books do not have."""
    with mistaken("ledger"):
        simulator.run()
        assert simulator.faults()
