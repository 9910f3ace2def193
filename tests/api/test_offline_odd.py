"""What about a phone's list is odd, refused or left to a person: rows of the table in docs/offline.md."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.jobs.sealing import do_due
from tests.support.clock import Clock
from tests.support.offline import (
    DAY,
    HOUR,
    MINUTE,
    begun,
    code_then,
    confirmed,
    enrolled,
    offline_world,
    outcome,
    sent,
    two_weeks_on,
)


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


async def test_what_was_kept_before_the_phone_was_enrolled_again_goes_to_review(stay, world):
    stay.both()
    again = await enrolled(world, "member")
    assert await stay.send() == ["device_ended"] * 2
    again.kept = stay.phone.kept
    assert await stay.send(phone=again) == ["review: device_enrolled_later"] * 2
    assert await stay.stands() == []


@pytest.mark.parametrize("skew", [2 * DAY - MINUTE, -(2 * DAY - MINUTE), timedelta(seconds=-1)])
async def test_a_clock_two_days_off_is_corrected(stay, skew):
    stay.phone.skew = skew
    stay.both()
    assert await stay.send() == ["offline_code"] * 2
    await confirmed(stay)


async def test_a_clock_further_off_goes_to_review(stay):
    stay.phone.skew = 2 * DAY + MINUTE
    stay.both()
    assert await stay.send() == ["review: clock_too_far"] * 2
    assert await stay.stands() == []


async def test_a_clock_that_jumped_in_between_goes_to_review(stay):
    stay.both()
    stay.phone.skew = 3 * HOUR
    assert await stay.send() == ["review: clock_differs"] * 2
    stay.phone.skew = -12 * HOUR
    assert await stay.send() == ["review: clock_differs"] * 2
    assert await stay.stands() == []


async def test_a_code_passed_on_hours_later_goes_to_review(stay, world):
    code = code_then(world, stay.shift, stay.begin)
    stay.phone.keep(stay.shift, "check_in", stay.begin + 3 * HOUR, code)
    assert await stay.send() == ["review: clock_differs"]


async def test_a_code_from_before_the_shift_was_moved_goes_to_review(stay, world, time):
    stay.both()
    moved = {
        "startsAt": (stay.begin + DAY).isoformat(),
        "endsAt": (stay.begin + DAY + HOUR).isoformat(),
        "capacity": 10,
    }
    async with world.client("worker") as worker:
        answer = await worker.put(f"/api/v1/shifts/{stay.shift}", json=moved)
        assert answer.status_code == 200, answer.text
    assert await stay.send() == ["review: check_in_closed", "waits for check_in"]
    time.forward(days=7)
    do_due(world.house)
    assert (await stay.send())[1] == "review: not_checked_in"


async def test_a_list_later_than_three_days_goes_to_review(stay, time):
    stay.both()
    time.set(stay.begin + 2 * HOUR + 3 * DAY + MINUTE)
    assert await stay.send() == ["review: late_offline"] * 2
    assert await stay.stands() == []


async def test_an_item_id_with_another_content_is_refused(stay):
    came, left = stay.both()
    assert await stay.send([came]) == ["offline_code"]
    assert await stay.send([{**left, "itemId": came["itemId"]}]) == ["item_reused"]


async def test_an_altered_item_is_refused_and_the_others_stand(stay, world, time):
    stay.both()
    body = stay.phone.list_at(time())
    body["items"][1]["pair"] = 2
    async with world.client("member") as client:
        answer = await client.post("/api/v1/presences/offline", json=body)
    assert [outcome(each) for each in answer.json()["outcomes"]] == ["offline_code", "mac_not_valid"]


async def test_a_presumed_check_out_gives_way_to_the_code(stay, world):
    came, left = stay.both()
    assert await stay.send([came]) == ["offline_code"]
    do_due(world.house)
    assert [each[2] for each in await stay.stands()] == ["offline_code", "watermark"]
    assert await stay.send([left]) == ["offline_code"]
    await confirmed(stay)


async def test_a_check_out_that_somebody_vouched_for_stands_and_the_other_time_goes_to_review(stay):
    came, left = stay.both()
    assert await stay.send([came]) == ["offline_code"]
    await stay.call_the_roll("check_out", 120)
    assert await stay.send([left]) == ["review: another_time_stands"]
    assert [each[1:] for each in await stay.stands()] == [(0, "offline_code"), (120, "roll_call")]


async def test_what_was_taken_back_never_comes_back_by_itself(stay, world):
    stay.both()
    first = await sent(world, "member", stay.phone)
    async with world.client("worker") as worker:
        fact = first[0]["presence"]["id"]
        answer = await worker.post(f"/api/v1/facts/{fact}/reverse", json={"reason": "not_present"})
        assert answer.status_code < 300, answer.text
    assert await stay.send() == ["review: taken_back"] * 2
    stay.phone.kept.clear()
    stay.both()
    assert await stay.send() == ["review: taken_back"] * 2
    assert await stay.stands() == []


async def test_a_leaders_roll_call_kept_offline_stands_by_the_corrected_clock(stay, world, time):
    time.set(stay.begin - HOUR)
    phone = await enrolled(world, "worker", skew=-DAY)
    time.set(stay.begin + 6 * HOUR)
    for direction, minute in (("check_in", 3), ("check_out", 93)):
        phone.keep(stay.shift, direction, stay.begin + minute * MINUTE, person=world.people["member"])
    assert [outcome(each) for each in await sent(world, "worker", phone)] == ["roll_call"] * 2
    assert await stay.stands() == [("check_in", 3, "roll_call"), ("check_out", 93, "roll_call")]
    assert await stay.minutes() == 90


async def test_what_nobody_confirmed_goes_to_review_after_three_days(stay, world, time):
    stay.both()
    assert await stay.send() == ["offline_code"] * 2
    time.forward(days=4)
    do_due(world.house)
    assert await stay.minutes() == 0
    async with world.client("worker") as worker:
        cases = (await worker.get("/api/v1/cases", params={"kind": "odd_fact"})).json()["items"]
        (case,) = [each for each in cases if each["facts"].get("shiftId") == stay.shift]
        await worker.post(f"/api/v1/cases/{case['id']}/assign", json={})
        answer = await worker.post(f"/api/v1/cases/{case['id']}/answer", json={"answer": "属实", "outcome": "accepted"})
        assert answer.status_code == 200, answer.text
    assert await stay.minutes() == 90


async def test_a_count_that_contradicts_the_codes_goes_to_review(stay):
    left, came = stay.keep("check_out", 90), stay.keep("check_in", 0)
    assert await stay.send([came, left]) == ["offline_code", "review: order_differs"]
