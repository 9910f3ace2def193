"""What gets lost between a phone and the server: a test for each row of the table in docs/offline.md."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

import pytest

from api.jobs.sealing import do_due, seal_all
from api.services import audit
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.guards import ROOT
from tests.support.offline import code_then, enrolled, outcome, sent
from tests.support.service_calls import planned, present, signed_up

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 900)
    yield built
    seal_all(built.house)
    assert built.house.read_now(built.operator.tenant_id, audit.verify) == []
    built.close()


@pytest.fixture(autouse=True)
def _two_weeks_of_its_own(world, time):
    time.set(time.instant.replace(hour=1, minute=0, second=0) + timedelta(days=14))


class Stay:
    """A shift at which somebody has a place, the phone that they enrolled before, and what it keeps of their stay."""

    def __init__(self, world, shift, phone, begin, name):
        self.world, self.shift, self.phone, self.begin, self.name = world, shift, phone, begin, name

    def keep(self, direction, minute, pair=1, phone=None):
        at = self.begin + minute * MINUTE
        return (phone or self.phone).keep(self.shift, direction, at, code_then(self.world, self.shift, at), pair)

    def both(self, came=0, left=90):
        return [self.keep("check_in", came), self.keep("check_out", left)]

    async def send(self, items=None, phone=None):
        return [outcome(each) for each in await sent(self.world, self.name, phone or self.phone, items)]

    async def stands(self):
        """Return what stands of the stay: direction, minute and provenance."""
        async with self.world.client(self.name) as client:
            answer = await client.get("/api/v1/facts", params={"mine": True, "shiftId": self.shift})
        found = [fact for fact in answer.json()["items"] if fact["kind"] in ("check_in", "check_out")]
        undone = {fact["reversesId"] for fact in found}
        alive = [fact for fact in found if fact["id"] not in undone and fact["reversesId"] is None]
        return sorted((fact["kind"], self.minute(fact["occurredAt"]), fact["provenance"]) for fact in alive)

    def minute(self, stamp):
        return (datetime.fromisoformat(stamp) - self.begin) // MINUTE

    async def minutes(self):
        async with self.world.client(self.name) as client:
            answer = await client.get("/api/v1/entries", params={"mine": True, "shiftId": self.shift})
        return sum(entry["amount"] for entry in answer.json()["items"])

    async def confirm(self):
        """Let the community's worker confirm the shift."""
        async with self.world.client("worker") as worker:
            answer = await worker.post(f"/api/v1/shifts/{self.shift}/settle")
        assert answer.status_code == 200, answer.text

    async def call_the_roll(self, direction, minute):
        line = {"shiftId": self.shift, "personId": str(self.world.people[self.name]), "direction": direction}
        at = (self.begin + minute * MINUTE).isoformat()
        async with self.world.client("worker") as worker:
            answer = await worker.post("/api/v1/presences", json={"presences": [{**line, "at": at}]})
        return answer.json()["outcomes"][0]


BOTH = [("check_in", 0, "offline_code"), ("check_out", 90, "offline_code")]


@pytest.fixture
async def stay(world, time):
    """A stay that begins when the shift does; the clock stands six hours later."""
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    phone = await enrolled(world, "member")
    begin = time() + HOUR
    time.set(begin + 6 * HOUR)
    return Stay(world, shift, phone, begin, "member")


async def confirmed(stay, minutes=90):
    """Say that the stay stands as the phone kept it, counts nothing yet, and counts once the leader has confirmed."""
    assert (await stay.stands(), await stay.minutes()) == (BOTH, 0)
    await stay.confirm()
    assert await stay.minutes() == minutes


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


async def test_what_was_kept_before_the_phone_was_enrolled_again_goes_to_review(stay, world):
    stay.both()
    again = await enrolled(world, "member")
    assert await stay.send() == ["device_ended"] * 2
    again.kept = stay.phone.kept
    assert await stay.send(phone=again) == ["review: device_enrolled_later"] * 2
    assert await stay.stands() == []


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


async def test_a_code_passed_on_hours_later_goes_to_review(stay, world):
    code = code_then(world, stay.shift, stay.begin)
    stay.phone.keep(stay.shift, "check_in", stay.begin + 3 * HOUR, code)
    assert await stay.send() == ["review: clock_differs"]


async def test_who_came_before_a_shift_was_called_off_still_counts(stay, world, time):
    stay.both(0, 40)
    time.set(stay.begin + 30 * MINUTE)
    async with world.client("worker") as worker:
        assert (await worker.post(f"/api/v1/shifts/{stay.shift}/cancel")).status_code == 200
    time.set(stay.begin + 6 * HOUR)
    assert await stay.send() == ["offline_code"] * 2


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


async def test_a_phone_that_forgot_what_it_sent_keeps_it_again_and_nothing_doubles(stay):
    stay.both()
    assert await stay.send() == ["offline_code"] * 2
    stay.phone.kept.clear()
    stay.both()
    assert await stay.send() == ["offline_code"] * 2
    await confirmed(stay)


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


async def test_what_was_recorded_online_before_stands(stay, world, time):
    time.set(stay.begin + 5 * MINUTE)
    online = (await present(world, "member", stay.shift, "check_in")).json()
    time.set(stay.begin + 6 * HOUR)
    stay.both()
    found = await sent(world, "member", stay.phone)
    assert found[0]["presence"]["id"] == online["id"]
    assert await stay.stands() == [("check_in", 5, "code"), ("check_out", 90, "offline_code")]


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


def test_each_row_of_the_table_has_its_test():
    page = (ROOT / "docs/offline.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|") and "test_" in line]
    named = [name for row in rows for name in re.findall(r"`(test_\w+)`", row)]
    here = {name for name in globals() if name.startswith("test_")} - {"test_each_row_of_the_table_has_its_test"}
    assert sorted(named) == sorted(here)
    assert len(rows) == len(named)
