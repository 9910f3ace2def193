"""Keys of requests: doubles at the same time, in two processes, and what a key speaks for."""

from __future__ import annotations

import asyncio
import threading
from uuid import uuid4

import pytest
import sqlalchemy as sa

from api.access import Ask
from api.calls import House, _run_single, _Single
from api.models import Event
from api.services import needs
from tests.support import world as worlds
from tests.support.clock import Clock

BASE = "/api/v1/needs"


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), writer_lanes=4)
    yield built
    built.close()


async def drafted(world, client):
    body = {"title": "修灯", "category": "care", "communityId": str(world.places["community"])}
    return (await client.post(BASE, json=body)).json()["id"]


def events_of(world, need_id, kind):
    count = sa.select(sa.func.count()).where(Event.subject_id == need_id, Event.kind == kind)
    return world.run(lambda session, _actor: session.scalar(count))


@pytest.mark.parametrize("_time", range(3))
async def test_doubles_of_a_step_at_the_same_time_all_hear_of_the_first(world, _time):
    async with world.client("member") as member:
        path = f"{BASE}/{await drafted(world, member)}/submit"
        headers = {"Idempotency-Key": f"{uuid4()}"}
        answers = await asyncio.gather(*(member.post(path, headers=headers) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [answer.json()["state"] for answer in answers] == ["submitted"] * 8
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1


def test_a_double_in_another_process_waits_and_then_hears_of_the_first(world, database):
    """Two houses stand for two processes; the first holds its transaction open until the other has come."""
    other = House(world.house.settings, world.house.clock)
    claims = world.house.tokens.read(world.token("member"))
    body = {
        "kind": "need", "title": "修灯", "description": "", "category": "care", "target_group": None,
        "headcount": None, "quantity": None, "when_text": None, "budget_fen": None, "expires_on": None,
        "community_id": world.places["community"],
    }  # fmt: skip
    inside, go_on, key = threading.Event(), threading.Event(), str(uuid4())

    def slow(session, actor, values):
        need = needs.create(session, actor, values)
        inside.set()
        go_on.wait(3)
        return need

    def asks(service):
        return _Single(Ask("need.create", claims, key, "f" * 64), service, (body,), needs.one, "test")

    first = world.house.lanes.submit(_run_single, asks(slow))
    assert inside.wait(5)
    second = other.lanes.submit(_run_single, asks(needs.create))
    threading.Timer(0.3, go_on.set).start()
    assert second.result(10).replayed
    assert second.result().content["id"] == first.result(1)["id"]
    other.close()


async def test_a_key_speaks_for_one_person_and_one_request(world):
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"title": "修灯", "category": "care", "communityId": str(world.places["community"])}
    async with world.client("member") as member, world.client("member2") as member2:
        first = await member.post(BASE, json=body, headers=headers)
        foreign = await member2.post(BASE, json=body, headers=headers)
        assert (first.status_code, foreign.status_code) == (201, 201)
        assert first.json()["id"] != foreign.json()["id"]
        elsewhere = await member.post(f"{BASE}/{first.json()['id']}/submit", headers=headers)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_key_reused")
        again = await member.post(BASE, json=body, headers=headers)
        assert (again.status_code, again.headers["idempotent-replay"]) == (201, "true")


async def test_a_refusal_leaves_nothing_and_is_judged_anew(world):
    headers = {"Idempotency-Key": str(uuid4())}
    async with world.client("worker") as worker, world.client("member") as member:
        need = await drafted(world, member)
        assert (await worker.post(f"{BASE}/{need}/publish", headers=headers)).status_code == 409
        assert (await member.post(f"{BASE}/{need}/submit")).status_code == 200
        assert (await worker.post(f"{BASE}/{need}/publish", headers=headers)).status_code == 200
