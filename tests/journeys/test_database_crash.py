"""R2, small: PostgreSQL killed in a storm of presences; what was acknowledged stands exactly once."""

from __future__ import annotations

import pytest

from benchmarks.fill import ground
from benchmarks.soak.database_crash import control, found_wrong, served, storm
from tests.conftest import SELECTED

SEED = 20260305


@pytest.fixture(scope="module", params=[kind for kind in SELECTED if kind == "postgresql"])
def storming(request):
    """A server of its own that writes durably: the run's own serves others, too."""
    with ground(request.param, members=64, shifts=16) as made, served(made) as port:
        yield made, port


def test_what_is_acknowledged_stands_once_though_the_database_is_killed(storming):
    filled, port = storming
    seen = storm(filled, port, kills=2, between=(10, 60), seed=SEED)
    told = f"seed {SEED}, {seen.kills} kills, {len(seen.acknowledged)} acknowledged, {seen.refused} answered 503"
    print(f"R2: {told}, {seen.seconds:.0f} s")
    assert seen.kills == 2
    assert len(seen.acknowledged) > 30, told
    assert found_wrong(filled, seen) == [], told


def test_a_database_that_answers_before_its_log_is_written_is_seen(storming):
    """Control: with synchronous_commit=off a killed server forgets what it acknowledged."""
    assert "an acknowledged check_in is not what stands" in control(*storming, SEED)
