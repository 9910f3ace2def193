"""资源清单 over HTTP, on both databases: never promised beyond what there is."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.errors import Conflict
from api.models import Project, Resource
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import (
    agreed,
    post,
    proposed,
    published_need,
    published_resource,
    rows_of,
    state_of,
)


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def test_calling_off_gives_need_and_resource_back(world):
    need, resource = await published_need(world), await published_resource(world, quantity=3)
    project = await agreed(world, needId=need["id"], resourceId=resource["id"], quantity=3)
    assert (await state_of(world, f"/resources/{resource['id']}"))["state"] == "exhausted"
    async with world.client("worker") as worker:
        assert (await worker.post(f"/api/v1/projects/{project['id']}/cancel", json={})).status_code == 422
        off = await post(worker, f"/projects/{project['id']}/cancel", {"reason": "社区已自行解决"})
        assert (off["state"], off["reason"]) == ("cancelled", "社区已自行解决")
    assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "published"
    back = await state_of(world, f"/resources/{resource['id']}")
    assert (back["state"], back["promised"]) == ("published", 0)


async def test_eight_agreements_at_once_promise_no_more_than_there_is(world):
    resource = await published_resource(world, quantity=5)
    made = [await proposed(world, resourceId=resource["id"], quantity=2) for _ in range(8)]
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        for project in made:
            await post(liaison, f"/projects/{project['id']}/accept")
        answers = await asyncio.gather(*(worker.post(f"/api/v1/projects/{one['id']}/accept") for one in made))
    states = [answer.json().get("state") for answer in answers]
    assert states.count("agreed") == 2
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "resource_not_available")}
    assert (await state_of(world, f"/resources/{resource['id']}"))["promised"] == 4


async def test_the_database_itself_refuses_to_promise_too_much(world):
    resource = await published_resource(world, quantity=5)

    def promise(session, _actor):
        session.execute(sa.update(Resource).where(Resource.id == UUID(resource["id"])).values(promised=6))

    with pytest.raises(Conflict):
        world.run(promise)


async def test_a_venue_is_not_promised_twice_for_one_day(world):
    venue = await published_resource(world, kind="venue", quantity=1)
    made = [
        await proposed(world, resourceId=venue["id"], startsOn=start, endsOn=end)
        for start, end in (("2026-04-01", "2026-04-03"), ("2026-04-02", "2026-04-05"), ("2026-04-03", "2026-04-04"))
    ]
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        for project in made:
            await post(liaison, f"/projects/{project['id']}/accept")
        first, second, third = [await worker.post(f"/api/v1/projects/{one['id']}/accept") for one in made]
    assert (first.status_code, third.status_code) == (200, 200)
    assert (second.status_code, second.json()["code"]) == (409, "resource_taken")
    held = rows_of(world, Project, Project.state, resource_id=UUID(venue["id"]))
    assert sorted(state for (state,) in held) == ["agreed", "agreed", "proposed"]


async def test_a_resource_is_edited_as_a_draft_and_withdrawn_once_published(world):
    async with (
        world.client("liaison") as liaison,
        world.client("liaison2") as stranger,
        world.client("member") as member,
    ):
        body = {"kind": "skill", "title": "理发", "category": "health", "organizationId": str(world.places["unit"])}
        assert (await stranger.post("/api/v1/resources", json=body)).status_code == 403
        draft = await post(liaison, "/resources", body, 201)
        path = f"/api/v1/resources/{draft['id']}"
        assert draft["allowedActions"] == ["resource.edit", "resource.publish"]
        assert (await member.get(path)).status_code == 404
        edited = await liaison.put(path, json={**body, "title": "义剪"}, headers={"If-Match": '"v1"'})
        assert (edited.json()["title"], edited.headers["etag"]) == ("义剪", '"v2"')
        assert (await liaison.put(path, json=body, headers={"If-Match": '"v1"'})).status_code == 412
        await post(liaison, f"/resources/{draft['id']}/publish")
        assert (await member.get(path)).json()["organizationName"] == "测试市第一中学"
        assert (await liaison.put(path, json=body)).status_code == 409
        listed = (await member.get("/api/v1/resources", params={"kind": "skill"})).json()
        assert draft["id"] in [item["id"] for item in listed["items"]]
        gone = await post(liaison, f"/resources/{draft['id']}/withdraw", {"reason": "人员调整"})
        assert gone["state"] == "withdrawn"
