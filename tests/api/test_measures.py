"""开关 and 应急状态: off unless a district chose, the nearest first; an emergency of two people, ended by the clock."""

from __future__ import annotations

import datetime as dt

import pytest

from api.services import people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    with_one = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield with_one
    with_one.close()


@pytest.fixture
def now(world):
    return world.house.clock  # it only goes on: what an emergency left stays behind


async def call(world, name, method, path, body=None):
    async with world.client(name) as client:
        return await client.request(method, f"/api/v1{path}", json=body)


async def switch(world, place, code="location_check_in"):
    answer = await call(world, "member", "GET", f"/switches?organizationId={world.places[place]}")
    return next(item for item in answer.json()["items"] if item["code"] == code)


async def decide(world, name, place, mode, code="location_check_in"):
    body = {"organizationId": str(world.places[place]), "mode": mode, "basis": "东区组〔2026〕7号"}
    return await call(world, name, "POST", f"/switches/{code}", body)


async def test_every_switch_is_off_with_its_law_and_the_way_without_it(world):
    answer = await call(world, "member", "GET", f"/switches?organizationId={world.places['community']}")
    items = answer.json()["items"]
    assert [item["code"] for item in items] == [
        "location_check_in", "points_ranking", "photo_evidence", "national_connection",
    ]  # fmt: skip
    for item in items:
        assert (item["on"], item["decidedBy"]) == (False, None)
        law = "民政部令第67号" if item["code"] == "national_connection" else "国办函〔2026〕12号"
        assert law in item["reason"]["zh"]
        assert item["otherwise"]["zh"]
        assert item["otherwise"]["en"]


async def test_the_nearest_decision_above_holds(world):
    assert (await decide(world, "city_officer", "city", "on", "points_ranking")).json()["on"] is True
    assert (await switch(world, "community", "points_ranking"))["on"] is True
    assert (await decide(world, "district_officer", "district", "off", "points_ranking")).status_code == 200
    assert (await switch(world, "community", "points_ranking"))["on"] is False
    assert (await switch(world, "city", "points_ranking"))["on"] is True
    await decide(world, "district_officer", "district", "inherit", "points_ranking")
    shown = await switch(world, "community", "points_ranking")
    assert (shown["on"], shown["decidedByName"], shown["basis"]) == (True, "测试市", "东区组〔2026〕7号")


async def test_only_a_district_or_above_decides_and_only_its_own(world):
    assert (await decide(world, "district_officer", "city", "on")).status_code == 403
    refused = await decide(world, "district_officer", "street", "on")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_seat")
    assert (await decide(world, "street_officer", "district", "on")).status_code == 403
    assert (await decide(world, "district_officer", "district", "on", "likes")).json()["code"] == "unknown_switch"
    assert (await switch(world, "district"))["on"] is False
    events = await call(world, "auditor", "GET", "/events?subjectKind=switch")
    assert {event["kind"] for event in events.json()["items"]} <= {"switch.set"}


def an_emergency(world, place="district", days=3, permits=("compulsory_check_in", "location_check_in")):
    ends = world.house.clock() + dt.timedelta(days=days)
    return {
        "organizationId": str(world.places[place]), "title": "防汛应急", "basis": "emergency_response_law",
        "decisionNumber": "东防汛〔2026〕1号", "permits": list(permits), "endsAt": ends.isoformat(),
    }  # fmt: skip


async def test_an_emergency_takes_two_people_is_shown_to_everybody_and_ends_by_the_clock(world, now):
    proposed = (await call(world, "district_officer", "POST", "/emergencies", an_emergency(world))).json()
    path = f"/emergencies/{proposed['id']}"
    assert (proposed["state"], proposed["inForce"]) == ("proposed", False)
    assert "emergency.confirm" not in proposed["allowedActions"]
    same = await call(world, "district_officer", "POST", f"{path}/confirm")
    assert (same.status_code, same.json()["code"]) == (403, "needs_second_person")
    assert (await call(world, "member", "GET", "/me/home")).json()["emergencies"] == []
    assert (await call(world, "city_officer", "POST", f"{path}/confirm")).json()["inForce"] is True
    (shown,) = (await call(world, "member", "GET", "/me/home")).json()["emergencies"]
    assert (shown["title"], shown["decisionNumber"]) == ("防汛应急", "东防汛〔2026〕1号")
    assert (await switch(world, "community"))["byEmergency"] is True
    assert (await call(world, "district_officer", "GET", f"{path}/roll")).status_code == 200
    now.forward(days=3)
    assert (await call(world, "member", "GET", "/me/home")).json()["emergencies"] == []
    over = (await call(world, "member", "GET", path)).json()
    assert (over["state"], over["inForce"], over["allowedActions"]) == ("ended", False, [])
    assert (await switch(world, "community"))["on"] is False
    refused = await call(world, "district_officer", "GET", f"{path}/roll")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_permitted_by_emergency")


async def test_an_emergency_has_an_end_within_thirty_days(world):
    for days, status in ((30, 201), (31, 422), (0, 422), (-1, 422)):
        answer = await call(world, "district_officer", "POST", "/emergencies", an_emergency(world, days=days))
        assert answer.status_code == status, days
    below = await call(world, "district_officer", "POST", "/emergencies", an_emergency(world, "street"))
    assert below.json()["code"] == "not_a_seat"
    assert (await call(world, "street_officer", "POST", "/emergencies", an_emergency(world))).status_code == 403


async def test_an_emergency_permits_only_what_it_names_and_can_be_ended(world):
    asked = an_emergency(world, permits=["location_check_in"])
    made = (await call(world, "city_officer", "POST", "/emergencies", asked)).json()
    path = f"/emergencies/{made['id']}"
    await call(world, "district_officer", "POST", f"{path}/confirm")
    assert (await call(world, "district_officer", "GET", f"{path}/roll")).status_code == 409
    ended = (await call(world, "district_officer", "POST", f"{path}/end")).json()
    assert (ended["state"], ended["inForce"]) == ("ended", False)
    assert (await switch(world, "community"))["on"] is False


def _registers(session, actor, world):
    more = {"state": "accepted", "basis": "residence", "principal": True}
    people.affiliate(session, actor, world.people["member"], world.places["community"], "registration", **more)


async def test_the_roll_names_who_is_registered_and_each_look_is_logged(world, now):
    world.run(_registers, world)
    made = (await call(world, "district_officer", "POST", "/emergencies", an_emergency(world))).json()
    await call(world, "city_officer", "POST", f"/emergencies/{made['id']}/confirm")
    (line,) = (await call(world, "district_officer", "GET", f"/emergencies/{made['id']}/roll")).json()["items"]
    assert (line["name"], line["cameAt"]) == ("测member", None)
    (look, *_) = (await call(world, "member", "GET", "/me/access-log")).json()["items"]
    assert (look["step"], look["purpose"]) == ("emergency.roll", "emergency")
    now.forward(days=4)
