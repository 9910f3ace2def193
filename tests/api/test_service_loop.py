"""From an activity to credited minutes over HTTP, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.service_calls import HOUR, code_of, planned, present, signed_up


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _in_the_morning(time):
    """Each test has a week of its own, so that no two overlap."""
    time.set(time.instant.replace(hour=1, minute=0) + timedelta(days=7))


async def test_a_member_signs_up_comes_leaves_and_is_credited_once(world, time):
    shift = await planned(world, time)
    assert (await signed_up(world, "member", shift))["state"] == "confirmed"
    time.forward(hours=1)
    came = await present(world, "member", shift, "check_in")
    assert came.status_code == 200, came.text
    assert came.json()["minutes"] is None
    time.forward(minutes=90)
    left = await present(world, "member", shift, "check_out")
    assert left.status_code == 200, left.text
    assert (left.json()["minutes"], left.json()["unit"], left.json()["provenance"]) == (90, "volunteer_minutes", "code")
    again = await present(world, "member", shift, "check_out")
    assert again.json() == left.json()
    assert datetime.fromisoformat(came.json()["at"]) > START


async def test_a_retry_long_after_the_code_ran_out_gets_what_stands(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    time.forward(hours=1)
    code = await code_of(world, shift)
    first = await present(world, "member", shift, "check_in", code)
    time.forward(hours=5)
    again = await present(world, "member", shift, "check_in", code)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_code_of_yesterday_or_of_another_shift_is_refused_and_leaves_nothing(world, time):
    shift, other = await planned(world, time), await planned(world, time)
    await signed_up(world, "member", shift)
    time.forward(hours=1)
    code = await code_of(world, shift)
    foreign = await code_of(world, other)
    assert code != foreign
    for wrong, minutes in ((foreign, 0), (code, 1), ("00000000", 0)):
        time.forward(minutes=minutes)
        answer = await present(world, "member", shift, "check_in", wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "code_not_valid")
    async with world.client("member") as member:
        body = {"direction": "check_in"}
        assert (await member.put(f"/api/v1/shifts/{shift}/presences/me", json=body)).status_code == 422
        assert (await member.get("/api/v1/facts", params={"shiftId": shift})).json()["items"] == []


async def test_who_may_show_the_code_cannot_use_it(world, time):
    shift = await planned(world, time, leaderId=str(world.people["worker"]))
    await signed_up(world, "worker", shift)
    time.forward(hours=1)
    answer = await present(world, "worker", shift, "check_in")
    assert (answer.status_code, answer.json()["code"]) == (403, "self_recorded")


async def test_without_a_place_nobody_checks_in_and_without_check_in_nobody_leaves(world, time):
    shift = await planned(world, time)
    time.forward(hours=1)
    answer = await present(world, "member", shift, "check_in")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_signed_up")
    await_out = await present(world, "member", shift, "check_out")
    assert (await_out.status_code, await_out.json()["code"]) == (409, "not_checked_in")


async def test_fifty_doubles_of_a_check_in_and_of_a_check_out_leave_one_fact_each_and_one_entry(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    for direction in ("check_in", "check_out"):
        time.forward(hours=1)
        code = await code_of(world, shift)
        answers = await asyncio.gather(*(present(world, "member", shift, direction, code) for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["id"] for answer in answers}) == 1
    async with world.client("member") as member:
        facts = (await member.get("/api/v1/facts", params={"shiftId": shift})).json()["items"]
        entries = (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
    assert sorted(fact["kind"] for fact in facts) == ["check_in", "check_out"]
    assert [(entry["kind"], entry["amount"], entry["provenance"]) for entry in entries] == [("earned", 60, "code")]


async def test_a_roll_call_gives_each_line_an_outcome_of_its_own(world, time):
    shift = await planned(world, time)
    for name in ("member", "member2"):
        await signed_up(world, name, shift)
    begin = time.forward(hours=1)
    end = time.forward(hours=2)

    def line(name, direction, at):
        return {
            "shiftId": shift, "personId": str(world.people[name]), "direction": direction, "at": at.isoformat()
        }  # fmt: skip

    lines = [line("member", "check_in", begin), line("member", "check_out", end), line("member3", "check_in", begin)]
    async with world.client("worker") as worker, world.client("worker2") as stranger:
        answer = await worker.post("/api/v1/presences", json={"presences": lines})
        assert answer.status_code == 200, answer.text
        came, left, unknown = answer.json()["outcomes"]
        assert came["presence"]["provenance"] == "roll_call"
        assert (left["presence"]["minutes"], left["problem"]) == (120, None)
        assert (unknown["presence"], unknown["problem"]["code"]) == (None, "not_signed_up")
        assert (await worker.post("/api/v1/presences", json={"presences": lines})).json()["outcomes"][:2] == [
            came,
            left,
        ]
        refused = await stranger.post("/api/v1/presences", json={"presences": lines})
        assert {outcome["problem"]["code"] for outcome in refused.json()["outcomes"]} == {"forbidden"}


async def test_the_leader_confirms_a_shift_and_closes_what_was_forgotten(world, time):
    shift = await planned(world, time, hours=3.0)
    await signed_up(world, "member", shift)
    time.forward(minutes=90)
    await present(world, "member", shift, "check_in")
    async with world.client("worker") as worker:
        early = await worker.post(f"/api/v1/shifts/{shift}/settle")
        assert (early.status_code, early.json()["code"]) == (409, "shift_not_over")
        time.forward(hours=4)
        done = await worker.post(f"/api/v1/shifts/{shift}/settle", headers={"Idempotency-Key": f"s-{shift}"})
        assert done.status_code == 200, done.text
        assert {name: done.json()[name] for name in ("credited", "minutes", "waiting")} == {
            "credited": 1, "minutes": 150, "waiting": 0
        }  # fmt: skip
        assert done.json()["shift"]["state"] == "settled"
        again = await worker.post(f"/api/v1/shifts/{shift}/settle", headers={"Idempotency-Key": f"s-{shift}"})
        assert (again.json(), again.headers["idempotent-replay"]) == (done.json(), "true")
        once_more = await worker.post(f"/api/v1/shifts/{shift}/settle")
        assert once_more.json()["minutes"] == 150


async def test_a_cancelled_place_goes_to_who_waits_longest(world, time):
    shift = await planned(world, time, capacity=1)
    states = {name: (await signed_up(world, name, shift))["state"] for name in ("member", "member2", "member3")}
    assert states == {"member": "confirmed", "member2": "waitlisted", "member3": "waitlisted"}
    async with world.client("member") as member, world.client("member3") as last, world.client("worker") as worker:
        gone = await member.post(f"/api/v1/shifts/{shift}/signups/me/cancel")
        assert gone.json()["state"] == "cancelled", gone.text
        assert (await member.post(f"/api/v1/shifts/{shift}/signups/me/cancel")).json()["state"] == "cancelled"
        mine = (await last.get(f"/api/v1/shifts/{shift}/signups")).json()["items"]
        assert [(item["state"], item["name"]) for item in mine] == [("waitlisted", "测member3")]
        everybody = (await worker.get(f"/api/v1/shifts/{shift}/signups")).json()["items"]
        assert [item["state"] for item in everybody] == ["cancelled", "confirmed", "waitlisted"]
        assert (await signed_up(world, "member", shift))["state"] == "waitlisted"
        seen = (await member.get(f"/api/v1/shifts/{shift}")).json()
        assert (seen["confirmed"], seen["placesLeft"]) == (1, 0)
        window = {"startsAt": seen["startsAt"], "endsAt": seen["endsAt"], "capacity": 3}
        more = await worker.put(f"/api/v1/shifts/{shift}", json=window)
        assert (more.json()["confirmed"], more.json()["placesLeft"]) == (3, 0)
        less = await worker.put(f"/api/v1/shifts/{shift}", json={**window, "capacity": 2})
        assert (less.status_code, less.json()["code"]) == (409, "capacity_taken")


async def test_what_is_offered_is_possible_now_and_what_is_not_possible_is_not_offered(world, time):
    shift = await planned(world, time, capacity=1)
    await signed_up(world, "member", shift)
    second, third = await signed_up(world, "member2", shift), await signed_up(world, "member3", shift)
    assert [(row["allowedActions"], row["waitingBefore"]) for row in (second, third)] == [
        (["signup.cancel"], 0),
        (["signup.cancel"], 1),
    ]
    async with world.client("member3") as last, world.client("worker") as worker:
        path = f"/api/v1/shifts/{shift}"
        (mine,) = (await last.get(f"{path}/signups")).json()["items"]
        assert (mine["allowedActions"], mine["waitingBefore"]) == (["signup.cancel"], 1)
        before = (await worker.get(path)).json()
        activity = f"/api/v1/activities/{before['activityId']}"
        assert "shift.settle" not in before["allowedActions"]
        assert "activity.complete" not in (await worker.get(activity)).json()["allowedActions"]
        assert (await worker.post(f"{path}/settle")).status_code == 409
        time.forward(days=1)
        (mine,) = (await last.get(f"{path}/signups")).json()["items"]
        assert mine["allowedActions"] == []
        assert (await last.post(f"{path}/signups/me/cancel")).status_code == 409
        assert "shift.settle" in (await worker.get(path)).json()["allowedActions"]
        assert (await worker.post(f"{path}/settle")).status_code == 200
        assert "activity.complete" in (await worker.get(activity)).json()["allowedActions"]
        assert (await worker.post(f"{activity}/complete")).status_code == 200


@pytest.mark.parametrize(
    ("hours", "code"), [(0.0, "shift_ends_before_start"), (-1.0, "shift_ends_before_start"), (24.5, "shift_too_long")]
)
async def test_a_shift_without_length_or_longer_than_a_day_is_refused(world, time, hours, code):
    async with world.client("worker") as worker:
        shift = (await worker.get(f"/api/v1/shifts/{await planned(world, time)}")).json()
        window = {
            "activityId": shift["activityId"], "capacity": 1, "startsAt": time().isoformat(),
            "endsAt": (time() + hours * HOUR).isoformat(),
        }  # fmt: skip
        answer = await worker.post("/api/v1/shifts", json=window)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_who_inside_a_cancelled_shift_leaves_is_credited_and_nobody_comes_any_more(world, time):
    shift = await planned(world, time)
    for name in ("member", "member2"):
        await signed_up(world, name, shift)
    time.forward(hours=1)
    await present(world, "member", shift, "check_in")
    code = await code_of(world, shift)
    time.forward(seconds=10)
    async with world.client("worker") as worker:
        activity = (await worker.get(f"/api/v1/shifts/{shift}")).json()["activityId"]
        gone = await worker.post(f"/api/v1/activities/{activity}/cancel", json={"reason": "暴雨"})
        assert gone.json()["state"] == "cancelled", gone.text
        time.forward(minutes=20)
        late = {"shiftId": shift, "personId": str(world.people["member2"]), "direction": "check_in"}
        out = {"shiftId": shift, "personId": str(world.people["member"]), "direction": "check_out"}
        answer = await worker.post("/api/v1/presences", json={"presences": [late, out]})
    assert code
    refused, left = answer.json()["outcomes"]
    assert refused["problem"]["code"] == "shift_cancelled"
    assert left["presence"]["minutes"] == 20
