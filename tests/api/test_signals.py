"""线索 and 处置 over HTTP, on both databases: told once, answered, judged by others, followed by what two decide."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.access import operator
from api.db import new_id
from api.jobs.sealing import do_due
from api.jobs.signals import look_all
from api.models import Activity, Entry, Fact, Person, Shift, Signal, SignalRun
from api.services import people, sanctions
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned, present, signed_up

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 900)
    built.crowd = built.run(_crowd)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _weeks_of_its_own(time):
    time.set(time.instant.replace(hour=1, minute=0) + timedelta(days=70))


def _crowd(session, actor):
    ids = [people.add(session, actor, {"name": f"群众{n}"}, since=worlds.LONG_AGO) for n in range(14)]
    return [row.account_id for row in session.rows(sa.select(Person.account_id).where(Person.id.in_(ids)))]


async def call(world, name, method, path, body=None, status=None, **headers):
    async with world.client(name) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert status in (None, answer.status_code), answer.text
    return answer.json()


def attend(world, shift, stays, provenance="code"):
    """Let people of the crowd have been at a shift: (number, minutes from its start at which they came and left)."""

    def write(session, actor):
        row = session.first(sa.select(Shift.starts_at, Shift.community_id).where(Shift.id == UUID(shift)))
        facts = []
        for number, *moments in stays:
            account = world.crowd[number]
            for kind, minutes in zip(("check_in", "check_out"), moments, strict=True):
                at = row.starts_at + minutes * MINUTE
                facts.append({
                    "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": at, "actor_id": account, "kind": kind,
                    "account_kind": "person", "account_id": account, "occurred_at": at, "served_on": at.date(),
                    "provenance": provenance, "shift_id": UUID(shift), "pair": 1, "community_id": row.community_id,
                    "details": {},
                })  # fmt: skip
        session.insert(Fact, facts)

    world.run(write)


async def told(world, time, by="liaison", stays=None, **more):
    """Let a unit's activity have a mass check-out three quarters of an hour before its end; return the signal."""
    shift = await planned(world, time, by, capacity=50, **more)
    attend(world, shift, stays or [(n, n, 75) for n in range(12)])
    time.forward(days=1)
    look_all(world.house)
    found = (await call(world, "street_officer", "GET", "/signals")).get("items", [])
    mine = [one for one in found if one["subjectId"] == shift]
    return mine[0] if mine else None


async def founded(world, time, **more):
    signal = await told(world, time, **more)
    body = {"verdict": "founded", "text": "现场无人，一人持多部手机签退"}
    return await call(world, "street_officer", "POST", f"/signals/{signal['id']}/judge", body, 200)


