"""Devices and offline lists over HTTP: who may send what, what a code proves, and what an office decides."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.models import Device, Event, Fact
from tests.support import phones
from tests.support.clock import Clock
from tests.support.offline import (
    BOTH,
    DAY,
    HOUR,
    begun,
    code_then,
    enrolled,
    offline_world,
    outcome,
    sent,
    two_weeks_on,
)
from tests.support.service_calls import planned


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    with offline_world(database, tmp_path_factory.mktemp("var"), time) as built:
        yield built


@pytest.fixture(autouse=True)
def _two_weeks_of_its_own(world, time):
    two_weeks_on(time)


@pytest.fixture
async def stay(world, time):
    return await begun(world, time)


async def test_what_a_phone_kept_counts_once_the_roll_is_called(stay, world):
    stay.phone.skew = timedelta(hours=-31)
    stay.both(5, 95)
    found = await sent(world, "member", stay.phone)
    assert [each["presence"]["provenance"] for each in found] == ["offline_code"] * 2
    assert [each["presence"]["minutes"] for each in found] == [None, None]
    called = await stay.call_the_roll("check_in", 0)
    assert called["presence"]["id"] == found[0]["presence"]["id"]
    assert [each["presence"]["minutes"] for each in await sent(world, "member", stay.phone)] == [90, 90]
    with world.house.engines.look() as session:
        rows = session.rows(sa.select(Fact.details).where(Fact.shift_id == UUID(stay.shift)))
    assert {"skewSeconds": 31 * 3600, "lateMinutes": 6 * 60 - 5} in [row.details for row in rows]


async def test_only_its_owner_speaks_for_a_phone(stay, world, time):
    stay.both()
    body = stay.phone.list_at(time())
    async with world.client("member2") as other:
        answer = await other.post("/api/v1/presences/offline", json=body)
        ended = await other.post(f"/api/v1/me/devices/{stay.phone.device_id}/end")
        listed = (await other.get("/api/v1/me/devices")).json()["items"]
    assert [outcome(each) for each in answer.json()["outcomes"]] == ["device_unknown"] * 2
    assert ended.status_code == 404
    assert stay.phone.device_id not in [each["id"] for each in listed]
    assert await stay.stands() == []


async def test_a_phone_that_was_ended_is_refused_and_its_secret_is_gone(stay, world):
    stay.both()
    async with world.client("member") as member:
        ended = await member.post(f"/api/v1/me/devices/{stay.phone.device_id}/end")
        assert (ended.json()["state"], ended.json()["allowedActions"]) == ("ended", [])
        assert (await member.post(f"/api/v1/me/devices/{stay.phone.device_id}/end")).status_code == 409
    assert await stay.send() == ["device_ended"] * 2
    with world.house.engines.look() as session:
        assert (
            session.scalar(sa.select(sa.func.count()).where(Device.state == "ended", Device.secret.is_not(None))) == 0
        )


async def test_a_code_of_no_moment_of_the_shift_is_refused_and_leaves_nothing(stay, world, time):
    other, begin = await planned(world, time), stay.begin
    for code in (
        "00000000", code_then(world, other, begin), code_then(world, stay.shift, begin - DAY),
        code_then(world, stay.shift, begin + 5 * HOUR),
    ):  # fmt: skip
        stay.phone.kept.clear()
        stay.phone.keep(stay.shift, "check_in", begin, code)
        assert await stay.send() == ["code_not_valid"]
    stay.phone.kept.clear()
    stay.phone.keep(stay.shift, "check_in", begin)
    assert await stay.send() == ["code_not_valid"]
    assert await stay.stands() == []


async def test_who_may_show_the_code_proves_nothing_with_it_and_members_call_no_roll(stay, world, time):
    worker = await enrolled(world, "worker")
    at = stay.begin
    worker.keep(stay.shift, "check_in", at, code_then(world, stay.shift, at))
    assert [outcome(each) for each in await sent(world, "worker", worker)] == ["self_recorded"]
    stay.phone.keep(stay.shift, "check_in", at, person=world.people["member2"])
    assert await stay.send() == ["forbidden"]


@pytest.mark.parametrize(("answer", "stands", "minutes"), [("accepted", BOTH, 90), ("declined", [], 0)])
async def test_what_is_odd_stands_where_the_community_accepts_it(stay, world, time, answer, stands, minutes):
    stay.both()
    time.forward(days=4)
    found = await sent(world, "member", stay.phone)
    assert [each["reasons"] for each in found] == [["late_offline"]] * 2
    async with world.client("worker") as worker:
        for each in found:
            path = f"/api/v1/cases/{each['caseId']}"
            assert (await worker.post(f"{path}/assign", json={})).status_code == 200
            said = {"answer": "经核实", "outcome": answer}
            told = await worker.post(f"{path}/answer", json=said)
            assert told.status_code == 200, told.text
    assert (await stay.stands(), await stay.minutes()) == (stands, minutes)


async def test_every_change_of_a_device_is_told_in_an_event(stay, world):
    again = await enrolled(world, "member")
    with world.house.engines.look() as session:
        rows = session.rows(sa.select(Event.kind, Event.subject_id, Event.details).where(Event.kind.like("device.%")))
    told = {(row.kind, str(row.subject_id)) for row in rows}
    assert {("device.create", stay.phone.device_id), ("device.end", stay.phone.device_id)} <= told
    assert ("device.create", again.device_id) in told
    assert all(row.details == {} for row in rows)


def test_a_stamp_is_what_a_phone_writes():
    assert phones.stamp(phones.EPOCH + timedelta(milliseconds=1)) == "1970-01-01T00:00:00.001Z"
