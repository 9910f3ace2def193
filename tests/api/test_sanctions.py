"""处置 over HTTP, on both databases: what two people decide after a founded signal, what it stops, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.access import operator
from api.jobs.sealing import do_due
from api.models import Activity, Shift
from api.services import sanctions
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned, present, signed_up
from tests.support.signalling import call, crowd, end, publish, sanctioned, told


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
    for name, waits in (("district_officer", True), ("street_officer", False)):
        items = (await call(world, name, "GET", "/inbox"))["items"]
        assert (proposed["id"] in [item["id"] for item in items]) is waits
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
    assert released(world) == 0
    await call(world, None, "POST", "/confirmations", {"code": slip["code"], "verdict": "confirmed"}, 200)
    assert (await call(world, "street_officer", "GET", f"/sanctions/{sanction['id']}"))["confirmedShifts"] == 1
    assert released(world) == 1
    assert (await publish(world, time))["state"] == "published"


def released(world):
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
