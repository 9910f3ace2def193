"""承办 over HTTP, on both databases: a unit organises, its community agrees to host, only then people sign up."""

import pytest

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import post


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def test_what_a_unit_organises_is_published_once_its_community_agreed_to_host(world):
    body = {
        "title": "健康义诊", "communityId": str(world.places["community"]), "organizerId": str(world.places["unit"]),
    }  # fmt: skip
    async with world.client("liaison") as liaison, world.client("worker") as worker, world.client("member") as member:
        made = await post(liaison, "/activities", body, 201)
        path = f"/activities/{made['id']}"
        alone = await liaison.post(f"/api/v1{path}/publish")
        assert (alone.status_code, alone.json()["code"]) == (409, "host_not_asked")
        assert (await post(liaison, f"{path}/offer"))["state"] == "offered"
        assert (await liaison.post(f"/api/v1{path}/host")).status_code == 403
        assert (await member.get(f"/api/v1{path}")).status_code == 404
        waits = (await worker.get("/api/v1/inbox", params={"limit": 100})).json()["items"]
        (asked,) = [each for each in waits if each["kind"] == "hosting"]
        assert (asked["id"], asked["link"]) == (made["id"], f"/api/v1{path}")
        back = await post(worker, f"{path}/return", {"reason": "请改在周六"})
        assert (back["state"], back["reason"]) == ("draft", "请改在周六")
        await post(liaison, f"{path}/offer")
        assert (await post(worker, f"{path}/host"))["state"] == "hosted"
        edited = await liaison.put(f"/api/v1{path}", json={**body, "title": "健康义诊（周六）"})
        assert edited.json()["state"] == "draft"  # what the host agreed to is another thing now
        assert (await liaison.post(f"/api/v1{path}/publish")).status_code == 409
        await post(liaison, f"{path}/offer")
        await post(worker, f"{path}/host")
        shown = await post(liaison, f"{path}/publish")
        assert (shown["state"], shown["communityName"], shown["organizerName"]) == (
            "published", "桃园社区", "测试市第一中学",
        )  # fmt: skip
        assert (await member.get(f"/api/v1{path}")).status_code == 200


async def test_a_community_publishes_what_it_hosts_without_asking_itself(world):
    for organizer in ("community", "unit"):
        body = {"title": "巡河", "communityId": str(world.places["community"])}
        async with world.client("worker" if organizer == "community" else "liaison") as client:
            made = await post(client, "/activities", {**body, "organizerId": str(world.places[organizer])}, 201)
        async with world.client("worker") as worker:
            assert (await post(worker, f"/activities/{made['id']}/publish"))["state"] == "published"
