"""Check-in with a location: an extra where a district chose it; a band and a verdict stay, and never a place."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.models import Fact
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import code_of, planned, signed_up
from tests.support.stage import stored

# googollee/eviltransform's point in Shanghai, in both systems.
SATELLITE = {"latitude": 31.1774276, "longitude": 121.5272106, "system": "wgs84"}
MAP = {"latitude": 31.17530398364597, "longitude": 121.531541859215, "system": "gcj02"}


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    yield built
    built.close()


@pytest.fixture(autouse=True)
async def _chosen(world, time):
    time.set(time.instant.replace(hour=1, minute=0, second=0) + timedelta(days=7))
    await decide(world, "on")
    for name in ("member", "member2"):
        await agree(world, name)


async def agree(world, name):
    async with world.client(name) as client:
        answer = await client.post("/api/v1/me/consents", json={"purpose": "location_check_in", "version": 1})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def decide(world, mode):
    body = {"organizationId": str(world.places["district"]), "mode": mode, "basis": "东区组〔2026〕7号"}
    async with world.client("district_officer") as officer:
        assert (await officer.post("/api/v1/switches/location_check_in", json=body)).status_code == 200


async def arrive(world, shift, location, name="member", direction="check_in"):
    body = {"direction": direction, "code": await code_of(world, shift), "location": location}
    async with world.client(name) as client:
        return await client.put(
            f"/api/v1/shifts/{shift}/presences/me", content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip


async def a_shift(world, time, point=MAP, names=("member",)):
    shift = await planned(world, time, point=point)
    for name in names:
        await signed_up(world, name, shift)
    time.forward(hours=1)
    return shift


def kept(world, shift):
    with world.house.engines.look() as session:
        facts = session.rows(sa.select(Fact.details).where(Fact.shift_id == worlds.UUID(shift)).order_by(Fact.id))
    return [row.details.get("location") for row in facts]


def here(accuracy=20.5, **other):
    return {**SATELLITE, "accuracyMeters": accuracy, **other}


@pytest.mark.parametrize(
    ("location", "band", "verdict"),
    [
        (here(), "within_100", "near"),
        ({**MAP, "accuracyMeters": 20}, "within_100", "near"),
        (here(system="gcj02"), "unclear", "system_doubtful"),
        ({**MAP, "accuracyMeters": 20, "system": "wgs84"}, "unclear", "system_doubtful"),
        (here(latitude=31.2), "beyond", "far"),
        (here(accuracy=2000), "unclear", "inaccurate"),
    ],
)
async def test_whatever_the_verdict_the_presence_stands(world, time, location, band, verdict):
    shift = await a_shift(world, time)
    answer = await arrive(world, shift, location)
    assert answer.status_code == 200, answer.text
    assert kept(world, shift) == [{"band": band, "verdict": verdict}]


async def test_without_a_point_of_the_activity_nothing_is_said(world, time):
    shift = await a_shift(world, time, point=None)
    assert (await arrive(world, shift, here())).status_code == 200
    assert kept(world, shift) == [{"band": "unclear", "verdict": "no_place"}]


async def test_where_no_district_chose_it_a_location_is_refused_and_nobody_needs_one(world, time):
    shift = await a_shift(world, time)
    await decide(world, "off")
    refused = await arrive(world, shift, here())
    assert (refused.status_code, refused.json()["code"]) == (409, "switched_off")
    assert (await arrive(world, shift, None)).status_code == 200
    assert kept(world, shift) == [None]


async def test_without_separate_consent_no_location_is_looked_at(world, time):
    shift = await a_shift(world, time)
    async with world.client("member") as member:
        await member.post(f"/api/v1/me/consents/{await agree(world, 'member')}/withdraw")
    refused = await arrive(world, shift, here())
    assert (refused.status_code, refused.json()["code"]) == (409, "location_not_agreed")
    assert (await arrive(world, shift, None)).status_code == 200


@pytest.mark.parametrize("name", ["latitude", "longitude", "accuracyMeters"])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf"), 1e308, "31.2", None, True])
async def test_what_is_no_number_of_this_world_is_a_clear_refusal(world, time, name, wrong):
    shift = worlds.UUID(int=1)
    body = json.dumps({"direction": "check_in", "code": "00000000", "location": {**here(), name: wrong}})
    async with world.client("member") as client:
        path, headers = f"/api/v1/shifts/{shift}/presences/me", {"Content-Type": "application/json"}
        answer = await client.put(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert answer.json()["errors"][0]["pointer"] == f"/location/{name}"
    assert "31.177" not in answer.text


@pytest.mark.parametrize(("name", "wrong"), [("latitude", 90.01), ("longitude", -180.01), ("system", "mars")])
async def test_a_place_off_the_globe_is_no_point_of_an_activity(world, name, wrong):
    body = {
        "title": "巡河", "communityId": str(world.places["community"]),
        "organizerId": str(world.places["community"]), "point": {**SATELLITE, name: wrong},
    }  # fmt: skip
    async with world.client("worker") as worker:
        answer = await worker.post("/api/v1/activities", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/point/{name}")


async def test_an_activity_shows_its_point(world):
    body = {
        "title": "巡河", "communityId": str(world.places["community"]),
        "organizerId": str(world.places["community"]), "point": SATELLITE,
    }  # fmt: skip
    async with world.client("worker") as worker:
        assert (await worker.post("/api/v1/activities", json=body)).json()["point"] == SATELLITE


async def test_where_somebody_was_stands_in_no_row_no_log_and_no_answer(world, time, caplog):
    shift = await a_shift(world, time, names=("member", "member2"))
    canary = {"latitude": 31.179876543, "longitude": 121.529876543, "accuracyMeters": 17.654321, "system": "wgs84"}
    with caplog.at_level(logging.DEBUG):
        taken = await arrive(world, shift, canary)
        refused = await arrive(world, shift, {**canary, "system": "mars"}, "member2")
    assert (taken.status_code, refused.status_code) == (200, 422)
    rows = repr(stored(world))
    for number in ("179876543", "529876543", "17.654321"):
        for told in (rows, caplog.text, taken.text, refused.text):
            assert number not in told
    assert "system_doubtful" not in taken.text


async def test_a_location_is_ones_own(world, time):
    shift = await a_shift(world, time)
    line = {"shiftId": shift, "personId": str(world.people["member"]), "direction": "check_in", "location": here()}
    async with world.client("worker") as worker:
        answer = await worker.post("/api/v1/presences", json={"presences": [line]})
    assert answer.json()["outcomes"][0]["problem"]["code"] == "ways_mixed"
