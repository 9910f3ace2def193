"""R3, small: images of a disk as a power loss may leave it; every one opens and holds what was acknowledged."""

from __future__ import annotations

import pytest

from benchmarks.fill import fill
from benchmarks.soak.power_loss import images, traced
from tests.conftest import SELECTED

SEED = 20260306


@pytest.fixture(scope="module", params=[kind for kind in SELECTED if kind == "sqlite"])
def trace(request, databases, tmp_path_factory):
    with databases.migrated(request.param) as url:
        yield traced(fill(request.param, url, tmp_path_factory.mktemp("var"), None, 24, 20, past=6), 150, SEED)


def test_nothing_acknowledged_is_lost_with_the_power(trace):
    seen = images(trace, 300, SEED)
    told = f"{seen.images} images, {seen.unsynced} with unsynced writes, {trace.checkpoints()} checkpoints"
    print(f"R3: seed {SEED}, {told}")
    assert trace.checkpoints() > 0
    assert seen.images == 300
    assert seen.unsynced > 150
    assert seen.faults == {}


def test_a_disk_that_only_says_that_it_synced_is_seen(trace):
    """Control: where syncs of the log are answered and not done, presences are lost that were acknowledged."""
    assert images(trace.on_a_disk_that_lies(), 60, SEED).faults["an acknowledged presence is lost"] > 10
