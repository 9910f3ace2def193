"""API clients: systems that sign in by a secret, act within their scope and role, and end at once."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.models import ApiKey, Event, Grant, Resource
from api.services import people, sign_ins
from tests.support import world as worlds
from tests.support.clock import START, Clock

CLIENTS = "/api/v1/api-clients"
TOKEN = "/api/v1/auth/token"
SCOPE = ["resource.create", "resource.edit", "resource.publish", "resource.read", "resource.list", "organization.read"]


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    built.run(lambda session, actor: _guard(session, actor, built))
    yield built
    built.close()


def _guard(session, actor, world):
    for name, at in (("guard", "employers"), ("far_guard", "far_community")):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], "security_admin", world.places[at], since=worlds.LONG_AGO)


def body(world, **more):
    at = {"name": "人事系统", "organizationId": str(world.places["unit"]), "role": "liaison", "scope": SCOPE}
    return {**at, **more}


async def made(world, **more):
    """Return the id and one secret of a new client."""
    async with world.client("guard") as guard:
        created = await guard.post(CLIENTS, json=body(world, **more))
        assert created.status_code == 201, created.text
        client_id = created.json()["id"]
        key = await guard.post(f"{CLIENTS}/{client_id}/keys", json={"label": "甲"})
        assert key.status_code == 201, key.text
        return client_id, key.json()["secret"]


async def token_of(client, client_id, secret, **more):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **more}
    return await client.post(TOKEN, data=form)


async def bearer(client, client_id, secret, **more):
    answer = await token_of(client, client_id, secret, **more)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def offer(world):
    return {"title": "会议室", "kind": "venue", "category": "venue", "organizationId": str(world.places["unit"])}


async def test_a_system_signs_in_by_form_json_and_basic_as_the_standard_says(world):
    client_id, secret = await made(world)
    async with world.client() as client:
        form = await token_of(client, client_id, secret)
        assert set(form.json()) == {"access_token", "token_type", "expires_in", "scope"}
        assert (form.json()["token_type"], form.json()["expires_in"]) == ("Bearer", 600)
        assert form.json()["scope"].split() == sorted(SCOPE)
        assert form.headers["cache-control"] == "no-store"
        said = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        assert (await client.post(TOKEN, json=said)).status_code == 200
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        only = await client.post(
            TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
        )
        assert only.status_code == 200
        both = await client.post(TOKEN, data=said, headers={"Authorization": f"Basic {basic}"})
        assert both.status_code == 401


async def test_what_a_system_writes_is_its_own_and_comes_once_for_one_key(world):
    client_id, secret = await made(world)
    async with world.client() as client:
        headers = await bearer(client, client_id, secret) | {"Idempotency-Key": f"r-{client_id}"[:60]}
        first = await client.post("/api/v1/resources", json=offer(world), headers=headers)
        assert first.status_code == 201, first.text
        again = await client.post("/api/v1/resources", json=offer(world), headers=headers)
        assert (again.json()["id"], again.headers["idempotent-replay"]) == (first.json()["id"], "true")
    with world.house.engines.look(world.operator.tenant_id) as session:
        events = session.rows(sa.select(Event.actor_id, Event.kind).where(Event.subject_id == sa.bindparam("id")),
                              {"id": worlds.UUID(first.json()["id"])})  # fmt: skip
        count = session.scalar(sa.select(sa.func.count()).select_from(Resource))
    assert [(str(row.actor_id), row.kind) for row in events] == [(client_id, "resource.create")]
    assert count >= 1


async def test_a_system_takes_no_step_beyond_its_scope_role_or_place(world):
    client_id, secret = await made(world)
    narrow = {"scope": "resource.read resource.list"}
    async with world.client() as client:
        whole, less = await bearer(client, client_id, secret), await bearer(client, client_id, secret, **narrow)
        for path in ("/api/v1/me", "/api/v1/needs", "/api/v1/people", "/api/v1/me/sign-ins", "/api/v1/grants"):
            assert (await client.get(path, headers=whole)).status_code == 403, path
        assert (await client.get("/api/v1/resources", headers=less)).status_code == 200
        assert (await client.post("/api/v1/resources", json=offer(world), headers=less)).status_code == 403
        elsewhere = offer(world) | {"organizationId": str(world.places["unit2"])}
        assert (await client.post("/api/v1/resources", json=elsewhere, headers=whole)).status_code in (403, 404)
        wider = await token_of(client, client_id, secret, scope="resource.read person.read")
        assert (wider.status_code, wider.json()["error"]) == (422, "invalid_scope")


NOT_FOR_SYSTEMS = (
    "grant.create", "need.create", "session.me", "resource.fly", "fact.check_in", "claim_code.create",
    "api_key.create", "event.read",
)  # fmt: skip


@pytest.mark.parametrize("step", NOT_FOR_SYSTEMS)
async def test_a_scope_holds_only_steps_of_the_role_that_are_a_systems(world, step):
    async with world.client("guard") as guard:
        answer = await guard.post(CLIENTS, json=body(world, scope=[step]))
        assert (answer.status_code, answer.json()["code"]) == (422, "scope_not_of_role")


async def test_keys_take_each_others_place_and_end_at_once(world, clock):
    client_id, first = await made(world)
    async with world.client("guard") as guard, world.client() as client:
        keys = f"{CLIENTS}/{client_id}/keys"
        soon = (START + timedelta(minutes=4)).isoformat()
        second = (await guard.post(keys, json={"label": "乙", "validTo": soon})).json()
        old, new = await bearer(client, client_id, first), await bearer(client, client_id, second["secret"])
        listed = (await guard.get(keys)).json()["items"]
        assert [(key["label"], key["secret"]) for key in listed] == [("乙", None), ("甲", None)]
        ended = await guard.post(f"{keys}/{listed[1]['id']}/end")
        assert ended.json()["state"] == "ended"
        assert (await client.get("/api/v1/resources", headers=old)).status_code == 401
        assert (await client.get("/api/v1/resources", headers=new)).status_code == 200
        assert (await token_of(client, client_id, first)).json()["error"] == "invalid_client"
        try:
            assert (await token_of(client, client_id, second["secret"])).json()["expires_in"] == 240
            clock.forward(minutes=4)
            assert (await client.get("/api/v1/resources", headers=new)).status_code == 401
            assert (await token_of(client, client_id, second["secret"])).status_code == 401
        finally:
            clock.set(START)
        assert (await guard.post(f"{CLIENTS}/{client_id}/end")).json()["state"] == "ended"
        assert (await client.get("/api/v1/resources", headers=new)).status_code == 401


async def test_a_secret_is_told_once_and_no_more_than_five_keys_live(world):
    client_id, _ = await made(world)
    async with world.client("guard") as guard:
        path, key = f"{CLIENTS}/{client_id}/keys", {"Idempotency-Key": f"k-{client_id}"}
        first = await guard.post(path, json={"label": "乙"}, headers=key)
        again = await guard.post(path, json={"label": "乙"}, headers=key)
        assert (again.json()["id"], again.json()["secret"]) == (first.json()["id"], None)
        assert len(first.json()["secret"]) == 43
        past = await guard.post(path, json={"label": "旧", "validTo": "2020-01-01T00:00:00Z"})
        assert past.json()["code"] == "key_ends_in_the_past"
        answers = [(await guard.post(path, json={"label": str(n)})).status_code for n in range(4)]
        assert answers == [201, 201, 201, 422]


async def test_whoever_is_no_security_administrator_of_the_place_has_no_clients(world):
    client_id, secret = await made(world)
    async with world.client("far_guard") as far, world.client("liaison") as liaison, world.client() as client:
        assert (await far.get(f"{CLIENTS}/{client_id}")).status_code == 404
        assert (await far.get(CLIENTS)).json()["items"] == []
        assert (await far.post(f"{CLIENTS}/{client_id}/keys", json={"label": "丙"})).status_code == 404
        assert (await far.post(CLIENTS, json=body(world))).status_code == 403
        assert (await liaison.get(CLIENTS)).status_code == 403
        own = await bearer(client, client_id, secret)
        assert (await client.post(CLIENTS, json=body(world), headers=own)).status_code == 403


@pytest.mark.parametrize("given", [
    {"client_secret": "x"}, {"client_id": "x"}, {"client_id": "00000000-0000-0000-0000-000000000000"},
    {"client_secret": ""}, {"client_secret": "密钥"},
])  # fmt: skip
async def test_a_wrong_id_or_secret_is_refused_alike(world, given):
    client_id, secret = await made(world)
    async with world.client() as client:
        answer = await token_of(client, **({"client_id": client_id, "secret": secret} | _named(given)))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def _named(given):
    return {name.replace("client_secret", "secret"): value for name, value in given.items()}


async def test_other_grants_and_other_forms_are_refused(world):
    client_id, secret = await made(world)
    async with world.client() as client:
        base = {"client_id": client_id, "client_secret": secret}
        for kind in ("password", "authorization_code", ""):
            answer = await client.post(TOKEN, data=base | {"grant_type": kind})
            assert (answer.status_code, answer.json()["error"]) == (422, "unsupported_grant_type")
        doubled = f"grant_type=client_credentials&client_id={client_id}&client_id={client_id}&client_secret={secret}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await client.post(TOKEN, content=doubled, headers=form)).status_code == 422
        assert (await client.post(TOKEN, content=b"\xff=1", headers=form)).status_code in (400, 422)
        assert (await client.post(TOKEN, content=b"{}", headers={"Content-Type": "text/plain"})).status_code == 415
        need = await client.post("/api/v1/auth/demo", content="account=a", headers=form)
        assert need.status_code == 415, "only the token endpoint takes forms"


async def test_a_persons_token_never_passes_for_a_systems_nor_the_other_way_round(world):
    client_id, secret = await made(world)
    tokens, tenant = world.house.tokens, world.operator.tenant_id
    member, sign_in = world.people["worker"], world.sign_in(world.people["worker"])
    with world.house.engines.look(tenant) as session:
        key = session.scalar(sa.select(ApiKey.id).where(ApiKey.hash == sign_ins.hash_of(secret)))
    forged = [
        tokens.issue(member, tenant, sign_in, scope="resource.read"), tokens.issue(member, tenant, key),
        tokens.issue(worlds.UUID(client_id), tenant, key), tokens.issue(member, tenant, key, scope="need.read"),
        tokens.issue(worlds.UUID(client_id), tenant, sign_in, scope="resource.read"),
    ]  # fmt: skip
    async with world.client() as client:
        for token, _ in forged:
            answer = await client.get("/api/v1/resources", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401


async def test_a_systems_grant_ends_like_any_other(world):
    client_id, secret = await made(world)
    async with world.client("guard") as guard, world.client() as client:
        own = await bearer(client, client_id, secret)
        with world.house.engines.look(world.operator.tenant_id) as session:
            grant = session.scalar(sa.select(Grant.id).where(Grant.client_id == worlds.UUID(client_id)))
        ended = await guard.post(f"/api/v1/grants/{grant}/end", json={"reason": "合同到期"})
        assert ended.status_code == 200, ended.text
        assert (await client.post("/api/v1/resources", json=offer(world), headers=own)).status_code == 403
