"""S13: replayed, foreign, altered and old codes count nowhere, and a thousand at once count once (full size: soak)."""

from __future__ import annotations

import time as clocks

import pytest

from api.domain import codes
from api.services.presences import Board
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.coded import Forger, storm

CODES, AT_ONCE, SEED = 10_000, 1_000, 13


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 90)
    yield built
    built.close()


@pytest.fixture(scope="module")
def elsewhere(world):
    return worlds.another(world, "othercity")


async def test_none_of_ten_thousand_codes_that_are_old_foreign_or_altered_counts(world, elsewhere, time):
    begun, forger = clocks.monotonic(), Forger(world, elsewhere, time, SEED)
    await forger.prepare()
    assert await forger.send(CODES) == 0
    assert set(forger.sent) == {"code_not_valid"}
    assert forger.sent.total() == CODES
    print(f"S13: {CODES} codes, 0 accepted, seed {SEED}, {clocks.monotonic() - begun:.1f} s")


async def test_a_verifier_that_accepts_one_step_too_many_is_caught(world, elsewhere, time, monkeypatch):
    """Control: the same codes count where a step more is taken."""
    forger = Forger(world, elsewhere, time, SEED)
    await forger.prepare()
    monkeypatch.setattr(codes, "STEPS_BEFORE", 2)
    accepted = await forger.send(200)
    assert accepted > 0
    print(f"S13 control: {accepted} of 200 accepted")


async def test_a_thousand_at_once_by_one_person_for_one_key_are_one_fact(world, time):
    begun = clocks.monotonic()
    told, facts = await storm(world, time, AT_ONCE)
    assert [status for status, _ in told] == [200]
    assert (told.total(), facts) == (AT_ONCE, 1)
    print(f"S13: {AT_ONCE} at once, 1 fact, {clocks.monotonic() - begun:.1f} s")


async def test_a_thousand_answers_differ_where_what_stands_is_not_looked_at(world, time, monkeypatch):
    """Control: without a look at what stands, the answers name facts that are not there."""
    monkeypatch.setattr(Board, "take", lambda board, rows: None)
    told, _ = await storm(world, time, 40)
    assert len(told) > 1