async def sanctioned(world, time, kind="no_new_activities", days=30, **more):
    """Let the street propose and the district impose a sanction; return it."""
    signal = await founded(world, time, **{k: more.pop(k) for k in ("leaderId",) if k in more})
    body = {
        "kind": kind, "organizationId": str(world.places["street"]), "reason": "线索属实",
        "endsOn": f"{time() + timedelta(days=days):%Y-%m-%d}", **more,
    }  # fmt: skip
    proposed = await call(world, "street_officer", "POST", f"/signals/{signal['id']}/sanctions", body, 201)
    assert proposed["state"] == "proposed"
    return await call(world, "district_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=200)


async def publish(world, time, by="liaison", community="community"):
    """Try to publish a new activity; return what was answered."""
    organizer = {"liaison": "unit", "liaison2": "unit2"}[by]
    body = {
        "title": "义诊", "communityId": str(world.places[community]), "organizerId": str(world.places[organizer]),
    }  # fmt: skip
    activity = await call(world, by, "POST", "/activities", body, 201)
    return await call(world, by, "POST", f"/activities/{activity['id']}/publish")


async def end(world, sanction):
    await call(world, "street_officer", "POST", f"/sanctions/{sanction['id']}/release", status=200)


async def test_a_mass_check_out_is_told_once_to_who_judges_and_who_organised(world, time):
    signal = await told(world, time)
    assert (signal["kind"], signal["state"], signal["allowedActions"]) == (
        "same_minute_check_outs", "open", ["signal.judge"]
    )  # fmt: skip
    assert signal["figures"] == {"people": 12, "of": 12, "cameInOneMinute": 0, "minutesFromEnd": -45, "facts": 24}
    assert signal["question"]["zh"].startswith("是否一人代多人")
    path = f"/signals/{signal['id']}"
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


async def test_a_sanction_needs_a_founded_signal_a_second_person_and_an_end(world, time):
    signal = await told(world, time)
    path = f"/signals/{signal['id']}/sanctions"
    body = {
        "kind": "warned", "organizationId": str(world.places["street"]), "reason": "提醒",
        "endsOn": f"{time() + timedelta(days=30):%Y-%m-%d}",
    }  # fmt: skip
    assert (await call(world, "street_officer", "POST", path, body, 409))["code"] == "signal_not_founded"
    judged = {"verdict": "founded", "text": "属实"}
    await call(world, "street_officer", "POST", f"/signals/{signal['id']}/judge", judged, 200)
    for change, code in (
        ({"endsOn": f"{time() + timedelta(days=181):%Y-%m-%d}"}, "sanction_too_long"),
        ({"afterShifts": 3}, "condition_unfit"),
        ({"organizationId": str(world.places["community2"])}, "not_above_place"),
    ):
        assert (await call(world, "street_officer", "POST", path, body | change, 422))["code"] == code
    key = {"Idempotency-Key": f"s-{signal['id']}"}
    proposed, again = [await call(world, "street_officer", "POST", path, body, 201, **key) for _ in range(2)]
    assert again == proposed
    assert "sanction.confirm" not in proposed["allowedActions"]
    own = await call(world, "street_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=403)
    assert own["code"] == "needs_second_person"
    imposed = await call(world, "district_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=200)
    assert (imposed["state"], imposed["label"]["zh"]) == ("imposed", "提醒")
    assert (await publish(world, time))["state"] == "published"  # a warning restricts nothing
    assert (await call(world, "liaison", "GET", f"/sanctions/{imposed['id']}"))["allowedActions"] == ["sanction.appeal"]
    assert (await call(world, "liaison2", "GET", f"/sanctions/{imposed['id']}", status=404))["code"] == "not_found"
    await end(world, imposed)


async def test_who_may_open_nothing_new_may_again_when_the_day_has_come(world, time):
    sanction = await sanctioned(world, time, days=10)
    refused = await publish(world, time)
    assert (refused["code"], refused["endsOn"]) == ("organizer_sanctioned", sanction["endsOn"])
    assert (await publish(world, time, "liaison2"))["state"] == "published"
    assert (await publish(world, time, community="far_community"))["state"] == "published"  # it holds in one street
    time.forward(days=10)
    assert (await publish(world, time))["state"] == "published"  # the clock ends it, before anybody notes it
    assert (await call(world, "liaison", "GET", f"/sanctions/{sanction['id']}"))["state"] == "released"
    do_due(world.house)
    rows = (await call(world, "street_officer", "GET", "/sanctions?state=released"))["items"]
    assert sanction["id"] in [row["id"] for row in rows]


async def test_shifts_that_recipients_confirm_release_before_the_day(world, time):
    running = await planned(world, time, "liaison", starts=24 * 3.0)
    sanction = await sanctioned(world, time, days=60, afterShifts=1)
    await signed_up(world, "member2", running)
    time.forward(days=2)
    assert (await present(world, "member2", running, "check_in")).status_code == 200
    slip = await call(world, "member2", "POST", f"/shifts/{running}/confirmation-slips", {}, 201)
    assert do_due_releases(world) == 0
    await call(world, None, "POST", "/confirmations", {"code": slip["code"], "verdict": "confirmed"}, 200)
    assert (await call(world, "street_officer", "GET", f"/sanctions/{sanction['id']}"))["confirmedShifts"] == 1
    assert do_due_releases(world) == 1
    assert (await publish(world, time))["state"] == "published"


def do_due_releases(world):
    return world.house.write_now(operator(world.operator.tenant_id), sanctions.release_due)


async def test_while_a_second_person_has_to_the_organiser_calls_no_roll(world, time):
    shift = await planned(world, time, "liaison", starts=25.0)
    sanction = await sanctioned(world, time, kind="second_roll_call")

    def lead(session, _actor):
        mine = sa.select(Shift.activity_id).where(Shift.id == UUID(shift)).scalar_subquery()
        session.execute(sa.update(Activity).where(Activity.id == mine).values(leader_id=world.people["member3"]))

    world.run(lead)
    await signed_up(world, "member2", shift)
    time.forward(hours=2)
    line = {
        "shiftId": shift,
        "personId": str(world.people["member2"]),
        "direction": "check_in",
        "at": time().isoformat(),
    }
    leader, host = [
        (await call(world, name, "POST", "/presences", {"presences": [line]}, 200))["outcomes"][0]
        for name in ("member3", "worker")
    ]
    assert leader["problem"]["code"] == "second_roll_caller"
    assert host["presence"]["provenance"] == "roll_call"
    await end(world, sanction)
    again = (await call(world, "member3", "POST", "/presences", {"presences": [line]}, 200))["outcomes"][0]
    assert again["presence"]["id"] == host["presence"]["id"]


async def test_the_office_above_lifts_on_appeal_and_who_decided_stays_out(world, time):
    sanction = await sanctioned(world, time)
    path = f"/sanctions/{sanction['id']}/appeal"
    await call(world, "worker", "POST", path, {"reason": "不服"}, 403)
    await call(world, "liaison", "POST", path, {"reason": "当日有气象预警"}, 200)
    await call(world, "liaison", "POST", path, {"reason": "当日有气象预警"}, 200)  # a second one is the first
    cases = (await call(world, "city_officer", "GET", "/cases?kind=appeal"))["items"]
    (case,) = [one for one in cases if one["subjectId"] == sanction["id"]]
    assert case["organizationName"] == "东区"
    own = await call(world, "district_officer", "POST", f"/cases/{case['id']}/assign", {}, 409)
    assert own["code"] == "decided_before"
    await call(world, "city_officer", "POST", f"/cases/{case['id']}/assign", {}, 200)
    assert (await publish(world, time))["code"] == "organizer_sanctioned"
    answer = {"answer": "经查属实情有可原", "outcome": "accepted"}
    await call(world, "city_officer", "POST", f"/cases/{case['id']}/answer", answer, 200)
    assert (await call(world, "liaison", "GET", f"/sanctions/{sanction['id']}"))["state"] == "lifted"
    assert (await publish(world, time))["state"] == "published"


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
