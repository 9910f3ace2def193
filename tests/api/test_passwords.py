"""Signing in with a password and a code: each code once, locked by guessing, and accounts never told apart."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.models import Credential, Event, Trial
from tests.support import accounts
from tests.support import world as worlds
from tests.support.accounts import LOG_IN, PASSWORD, Staff, guards, opened, staff
from tests.support.clock import Clock

OTHER = "correct horse battery staple"


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


async def test_a_community_worker_sets_up_an_account_and_signs_in(world, clock):
    someone = await staff(world, clock, "wang.li")
    async with world.client() as client:
        signed = (await someone.log_in(client)).json()
        me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {signed['accessToken']}"})
        assert [role["role"] for role in me.json()["roles"]] == ["community_worker"]
        assert (
            await client.post("/api/v1/auth/refresh", json={"refreshToken": signed["refreshToken"]})
        ).status_code == 200


async def test_a_code_is_good_once_and_no_code_before_it(world, clock):
    someone = await staff(world, clock, "once")
    async with world.client() as client:
        code = someone.code()
        assert (await someone.log_in(client, totp=code)).status_code == 200
        for again in (code, someone.code(-1)):
            assert (await someone.log_in(client, totp=again)).json()["code"] == "credentials_refused"
        assert (await someone.log_in(client, totp=someone.code(1))).status_code == 200, "a clock half a minute ahead"
        assert (await someone.log_in(client, totp=someone.code(2))).status_code == 401


async def test_one_code_twenty_times_at_once_lets_one_in(world, clock):
    someone = await staff(world, clock, "crowd")
    async with world.client() as client:
        answers = [answer.status_code for answer in await asyncio.gather(*(someone.log_in(client) for _ in range(20)))]
        assert answers.count(200) == 1
        assert set(answers) <= {200, 401, 429}


async def test_recovery_codes_are_good_once_and_can_be_made_anew(world, clock):
    someone = await staff(world, clock, "recover")
    assert len(set(someone.recovery)) == 10
    async with world.client() as client:
        first = someone.recovery[0]
        signed = await someone.log_in(client, totp=first)
        assert signed.status_code == 200
        assert (await someone.log_in(client, totp=first)).status_code == 401
        headers = {"Authorization": f"Bearer {signed.json()['accessToken']}"}
        body = {"password": PASSWORD, "totp": someone.code()}
        fresh = await client.post("/api/v1/me/password/recovery-codes", json=body, headers=headers)
        assert len(fresh.json()["recoveryCodes"]) == 10
        assert (await someone.log_in(client, totp=someone.recovery[1])).status_code == 401
        assert (await someone.log_in(client, totp=fresh.json()["recoveryCodes"][1].lower())).status_code == 200


async def test_five_wrong_lock_the_account_known_or_not_and_the_answers_are_alike(world, clock):
    someone = await staff(world, clock, "guessed")
    nobody = Staff(world, clock, "nobody.there")
    nobody.secret = someone.secret
    told = []
    async with world.client() as client:
        for one in (someone, nobody):
            answers = [await one.log_in(client, password="wrong wrong wrong") for _ in range(6)]
            told.append([(answer.status_code, _plain(answer.json())) for answer in answers])
            assert answers[5].headers["retry-after"] == "900"
        assert told[0] == told[1]
        assert [status for status, _ in told[0]] == [401] * 5 + [429]
        assert (await someone.log_in(client)).status_code == 429, "also the right password waits"
        clock.forward(minutes=15)
        assert (await someone.log_in(client)).status_code == 200
        answers = [await someone.log_in(client, password="wrong wrong wrong") for _ in range(6)]
        assert answers[5].headers["retry-after"] == "900", "who came in is forgiven what was before"
        clock.forward(minutes=15)
        answers = [await someone.log_in(client, password="wrong wrong wrong") for _ in range(6)]
        assert answers[5].headers["retry-after"] == "1800", "each lock is twice the last"
    with world.house.engines.look() as session:
        locked = sa.select(sa.func.count()).where(Event.kind == "credential.lock")
        assert session.scalar(locked.where(Event.subject_id == worlds.UUID(someone.credential))) == 3


def _plain(body):
    return {name: value for name, value in body.items() if name != "requestId"}


async def test_a_wrong_code_counts_like_a_wrong_password(world, clock):
    someone = await staff(world, clock, "codes")
    async with world.client() as client:
        answers = [(await someone.log_in(client, totp="000000")).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


async def test_an_address_that_tries_too_often_is_stopped_whatever_the_account(databases, tmp_path):
    with databases.migrated("sqlite") as url:
        world = worlds.build(url, tmp_path, Clock(), trials_per_address=3)
        try:
            async with world.client() as client:
                body = {"password": PASSWORD, "totp": "123456"}
                answers = [await client.post(LOG_IN, json=body | {"account": f"name{n}"}) for n in range(4)]
                assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
                told = {
                    name: answers[3].headers[name] for name in ("retry-after", "ratelimit-limit", "ratelimit-remaining")
                }
                assert told == {"retry-after": "301", "ratelimit-limit": "3", "ratelimit-remaining": "0"}
                assert (await client.post("/api/v1/auth/refresh", json={"refreshToken": "x"})).status_code == 401
        finally:
            world.close()


async def test_a_changed_password_counts_at_once_and_logs_the_other_devices_out(world, clock):
    someone = await staff(world, clock, "changing")
    async with world.client() as client:
        old = (await someone.log_in(client)).json()
        clock.forward(minutes=1)
        own = (await someone.log_in(client)).json()
        clock.forward(minutes=1)
        mine, path = {"Authorization": f"Bearer {own['accessToken']}"}, "/api/v1/me/password"
        body = {"currentPassword": PASSWORD, "newPassword": OTHER, "totp": someone.code()}
        wrong = await client.post(path, json=body | {"currentPassword": "not the right one"}, headers=mine)
        assert wrong.json()["code"] == "credentials_refused"
        done = await client.post(path, json=body, headers=mine)
        assert (done.status_code, done.json()) == (200, {"ended": 1})
        assert (await client.get("/api/v1/me", headers=mine)).status_code == 200
        theirs = {"Authorization": f"Bearer {old['accessToken']}"}
        assert (await client.get("/api/v1/me", headers=theirs)).status_code == 401
        clock.forward(minutes=1)
        assert (await someone.log_in(client)).status_code == 401
        assert (await someone.log_in(client, password=OTHER)).status_code == 200
    async with world.client("member") as member:
        assert (await member.post(path, json=body)).status_code == 404, "who has no account has no password"


async def test_nothing_that_is_stored_lets_anybody_in(world, clock):
    someone = await staff(world, clock, "stored")
    with world.house.engines.look() as session:
        raw = repr([session.rows(sa.text(f"SELECT * FROM {table.__tablename__}")) for table in (Credential, Trial)])
        raw += repr(session.rows(sa.select(Event)))
    for secret in (someone.secret, PASSWORD, "argon2", someone.recovery[0], "127.0.0.1"):
        assert secret not in raw


async def test_the_same_account_of_two_tenants_says_which(world, clock):
    someone = await staff(world, clock, "shared")
    other = worlds.another(world, "othercity2")
    other.run(guards, other)
    assert (await opened(other, "shared")).json()["state"] == "invited"
    async with world.client() as client:
        assert (await someone.log_in(client)).status_code == 401, "two of this name: it has to be said which"
        assert (await someone.log_in(client, tenant="testcity")).status_code == 200
        assert (await someone.log_in(client, tenant="othercity2")).status_code == 401
