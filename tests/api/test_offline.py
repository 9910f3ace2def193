"""Devices and offline lists over HTTP: enrolled, taken, doubled, confirmed, judged, ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.jobs.sealing import seal_all
from api.services import audit
from tests.support import phones
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.offline import code_then, enrolled, sent
from tests.support.service_calls import planned, signed_up

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 90)
    yield built
    assert seal_all(built.house) >= 0
    assert built.house.read_now(built.operator.tenant_id, audit.verify) == []
    built.close()


@pytest.fixture(autouse=True)
def _a_week_of_its_own(time):
    time.set(time.instant.replace(hour=1, minute=0, second=0) + timedelta(days=7))


async def test_what_a_phone_kept_is_recorded_provisionally_and_counts_once_the_roll_is_called(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    phone = await enrolled(world, "member", skew=timedelta(hours=-31))
    begin = time() + HOUR
    for direction, at in (("check_in", begin + 5 * MINUTE), ("check_out", begin + 95 * MINUTE)):
        phone.keep(shift, direction, at, code_then(world, shift, at))
    time.set(begin + 8 * HOUR)
    found = await sent(world, "member", phone)
    assert [(each["presence"]["provenance"], each["presence"]["minutes"]) for each in found] == [
        ("offline_code", None)
    ] * 2
    assert [each["presence"]["at"][:19] for each in found] == [
        stamp[:19] for stamp in (phones.stamp(begin + 5 * MINUTE), phones.stamp(begin + 95 * MINUTE))
    ]
    assert await sent(world, "member", phone) == found
    async with world.client("worker") as worker:
        line = {
            "shiftId": shift,
            "personId": str(world.people["member"]),
            "direction": "check_in",
            "at": begin.isoformat(),
        }
        called = await worker.post("/api/v1/presences", json={"presences": [line]})
        assert called.json()["outcomes"][0]["presence"]["id"] == found[0]["presence"]["id"]
    assert [each["presence"]["minutes"] for each in await sent(world, "member", phone)] == [90, 90]
