"""R5, small: a network that cuts 15 % of chunks, and a database link that is cut; full size: `--bar R5`."""

from __future__ import annotations

import pytest

from benchmarks.fill import fill
from benchmarks.soak.network import EARLY, NO_LOOK, over_link, over_network

SEED = 20260302


@pytest.fixture
def filled(fresh_database, tmp_path):
    kind = fresh_database.partition(":")[0].partition("+")[0]
    return fill(kind, fresh_database, tmp_path, None, 24, 10, past=4)


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_what_is_acknowledged_over_a_network_that_cuts_stands_once(filled):
    seen, wrong, cut = over_network(filled, 150, SEED)
    told = f"{len(seen.acknowledged)} acknowledged, {seen.repeats} repeats, {cut.cuts} of {cut.chunks} chunks cut"
    print(f"R5 network {filled.kind}: {told}, seed {SEED}, {seen.seconds:.1f} s")
    assert (wrong, len(seen.acknowledged)) == ([], 150)
    assert cut.cuts > 20


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_presences_that_are_not_looked_at_are_seen(filled):
    """Control: a repeat that does not find what stands answers with something else."""
    assert over_network(filled, 150, SEED, NO_LOOK)[1]


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_what_is_acknowledged_stands_once_though_the_link_to_the_database_is_cut(filled):
    seen, wrong, cut = over_link(filled, 100, SEED)
    told = f"{len(seen.acknowledged)} acknowledged, {seen.repeats} repeats, {cut.cuts} of {cut.chunks} chunks cut"
    print(f"R5 link: {told}, seed {SEED}, {seen.seconds:.1f} s")
    assert (wrong, len(seen.acknowledged)) == ([], 100)
    assert cut.cuts > 0


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_an_answer_before_its_commit_is_seen_when_the_link_is_cut(filled):
    """Control: an application that answers a moment before the commit loses what it acknowledged."""
    assert over_link(filled, 240, SEED, EARLY)[1]
