"""From an activity to credited minutes over HTTP, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.support import world as worlds
from tests.support.clock import START, Clock

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _in_the_morning(time):
    """Each test has a week of its own, so that no two overlap."""
    time.set(time.instant.replace(hour=1, minute=0) + timedelta(days=7))


async def planned(world, time, by="worker", *, starts=1.0, hours=2.0, capacity=10, **more):
    """Return the id of an open shift of a published activity, `starts` hours from now."""
    organizer = {"worker": "community", "liaison": "unit"}[by]
    body = {
        "title": "陪诊服务", "communityId": str(world.places["community"]),
        "organizerId": str(world.places[organizer]), **more,
    }  # fmt: skip
    async with world.client(by) as client:
        activity = await client.post("/api/v1/activities", json=body)
        assert activity.status_code == 201, activity.text
        path = f"/api/v1/activities/{activity.json()['id']}"
        window = {
            "activityId": activity.json()["id"], "capacity": capacity,
            "startsAt": (time() + starts * HOUR).isoformat(), "endsAt": (time() + (starts + hours) * HOUR).isoformat(),
        }  # fmt: skip
        shift = await client.post("/api/v1/shifts", json=window)
        assert shift.status_code == 201, shift.text
        published = await client.post(f"{path}/publish")
        assert published.json()["state"] == "published", published.text
    return shift.json()["id"]


async def code_of(world, shift):
    async with world.client("worker") as worker:
        answer = await worker.get(f"/api/v1/shifts/{shift}/code")
    assert answer.status_code == 200, answer.text
    return answer.json()["code"]


async def present(world, name, shift, direction, code=None, pair=1):
    body = {"direction": direction, "pair": pair, "code": code or await code_of(world, shift)}
    async with world.client(name) as client:
        return await client.put(f"/api/v1/shifts/{shift}/presences/me", json=body)


async def signed_up(world, name, shift):
    async with world.client(name) as client:
        answer = await client.post(f"/api/v1/shifts/{shift}/signups")
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_member_signs_up_comes_leaves_and_is_credited_once(world, time):
    shift = await planned(world, time)
    assert (await signed_up(world, "member", shift))["state"] == "confirmed"
    time.forward(hours=1)
    came = await present(world, "member", shift, "check_in")
    assert came.status_code == 200, came.text
    assert came.json()["minutes"] is None
    time.forward(minutes=90)
    left = await present(world, "member", shift, "check_out")
    assert left.status_code == 200, left.text
    assert (left.json()["minutes"], left.json()["unit"], left.json()["provenance"]) == (90, "volunteer_minutes", "code")
    again = await present(world, "member", shift, "check_out")
    assert again.json() == left.json()
    assert datetime.fromisoformat(came.json()["at"]) > START
