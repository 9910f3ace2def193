"""The flow earns what an independent solver earns, keeps every limit, and is the same in any order of inputs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.matching.candidates import candidates
from api.domain.matching.columns import columns
from api.domain.matching.feasibility import violations
from api.domain.matching.inputs import Ask, Limits, Offer, Weights
from api.domain.matching.propose import Proposals, propose
from api.domain.matching.reasons import Proposal
from api.domain.matching.stored import inputs_hash, packed, restored, unpacked
from benchmarks.cities import City, city
from tests.support.optimum import feasible, optimum

ROOT = Path(__file__).resolve().parents[2]
GATES = ("adults", "nurses")
KINDS = ("elderly_care", "repair", "health")


def told(found: Proposals) -> list[Proposal]:
    return list(found)


@pytest.fixture(scope="module")
def town() -> City:
    return city(300, seed=7)


def village(chance: Random) -> tuple[list[Ask], list[Offer], Limits]:
    """Return a few asks and offers with every oddity at once."""

    def place() -> tuple[int, int] | None:
        return None if chance.random() < 0.2 else (chance.randrange(3000), chance.randrange(3000))

    def slots() -> tuple[int, ...]:
        return tuple(sorted(chance.sample(range(4), chance.randrange(1, 4))))

    asks = [
        Ask(
            f"a{number}", chance.choice(KINDS), chance.choice((None, slots(), slots(), slots(), ())),
            chance.choice((None, 0, 1, 2, 3, 9)), place(), chance.choice((None, "east", "west")), chance.randrange(101),
            chance.choice((0, 0, 1)), chance.choice((None, None, *GATES)),
        )
        for number in range(chance.randrange(1, 9))
    ]  # fmt: skip
    offers = [
        Offer(
            f"o{number}",
            tuple((kind, chance.randrange(1, 4)) for kind in chance.sample(KINDS, chance.randrange(1, 3))),
            chance.choice((None, slots(), slots())), slots()[:1], place(), chance.choice((500, 2000, 9000)),
            chance.randrange(0, 5), chance.choice((0, 0, 1)), chance.choice((1, 1, 1, 3)), chance.choice((None, 0, 90)),
            chance.choice(((), ("repair",), ("east",), ("a0", "a1"))), chance.choice(((), (("repair", 9),))),
            chance.choice(((), ("a2",))), chance.randrange(3), chance.choice((0, 0, 1, 3)),
            shut=chance.choice(((), (), (("adults", "age_unknown"),), tuple((gate, "too_old") for gate in GATES))),
        )
        for number in range(chance.randrange(1, 9))
    ]  # fmt: skip
    limits = Limits(
        chance.randrange(1, 5), community=chance.choice((None, 2, 5)), communities=chance.choice(({}, {"east": 1}))
    )
    return asks, offers, limits


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_a_village_earns_what_the_linear_program_earns(seed: int) -> None:
    chance = Random(seed)
    asks, offers, limits = village(chance)
    weights = chance.choice((Weights(), Weights(place=0), Weights(load=900, place=300), Weights(*[0] * 13)))
    found = propose(asks, offers, weights, limits)
    assert found.method == "flow"
    assert found.objective == optimum(asks, offers, weights, limits)
    assert violations(asks, offers, limits, found) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_the_preview_keeps_every_limit_and_never_earns_more(seed: int) -> None:
    asks, offers, limits = village(Random(seed))
    preview = propose(asks, offers, limits=limits, method="greedy")
    assert violations(asks, offers, limits, preview) == []
    assert preview.objective <= propose(asks, offers, limits=limits).objective
    assert sum(each.points for each in preview) == preview.objective


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_the_same_inputs_in_any_order_give_the_same(seed: int) -> None:
    chance = Random(seed)
    asks, offers, limits = village(chance)
    first = propose(asks, offers, limits=limits)
    chance.shuffle(asks)
    chance.shuffle(offers)
    again = propose(asks, offers, limits=limits)
    assert (told(first), first.unserved, first.figures) == (told(again), again.unserved, again.figures)


def test_a_town_earns_the_optimum_of_all_pairs(town: City) -> None:
    found = propose(town.asks, town.offers)
    assert found.objective == optimum(town.asks, town.offers, Weights(), Limits())
    assert sum(each.points for each in found) == found.objective


def test_a_city_with_trees_earns_the_optimum_of_its_candidates_and_nearly_that_of_all() -> None:
    large, limits = city(600, seed=3), Limits(edges=8)
    run = columns(large.asks, large.offers, Weights(), limits)
    pairs = candidates(run)
    slots = {number: slot for slot, number in run.slots.items()}
    triples = [
        (run.offers[offer].id, run.asks[ask].id, slots.get(slot))
        for offer, ask, slot in zip(*(column.tolist() for column in pairs), strict=True)
    ]
    near, whole = propose(large.asks, large.offers, limits=limits), propose(large.asks, large.offers, all_pairs=True)
    assert near.candidate_count == len(triples) < 0.8 * whole.candidate_count
    assert set(triples) <= set(feasible(large.asks, large.offers))
    assert near.objective == optimum(large.asks, large.offers, Weights(), limits, triples)
    assert 0.99 * whole.objective < near.objective < whole.objective
    assert violations(large.asks, large.offers, limits, near) == []


def test_a_run_is_repeated_from_its_stored_inputs(town: City) -> None:
    bounds = Limits(communities={"community-0000": 40})
    kept, kept_hash = packed(town.asks, town.offers, Weights(wish=9), bounds)
    stored = unpacked(kept)
    first, again = (propose(*restored(stored)) for _ in range(2))
    assert told(first) == told(again)
    # The reference writer of canonical JSON gives the bytes that were hashed.
    assert kept_hash == inputs_hash(stored) == sha256(rfc8785.dumps(stored)).hexdigest()
    assert packed(*restored(stored)) == (kept, kept_hash)
    assert packed(town.asks, town.offers, Weights(), bounds)[1] != kept_hash


def test_another_process_gives_the_same_to_the_letter() -> None:
    script = (
        "from benchmarks.cities import city; from api.domain.matching.propose import propose;"
        "found = propose(*city(120, seed=5)[:2]); print(list(found), found.unserved, found.figures)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
            capture_output=True, text=True, timeout=120,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert "person-" in said.pop()


def test_what_breaks_a_limit_is_seen(town: City) -> None:
    proposals = told(propose(town.asks, town.offers))
    asks, offers = {ask.id: ask for ask in town.asks}, {offer.id: offer for offer in town.offers}

    def wrong(*chosen: Proposal, limits: Limits | None = None) -> str:
        return "; ".join(violations(town.asks, town.offers, limits or Limits(), chosen))

    timed = next(each for each in proposals if each.slot is not None and offers[each.offer_id].slots)
    other = next(ask for ask in town.asks if ask.category not in dict(offers[timed.offer_id].skills))
    assert "without the skill" in wrong(timed._replace(ask_id=other.id))
    assert "at another time" in wrong(timed._replace(slot=999))
    assert "without a time" in wrong(timed._replace(slot=None))
    assert "has two tasks" in wrong(timed, timed)
    assert "serves" in wrong(timed, timed)
    assert "too many helpers" in wrong(timed._replace(places=999))
    assert "loaded beyond its cap" in wrong(timed._replace(places=999))
    assert "asked too often" in wrong(timed, limits=Limits(asks=0))
    assert "more than its capacity" in wrong(timed, limits=Limits(communities={asks[timed.ask_id].community or "": 0}))
    assert "nobody's" in wrong(timed._replace(ask_id="nobody"))
    far = replace(offers[timed.offer_id], place=(10**7, 0), declined=(timed.ask_id,))
    known = replace(asks[timed.ask_id], place=(0, 0))
    said = violations([known], [far], Limits(), [timed])
    assert [part.split(": ")[1] for part in said] == ["out of reach", "although refused"]
