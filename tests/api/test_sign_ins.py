"""Sign-ins: devices that stay signed in, lost answers that are forgiven, theft that is not, and logging out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.models import Event, Identity, RefreshToken, SignIn
from api.services import people
from tests.support import world as worlds
from tests.support.clock import START, Clock

ME = "/api/v1/me"


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    for name in ("member", "member2", "worker"):
        built.run(people.claim, built.people[name], "demo", name)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def start_again(clock):
    yield
    clock.set(START)


async def log_in(client, account="member", **more):
    answer = await client.post("/api/v1/auth/demo", json={"account": account, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refreshed(client, token):
    return await client.post("/api/v1/auth/refresh", json={"refreshToken": token})


def bearer(signed):
    return {"Authorization": f"Bearer {signed['accessToken']}"}


async def test_a_device_stays_signed_in_by_its_refresh_token(world, clock):
    async with world.client() as client:
        first = await log_in(client, device="华为 Mate 60")
        assert (first["scheme"], first["expiresIn"]) == ("Bearer", 600)
        clock.forward(minutes=10)
        assert (await client.get(ME, headers=bearer(first))).status_code == 401
        second = (await refreshed(client, first["refreshToken"])).json()
        assert second["refreshToken"] != first["refreshToken"]
        assert (await client.get(ME, headers=bearer(second))).status_code == 200


async def test_a_lost_answer_is_told_again_and_again_until_the_successor_is_used(world):
    async with world.client() as client:
        first = await log_in(client)
        told = [(await refreshed(client, first["refreshToken"])).json()["refreshToken"] for _ in range(3)]
        assert len(set(told)) == 1
        assert (await refreshed(client, told[0])).status_code == 200


async def test_the_old_token_after_its_successors_use_is_theft_and_ends_the_device(world):
    async with world.client() as client:
        first = await log_in(client)
        other = await log_in(client)
        second = (await refreshed(client, first["refreshToken"])).json()
        third = (await refreshed(client, second["refreshToken"])).json()
        stolen = await refreshed(client, first["refreshToken"])
        assert (stolen.status_code, stolen.json()["code"]) == (401, "refresh_reused")
        assert "已退出" in stolen.json()["detail"]
        for token in (second["refreshToken"], third["refreshToken"]):
            again = await refreshed(client, token)
            assert (again.status_code, again.json()["code"]) == (401, "refresh_refused")
        assert (await client.get(ME, headers=bearer(third))).status_code == 401
        assert (await client.get(ME, headers=bearer(other))).status_code == 200, "another device is not concerned"
    with world.house.engines.look() as session:
        told = session.rows(sa.select(Event.details, Event.actor_id).where(Event.kind == "sign_in.revoke"))
    assert [(row.details, row.actor_id) for row in told] == [({"reason": "theft"}, world.people["member"])]


@pytest.mark.parametrize("token", ["x", "", "A" * 43, "A" * 200, "密" * 20, "é\u0000"])
async def test_what_is_no_refresh_token_is_refused_alike(world, token):
    async with world.client() as client:
        answer = await refreshed(client, token)
        assert answer.status_code in (401, 422)
        assert token == "" or answer.json()["code"] == "refresh_refused"


async def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(world):
    async with world.client() as client:
        signed = await log_in(client)
        assert (await refreshed(client, signed["accessToken"])).status_code in (401, 422)
        wrong = {"Authorization": f"Bearer {signed['refreshToken']}"}
        assert (await client.get(ME, headers=wrong)).status_code == 401


async def test_a_sign_in_that_is_not_used_or_too_old_ends(world, clock):
    settings = world.house.settings
    async with world.client() as client:
        idle = await log_in(client)
        clock.forward(days=settings.sign_in_idle_days)
        assert (await refreshed(client, idle["refreshToken"])).json()["code"] == "refresh_refused"
        clock.set(START)
        assert (await refreshed(client, idle["refreshToken"])).status_code == 401, "it has ended for good"
        signed = await log_in(client)
        for day in range(20, settings.sign_in_days, 20):
            clock.set(START + timedelta(days=day))
            signed = (await refreshed(client, signed["refreshToken"])).json()
        clock.set(START + timedelta(days=settings.sign_in_days, seconds=-30))
        signed = (await refreshed(client, signed["refreshToken"])).json()
        assert signed["expiresIn"] == 30, "no token outlives its sign-in"
        clock.set(START + timedelta(days=settings.sign_in_days))
        assert (await refreshed(client, signed["refreshToken"])).status_code == 401


async def test_a_device_that_logs_out_is_refused_at_its_next_request(world):
    async with world.client() as client:
        signed = await log_in(client)
        out = await client.post("/api/v1/auth/logout", headers=bearer(signed))
        assert (out.status_code, out.json()["state"], out.json()["endReason"]) == (200, "ended", "logged_out")
        assert (await client.get(ME, headers=bearer(signed))).status_code == 401
        assert (await refreshed(client, signed["refreshToken"])).status_code == 401


async def test_devices_are_listed_page_by_page_and_ended_one_by_one(world):
    async with world.client() as client:
        old, new = [await log_in(client, "member2", device=name) for name in ("旧手机", "新手机")]
        page = (await client.get(f"{ME}/sign-ins?limit=1", headers=bearer(new))).json()
        (shown,) = page["items"]
        assert (shown["device"], shown["current"], shown["allowedActions"]) == ("新手机", True, ["sign_in.end"])
        page = (await client.get(f"{ME}/sign-ins?limit=1&cursor={page['nextCursor']}", headers=bearer(new))).json()
        (shown,) = page["items"]
        assert (shown["device"], shown["current"], shown["provider"]) == ("旧手机", False, "demo")
        ended = await client.post(f"{ME}/sign-ins/{shown['id']}/end", headers=bearer(new))
        assert (ended.json()["state"], ended.json()["allowedActions"]) == ("ended", [])
        assert (await client.get(ME, headers=bearer(old))).status_code == 401
        again = await client.post(f"{ME}/sign-ins/{shown['id']}/end", headers=bearer(new))
        assert (again.status_code, again.json()["code"]) == (409, "step_not_allowed")


async def test_nobody_sees_or_ends_the_device_of_another(world):
    theirs = world.sign_in(world.people["member3"])
    async with world.client("member") as client:
        listed = (await client.get(f"{ME}/sign-ins?limit=100")).json()["items"]
        assert str(theirs) not in {one["id"] for one in listed}
        assert (await client.post(f"{ME}/sign-ins/{theirs}/end")).status_code == 404


async def test_all_devices_are_logged_out_at_once(world):
    async with world.client() as client:
        devices = [await log_in(client, "worker") for _ in range(3)]
        ended = await client.post(f"{ME}/sign-ins/end-all", headers=bearer(devices[0]))
        assert ended.json()["ended"] == 3
        for device in devices:
            assert (await client.get(ME, headers=bearer(device))).status_code == 401
            assert (await refreshed(client, device["refreshToken"])).status_code == 401


async def test_one_token_twenty_times_at_once_has_one_successor(world):
    async with world.client() as client:
        first = await log_in(client)
        answers = await asyncio.gather(*(refreshed(client, first["refreshToken"]) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refreshToken"] for answer in answers}) == 1


async def test_what_is_stored_lets_nobody_in_and_names_no_device(world):
    async with world.client() as client:
        signed = await log_in(client, device="张三的手机")
        again = (await refreshed(client, signed["refreshToken"])).json()
    with world.house.engines.look() as session:
        stored = repr([session.rows(sa.select(table)) for table in (RefreshToken, SignIn, Event, Identity)])
        raw = repr(session.rows(sa.text("SELECT * FROM sign_ins")))
    for secret in (signed["refreshToken"], again["refreshToken"], "张三的手机", repr("张三的手机".encode())[2:-1]):
        assert secret not in stored
        assert secret not in raw


async def test_long_ended_sign_ins_are_forgotten_at_the_next_log_in(world, clock):
    async with world.client() as client:
        signed = await log_in(client, "member2")
        clock.forward(days=world.house.settings.sign_in_days + 181)
        await log_in(client, "member2")
    with world.house.engines.look() as session:
        mine = sa.select(sa.func.count()).where(SignIn.person_id == world.people["member2"])
        assert session.scalar(mine) == 1
    assert signed["refreshToken"]
