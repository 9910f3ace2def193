"""What gets lost between a phone and the server: a test for each row of the table in docs/offline.md."""

from __future__ import annotations

import asyncio
import re

import pytest

from api.jobs.sealing import do_due
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.guards import ROOT
from tests.support.offline import (
    DAY,
    HOUR,
    MINUTE,
    Stay,
    begun,
    code_then,
    confirmed,
    enrolled,
    offline_world,
    sent,
    two_weeks_on,
)
from tests.support.service_calls import planned, present, signed_up


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


async def test_a_request_that_never_came_is_sent_again(stay, time):
    stay.both()
    stay.phone.list_at(time())
    time.forward(hours=20)
    assert await stay.send() == ["offline_code"] * 2
    await confirmed(stay)


async def test_an_answer_that_was_lost_is_told_again(stay, world, time):
    stay.both()
    first = await sent(world, "member", stay.phone)
    time.forward(hours=20)
    assert await sent(world, "member", stay.phone) == first
    await confirmed(stay)


async def test_a_list_of_which_half_was_taken_is_sent_whole(stay):
    came, left = stay.both()
    assert await stay.send([came]) == ["offline_code"]
    assert await stay.send([came, left]) == ["offline_code"] * 2
    await confirmed(stay)


async def test_two_copies_of_a_list_at_once_leave_one_fact_each(stay, world):
    stay.both()
    found = await asyncio.gather(*(sent(world, "member", stay.phone) for _ in range(8)))
    assert len({tuple(each["presence"]["id"] for each in one) for one in found}) == 1
    await confirmed(stay)


async def test_a_list_in_any_order_is_decided_as_it_happened(stay):
    items = [
        stay.keep("check_in", 0),
        stay.keep("check_out", 30),
        stay.keep("check_in", 60, 2),
        stay.keep("check_out", 90, 2),
    ]
    assert await stay.send(items[::-1]) == ["offline_code"] * 4
    await stay.confirm()
    assert await stay.minutes() == 60


async def test_a_check_out_that_comes_first_waits_for_its_check_in(stay):
    came, left = stay.both()
    assert await stay.send([left]) == ["waits for check_in"]
    assert await stay.send([left]) == ["waits for check_in"]
    assert await stay.send([came]) == ["offline_code"]
    assert await stay.send([left]) == ["offline_code"]
    await confirmed(stay)


async def test_a_check_out_whose_check_in_never_comes_goes_to_review(stay, world, time):
    left = stay.keep("check_out", 90)
    assert await stay.send([left]) == ["waits for check_in"]
    time.forward(days=4)
    assert do_due(world.house) >= 1
    assert await stay.send([left]) == ["review: not_checked_in"]
    assert (await stay.stands(), await stay.minutes()) == ([], 0)


async def test_a_check_out_that_waits_is_taken_up_when_somebody_else_records_the_check_in(stay, world):
    left = stay.keep("check_out", 90)
    assert await stay.send([left]) == ["waits for check_in"]
    assert (await stay.call_the_roll("check_in", 0))["problem"] is None
    do_due(world.house)
    assert await stay.stands() == [("check_in", 0, "roll_call"), ("check_out", 90, "offline_code")]


async def test_a_wiped_phone_leaves_the_roll_call(stay, world):
    stay.both()
    stay.phone.kept.clear()
    again = await enrolled(world, "member")
    assert (again.device_id, again.secret) != (stay.phone.device_id, stay.phone.secret)
    for direction, minute in (("check_in", 0), ("check_out", 90)):
        assert (await stay.call_the_roll(direction, minute))["problem"] is None
    assert await stay.minutes() == 90


