"""投诉: filed without an account, followed by number and secret, answered above whom it is about."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.jobs.sealing import do_due
from api.models import Case, Event, Fact
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    with_one = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    with_one.run(_registers, with_one)
    yield with_one
    with_one.close()


def _registers(session, actor, world):
    more = {"state": "accepted", "basis": "residence", "principal": True}
    at = world.places["community"]
    people.affiliate(session, actor, world.people["member"], at, "registration", since=worlds.LONG_AGO, **more)


async def call(world, name, method, path, body=None, **headers):
    async with world.client(name) as client:
        return await client.request(method, f"/api/v1{path}", json=body, headers=headers)


async def filed(world, **more):
    return await call(world, None, "POST", "/complaints", {"kind": "complaint", "text": "志愿者迟到", **more})


async def case_of(world, name, kind="complaint"):
    """Return the newest case of a kind that somebody sees."""
    items = (await call(world, name, "GET", f"/cases?kind={kind}")).json()["items"]
    return items[0] if items else None


async def test_who_has_no_account_files_and_follows_by_number_and_secret(world):
    answer = await filed(world, organizationId=str(world.places["community"]))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["state"], told["organizationName"], told["dueOn"]) == ("open", "桃园社区", "2026-03-16")  # 10 workdays
    follow = {"number": told["number"], "secret": told["secret"]}
    assert (await call(world, None, "POST", "/complaints/track", follow)).json()["answer"] is None
    case = await case_of(world, "worker")
    await call(world, "worker", "POST", f"/cases/{case['id']}/assign", {})
    done = await call(
        world, "worker", "POST", f"/cases/{case['id']}/answer", {"answer": "已核实", "outcome": "declined"}
    )
    assert done.status_code == 200, done.text
    shown = (await call(world, None, "POST", "/complaints/track", follow)).json()
    assert (shown["state"], shown["answer"], shown["outcome"]) == ("answered", "已核实", "declined")


async def test_a_wrong_secret_and_a_wrong_number_read_alike(world):
    told = (await filed(world, organizationId=str(world.places["community"]))).json()
    wrong = [
        await call(world, None, "POST", "/complaints/track", {"number": number, "secret": secret})
        for number, secret in ((told["number"], "A" * 20), ("TS-AAAAAAAAAAAA", told["secret"]))
    ]
    assert [answer.status_code for answer in wrong] == [404, 404]
    assert len({answer.text.replace(answer.json()["requestId"], "") for answer in wrong}) == 1


async def test_nobody_learns_who_filed_and_only_the_handler_sees_the_contact(world):
    await filed(world, organizationId=str(world.places["community"]), contact="微信 taoyuan-1")
    case = await case_of(world, "worker")
    assert case["facts"] == {}
    assigned = (await call(world, "worker", "POST", f"/cases/{case['id']}/assign", {})).json()
    assert assigned["facts"] == {"contact": "微信 taoyuan-1"}
    assert (await call(world, "street_officer", "GET", f"/cases/{case['id']}")).json()["facts"] == {}
    with world.house.engines.look() as session:
        opened = session.first(sa.select(Case.opened_by, Case.created_at).order_by(Case.id.desc()).limit(1))
        actors = {row.actor_id for row in session.rows(sa.select(Event.actor_id).where(Event.kind == "case.create"))}
    assert opened.opened_by.int == 0
    assert {actor.int for actor in actors} == {0}


async def test_a_complaint_about_an_office_goes_to_the_office_above(world):
    community, street = str(world.places["community"]), str(world.places["street"])
    told = (await filed(world, organizationId=community, aboutId=community)).json()
    assert told["organizationName"] == "桃园街道"
    assert (await filed(world, organizationId=community, aboutId=street)).json()["organizationName"] == "东区"
    assert (await filed(world, organizationId=street, aboutId=community)).json()["organizationName"] == "桃园街道"
    above = await filed(world, organizationId=community, aboutId=str(world.places["city"]))
    assert (above.status_code, above.json()["code"]) == (409, "no_office_above")
    case = await case_of(world, "street_officer")
    assert (await call(world, "worker", "GET", f"/cases/{case['id']}")).status_code == 404
    signed = {"kind": "complaint", "organizationId": community, "subjectKind": "organization", "subjectId": community,
              "reason": "服务态度差"}  # fmt: skip
    own = await call(world, "member", "POST", "/cases", signed)
    assert own.json()["organizationName"] == "桃园街道"


async def test_who_names_no_office_reaches_the_highest_one(world):
    assert (await filed(world, tenant="testcity")).json()["organizationName"] == "测试市"
    nowhere = await filed(world, tenant="nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "which_place")


async def test_a_repeat_with_its_key_is_one_complaint(world):
    body = {"kind": "suggestion", "text": "多设夜间班次", "organizationId": str(world.places["community2"])}
    key = {"Idempotency-Key": "complaint-1"}
    first, second = [await call(world, None, "POST", "/complaints", body, **key) for _ in range(2)]
    assert first.json() == second.json()
    other = await call(world, None, "POST", "/complaints", body | {"text": "别的"}, **key)
    assert other.json()["number"] != first.json()["number"]


async def findings(world):
    with world.house.engines.look() as session:
        return session.rows(sa.select(Fact.account_id, Fact.details, Fact.reverses_id, Fact.id).where(
            Fact.kind == "complaint_finding").order_by(Fact.id))  # fmt: skip


async def test_a_complaint_scores_only_when_it_was_found_true(world):
    signed = {"kind": "complaint", "organizationId": str(world.places["community"]), "reason": "未按约到场"}
    case = (await call(world, "member2", "POST", "/cases", signed)).json()
    path = f"/cases/{case['id']}"
    await call(world, "worker", "POST", f"{path}/assign", {})
    assert await findings(world) == []
    whom = {"personId": str(world.people["member"]), "occurredOn": "2026-03-02"}
    said = {"answer": "查无此事", "outcome": "declined", "finding": whom}
    refused = await call(world, "worker", "POST", f"{path}/answer", said)
    assert (refused.status_code, refused.json()["code"]) == (422, "finding_unfit")
    elsewhere = {**whom, "personId": str(world.people["member3"])}
    away = await call(world, "worker", "POST", f"{path}/answer", {**said, "outcome": "accepted", "finding": elsewhere})
    assert away.json()["code"] == "not_registered_there"
    found = await call(world, "worker", "POST", f"{path}/answer", {**said, "outcome": "accepted"})
    assert found.status_code == 200, found.text
    (fact,) = await findings(world)
    assert (fact.details["value"], fact.details["caseId"]) == ("found_true", case["id"])
    await call(world, "member2", "POST", f"{path}/reopen", {"reason": "认定有误"})
    await call(world, "street_officer", "POST", f"{path}/assign", {})
    again = await call(world, "street_officer", "POST", f"{path}/answer", {"answer": "撤销认定", "outcome": "declined"})
    assert again.status_code == 200, again.text
    first, reversal = await findings(world)
    assert reversal.reverses_id == first.id


async def test_a_late_case_is_escalated_by_the_clock_once(world):
    told = (await filed(world, organizationId=str(world.places["far_community"]))).json()
    follow = {"number": told["number"], "secret": told["secret"]}
    world.house.clock.forward(days=14)  # the last day on which it may be answered
    do_due(world.house)
    assert (await call(world, None, "POST", "/complaints/track", follow)).json()["state"] == "open"
    world.house.clock.forward(days=1)
    do_due(world.house)
    do_due(world.house)
    shown = (await call(world, None, "POST", "/complaints/track", follow)).json()
    assert (shown["state"], shown["late"]) == ("escalated", True)


async def test_a_flood_from_one_address_is_stopped_and_another_hour_is_open_again(world):
    body = {"organizationId": str(world.places["community2"])}
    world.house.clock.forward(hours=3)
    statuses = [(await filed(world, **body)).status_code for _ in range(31)]
    assert statuses == [201] * 30 + [429]
    world.house.clock.forward(hours=3)
    assert (await filed(world, **body)).status_code == 201


async def test_who_names_no_office_is_answered_where_somebody_is(world):
    """Above the city lies its province, which nobody of this platform stands for."""

    def beneath_a_province(session, actor):
        values = {"axis": "territory", "kind": "province", "name": "测试省"}
        return organizations.create(session, actor, values, None)

    province = str(world.run(beneath_a_province))
    assert (await filed(world)).json()["organizationName"] == "测试市"
    nobody = await filed(world, organizationId=province)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "no_office_above")
