"""Accounts of staff: opened by an administrator, set up by their holder, locked by guessing, and never told apart."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from pyotp.totp import TOTP

from api.models import Credential, Event, Trial
from api.security import passwords
from api.services import people
from tests.support import world as worlds
from tests.support.clock import START, Clock

LOG_IN = "/api/v1/auth/password"
PASSWORD, OTHER = "对的 马 电池 订书钉 正确", "correct horse battery staple"


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module", autouse=True)
def cheap_hashes():
    """The same algorithm with little memory and one pass: what is tested here is everything around it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock, trials_per_address=10_000)
    built.run(lambda session, actor: _guards(session, actor, built))
    yield built
    built.close()


def _guards(session, actor, world):
    for name, at in (("guard", "city"), ("far_guard", "far_street")):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], "security_admin", world.places[at], since=worlds.LONG_AGO)


@pytest.fixture(autouse=True)
def another_hour(clock):
    """Each test begins an hour later: no code of the authenticator is used twice by chance."""
    clock.set(clock() + timedelta(hours=1))


@pytest.fixture(scope="module", autouse=True)
def start_again(clock):
    yield
    clock.set(START)


class Staff:
    """Somebody on the staff with an account that was set up."""

    def __init__(self, world, clock, account):
        self.world, self.clock, self.account = world, clock, account
        self.secret, self.recovery, self.credential = "", [], ""

    def code(self, steps=0):
        return TOTP(self.secret).at(self.clock() + timedelta(seconds=30 * steps))

    async def log_in(self, client, password=PASSWORD, **more):
        body = {"account": self.account, "password": password, "totp": self.code(), "device": "办公电脑", **more}
        return await client.post(LOG_IN, json=body)


async def opened(world, account, role="community_worker", at="community"):
    """Return the answer to the opening of an account for a new person on the staff."""

    def hire(session, actor):
        person = people.add(session, actor, {"name": "测新"}, since=worlds.LONG_AGO)
        people.grant(session, actor, person, role, world.places[at], since=worlds.LONG_AGO)
        return person

    person = world.run(hire)
    async with world.client("guard") as guard:
        return await guard.post("/api/v1/credentials", json={"personId": str(person), "account": account})


async def staff(world, clock, account):
    someone = Staff(world, clock, account)
    given = (await opened(world, account)).json()
    someone.credential = given["id"]
    async with world.client() as client:
        body = {"account": account, "code": given["setUpCode"], "password": PASSWORD}
        fed = await client.post(f"{LOG_IN}/set-up", json=body)
        assert fed.status_code == 200, fed.text
        someone.secret = fed.json()["secret"]
        assert fed.json()["address"].startswith(f"otpauth://totp/dualreport:{account}?secret={someone.secret}")
        body = {"account": account, "code": given["setUpCode"], "totp": someone.code(-1)}
        done = await client.post(f"{LOG_IN}/confirm", json=body)
        assert done.status_code == 200, done.text
        someone.recovery = done.json()["recoveryCodes"]
    return someone


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


@pytest.mark.parametrize("password", ["short", "elevenchars", "aaaaaaaaaaaaaaaa", "my.weak.is.it.not", "x" * 129])
async def test_a_password_is_long_and_not_the_accounts_name(world, password):
    given = (await opened(world, f"weak{abs(hash(password)) % 10**6}")).json()
    account = "weak" if "weak" in password else given["account"]
    async with world.client() as client:
        body = {"account": account, "code": given["setUpCode"], "password": password}
        assert (await client.post(f"{LOG_IN}/set-up", json=body)).json()["code"] == "password_too_weak"


async def test_a_set_up_code_ends_with_its_use_or_its_time(world, clock):
    someone = await staff(world, clock, "fresh")
    async with world.client() as client, world.client("guard") as guard:
        reset = (await guard.post(f"/api/v1/credentials/{someone.credential}/reset")).json()
        body = {"account": "fresh", "code": reset["setUpCode"], "password": PASSWORD}
        for wrong in ({"code": "x"}, {"account": "crowd"}, {"account": "nobody"}):
            assert (await client.post(f"{LOG_IN}/set-up", json=body | wrong)).json()["code"] == "set_up_refused"
        unconfirmed = {"account": "fresh", "code": reset["setUpCode"], "totp": "123456"}
        assert (await client.post(f"{LOG_IN}/confirm", json=unconfirmed)).status_code == 401, "nothing is set up yet"
        clock.forward(hours=72)
        assert (await client.post(f"{LOG_IN}/set-up", json=body)).json()["code"] == "set_up_refused"


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
    other.run(lambda session, actor: _guards(session, actor, other))
    await staff_there(other, clock, "shared")
    async with world.client() as client:
        assert (await someone.log_in(client)).status_code == 401, "two of this name: it has to be said which"
        assert (await someone.log_in(client, tenant="testcity")).status_code == 200
        assert (await someone.log_in(client, tenant="othercity2")).status_code == 401


async def staff_there(other, clock, account):
    given = (await opened(other, account)).json()
    assert given["state"] == "invited"
