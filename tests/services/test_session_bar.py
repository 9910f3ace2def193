"""S8: rotations on a bad network force nobody to sign in again; each theft shuts the family (full size: soak)."""

from __future__ import annotations

import random
import time

import pytest
import sqlalchemy as sa

from api.models import Grant
from api.services import people, sign_ins
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.rotating import rotations, theft

ROTATIONS, THEFTS, LOST, SEED = 300, 50, 0.3, 8


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), trials_per_address=10**6)
    for name in ("member", "worker"):
        built.run(people.claim, built.people[name], "demo", name)
    yield built
    built.close()


async def test_lost_answers_force_nobody_to_sign_in_again(world):
    begun = time.monotonic()
    async with world.client() as client:
        found = await rotations(client, "member", ROTATIONS, LOST, SEED)
    assert found["forced"] == 0
    assert found["lost"] > ROTATIONS * LOST
    print(f"S8: {found}, seed {SEED}, {time.monotonic() - begun:.1f} s")


async def test_a_rotation_that_forgives_nothing_forces_log_ins(world, monkeypatch):
    """Control: where a used token is theft at once, the same network logs people out."""
    monkeypatch.setattr(sign_ins, "_successor_again", lambda _token, _standing: None)
    async with world.client() as client:
        found = await rotations(client, "member", 50, LOST, SEED)
    assert found["forced"] > 5
    print(f"S8 control: {found}")


async def test_every_theft_shuts_the_family(world):
    begun, dice = time.monotonic(), random.Random(SEED)
    async with world.client() as client:
        shut = [await theft(client, "worker", dice) for _ in range(THEFTS)]
    assert shut.count(True) == THEFTS
    print(f"S8: {THEFTS} thefts, {shut.count(True)} families shut, {time.monotonic() - begun:.1f} s")


async def test_a_role_given_or_taken_counts_at_the_next_request(world):
    async def roles(client):
        return [role["role"] for role in (await client.get("/api/v1/me")).json()["roles"]]

    person = world.people["member2"]
    async with world.client("member2") as client:
        assert await roles(client) == []
        grant = world.run(people.grant, person, "liaison", world.places["unit"])
        assert await roles(client) == ["liaison"]
        ended = sa.update(Grant).where(Grant.id == grant).values(state="ended")
        world.run(lambda session, _: session.execute(ended))
        assert await roles(client) == []
