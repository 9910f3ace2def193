"""服务对象确认 over HTTP, on both databases: slips without an account, the asker's inbox, denials, guesses, races."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.domain import confirmations as rules
from api.errors import NotFound
from api.models import Case, ConfirmationSlip, Event, Fact
from api.services import changes
from api.services import confirmations as slips
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import agreed, published_need
from tests.support.service_calls import planned, present, served, signed_up


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 400)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _a_week_of_its_own(time):
    time.set(time.instant.replace(hour=1, minute=0) + timedelta(days=7))


async def call(world, name, method, path, body=None, **headers):
    async with world.client(name) as client:
        return await client.request(method, f"/api/v1{path}", json=body, headers=headers)


async def slip_for(world, shift, by="member2", **body):
    answer = await call(world, by, "POST", f"/shifts/{shift}/confirmation-slips", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def answered(world, code, verdict="confirmed", name=None, **more):
    return await call(world, name, "POST", "/confirmations", {"code": code, "verdict": verdict, **more})


def rows(world, statement):
    with world.house.engines.look() as session:
        return session.rows(statement)


def spoken(world, shift):
    """Return kind and provenance of each voice at a shift."""
    voices = ("presence_confirmed", "presence_denied")
    found = sa.select(Fact.kind, Fact.provenance, Fact.actor_id.label("by")).where(Fact.kind.in_(voices))
    return [(row.kind, row.provenance, row.by.int) for row in rows(world, found.where(Fact.shift_id == UUID(shift)))]


async def entries(world, name, shift):
    items = (await call(world, name, "GET", f"/entries?mine=true&shiftId={shift}")).json()["items"]
    return sorted((entry["kind"], entry["amount"], entry["provenance"]) for entry in items)


async def test_a_recipient_without_an_account_confirms_and_the_entry_says_so(world, time):
    shift = await served(world, time, "member2")
    assert await entries(world, "member2", shift) == [("earned", 60, "code")]
    slip = await slip_for(world, shift)
    assert slip["link"].endswith("/confirm/" + slip["code"].replace("-", ""))
    assert (slip["state"], slip["volunteer"]) == ("issued", "测*")
    shown = await call(world, None, "GET", "/../../confirm/" + slip["code"])
    assert shown.status_code == 200, shown.text
    assert set(shown.json()) == {"state", "title", "servedOn", "volunteer", "expiresAt"}
    answer = await answered(world, f" {slip['code'].lower()} ")
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed"), answer.text
    assert (await answered(world, slip["code"])).json() == answer.json()  # the same again changes nothing
    assert spoken(world, shift) == [("presence_confirmed", "recipient_confirmed", 0)]
    standing = await entries(world, "member2", shift)
    assert ("earned", 60, "recipient_confirmed") in standing
    assert sum(amount for _, amount, _ in standing) == 60


async def test_a_slip_is_printed_on_a6_for_who_has_its_code_as_long_as_it_waits(world, time):
    shift = await served(world, time, "member2")
    slip, other = await slip_for(world, shift), await slip_for(world, await served(world, time, "member2"))
    path = f"/confirmation-slips/{slip['id']}/print"
    printed = await call(world, "member2", "POST", path, {"code": slip["code"].lower()})
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf"), printed.text
    (box,) = re.findall(rb"MediaBox *\[0 0 ([0-9.]+) ([0-9.]+)]", printed.content)
    assert [round(float(side) / 72 * 25.4) for side in box] == [105, 148]  # millimetres of A6, on one page
    for code in (other["code"], "ABCD"):
        assert (await call(world, "member2", "POST", path, {"code": code})).status_code == 404
    assert (await call(world, "member3", "POST", path, {"code": slip["code"]})).status_code == 404
    await answered(world, slip["code"])
    assert (await call(world, "member2", "POST", path, {"code": slip["code"]})).json()["code"] == "slip_used"


async def test_a_denial_moves_no_minute_and_asks_the_community(world, time):
    shift = await served(world, time, "member2")
    slip = await slip_for(world, shift)
    assert (await answered(world, slip["code"], "denied")).json()["code"] == "reason_missing"
    denied = await answered(world, slip["code"], "denied", reason="not_came")
    assert (denied.status_code, denied.json()["state"]) == (200, "denied"), denied.text
    assert await entries(world, "member2", shift) == [("earned", 60, "code")]
    assert spoken(world, shift) == [("presence_denied", "recipient", 0)]
    cases = (await call(world, "worker", "GET", "/cases?kind=odd_fact")).json()["items"]
    mine = [case for case in cases if case["facts"]["shiftId"] == shift]
    assert [case["facts"]["codes"] for case in mine] == [["recipient_denied", "not_came"]]
    # what the volunteer reads of it: that it was denied, neither by whom nor why
    facts = (await call(world, "member2", "GET", f"/facts?mine=true&shiftId={shift}")).json()["items"]
    assert [fact["details"] for fact in facts if fact["kind"] == "presence_denied"] == [{}]
    seen = (await call(world, "member2", "GET", f"/confirmation-slips/{slip['id']}")).json()
    assert (seen["state"], seen["allowedActions"]) == ("denied", [])
    assert "code" not in seen
    taken = await call(world, "member2", "POST", f"/shifts/{shift}/confirmation-slips", {})
    assert (taken.status_code, taken.json()["code"]) == (409, "answered_before")


async def test_the_one_who_asked_confirms_in_their_own_inbox(world, time):
    project = await agreed(world, needId=(await published_need(world))["id"])
    shift = await planned(world, time, projectId=project["id"])
    await signed_up(world, "member2", shift)
    time.forward(hours=1)
    assert (await present(world, "member2", shift, "check_in")).status_code == 200
    slip = await slip_for(world, shift, "worker", personId=str(world.people["member2"]))
    items = (await call(world, "member", "GET", "/inbox")).json()["items"]
    waiting = [item for item in items if item["kind"] == "confirmation"]
    assert [(item["id"], item["allowedActions"]) for item in waiting] == [
        (slip["id"], ["confirmation_slip.confirm", "confirmation_slip.deny"])
    ]
    path = f"/confirmation-slips/{slip['id']}"
    for name, code in (("member2", "own_presence"), ("worker", "forbidden")):
        refused = await call(world, name, "POST", f"{path}/confirm")
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    done = await call(world, "member", "POST", f"{path}/confirm", **{"Idempotency-Key": f"c-{slip['id']}"})
    assert (done.status_code, done.json()["state"]) == (200, "confirmed"), done.text
    again = await call(world, "member", "POST", f"{path}/confirm", **{"Idempotency-Key": f"c-{slip['id']}"})
    assert (again.json(), again.headers["idempotent-replay"]) == (done.json(), "true")
    assert spoken(world, shift) == [("presence_confirmed", "recipient_confirmed", 0)]
    # the event knows who spoke, the volunteer's own facts do not
    told = sa.select(Event.actor_id).where(
        Event.kind == "confirmation_slip.confirm", Event.subject_id == UUID(slip["id"])
    )
    assert [row.actor_id for row in rows(world, told)] == [world.people["member"]]
    assert (await call(world, "member", "GET", "/inbox")).json()["items"] == []


async def test_neither_the_volunteer_nor_who_made_it_out_answers_from_their_own_device(world, time):
    shift = await served(world, time, "member2")
    slip = await slip_for(world, shift, "worker", personId=str(world.people["member2"]))
    for name in ("member2", "worker"):
        refused = await answered(world, slip["code"], name=name)
        assert (refused.status_code, refused.json()["code"]) == (403, "own_presence")
    assert spoken(world, shift) == []
    assert (await answered(world, slip["code"], name="member3")).status_code == 200


async def test_a_slip_holds_a_fortnight_is_replaced_by_the_next_and_can_be_taken_back(world, time):
    shift = await served(world, time, "member2")
    first = await slip_for(world, shift)
    second = await slip_for(world, shift)
    assert (await answered(world, first["code"])).json()["code"] == "slip_used"
    back = await call(world, "member2", "POST", f"/confirmation-slips/{second['id']}/revoke")
    assert back.json()["state"] == "revoked"
    assert (await answered(world, second["code"])).status_code == 409
    third = await slip_for(world, shift)
    time.forward(days=rules.SLIP_DAYS)
    refused = await answered(world, third["code"])
    assert (refused.status_code, refused.json()["code"]) == (409, "slip_used")
    assert (await call(world, "member2", "GET", f"/confirmation-slips/{third['id']}")).json()["state"] == "expired"
    assert (await call(world, None, "GET", "/../../confirm/" + third["code"])).status_code == 404
    time.forward(days=1)
    late = await call(world, "member2", "POST", f"/shifts/{shift}/confirmation-slips", {})
    assert (late.status_code, late.json()["code"]) == (409, "too_late_to_ask")
    assert spoken(world, shift) == []


async def test_a_repeat_of_the_request_shows_the_slip_without_its_code(world, time):
    shift = await served(world, time, "member2")
    path, key = f"/shifts/{shift}/confirmation-slips", {"Idempotency-Key": f"slip-{shift}"}
    first, again = [await call(world, "member2", "POST", path, {}, **key) for _ in range(2)]
    assert first.json()["code"] is not None
    assert (again.json()["id"], again.json()["code"], again.json()["link"]) == (first.json()["id"], None, None)


async def test_a_slip_needs_a_presence_where_somebody_is_served(world, time):
    meeting = await planned(world, time, kind="meeting")
    shift = await planned(world, time)
    refused = [
        (await call(world, name, "POST", f"/shifts/{where}/confirmation-slips", body)).json()["code"]
        for name, where, body in (
            ("member2", meeting, {}), ("member2", shift, {}),
            ("worker2", shift, {"personId": str(world.people["member2"])}),
        )
    ]  # fmt: skip
    assert refused == ["nobody_served", "not_checked_in", "forbidden"]


async def test_what_is_kept_is_no_code(world, time):
    shift = await served(world, time, "member2")
    slip = await slip_for(world, shift)
    bare = slip["code"].replace("-", "")
    kept = rows(world, sa.select(*ConfirmationSlip.__table__.c))
    assert kept
    assert not any(bare in str(value) or slip["code"] in str(value) for row in kept for value in row)


async def test_hundreds_of_guesses_of_another_city_open_nothing(world, time):
    shift = await served(world, time, "member2")
    slip = await slip_for(world, shift)
    there = worlds.another(world, f"other{time():%m%d}")
    bare = slip["code"].replace("-", "")
    guesses = [
        bare[:at] + sign + bare[at + 1 :] for at in range(len(bare)) for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    ]
    codes = [guess for guess in guesses if guess != bare]

    def tries(session, actor):
        refused = 0
        for code in codes:
            with pytest.raises(NotFound):
                slips.answer(session, actor, code, "confirmed", None, None)
            refused += 1
        return refused

    assert there.run(tries) == 372
    assert spoken(world, shift) == []
    # a code is its bearer's: the city is that of the slip, whoever carries it
    assert (await call(there, "member", "GET", f"/confirmation-slips/{slip['id']}")).status_code == 404
    assert (await answered(there, slip["code"], name="member")).status_code == 200
    assert len(spoken(world, shift)) == 1


async def race(world, time):
    """Let one slip be confirmed and denied ten times each at once; return the statuses and what was said."""
    shift = await served(world, time, "member2")
    slip = await slip_for(world, shift)
    wishes = [("confirmed", {}), ("denied", {"reason": "not_came"})] * 10
    answers = await asyncio.gather(*(answered(world, slip["code"], verdict, **more) for verdict, more in wishes))
    return sorted({answer.status_code for answer in answers}), spoken(world, shift)


async def test_of_a_confirmation_and_a_denial_at_once_one_stands(world, time):
    statuses, said = await race(world, time)
    assert statuses == [200, 409]
    assert len(said) == 1


async def test_without_the_rule_of_states_both_would_stand(world, time, monkeypatch):
    """Control: where a slip may be answered twice, the race leaves two voices."""
    monkeypatch.setattr(rules, "stands", lambda *_: "issued")
    take = changes.take
    monkeypatch.setattr(
        changes, "take", lambda *told, **more: "" if told[4].startswith("confirmation_slip.") else take(*told, **more)
    )
    _, said = await race(world, time)
    assert len(said) == 2


async def test_the_page_asks_in_chinese_runs_nothing_and_takes_the_form(world, time):
    shift = await served(world, time, "member2")
    slip = await slip_for(world, shift)
    bare = slip["code"].replace("-", "")
    async with world.client() as browser:
        asked = await browser.get(f"/confirm/{bare}", headers={"Accept": "text/html,*/*;q=0.8"})
        assert asked.headers["content-type"].startswith("text/html")
        assert "请您确认是否接受了这次服务" in asked.text
        assert "form-action 'self'" in asked.headers["content-security-policy"]
        assert not any(word in asked.text for word in ("<script", "member2", str(world.people["member2"])))
        form = {"code": bare, "verdict": "denied", "reason": "somebody_else"}
        done = await browser.post("/api/v1/confirmations", data=form, headers={"Accept": "text/html"})
        assert (done.status_code, "您已否认" in done.text) == (200, True)
        refused = await browser.post(
            "/api/v1/confirmations", data={"code": bare, "verdict": "confirmed"}, headers={"Accept": "text/html"}
        )
        assert (refused.status_code, "确认单已使用" in refused.text) == (409, True)
        absent = await browser.get("/confirm/AAAA-AAAA-AAAA", headers={"Accept": "text/html"})
        assert (absent.status_code, absent.headers["content-type"].split(";")[0]) == (404, "text/html")
    cases = rows(world, sa.select(Case.id).where(Case.kind == "odd_fact", Case.subject_id == UUID(shift)))
    assert len(cases) == 1
