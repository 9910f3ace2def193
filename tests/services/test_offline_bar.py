"""R8: days of phones without a network come to what an oracle says, and each odd item to a person (full size: soak)."""

from __future__ import annotations

import time as stopwatch

import pytest

from benchmarks.soak.offline import ignore_skew, let_nothing_wait
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.offline_storm import Storm, by_http, by_service, word

PHONES, SEEDS = 25, (8, 88)


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


def test_minutes_are_the_oracles_and_what_is_odd_goes_to_review(world, time):
    begun, storm = stopwatch.monotonic(), Storm(world, time, PHONES)
    assert [wrong for seed in SEEDS for wrong in storm.day(seed, by_service)] == []
    assert storm.verified() == []
    print(f"R8: {len(SEEDS)} days of {PHONES} phones, seeds {SEEDS}, {stopwatch.monotonic() - begun:.1f} s")


def test_lists_sent_one_by_one_over_http_hear_what_a_crowd_of_lists_hears(world, time):
    heard = {by_service: [], by_http: []}
    for way, words in heard.items():

        def deliver(storm, part, way=way, words=words):
            found = way(storm, part)
            words.extend(word(each) for outcomes in found for each in outcomes)
            return found

        assert Storm(world, time, 10).day(888, deliver) == []
    assert heard[by_service] == heard[by_http]
    assert len(heard[by_http]) > 30


@pytest.mark.parametrize("mistake", [ignore_skew, let_nothing_wait], ids=lambda mistake: mistake.__name__)
def test_a_seeded_mistake_is_seen(world, time, monkeypatch, mistake):
    """Control: clocks taken at their word, and check-outs that came first never taken up."""
    mistake(monkeypatch)
    wrong = Storm(world, time, 12).day(8, by_service)
    print(f"R8 control {mistake.__name__}: {len(wrong)} differ")
    assert wrong
