"""待办: each kind of thing waits for who has to act, for nobody else, and is gone once it was done."""

from __future__ import annotations

import datetime as dt

import pytest

from api.domain.inbox import KINDS
from api.services import documents
from tests.support import papers
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.registering import reported
from tests.support.service_calls import planned


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    with_one = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield with_one
    with_one.close()


async def call(world, name, method, path, body=None):
    async with world.client(name) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def inbox(world, name, kind=None, **query):
    items = (await call(world, name, "GET", "/inbox?limit=100"))["items"]
    return [item for item in items if kind in (None, item["kind"])]


async def a_case(world, name="member", place="community"):
    body = {"kind": "objection", "organizationId": str(world.places[place]), "reason": "记录有误"}
    return (await call(world, name, "POST", "/cases", body))["id"]


async def test_a_case_waits_for_its_office_then_for_its_handler_then_for_nobody(world):
    case = await a_case(world)
    (item,) = await inbox(world, "worker", "case")
    assert (item["id"], item["late"], item["link"]) == (case, False, f"/api/v1/cases/{case}")
    assert item["title"] == {"zh": "事项待办理", "en": "a case to handle"}
    assert "case.assign" in item["allowedActions"]
    for other in ("worker2", "street_officer", "city_officer", "liaison", "member", "auditor"):
        assert await inbox(world, other, "case") == []
    await call(world, "worker", "POST", f"/cases/{case}/assign", {})
    (item,) = await inbox(world, "worker", "case")
    assert "case.answer" in item["allowedActions"]
    await call(world, "worker", "POST", f"/cases/{case}/answer", {"answer": "已更正"})
    assert await inbox(world, "worker", "case") == []


async def test_an_escalated_case_comes_to_the_offices_above(world):
    case = await a_case(world, place="far_community")
    world.house.clock.forward(days=15)
    await call(world, "member", "POST", f"/cases/{case}/escalate")
    for name in ("far_worker", "district_officer", "city_officer"):
        (item,) = await inbox(world, name, "case")
        assert (item["id"], item["late"]) == (case, True)
    assert await inbox(world, "street_officer", "case") == []  # another street's
    await call(world, "district_officer", "POST", f"/cases/{case}/answer", {"answer": "已督办"})
    assert await inbox(world, "far_worker", "case") == []


async def test_registrations_needs_documents_shifts_and_emergencies_wait_for_who_acts(world):
    registration = await reported(world, "member")
    (item,) = await inbox(world, "worker", "registration")
    assert (item["id"], "registration.accept" in item["allowedActions"]) == (registration["id"], True)
    await call(world, "worker", "POST", f"/registrations/{registration['id']}/accept", {})
    assert await inbox(world, "worker", "registration") == []

    body = {"communityId": str(world.places["community"]), "kind": "need", "title": "修路灯", "category": "repair"}
    need = await call(world, "member", "POST", "/needs", body)
    assert await inbox(world, "worker", "need") == []
    await call(world, "member", "POST", f"/needs/{need['id']}/submit")
    (item,) = await inbox(world, "worker", "need")
    assert item["id"] == need["id"]
    assert await inbox(world, "worker2", "need") == []

    shift = await planned(world, world.house.clock)
    assert await inbox(world, "worker", "shift") == []
    world.house.clock.forward(hours=4)
    (item,) = await inbox(world, "worker", "shift")
    assert (item["id"], "shift.settle" in item["allowedActions"]) == (shift, True)

    ends = (world.house.clock() + dt.timedelta(days=2)).isoformat()
    emergency = {
        "organizationId": str(world.places["district"]), "title": "防汛", "basis": "decision",
        "decisionNumber": "〔2026〕1号", "permits": ["location_check_in"], "endsAt": ends,
    }  # fmt: skip
    made = await call(world, "district_officer", "POST", "/emergencies", emergency)
    assert await inbox(world, "district_officer", "emergency") == []
    assert [item["id"] for item in await inbox(world, "city_officer", "emergency")] == [made["id"]]


def _receipt(session, actor, world):
    content = papers.a_receipt()
    more = {"title": content["title"]["zh"], "content": content, "source": "test:receipt"}
    community, unit = world.places["community"], world.places["unit"]
    return documents.issue(session, actor, kind=content["kind"], issuer_id=community, recipient_id=unit, **more)


async def test_a_delivery_waits_for_the_liaison(world):
    before = {item["id"] for item in await inbox(world, "liaison", "delivery")}
    world.run(_receipt, world)
    waiting = [item for item in await inbox(world, "liaison", "delivery") if item["id"] not in before]
    assert len(waiting) == 1
    assert await inbox(world, "liaison2", "delivery") == []
    await call(world, "liaison", "POST", f"/deliveries/{waiting[0]['id']}/acknowledge")
    assert {item["id"] for item in await inbox(world, "liaison", "delivery")} == before


async def test_pages_join_to_the_whole_and_the_counts_agree(world):
    for _ in range(5):
        await a_case(world)
    whole = await inbox(world, "worker")
    pages, cursor = [], ""
    while cursor is not None:
        page = await call(world, "worker", "GET", f"/inbox?limit=2{cursor and '&cursor=' + cursor}")
        pages += page["items"]
        cursor = page["nextCursor"]
    assert [item["id"] for item in pages] == [item["id"] for item in whole]
    order = [kind.code for kind in KINDS]
    assert [item["kind"] for item in whole] == sorted((item["kind"] for item in whole), key=order.index)
    counts = await call(world, "worker", "GET", "/inbox/counts")
    assert counts["total"] == len(whole) >= 5
    assert {each["kind"]: each["count"] for each in counts["items"]} == {
        kind: sum(item["kind"] == kind for item in whole) for kind in {item["kind"] for item in whole}
    }


@pytest.mark.parametrize("cursor", ["x", "1", "99.", "01.", "-1.", "1.x", "²."])
async def test_a_cursor_that_was_not_given_out_is_refused(world, cursor):
    async with world.client("worker") as client:
        answer = await client.get("/api/v1/inbox", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
