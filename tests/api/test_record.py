"""Corrections, records and the first screen over HTTP, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned, present, served, signed_up


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


async def test_two_shifts_at_once_are_credited_once_and_a_late_one_corrects(world, time):
    first, second = await planned(world, time, hours=3.0), await planned(world, time, "liaison", hours=3.0)
    for shift in (first, second):
        await signed_up(world, "member", shift)
    begin = time.forward(hours=1)
    time.forward(hours=2)
    person = str(world.people["member"])

    def line(shift, direction, minutes):
        at = (begin + timedelta(minutes=minutes)).isoformat()
        return {"shiftId": shift, "personId": person, "direction": direction, "at": at}

    async with world.client("worker") as worker, world.client("member") as member:
        for shift, came, left in ((second, 30, 120), (first, 0, 60)):
            lines = [line(shift, "check_in", came), line(shift, "check_out", left)]
            answer = await worker.post("/api/v1/presences", json={"presences": lines})
            assert [each["problem"] for each in answer.json()["outcomes"]] == [None, None]
        entries = (await member.get("/api/v1/entries", params={"shiftId": second})).json()["items"]
        assert [(entry["kind"], entry["amount"], entry["revision"]) for entry in reversed(entries)] == [
            ("earned", 90, 0), ("correction", -90, 0), ("earned", 60, 1)
        ]  # fmt: skip
        kept = (await member.get("/api/v1/entries", params={"shiftId": first})).json()["items"]
        assert [entry["amount"] for entry in kept] == [60]


async def test_a_reversed_check_in_takes_its_minutes_back_and_may_be_recorded_anew(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    begin = time.forward(hours=1)
    came = (await present(world, "member", shift, "check_in")).json()
    end = time.forward(hours=1)
    await present(world, "member", shift, "check_out")
    path = f"/api/v1/facts/{came['id']}/reverse"
    async with world.client("worker") as worker, world.client("member") as member:
        assert (await member.post(path, json={"reason": "not_present"})).status_code == 403
        reversal = await worker.post(path, json={"reason": "not_present"}, headers={"Idempotency-Key": "r-1"})
        assert (reversal.status_code, reversal.json()["reversesId"]) == (201, came["id"])
        repeat = await worker.post(path, json={"reason": "not_present"}, headers={"Idempotency-Key": "r-1"})
        assert (repeat.status_code, repeat.json()) == (201, reversal.json())
        twice = await worker.post(path, json={"reason": "duplicate"})
        assert (twice.status_code, twice.json()["code"]) == (409, "already_reversed")
        amounts = [
            e["amount"] for e in (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
        ]
        assert sorted(amounts) == [-60, 60]
        lines = [
            {"shiftId": shift, "personId": str(world.people["member"]), "direction": direction, "at": at.isoformat()}
            for direction, at in (("check_in", begin + timedelta(minutes=30)), ("check_out", end))
        ]
        answer = (await worker.post("/api/v1/presences", json={"presences": lines})).json()["outcomes"]
        assert answer[1]["presence"]["minutes"] == 30
        record = (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
        assert sum(entry["amount"] for entry in record) == 30


async def test_a_street_officer_takes_an_entry_back_and_no_settlement_posts_it_again(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    for direction in ("check_in", "check_out"):
        time.forward(hours=1)
        await present(world, "member", shift, direction)
    async with world.client("street_officer") as officer, world.client("worker") as worker:
        (entry,) = (await officer.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
        assert entry["allowedActions"] == ["entry.reverse"]
        path = f"/api/v1/entries/{entry['id']}/reverse"
        assert (await worker.post(path, json={"reason": "duplicate"})).status_code == 403
        undone = await officer.post(path, json={"reason": "duplicate"}, headers={"Idempotency-Key": "e-1"})
        assert undone.status_code == 200, undone.text
        assert undone.json()["reversedBy"] is not None
        again = await officer.post(path, json={"reason": "duplicate"}, headers={"Idempotency-Key": "e-1"})
        assert again.json() == undone.json()
        time.forward(hours=2)
        assert (await worker.post(f"/api/v1/shifts/{shift}/settle")).json()["minutes"] == 0


async def test_the_first_screen_and_the_records_show_the_minutes(world, time):
    for name in ("member", "member2"):
        await served(world, time, name)
    async with world.client("member") as member, world.client("liaison") as liaison, world.client("worker") as worker:
        home = (await member.get("/api/v1/me/home")).json()
        mine = (await member.get("/api/v1/me/record")).json()
        entries = (await member.get("/api/v1/entries", params={"limit": 100, "mine": "true"})).json()["items"]
        total = sum(entry["amount"] for entry in entries)
        assert total > 0
        assert (home["volunteerMinutes"], home["name"], home["year"]) == (total, "测member", time().year)
        assert sum(month["amount"] for month in mine["months"]) == mine["totals"][0]["amount"] == total
        unit = (await liaison.get(f"/api/v1/organizations/{world.places['unit']}/record")).json()
        (of_unit,) = unit["totals"]
        assert of_unit["amount"] >= total
        assert of_unit["people"] == 2
        assert (await liaison.get(f"/api/v1/people/{world.people['member']}/record")).status_code == 404
        assert (await worker.get(f"/api/v1/organizations/{world.places['community']}/record")).status_code == 200
        assert (await worker.get(f"/api/v1/organizations/{world.places['community2']}/record")).status_code == 403


async def test_the_first_screen_takes_four_statements_with_the_door(world, time):
    await served(world, time, "member3")
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.extend([statement] if statement.startswith("SELECT") else [])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        async with world.client("member3") as member:
            home = (await member.get("/api/v1/me/home")).json()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert home["volunteerMinutes"] >= 60
    assert len(seen) <= 4, seen


async def test_a_sign_up_stands_on_the_first_screen(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member2", shift)
    async with world.client("member2") as member:
        home = (await member.get("/api/v1/me/home")).json()
    assert [(item["shiftId"], item["signupState"]) for item in home["shifts"]] == [(shift, "confirmed")]
