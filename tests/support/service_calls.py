"""Short ways to plan, sign up and be present over HTTP."""

from __future__ import annotations

from datetime import timedelta

HOUR = timedelta(hours=1)


def so_far(world):
    """Return the period from long ago until today, which is in it; days are those of Shanghai."""
    return {"since": "2020-01-01", "until": f"{world.house.clock() + timedelta(hours=24 + 8):%Y-%m-%d}"}


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
        if by == "liaison":
            assert (await client.post(f"{path}/offer")).status_code == 200
            far = body["communityId"] == str(world.places.get("far_community"))
            async with world.client("far_worker" if far else "worker") as host:
                assert (await host.post(f"{path}/host")).json()["state"] == "hosted"
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


async def served(world, time, name):
    """Let somebody serve an hour at a new shift; return the shift's id."""
    shift = await planned(world, time)
    await signed_up(world, name, shift)
    for direction in ("check_in", "check_out"):
        time.forward(hours=1)
        assert (await present(world, name, shift, direction)).status_code == 200
    return shift
