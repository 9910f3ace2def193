"""Accounts of staff: opened, reset and closed by who may, and set up with a code that is told once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support import accounts
from tests.support.accounts import LOG_IN, PASSWORD, opened, staff
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module", autouse=True)
def quick():
    with accounts.cheap_hashes():
        yield


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    with accounts.guarded(database, tmp_path_factory.mktemp("var"), clock) as built:
        yield built


@pytest.fixture(autouse=True)
def another_hour(clock):
    """Each test begins an hour later: no code of the authenticator is used twice by chance."""
    clock.set(clock() + timedelta(hours=1))


@pytest.mark.parametrize("password", ["short", "elevenchars", "aaaaaaaaaaaaaaaa", "my.weak.is.it.not", "x" * 129])
async def test_a_password_is_long_and_not_the_accounts_name(world, password):
    given = (await opened(world, f"weak{abs(hash(password)) % 10**6}")).json()
    account = "weak" if "weak" in password else given["account"]
    async with world.client() as client:
        body = {"account": account, "code": given["setUpCode"], "password": password}
        assert (await client.post(f"{LOG_IN}/set-up", json=body)).json()["code"] == "password_too_weak"


async def test_a_set_up_code_ends_with_its_use_or_its_time(world, clock):
    someone, _another = await staff(world, clock, "fresh"), await staff(world, clock, "set.up")
    async with world.client() as client, world.client("guard") as guard:
        reset = (await guard.post(f"/api/v1/credentials/{someone.credential}/reset")).json()
        body = {"account": "fresh", "code": reset["setUpCode"], "password": PASSWORD}
        for wrong in ({"code": "x"}, {"account": "set.up"}, {"account": "nobody"}):
            assert (await client.post(f"{LOG_IN}/set-up", json=body | wrong)).json()["code"] == "set_up_refused"
        unconfirmed = {"account": "fresh", "code": reset["setUpCode"], "totp": "123456"}
        assert (await client.post(f"{LOG_IN}/confirm", json=unconfirmed)).status_code == 401, "nothing is set up yet"
        clock.forward(hours=72)
        assert (await client.post(f"{LOG_IN}/set-up", json=body)).json()["code"] == "set_up_refused"


async def test_a_reset_or_closed_account_lets_nobody_in_and_ends_its_devices(world, clock):
    for step in ("reset", "end"):
        someone = await staff(world, clock, f"over-{step}")
        async with world.client() as client, world.client("guard") as guard:
            signed = (await someone.log_in(client)).json()
            assert (await guard.post(f"/api/v1/credentials/{someone.credential}/{step}")).status_code == 200
            headers = {"Authorization": f"Bearer {signed['accessToken']}"}
            assert (await client.get("/api/v1/me", headers=headers)).status_code == 401
            clock.forward(minutes=1)
            assert (await someone.log_in(client)).status_code == 401


async def test_only_a_security_administrator_of_the_place_opens_accounts_and_never_their_own(world, clock):
    someone = await staff(world, clock, "placed")
    path = f"/api/v1/credentials/{someone.credential}"
    async with world.client("far_guard") as far, world.client("worker") as worker, world.client("guard") as guard:
        assert (await far.get(path)).status_code == 404
        assert (await far.post(f"{path}/reset")).status_code == 404
        assert (await worker.get("/api/v1/credentials")).status_code == 403
        listed = (await guard.get("/api/v1/credentials?limit=100")).json()["items"]
        (shown,) = [one for one in listed if one["id"] == someone.credential]
        assert (shown["state"], shown["setUpCode"]) == ("active", None)
        assert shown["allowedActions"] == ["credential.reset", "credential.end"]
        for person, status in (("member", 404), ("guard", 403)):
            body = {"personId": str(world.people[person]), "account": f"for-{person}"}
            assert (await guard.post("/api/v1/credentials", json=body)).status_code == status
        taken = {"personId": str(world.people["worker2"]), "account": "PLACED"}
        assert (await guard.post("/api/v1/credentials", json=taken)).json()["code"] == "account_taken"


async def test_a_set_up_code_is_told_once(world):
    person = world.people["street_officer"]
    async with world.client("guard") as guard:
        body, key = {"personId": str(person), "account": "told-once"}, {"Idempotency-Key": "told-once"}
        first = (await guard.post("/api/v1/credentials", json=body, headers=key)).json()
        again = (await guard.post("/api/v1/credentials", json=body, headers=key)).json()
    assert (len(first["setUpCode"]), again["setUpCode"], again["id"]) == (22, None, first["id"])
