"""The organiser scans a member's code: it holds a minute, for one person, tenant and shift, and says nothing itself."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned, signed_up


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    yield built
    built.close()


@pytest.fixture(scope="module")
def elsewhere(world):
    """Another city on the same platform."""
    return worlds.another(world, "othercity")


@pytest.fixture(autouse=True)
def _in_the_morning(time):
    time.set(time.instant.replace(hour=1, minute=0, second=0) + timedelta(days=7))


@pytest.fixture
async def shift(world, time):
    made = await planned(world, time)
    for name in ("member", "member2"):
        await signed_up(world, name, made)
    time.forward(hours=1)
    return made


async def shown(world, name, shift=None):
    query = f"?{urlencode({'shiftId': shift})}" if shift else ""
    async with world.client(name) as client:
        answer = await client.get(f"/api/v1/me/presence-code{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def scan(world, shown_code, shift, direction="check_in", by="worker", **more):
    line = {"shiftId": shift, "direction": direction, "memberCode": shown_code, **more}
    async with world.client(by) as client:
        answer = await client.post("/api/v1/presences", json={"presences": [line]})
    assert answer.status_code == 200, answer.text
    return answer.json()["outcomes"][0]


async def scanned(world, name, shift, direction="check_in", *, of=None, **more):
    return await scan(world, (await shown(world, name, of or shift))["code"], shift, direction, **more)


async def test_a_member_shows_a_code_and_the_organiser_records_them(world, shift, time):
    came = await scanned(world, "member", shift)
    assert came["presence"]["provenance"] == "organiser", came
    time.forward(minutes=45)
    left = await scanned(world, "member", shift, "check_out")
    assert (left["presence"]["minutes"], left["presence"]["provenance"]) == (45, "organiser")
    async with world.client("member") as member:
        (entry,) = (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
    assert (entry["amount"], entry["provenance"]) == (45, "organiser")


async def test_a_code_for_the_moment_holds_at_any_shift(world, shift):
    code = (await shown(world, "member"))["code"]
    assert (await scan(world, code, shift))["presence"]["pair"] == 1


async def test_a_code_says_nothing_of_the_person_and_is_another_at_each_look(world, shift):
    first, second = await shown(world, "member", shift), await shown(world, "member", shift)
    assert first["code"] != second["code"]
    assert first["changesAt"] == second["changesAt"]
    person = world.people["member"]
    for told in (str(person), person.hex, "member", shift):
        assert told not in first["code"]


async def test_a_code_holds_in_its_step_and_the_next_and_no_longer(world, shift, time):
    time.set(time().replace(second=0))
    codes = [(await shown(world, name, shift))["code"] for name in ("member", "member2")]
    time.forward(seconds=59)
    assert (await scan(world, codes[0], shift))["presence"] is not None
    time.forward(seconds=1)
    late = await scan(world, codes[1], shift)
    assert (late["presence"], late["problem"]["code"], late["problem"]["pointer"]) == (
        None, "code_not_valid", "/memberCode"
    )  # fmt: skip


async def test_a_retry_long_after_gets_what_stands(world, shift, time):
    code = (await shown(world, "member", shift))["code"]
    first = await scan(world, code, shift)
    time.forward(hours=3)
    assert await scan(world, code, shift) == first
    again = await scan(world, code, shift, "check_out")
    assert again["problem"]["code"] == "code_not_valid"  # the old code records nothing new


async def test_a_code_for_another_shift_or_of_another_tenant_is_refused(world, elsewhere, shift, time):
    other = await planned(world, time)
    for code in (await shown(world, "member", other), await shown(elsewhere, "member")):
        refused = await scan(world, code["code"], shift)
        assert refused["problem"]["code"] == "code_not_valid"
    async with world.client("member") as member:
        assert (await member.get("/api/v1/facts", params={"shiftId": shift})).json()["items"] == []
    foreign = await scan(elsewhere, (await shown(world, "member", shift))["code"], shift)
    assert foreign["problem"]["code"] == "not_found"


async def test_nobody_scans_who_may_not_call_the_roll_and_nobody_scans_themselves(world, shift):
    code = (await shown(world, "member", shift))["code"]
    for name in ("member", "member2", "worker2", "liaison"):
        assert (await scan(world, code, shift, by=name))["problem"]["code"] == "forbidden"
    own = await scanned(world, "worker", shift)
    assert own["problem"]["code"] == "self_recorded"


@pytest.mark.parametrize(
    "more", [{"personId": True}, {"code": "00000000"}, {"at": "2026-03-02T09:00:00+08:00"}, {"sheet": "ABCDEFGH-1"}]
)
async def test_a_line_shows_presence_in_one_way(world, shift, more):
    more = {name: str(world.people["member2"]) if value is True else value for name, value in more.items()}
    assert (await scanned(world, "member", shift, **more))["problem"]["code"] == "ways_mixed"


async def test_the_same_person_twice_in_one_list_is_one_fact(world, shift):
    codes = [(await shown(world, "member", shift))["code"] for _ in range(3)]
    lines = [{"shiftId": shift, "direction": "check_in", "memberCode": code} for code in codes]
    lines.append({"shiftId": shift, "direction": "check_in", "personId": str(world.people["member"])})
    async with world.client("worker") as worker:
        outcomes = (await worker.post("/api/v1/presences", json={"presences": lines})).json()["outcomes"]
    assert len({outcome["presence"]["id"] for outcome in outcomes}) == 1
    assert {outcome["presence"]["provenance"] for outcome in outcomes} == {"organiser"}


async def test_a_code_is_shown_for_a_shift_that_one_may_know_of(world, time):
    for other in (world.people["member"], await draft(world, time)):
        async with world.client("member") as member:
            answer = await member.get("/api/v1/me/presence-code", params={"shiftId": str(other)})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def draft(world, time):
    body = {
        "title": "草稿", "communityId": str(world.places["community"]), "organizerId": str(world.places["community"])
    }  # fmt: skip
    async with world.client("worker") as worker:
        activity = (await worker.post("/api/v1/activities", json=body)).json()["id"]
        window = {
            "activityId": activity, "capacity": 3, "startsAt": time().isoformat(),
            "endsAt": (time() + timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        return (await worker.post("/api/v1/shifts", json=window)).json()["id"]
