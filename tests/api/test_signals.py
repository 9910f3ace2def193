"""线索 over HTTP, on both databases: told once, to who judges and who organised; answered, and judged by others."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.jobs.signals import look_all
from api.models import Activity, Entry, Shift, Signal, SignalRun
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned
from tests.support.signalling import attend, call, crowd, told


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 900)
    built.crowd = built.run(crowd)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _weeks_of_its_own(time):
    time.set(time.instant.replace(hour=1, minute=0) + timedelta(days=70))


async def test_a_mass_check_out_is_told_once_to_who_judges_and_who_organised(world, time):
    signal = await told(world, time)
    assert (signal["kind"], signal["state"], signal["allowedActions"]) == (
        "same_minute_check_outs", "open", ["signal.judge"]
    )  # fmt: skip
    assert signal["figures"] == {"people": 12, "of": 12, "cameInOneMinute": 0, "minutesFromEnd": -45, "facts": 24}
    assert signal["question"]["zh"].startswith("是否一人代多人")
    path = f"/signals/{signal['id']}"
    waits = (await call(world, "street_officer", "GET", "/inbox"))["items"]
    assert (signal["id"], ["signal.judge"]) in [(item["id"], item["allowedActions"]) for item in waits]
    seen = [(await call(world, name, "GET", path))["allowedActions"] for name in ("liaison", "worker", "auditor")]
    assert seen == [["signal.reply"], [], []]
    for name in ("member", "liaison2", "worker2", "far_worker"):
        assert (await call(world, name, "GET", path, status=404))["code"] == "not_found"
    facts = (await call(world, "street_officer", "GET", f"{path}/facts"))["items"]
    assert sorted(fact["kind"] for fact in facts) == ["check_in"] * 12 + ["check_out"] * 12
    assert look_all(world.house) == 0
    time.forward(days=1)
    world.run(lambda session, _: session.execute(sa.delete(SignalRun)))
    assert look_all(world.house) > 0
    rows = world.run(
        lambda session, _: session.rows(sa.select(Signal.id).where(Signal.subject_id == UUID(signal["subjectId"])))
    )
    assert len(rows) == 1


async def test_an_ordinary_day_and_four_people_are_told_of_nobody(world, time):
    assert await told(world, time, stays=[(n, n - 5, 120 + n // 3) for n in range(14)]) is None
    assert await told(world, time, stays=[(n, 0, 30) for n in range(4)]) is None


async def test_the_organiser_answers_first_and_an_officer_above_judges(world, time):
    signal = await told(world, time)
    path = f"/signals/{signal['id']}"
    reply = {"text": "大雨，全体提前乘车返回"}
    for name in ("worker", "street_officer"):
        await call(world, name, "POST", f"{path}/reply", reply, 403)
    assert (await call(world, "liaison", "POST", f"{path}/reply", reply, 200))["reply"] == reply["text"]
    body = {"verdict": "explained", "text": "与气象记录相符"}
    for name in ("liaison", "worker"):
        assert (await call(world, name, "POST", f"{path}/judge", body, 403))["code"] == "forbidden"
    judged = await call(world, "street_officer", "POST", f"{path}/judge", body, 200)
    assert (judged["state"], judged["judgement"], judged["allowedActions"]) == ("explained", body["text"], [])
    again = await call(world, "district_officer", "POST", f"{path}/judge", {**body, "verdict": "founded"}, 409)
    assert again["code"] == "step_not_allowed"
    assert (await call(world, "liaison", "POST", f"{path}/reply", reply, 409))["code"] == "step_not_allowed"


async def test_nobody_judges_what_they_led(world, time):
    shift = await planned(world, time, "liaison", capacity=50)
    officer = world.people["street_officer"]

    def lead(session, _actor):
        mine = sa.select(Shift.activity_id).where(Shift.id == UUID(shift)).scalar_subquery()
        session.execute(sa.update(Activity).where(Activity.id == mine).values(leader_id=officer))

    world.run(lead)
    attend(world, shift, [(n, n, 75) for n in range(12)])
    time.forward(days=1)
    look_all(world.house)
    found = (await call(world, "street_officer", "GET", "/signals"))["items"]
    signal = next(one for one in found if one["subjectId"] == shift)
    assert signal["allowedActions"] == ["signal.reply"]
    body = {"verdict": "dismissed", "text": "无"}
    refused = await call(world, "street_officer", "POST", f"/signals/{signal['id']}/judge", body, 403)
    assert refused["code"] == "own_signal"
    await call(world, "district_officer", "POST", f"/signals/{signal['id']}/judge", body, 200)


async def test_five_people_at_two_places_at_once_are_told_where_they_came_to(world, time):
    here = await planned(world, time, "liaison", capacity=50)
    there = await planned(world, time, "liaison", capacity=50, communityId=str(world.places["far_community"]))
    attend(world, here, [(n, n, 100) for n in range(5)])
    attend(world, there, [(n, n + 30, 120) for n in range(5)])
    time.forward(days=1)
    look_all(world.house)
    found = (await call(world, "district_officer", "GET", "/signals?kind=impossible_travel"))["items"]
    (mine,) = [one for one in found if one["subjectId"] in (here, there)]
    assert (mine["subjectId"], mine["communityName"], mine["figures"]) == (
        there, "远山社区", {"people": 5, "elsewhere": 1, "facts": 20}
    )  # fmt: skip
    assert (await call(world, "street_officer", "GET", f"/signals/{mine['id']}", status=404))["code"] == "not_found"


async def test_a_december_that_stands_out_is_asked_of_in_january(world, time):
    year = time().year + 1
    time.set(datetime.fromisoformat(f"{year}-12-20T01:00:00+00:00"))
    shift = await planned(world, time, "liaison")  # something ended since, so that the community is looked at

    def write(session, actor):
        activity = session.scalar(sa.select(Shift.activity_id).where(Shift.id == UUID(shift)))
        days = [(date(year, month, 15), 300) for month in range(3, 12)] + [(date(year, 12, 28), 3_000)]
        session.insert(Entry, [
            {
                "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": new_id(),
                "account_kind": "person", "account_id": world.crowd[number], "unit": "volunteer_minutes",
                "amount": minutes // 5, "kind": "earned", "nature": "volunteer_service", "served_on": day,
                "provenance": "roll_call", "source_id": new_id(), "activity_id": activity,
                "community_id": world.places["community"],
            }
            for day, minutes in days for number in range(5)
        ])  # fmt: skip

    world.run(write)
    time.set(datetime.fromisoformat(f"{year + 1}-01-02T01:00:00+00:00"))
    look_all(world.house)
    found = (await call(world, "street_officer", "GET", "/signals?kind=year_end_spike"))["items"]
    (mine,) = [one for one in found if one["since"] == f"{year}-12-01"]
    assert (mine["organizerName"], mine["figures"]) == (
        "测试市第一中学", {"people": 5, "minutes": 3_000, "monthlyBefore": 300}
    )  # fmt: skip