async def test_who_lost_the_answer_to_the_enrolment_enrols_again(stay, world, time):
    async with world.client("member") as client:
        key = {"Idempotency-Key": f"enrol-{time():%j}"}
        first = await client.post("/api/v1/me/devices", headers=key)
        again = await client.post("/api/v1/me/devices", headers=key)
        assert (again.json()["id"], again.json()["secret"]) == (first.json()["id"], None)
        anew = await client.post("/api/v1/me/devices")
        listed = (await client.get("/api/v1/me/devices")).json()["items"]
    states = {each["id"]: each["state"] for each in listed}
    assert (states[first.json()["id"]], states[anew.json()["id"]]) == ("ended", "active")


async def test_a_phone_whose_sign_in_ended_is_refused(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member2", shift)
    sign_in = worlds.sign_in(world.house, world.operator.tenant_id, world.people["member2"])
    token = world.house.tokens.issue(world.people["member2"], world.operator.tenant_id, sign_in)[0]
    phone = await enrolled(world, "member2", token=token)
    begin = time() + HOUR
    stay = Stay(world, shift, phone, begin, "member2")
    time.set(begin + 6 * HOUR)
    stay.both()
    async with world.client("member2") as client:
        assert (await client.post(f"/api/v1/me/sign-ins/{sign_in}/end")).status_code == 200
    assert await stay.send() == ["device_ended"] * 2


async def test_two_phones_of_one_person_leave_one_presence(stay, world, time):
    time.set(stay.begin - HOUR)
    other = worlds.token(world.house, world.operator.tenant_id, world.people["member"])
    second = await enrolled(world, "member", token=other)
    time.set(stay.begin + 6 * HOUR)
    stay.both()
    stay.keep("check_in", 1, phone=second)
    stay.keep("check_out", 91, phone=second)
    assert await stay.send() == ["offline_code"] * 2
    assert await stay.send(phone=second) == ["offline_code"] * 2
    await confirmed(stay)


async def test_the_code_of_then_is_taken_days_later(stay, world, time):
    stay.both()
    time.set(stay.begin + 2 * HOUR + 3 * DAY)
    online = await present(world, "member", stay.shift, "check_in", code_then(world, stay.shift, stay.begin))
    assert online.json()["code"] == "code_not_valid"
    assert await stay.send() == ["offline_code"] * 2


async def test_who_came_before_a_shift_was_called_off_still_counts(stay, world, time):
    stay.both(0, 40)
    time.set(stay.begin + 30 * MINUTE)
    async with world.client("worker") as worker:
        assert (await worker.post(f"/api/v1/shifts/{stay.shift}/cancel")).status_code == 200
    time.set(stay.begin + 6 * HOUR)
    assert await stay.send() == ["offline_code"] * 2


async def test_a_phone_that_forgot_what_it_sent_keeps_it_again_and_nothing_doubles(stay):
    stay.both()
    assert await stay.send() == ["offline_code"] * 2
    stay.phone.kept.clear()
    stay.both()
    assert await stay.send() == ["offline_code"] * 2
    await confirmed(stay)


async def test_what_was_recorded_online_before_stands(stay, world, time):
    time.set(stay.begin + 5 * MINUTE)
    online = (await present(world, "member", stay.shift, "check_in")).json()
    time.set(stay.begin + 6 * HOUR)
    stay.both()
    found = await sent(world, "member", stay.phone)
    assert found[0]["presence"]["id"] == online["id"]
    assert await stay.stands() == [("check_in", 5, "code"), ("check_out", 90, "offline_code")]


def named_in(name):
    """Return the names of the tests in one of the two files of the table."""
    text = (ROOT / "tests/api" / name).read_text(encoding="utf-8")
    return re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE)


def test_each_row_of_the_table_has_its_test():
    page = (ROOT / "docs/offline.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|") and "test_" in line]
    named = [name for row in rows for name in re.findall(r"`(test_\w+)`", row)]
    here = named_in("test_offline_lost.py") + named_in("test_offline_odd.py")
    assert sorted(named) == sorted(set(here) - {"test_each_row_of_the_table_has_its_test"})
    assert len(rows) == len(named)
