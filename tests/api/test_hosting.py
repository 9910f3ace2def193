"""承办 over HTTP, on both databases: a unit organises, its community agrees to host, only then people sign up."""

import pytest

from api.jobs.sealing import do_due
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import post
from tests.support.service_calls import planned, present, signed_up


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
            shown = await post(worker, f"/activities/{made['id']}/publish")
        confirms = shown["policy"].get("host_confirms", False)
        assert (shown["state"], confirms) == ("published", organizer == "unit")


async def called(world, by, shift, name, times):
    """Let somebody call the roll: a line for coming and one for leaving."""
    line = {"shiftId": shift, "personId": str(world.people[name])}
    lines = [
        {**line, "direction": direction, "at": at.isoformat()}
        for direction, at in zip(("check_in", "check_out"), times, strict=True)
    ]
    async with world.client(by) as client:
        outcomes = (await post(client, "/presences", {"presences": lines}))["outcomes"]
    assert [each["problem"] for each in outcomes] == [None, None]
    return outcomes[1]["presence"]["minutes"]


async def credited(world, name, shift):
    async with world.client(name) as client:
        entries = (await client.get("/api/v1/entries", params={"mine": True, "shiftId": shift})).json()["items"]
    return [(each["amount"], each["provenance"]) for each in entries]


async def organised(world):
    """Let the unit hold a shift, hosted by the community and led by a member, to which two others come; it is over."""
    time = world.house.clock
    shift = await planned(world, time, by="liaison", leaderId=str(world.people["member2"]))
    for name in ("member", "member3"):
        await signed_up(world, name, shift)
    begin = time.forward(hours=1)
    assert (await present(world, "member3", shift, "check_in")).status_code == 200
    end = time.forward(hours=2)
    assert (await present(world, "member3", shift, "check_out")).status_code == 200
    assert await credited(world, "member3", shift) == [(120, "code")]  # their own code needs nobody's word
    return shift, (begin, end)


async def test_hours_of_a_roll_called_by_who_organises_count_when_the_host_confirms(world):
    shift, times = await organised(world)
    assert await called(world, "member2", shift, "member", times) is None
    async with world.client("member2") as leader, world.client("worker") as worker:
        told = await post(leader, f"/shifts/{shift}/settle")
        assert (told["shift"]["state"], told["credited"], told["waiting"]) == ("open", 1, 1)
        assert await credited(world, "member", shift) == []
        waits = (await worker.get("/api/v1/inbox", params={"limit": 100})).json()["items"]
        assert shift in [each["id"] for each in waits if each["kind"] == "shift"]
        told = await post(worker, f"/shifts/{shift}/settle")
        assert (told["shift"]["state"], told["credited"], told["waiting"]) == ("settled", 2, 0)
    assert await credited(world, "member", shift) == [(120, "roll_call")]


async def test_what_the_host_calls_itself_counts_at_once(world):
    shift, times = await organised(world)
    assert await called(world, "worker", shift, "member", times) == 120


async def test_a_host_that_stays_silent_is_asked_and_no_hours_come_of_silence(world):
    shift, times = await organised(world)
    await called(world, "member2", shift, "member", times)
    world.house.clock.forward(hours=73)
    do_due(world.house)
    assert await credited(world, "member", shift) == []
    async with world.client("worker") as worker:
        cases = (await worker.get("/api/v1/cases", params={"subjectId": shift})).json()["items"]
        ((reason, asked),) = [(each["reason"], f"/cases/{each['id']}") for each in cases]
        assert reason == "host_unconfirmed"
        await post(worker, f"{asked}/assign", {"personId": str(world.people["worker"])})
        await post(worker, f"{asked}/answer", {"answer": "当天确有其人", "outcome": "accepted"})
    assert await credited(world, "member", shift) == [(120, "roll_call")]
