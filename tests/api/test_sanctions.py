"""处置 over HTTP, on both databases: what two people decide after a founded signal, what it stops, and how it ends."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from api.access import operator
from api.jobs.sealing import do_due, seal_all
from api.models import Activity, Entry, Shift
from api.services import people, sanctions
from tests.support import assessed, serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.hour_claims import ask, decide
from tests.support.service_calls import planned, present, signed_up
from tests.support.signalling import call, crowd, end, publish, sanctioned, told

SHANGHAI = ZoneInfo("Asia/Shanghai")


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


async def test_who_made_up_false_hours_makes_up_none_for_a_year_and_until_a_hundred_hours_are_served(world, time):
    """Modelled on R-26: both conditions release, one of them does not; the hours fall and the employer is told."""
    start = time() - timedelta(hours=4)
    claim = (await ask(world, "member2", start, start + timedelta(hours=3))).json()
    early = await call(world, "street_officer", "POST", f"/cases/{claim['id']}/sanctions", {"reason": "不实"}, 409)
    assert early["code"] == "claim_not_decided"
    assert (await decide(world, claim)).status_code == 200
    assert (await minutes_of(world, "member2"))["supplementary"] == 180
    path = f"/cases/{claim['id']}/sanctions"
    body = {"reason": "当日该活动并未举行"}
    await call(world, "worker", "POST", path, body, 403)
    proposed, again = [await call(world, "street_officer", "POST", path, body, 201) for _ in range(2)]
    assert again["id"] == proposed["id"]
    own = await call(world, "street_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=403)
    assert own["code"] == "needs_second_person"
    imposed = await call(world, "district_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=200)
    assert (imposed["kind"], imposed["afterMinutes"], imposed["servedMinutes"]) == ("make_up_suspended", 6000, 0)
    assert imposed["endsOn"] == f"{time().astimezone(SHANGHAI).replace(year=time().year + 1):%Y-%m-%d}"
    assert (await minutes_of(world, "member2"))["supplementary"] == 0  # void
    await check_notice(world, imposed)
    later = (await ask(world, "member2", start - timedelta(hours=9), start - timedelta(hours=8))).json()
    assert (later["code"], later["hours"], later["remaining"]) == ("make_up_suspended", "100", "100")
    assert later["detail"].startswith(f"补录资格暂停中：须至{imposed['endsOn']}")
    mine = await call(world, "member2", "GET", f"/sanctions/{imposed['id']}")
    assert mine["allowedActions"] == ["sanction.appeal"]
    await call(world, "member3", "GET", f"/sanctions/{imposed['id']}", status=404)
    (finding,) = (await call(world, "member2", "GET", "/facts?kind=make_up_finding"))["items"]
    assert (finding["servedOn"], finding["details"]["value"]) == (f"{start.astimezone(SHANGHAI):%Y-%m-%d}", "false")
    await both_release(world, time, imposed)


async def both_release(world, time, imposed):
    """The year alone does not release, nor do 99.9 hours; what was served before or made up is not among them.

    What the office corrects of a service that was held is. The rulebook after R-26 reads the same in the record.
    """
    ruled = await by_the_rule(world, time, imposed)
    shift, second = UUID(await planned(world, time)), UUID(await planned(world, time, starts=480.0))
    account = serving.actor(world, "member2").account_id
    world.run(assessed.post, account, 5879, shift, world.places["unit"])
    entry = world.run(assessed.post, account, 60, second, world.places["unit"])
    began = time() + timedelta(hours=480)
    time.set(time.instant.replace(year=time.instant.year + 1) + timedelta(days=1))
    day = time() - timedelta(hours=5)
    wrong = await ask(world, "member2", began, began + timedelta(hours=2), "objection", entryId=str(entry))
    assert (await decide(world, wrong.json())).json()["state"] == "answered"
    assert await ruled() == ("suspended", "5999/60")
    refused = (await ask(world, "member2", day, day + timedelta(hours=1))).json()
    assert (refused["code"], refused["remaining"]) == ("make_up_suspended", "0.1")
    assert released(world) == 0
    assert (await call(world, "member2", "GET", f"/sanctions/{imposed['id']}"))["servedMinutes"] == 5999
    world.run(assessed.post, account, 1, UUID(await planned(world, time)), world.places["unit"])
    assert await ruled() == ("may_make_up", "100")
    claim = await ask(world, "member2", day, day + timedelta(hours=1))  # it ends by itself, before anybody notes it
    assert claim.status_code == 201, claim.text
    assert (await call(world, "street_officer", "GET", f"/sanctions/{imposed['id']}"))["state"] == "released"
    assert released(world) == 1
    assert (await decide(world, claim.json())).status_code == 200


async def by_the_rule(world, time, imposed):
    """Return how to ask what the rulebook after R-26 says of the member from the day of the decision on."""
    home = {"state": "accepted", "principal": True, "basis": "residence", "since": worlds.LONG_AGO}
    person, place = world.people["member2"], world.places["community"]
    world.run(lambda session, actor: people.affiliate(session, actor, person, place, "registration", **home))
    at = {"organizationId": str(world.places["district"])}
    book = await call(world, "district_officer", "POST", "/rulebooks", {"shipped": "r26-chongqing", **at}, 201)
    await call(world, "district_officer", "POST", f"/rulebooks/{book['id']}/activate", status=200)
    last = {"periodEnd": f"{date.fromisoformat(imposed['endsOn']) + timedelta(days=7)}", "cutOff": imposed["endsOn"]}
    period = {"periodStart": f"{time().astimezone(SHANGHAI):%Y-%m-%d}", **last}
    body = {"title": "补录资格", **at, **period, "memberRulebookId": book["id"]}
    cycle = await call(world, "district_officer", "POST", "/cycles", body, 201)

    async def ruled():
        seal_all(world.house)
        now = (await call(world, "member2", "POST", f"/cycles/{cycle['id']}/what-if", {}, 200))["now"]
        return now["grade"], now["score"]

    assert await ruled() == ("suspended", "0")
    return ruled


async def check_notice(world, imposed):
    (delivery,) = (await call(world, "liaison", "GET", "/deliveries?kind=bulletin"))["items"]
    assert (delivery["state"], delivery["title"]) == ("sent", "暂停补录资格告知书")
    paper = await call(world, "liaison", "GET", f"/documents/{delivery['documentId']}")
    assert paper["content"]["member"] == {"rosterNumber": "A002", "name": "测member2", "minutes": 180}
    assert paper["content"]["period"]["end"] == imposed["endsOn"]
    async with world.client("liaison") as client:
        shown = await client.get(f"/api/v1/documents/{delivery['documentId']}/file", params={"format": "pdf"})
    assert (shown.status_code, shown.content[:4]) == (200, b"%PDF")


async def test_a_suspension_falls_on_appeal_and_what_was_asked_for_may_be_asked_again(world, time):
    start = time() - timedelta(hours=4)
    claim = (await ask(world, "member3", start, start + timedelta(hours=1))).json()
    assert (await decide(world, claim)).status_code == 200
    body = {"reason": "疑似不实"}
    proposed = await call(world, "street_officer", "POST", f"/cases/{claim['id']}/sanctions", body, 201)
    held = await call(world, "district_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=200)
    told = (proposed["id"], held["endsOn"], ["sanction.appeal"])
    assert await suspensions(world, "member3") == [told]
    for other in ("member2", "worker", "liaison", "street_officer", "district_officer"):
        assert await suspensions(world, other) == []
    await call(world, "member3", "POST", f"/sanctions/{proposed['id']}/appeal", {"reason": "有照片为证"}, 200)
    cases = (await call(world, "city_officer", "GET", "/cases?kind=appeal"))["items"]
    (case,) = [one for one in cases if one["subjectId"] == proposed["id"]]
    await call(world, "city_officer", "POST", f"/cases/{case['id']}/assign", {}, 200)
    told = {"answer": "确有其事", "outcome": "accepted"}
    await call(world, "city_officer", "POST", f"/cases/{case['id']}/answer", told, 200)
    assert (await call(world, "member3", "GET", f"/sanctions/{proposed['id']}"))["state"] == "lifted"
    assert await suspensions(world, "member3") == []
    findings = (await call(world, "member3", "GET", "/facts?kind=make_up_finding"))["items"]
    (reversed_id,) = {each["reversesId"] for each in findings} - {None}
    assert [each["id"] for each in findings if each["reversesId"] is None] == [reversed_id]  # one, and it is taken back
    again = await ask(world, "member3", start, start + timedelta(minutes=59))
    assert again.status_code == 201, again.text


async def suspensions(world, name):
    """Return what the inbox of somebody says of suspended rights: which, until when, and what may be done."""
    items = (await call(world, name, "GET", "/inbox?limit=100"))["items"]
    return [(one["id"], one["dueOn"], one["allowedActions"]) for one in items if one["kind"] == "suspension"]


async def minutes_of(world, name):
    """Return the minutes that stand of a person by kind, from the ledger."""
    account = serving.actor(world, name).account_id
    undone = sa.select(Entry.reverses_id).where(Entry.reverses_id.is_not(None))
    total = sa.select(sa.func.coalesce(sa.func.sum(Entry.amount), 0)).where(
        Entry.account_id == account, Entry.kind == "supplementary", Entry.id.not_in(undone)
    )
    with world.house.engines.look() as session:
        return {"supplementary": session.scalar(total)}
