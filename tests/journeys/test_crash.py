"""R1, small: servers killed in a storm of presences; what was acknowledged stands exactly once."""

from __future__ import annotations

import pytest

from benchmarks.fill import fill
from benchmarks.soak.crash import faults, storm

SEED = 20260302


@pytest.fixture
def filled(fresh_database, tmp_path):
    return fill(fresh_database.partition(":")[0].partition("+")[0], fresh_database, tmp_path, None, 24, 20, past=6)


def test_what_is_acknowledged_stands_once_though_the_server_is_killed(filled):
    seen = storm(filled, kills=3, seed=SEED)
    told = f"seed {SEED}, {seen.kills} kills, {len(seen.acknowledged)} acknowledged, {seen.repeats} repeats"
    print(f"R1 {filled.kind}: {told}, {seen.seconds:.0f} s")
    assert seen.kills == 3
    assert len(seen.acknowledged) > 20, told
    assert faults(filled, seen) == [], told


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_an_answer_before_its_commit_is_seen(filled):
    """Control: an application that answers a moment before the commit loses what it acknowledged."""
    seen = storm(filled, kills=8, seed=SEED, factory="benchmarks.soak.crash:careless")
    assert "an acknowledged check_in is not what stands" in faults(filled, seen)
