"""The sign-in sheet: printed before, signed on paper, entered as a roll call that says so, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.models import AccessLogSubject, Fact
from api.services import people
from tests.services.test_render import mapped_characters
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import HOUR, planned, signed_up


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
    time.set(time.instant.replace(hour=1, minute=0, second=0) + timedelta(days=7))


async def printed(world, shift, by="worker", language="zh"):
    async with world.client(by) as client:
        return await client.get(f"/api/v1/shifts/{shift}/sheet", headers={"Accept-Language": language})


async def entered(world, shift, lines, number, by="worker"):
    body = [
        {
            "shiftId": shift, "personId": str(world.people[name]), "direction": direction, "at": at.isoformat(),
            "sheet": number,
        }
        for name, direction, at in lines
    ]  # fmt: skip
    async with world.client(by) as client:
        answer = await client.post("/api/v1/presences", json={"presences": body})
    assert answer.status_code == 200, answer.text
    return [outcome["presence"] or outcome["problem"] for outcome in answer.json()["outcomes"]]


async def planned_with(world, time, *names, **more):
    shift = await planned(world, time, **more)
    for name in names:
        await signed_up(world, name, shift)
    return shift


def named(world, key, name):
    def added(session, actor):
        return people.add(session, actor, {"name": name}, since=worlds.LONG_AGO)

    world.people[key] = world.run(added)


async def test_a_sheet_names_who_holds_a_place_and_its_number_and_the_look_is_logged(world, time):
    named(world, "holds", "龚巍")
    named(world, "waits", "魑魅")
    shift = await planned_with(world, time, "holds", "waits", capacity=1, place="桃园路")
    answer = await printed(world, shift)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    drawn = mapped_characters(answer.content)
    assert set("龚巍陪诊服务桃园路签到表" + answer.headers["sheet-number"]) <= drawn
    assert not set("魑魅") & drawn  # who waits has no line
    with world.house.engines.look() as session:
        seen = sa.select(AccessLogSubject.fields).where(AccessLogSubject.person_id == world.people["holds"])
        assert [row.fields for row in session.rows(seen)] == ["name"]
    english = mapped_characters((await printed(world, shift, language="en")).content)
    assert set("Sign-in sheet") - {" "} <= english
    assert "签" not in english


async def test_a_name_that_the_font_lacks_holds_up_no_sheet(world, time):
    named(world, "rare", "王\U0003fffd")
    shift = await planned_with(world, time, "rare")
    assert set("王〓") <= mapped_characters((await printed(world, shift)).content)


async def test_who_does_not_lead_or_host_gets_no_sheet(world, time):
    shift = await planned_with(world, time, "member")
    for name, status in (("member", 403), ("worker2", 403), ("liaison", 403)):
        assert (await printed(world, shift, by=name)).status_code == status
    time.forward(hours=3)
    late = await printed(world, shift)
    assert (late.status_code, late.json()["code"]) == (409, "sheet_too_late")


async def test_a_sheet_is_entered_with_its_times_and_the_facts_say_who_entered_which(world, time):
    shift = await planned_with(world, time, "member", "member2")
    number = (await printed(world, shift)).headers["sheet-number"]
    begins = time() + HOUR
    time.set(begins + 40 * HOUR)
    lines = [
        ("member", "check_in", begins - timedelta(minutes=5)),
        ("member", "check_out", begins + timedelta(minutes=100)),
        ("member2", "check_in", begins + timedelta(minutes=30)),
        ("member", "check_in", begins + timedelta(minutes=1)),
    ]
    came, left, other, double = await entered(world, shift, lines, number.lower())
    assert (came["provenance"], left["minutes"], other["at"]) == (
        "roll_call", 100, f"{begins + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
    )  # fmt: skip
    assert double == came
    with world.house.engines.look() as session:
        facts = sa.select(Fact.actor_id, Fact.details).where(Fact.shift_id == worlds.UUID(shift))
        kept = {(row.actor_id, row.details["sheet"]) for row in session.rows(facts)}
    assert kept == {(world.people["worker"], number)}


async def test_times_outside_the_window_or_after_three_days_are_refused(world, time):
    shift = await planned_with(world, time, "member", "member2")
    number = (await printed(world, shift)).headers["sheet-number"]
    begins, ends = time() + HOUR, time() + 3 * HOUR
    time.set(ends + timedelta(hours=72) - timedelta(seconds=1))
    early, inside = await entered(
        world, shift, [("member", "check_in", begins - HOUR), ("member", "check_in", begins)], number
    )
    assert (early["code"], inside["provenance"]) == ("check_in_closed", "roll_call")
    time.set(ends + timedelta(hours=72))
    (late,) = await entered(world, shift, [("member2", "check_in", begins)], number)
    assert late["code"] == "entered_too_late"


async def test_a_number_of_another_sheet_or_with_a_slip_of_the_pen_is_refused(world, time):
    shift, other = await planned_with(world, time, "member"), await planned_with(world, time, "member2")
    number = (await printed(world, shift)).headers["sheet-number"]
    foreign = (await printed(world, other)).headers["sheet-number"]
    at = time.forward(hours=1)
    slips = [
        number[:place] + ("3" if number[place] == "2" else "2") + number[place + 1 :] for place in range(len(number))
    ]
    for wrong in (foreign, *slips, "00000000"):
        (refused,) = await entered(world, shift, [("member", "check_in", at)], wrong)
        assert (refused["code"], refused["pointer"]) == ("sheet_unknown", "/sheet"), wrong


async def test_nobody_enters_their_own_line_and_a_line_of_a_sheet_has_person_and_time(world, time):
    shift = await planned_with(world, time, "worker")
    number = (await printed(world, shift)).headers["sheet-number"]
    at = time.forward(hours=1)
    (own,) = await entered(world, shift, [("worker", "check_in", at)], number)
    assert own["code"] == "self_recorded"
    for line in ({"sheet": number}, {"sheet": number, "personId": str(world.people["member2"])}):
        async with world.client("worker") as worker:
            body = {"presences": [{"shiftId": shift, "direction": "check_in", **line}]}
            outcome = (await worker.post("/api/v1/presences", json=body)).json()["outcomes"][0]
        assert outcome["problem"]["code"] == "ways_mixed"


async def test_who_was_there_before_a_shift_was_called_off_can_still_be_entered(world, time):
    shift = await planned_with(world, time, "member", "member2")
    number = (await printed(world, shift)).headers["sheet-number"]
    begins = time.forward(hours=1)
    time.forward(minutes=30)
    async with world.client("worker") as worker:
        assert (await worker.post(f"/api/v1/shifts/{shift}/cancel")).json()["state"] == "cancelled"
    time.forward(hours=1)
    lines = [
        ("member", "check_in", begins),
        ("member", "check_out", begins + timedelta(minutes=35)),
        ("member2", "check_in", begins + timedelta(minutes=31)),
    ]
    _, left, after = await entered(world, shift, lines, number)
    assert (left["minutes"], after["code"]) == (35, "shift_cancelled")
