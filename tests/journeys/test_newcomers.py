"""Five newcomers, each by their own way in, do what they came for: member, worker, liaison, a system, an auditor."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from argon2 import PasswordHasher
from pyotp.totp import TOTP

from api.security import passwords
from api.services import people
from tests.support import outside
from tests.support.clock import Clock
from tests.support.contract import Contract
from tests.support.service_calls import planned
from tests.support.stage import stored
from tests.support.world import LONG_AGO

PASSWORD = "对的 马 电池 订书钉 正确"


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def built(database, tmp_path_factory, clock):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        world, fakes = outside.build(database, tmp_path_factory.mktemp("var"), clock)
        world.run(_guard, world)
        yield world, fakes
        world.close()


def _guard(session, actor, world):
    world.people["guard"] = people.add(session, actor, {"name": "测安全员"}, since=LONG_AGO)
    for place in ("city", "employers"):
        people.grant(session, actor, world.people["guard"], "security_admin", world.places[place], since=LONG_AGO)


def hired(world, name, role, place, phone=None):
    """Put somebody with a role on the staff, as an office would; return the person's id."""

    def hire(session, actor):
        person = people.add(session, actor, {"name": name, "phone": phone}, since=LONG_AGO)
        people.grant(session, actor, person, role, world.places[place], since=LONG_AGO)
        return person

    return world.run(hire)


@asynccontextmanager
async def signed_in(world, answer):
    assert answer.status_code == 200, answer.text
    told = answer.json()
    async with world.client() as client:
        client.headers["Authorization"] = f"Bearer {told.get('accessToken') or told['access_token']}"
        yield client


async def posted(world, path, body, **more):
    async with world.client() as client:
        return await client.post(path, json=body, **more)


async def by_password(world, clock, person, account):
    """Open an account, set it up with password and authenticator, and log in by both."""
    async with world.client("guard") as guard:
        given = await guard.post("/api/v1/credentials", json={"personId": str(person), "account": account})
        assert given.status_code == 201, given.text
    first = {"account": account, "code": given.json()["setUpCode"]}
    fed = (await posted(world, "/api/v1/auth/password/set-up", {**first, "password": PASSWORD})).json()
    code = TOTP(fed["secret"])
    confirmed = await posted(world, "/api/v1/auth/password/confirm", {**first, "totp": code.at(clock())})
    assert confirmed.status_code == 200, confirmed.text
    clock.forward(minutes=1)
    body = {"account": account, "password": PASSWORD, "totp": code.at(clock()), "device": "办公电脑"}
    return await posted(world, "/api/v1/auth/password", body)


async def test_a_member_comes_by_wechat_and_signs_up(built, clock):
    world, fakes = built
    person = outside.rostered(world, "测新会员", "+8613800020001")
    shift = await planned(world, clock)
    codes = {"code": fakes.wechat.login("oL-newcomer-1"), "phoneCode": fakes.wechat.phone_button("13800020001")}
    answer = await posted(world, "/api/v1/auth/wechat", {"provider": "wx", **codes, "device": "手机"})
    async with signed_in(world, answer) as member:
        home = (await member.get("/api/v1/me/home")).json()
        assert (home["personId"], home["name"]) == (str(person), "测新会员")
        assert (await member.post(f"/api/v1/shifts/{shift}/signups")).json()["state"] == "confirmed"


async def test_a_community_worker_comes_by_password_and_code_and_publishes_a_need(built, clock):
    world, _ = built
    answer = await by_password(world, clock, hired(world, "测社工", "community_worker", "community"), "she.gong")
    need = {"title": "独居老人需要理发", "category": "care", "communityId": str(world.places["community"])}
    async with signed_in(world, answer) as worker:
        path = f"/api/v1/needs/{(await worker.post('/api/v1/needs', json=need)).json()['id']}"
        assert (await worker.post(f"{path}/submit")).json()["state"] == "submitted"
        assert (await worker.post(f"{path}/publish")).json()["state"] == "published"


async def test_a_liaison_comes_by_openid_and_offers_a_venue(built):
    world, fakes = built
    hired(world, "测联络员", "liaison", "unit", "+8613800020003")
    start = (await posted(world, "/api/v1/auth/oidc/start", {"provider": "sso"})).json()
    claims = {"phone_number": "+8613800020003", "phone_number_verified": True}
    back = fakes.oidc.authorise(start["authorizationUrl"], "subject-3", **claims)
    answer = await posted(
        world, "/api/v1/auth/oidc", {"state": start["state"], "code": back["code"], "iss": back["iss"]}
    )
    venue = {"title": "会议室", "kind": "venue", "category": "venue", "organizationId": str(world.places["unit"])}
    async with signed_in(world, answer) as liaison:
        made = await liaison.post("/api/v1/resources", json=venue)
        assert made.status_code == 201, made.text
        assert (await liaison.post(f"/api/v1/resources/{made.json()['id']}/publish")).json()["state"] == "published"


async def test_an_employers_system_comes_by_client_credentials_and_reads_its_deliveries(built):
    world, _ = built
    system = {
        "name": "人事系统", "organizationId": str(world.places["unit"]), "role": "liaison",
        "scope": ["delivery.list", "delivery.read", "document.read"],
    }  # fmt: skip
    async with world.client("guard") as guard:
        client_id = (await guard.post("/api/v1/api-clients", json=system)).json()["id"]
        secret = (await guard.post(f"/api/v1/api-clients/{client_id}/keys", json={"label": "甲"})).json()["secret"]
    said = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    async with signed_in(world, await posted(world, "/api/v1/auth/token", said)) as machine:
        assert (await machine.get("/api/v1/deliveries")).status_code == 200
        assert (await machine.get("/api/v1/people")).status_code == 403
        assert (await machine.get("/api/v1/me/home")).status_code == 403


async def test_an_auditor_reads_what_was_changed_and_who_looked_and_changes_nothing(built, clock):
    world, _ = built
    answer = await by_password(world, clock, hired(world, "测审计", "auditor", "city"), "shen.ji")
    async with signed_in(world, answer) as auditor:
        for path in ("/api/v1/events", "/api/v1/access-log", "/api/v1/entries"):
            assert (await auditor.get(path)).status_code == 200, path
        before, others, passed = stored(world), 0, []
        for operation in Contract().operations():
            step = operation.step.split(".")[0]
            if operation.method == "GET" or operation.roles & {"anyone", "member", "auditor"} or step == "session":
                continue
            path = operation.path
            for name in operation.identifiers:
                path = path.replace(f"{{{name}}}", str(world.places["community"]))
            others += 1
            answer = await auditor.request(operation.method, path, json={})
            if answer.status_code not in (403, 422, 415):  # a body that is wrong in itself is refused before the door
                passed.append(f"{operation}: {answer.status_code}")
        assert (passed, others > 30) == ([], True)
        assert stored(world) == before
