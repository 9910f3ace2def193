"""记实事项 over HTTP: the community's own record stands at once, a unit's stands when the community confirms it."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from api.domain.rulebook.shipped import shipped
from api.models import Fact
from api.services import people, sealer
from api.services.bundle_facts import fact_sources
from api.services.cuts import Cut, last_recorded
from api.services.days import zone_of
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import agreed
from tests.support.registering import accepted, newcomer

PATH = "/api/v1/facts"


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())  # Monday 2 March 2026
    yield built
    built.close()


def of_unit(world, kind="problem_solved", day="2026-03-02", unit="unit", place="community", **more):
    ids = {"organizationId": str(world.places[unit]), "communityId": str(world.places[place])}
    return {"kind": kind, "occurredOn": day, **ids, **more}


def of_person(world, name, kind="award", day="2026-03-02", **more):
    at = str(world.places["community"])
    return {"kind": kind, "occurredOn": day, "personId": str(world.people[name]), "communityId": at, **more}


async def told(client, body, status=201, **headers):
    answer = await client.post(PATH, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def confirmed(client, case, outcome="accepted"):
    path = f"/api/v1/cases/{case['id']}"
    assert (await client.post(f"{path}/assign", json={})).status_code == 200
    return await client.post(f"{path}/answer", json={"answer": "属实", "outcome": outcome})


async def test_what_the_community_saw_stands_at_once_and_only_once(world):
    body = of_unit(world, "venue_opened", amount=2)
    async with world.client("worker") as worker:
        first = await told(worker, body, **{"Idempotency-Key": "f-1"})
        assert first["case"] is None
        fact = first["fact"]
        assert (fact["accountKind"], fact["accountId"]) == ("organization", str(world.places["unit"]))
        assert (fact["provenance"], fact["details"]) == ("community_recorded", {"amount": 2})
        assert fact["allowedActions"] == ["fact.reverse"]
        again = await worker.post(PATH, json=body, headers={"Idempotency-Key": "f-1"})
        assert (again.json(), again.headers["idempotent-replay"]) == (first, "true")
        other = await worker.post(PATH, json={**body, "amount": 3}, headers={"Idempotency-Key": "f-1"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_what_a_unit_tells_counts_once_the_community_confirms_it(world):
    async with world.client("liaison2") as liaison, world.client("worker") as worker:
        body = of_unit(world, "lecture", unit="unit2")
        asked = await told(liaison, body, **{"Idempotency-Key": "u-1"})
        assert (asked["fact"], asked["case"]["state"], asked["case"]["kind"]) == (None, "open", "supplement")
        mine = {"organizationId": str(world.places["unit2"])}
        assert (await liaison.get(PATH, params=mine)).json()["items"] == []
        undecided = await worker.post(f"/api/v1/cases/{asked['case']['id']}/assign", json={})
        assert undecided.json()["state"] == "assigned"
        path = f"/api/v1/cases/{asked['case']['id']}/answer"
        vague = await worker.post(path, json={"answer": "已阅"})
        assert (vague.status_code, vague.json()["code"]) == (422, "outcome_missing")
        assert (await worker.post(path, json={"answer": "属实", "outcome": "accepted"})).json()["state"] == "answered"
        (fact,) = (await liaison.get(PATH, params=mine)).json()["items"]
        assert (fact["kind"], fact["provenance"]) == ("lecture", "unit_reported")
        assert fact["details"] == {"caseId": asked["case"]["id"]}
        assert fact["allowedActions"] == []
        repeat = await told(liaison, body, **{"Idempotency-Key": "u-1"})
        assert (repeat["fact"]["id"], repeat["case"]["state"]) == (fact["id"], "answered")
        # asked again and accepted again, the fact still stands once
        await liaison.post(f"/api/v1/cases/{asked['case']['id']}/reopen", json={"reason": "再看"})
        async with world.client("street_officer") as street:
            assert (await confirmed(street, asked["case"])).status_code == 200
        assert len((await liaison.get(PATH, params=mine)).json()["items"]) == 1


async def test_what_the_community_declines_leaves_no_fact(world):
    async with world.client("liaison2") as liaison, world.client("worker") as worker:
        asked = await told(liaison, of_unit(world, "goods", unit="unit2", amount=20))
        assert (await confirmed(worker, asked["case"], "declined")).status_code == 200
        kinds = [item["kind"] for item in (await liaison.get(PATH, params={"kind": "goods"})).json()["items"]]
        assert kinds == []


async def test_nobody_confirms_what_they_told_themselves(world):
    def both(session, actor):
        person = world.people["both"] = people.add(session, actor, {"name": "测both"}, since=worlds.LONG_AGO)
        for role, place in (("liaison", "unit"), ("community_worker", "community")):
            people.grant(session, actor, person, role, world.places[place], since=worlds.LONG_AGO)

    world.run(both)
    async with world.client("both") as client:
        asked = await told(client, of_unit(world))
        assert asked["fact"] is None
        refused = await client.post(f"/api/v1/cases/{asked['case']['id']}/assign", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "own_case")


async def test_only_who_is_concerned_records_and_sees(world):
    async with world.client("worker") as worker:
        fact = (await told(worker, of_unit(world, "joint_activity")))["fact"]
    for name, status in (("far_worker", 404), ("liaison2", 404), ("member3", 404), ("liaison", 200)):
        async with world.client(name) as client:
            assert (await client.get(f"{PATH}/{fact['id']}")).status_code == status, name
    async with world.client("street_officer") as street:  # sees the units of the street, records nothing
        assert (await street.get(f"{PATH}/{fact['id']}")).status_code == 200
        await told(street, of_unit(world), 403)
    for name, body in (
        ("far_worker", of_unit(world)), ("liaison2", of_unit(world)), ("liaison", of_person(world, "member")),
    ):  # fmt: skip
        async with world.client(name) as client:
            await told(client, body, 403)


async def test_the_record_counts_the_facts_of_units_without_those_taken_back(world):
    params = {"since": "2026-02-01", "until": "2026-02-02"}
    path = f"/api/v1/organizations/{world.places['unit']}/record"
    async with world.client("worker") as worker, world.client("liaison") as liaison:
        for kind in ("problem_solved", "problem_solved", "leader_on_site"):
            fact = (await told(worker, of_unit(world, kind, "2026-02-01")))["fact"]
        undone = await worker.post(f"{PATH}/{fact['id']}/reverse", json={"reason": "wrong_time"})
        assert undone.status_code == 201, undone.text
        of_the_unit = (await liaison.get(path, params=params)).json()["facts"]
        assert of_the_unit == [
            {"kind": "problem_solved", "label": {"zh": "解决问题", "en": "problem solved"}, "facts": 2}
        ]
        place = f"/api/v1/organizations/{world.places['community']}/record"
        assert (await worker.get(place, params=params)).json()["facts"] == of_the_unit


async def test_the_community_records_of_its_own_registered_members(world):
    name = newcomer(world)
    async with world.client("worker") as worker:
        await told(worker, of_person(world, name), 404)  # nothing of them is known here yet
        await accepted(world, name)
        fact = (await told(worker, of_person(world, name, "training", amount=3)))["fact"]
        assert (fact["accountKind"], fact["details"], fact["employerId"]) == (
            "person", {"amount": 3}, str(world.places["unit"]),
        )  # fmt: skip
        before = await told(worker, of_person(world, name, day="2026-03-01"), 409)
        assert before["code"] == "not_registered_there"
        ill = of_person(world, name, "exemption", "2026-01-01", reason="ill", until="2026-07-01")
        assert (await told(worker, ill))["fact"]["details"] == {
            "kind": "ill", "start": "2026-01-01", "end": "2026-07-01",
        }  # fmt: skip
    async with world.client(name) as member:
        kinds = {item["kind"] for item in (await member.get(PATH, params={"mine": True})).json()["items"]}
    assert kinds == {"training", "exemption"}
    async with world.client("liaison") as liaison:  # the employer knows of no illness
        assert (await liaison.get(PATH, params={"kind": "exemption"})).json()["items"] == []


async def test_bad_facts_are_refused_and_leave_nothing(world):
    def count(session, _actor):
        return session.scalar(sa.select(sa.func.count()).select_from(Fact))

    before = world.house.read_now(world.operator, count)
    ends = {"reason": "ill", "until": "2026-03-02"}
    async with world.client("worker") as worker:
        for body in (
            of_unit(world, "training"), of_unit(world, "odd"), of_unit(world, amount=0),
            of_unit(world, day="2026-03-03"),
            of_unit(world, "nil_return", amount=1), of_unit(world, reason="ill"), of_unit(world, until="2026-04-01"),
            of_unit(world, personId=str(world.people["member"])), {"kind": "goods", "occurredOn": "2026-03-02"},
            of_unit(world, unit="community"), of_unit(world, place="unit"),
        ):  # fmt: skip
            await told(worker, body, 422)
        name = newcomer(world)
        await accepted(world, name)
        for body in (
            of_person(world, name, "venue_opened"), of_person(world, name, "exemption"),
            of_person(world, name, "exemption", **ends), of_person(world, name, "award", reason="other"),
        ):  # fmt: skip
            await told(worker, body, 422)
    assert world.house.read_now(world.operator, count) == before


async def test_the_facts_of_a_unit_reach_its_bundle(world):
    async with world.client("worker") as worker:
        await told(worker, of_unit(world, "problem_solved", "2026-01-15", amount=4))
    book = shipped("r05-lanshan")

    def read(session, actor):
        sealer.seal(session, actor.tenant_id, everything=True)
        zone, last = zone_of(session, actor.tenant_id), last_recorded(session, actor.tenant_id)
        cut = Cut(actor.tenant_id, zone, date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 31), last)
        unit = world.places["unit"]
        return fact_sources(session, cut, book, [unit])[unit]["facts"]

    (fact,) = world.run(read)
    assert (fact["kind"], fact["amount"], fact["occurredOn"]) == ("problem_solved", 4, "2026-01-15")


async def test_a_contribution_is_recorded_once_with_its_project_and_evidence(world):
    project = await agreed(world, startsOn="2026-03-01", endsOn="2026-09-01")
    of_project = {"projectId": project["id"], "day": "2026-03-01"}
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        kept = (await liaison.post("/api/v1/files", files={"file": ("证明.txt", "现场签到表".encode())})).json()
        body = of_unit(world, "leader_on_site", fileId=kept["id"], **of_project)
        asked = await told(liaison, body)
        path = f"/api/v1/cases/{asked['case']['id']}"
        assert (await worker.get(f"{path}/evidence")).content == "现场签到表".encode()
        again = await liaison.post(PATH, json=body)
        assert (again.status_code, again.json()["code"], again.json()["caseId"]) == (
            409, "already_told", asked["case"]["id"],
        )  # fmt: skip
        seen = await worker.post(PATH, json={**body, "fileId": None})
        assert (seen.status_code, seen.json()["code"]) == (409, "already_told")
        assert (await told(worker, of_unit(world, "leader_on_site", day="2026-03-01")))["fact"] is not None
        assert (await confirmed(worker, asked["case"])).status_code == 200
        listed = (await liaison.get(PATH, params={"kind": "leader_on_site"})).json()["items"]
        (fact,) = [each for each in listed if "caseId" in each["details"]]
        assert fact["details"] == {"projectId": project["id"], "caseId": asked["case"]["id"]}
        third = await worker.post(PATH, json={**body, "fileId": None})
        assert (third.status_code, third.json()["factId"]) == (409, fact["id"])
        assert (await worker.post(f"{PATH}/{fact['id']}/reverse", json={"reason": "duplicate"})).status_code == 201
        assert (await told(worker, {**body, "fileId": None}))["fact"] is not None
        twice = [await told(liaison, of_unit(world, "goods", day="2026-02-03")) for _ in range(2)]
        assert "alike" not in twice[0]["case"]["facts"]
        assert twice[1]["case"]["facts"]["alike"] == [twice[0]["case"]["id"]]
        stranger = {**of_unit(world, "lecture", unit="unit2"), "projectId": project["id"]}
        unfit = await worker.post(PATH, json=stranger)
        assert (unfit.status_code, unfit.json()["code"]) == (422, "project_unfit")
        needless = await worker.post(PATH, json=of_unit(world, "lecture", fileId=kept["id"]))
        assert (needless.status_code, needless.json()["code"]) == (422, "evidence_unasked")
