"""对接 over HTTP, on both databases: proposals, confirmation by every party, the agreement, the result."""

import asyncio
from uuid import UUID

import pytest

from api.models import Delivery, Document
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import (
    agreed,
    post,
    proposal,
    proposed,
    published_need,
    rows_of,
    state_of,
)


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def test_a_need_is_matched_carried_out_rated_and_confirmed(world):
    need = await published_need(world)
    project = await proposed(world, needId=need["id"], reasons=[{"code": "skill_fits", "text": "有理发师"}])
    assert project["state"] == "proposed"
    assert project["reasons"] == [{"code": "skill_fits", "text": "有理发师"}]
    path = f"/projects/{project['id']}"
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        half = await post(liaison, f"{path}/accept")
        assert half["state"] == "proposed"
        assert [party["confirmedAt"] is not None for party in half["parties"]] == [False, True]
        assert "project.accept" not in half["allowedActions"]
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "published"
        whole = await post(worker, f"{path}/accept")
        assert (whole["state"], whole["agreementId"] is not None) == ("agreed", True)
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "matched"
        assert (await post(liaison, f"{path}/start"))["state"] == "in_progress"
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "in_progress"
        done = await post(liaison, f"{path}/deliver", {"summary": "上门 12 次"})
        assert (done["state"], done["result"]["summary"]) == ("delivered", "上门 12 次")
        assert (await liaison.post(f"/api/v1{path}/rate", json={"stars": 5})).status_code == 403
        assert (await worker.post(f"/api/v1{path}/rate", json={"stars": 6})).status_code == 422
        rated = await post(worker, f"{path}/rate", {"stars": 5, "remark": "老人满意"})
        assert (rated["state"], rated["result"]["stars"]) == ("rated", 5)
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "done"
        closed = await post(worker, f"{path}/close")
        assert (closed["state"], closed["allowedActions"]) == ("closed", [])
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "confirmed"


async def test_the_agreement_names_parties_duties_and_dates_and_reaches_the_unit(world):
    project = await agreed(world)
    ((kind, state, content),) = rows_of(
        world, Document, Document.kind, Document.state, Document.content, source=f"project:{project['id']}:agreed"
    )
    assert (kind, state) == ("agreement", "issued")
    assert [party["name"] for party in content["parties"]] == ["桃园社区", "测试市第一中学"]
    assert content["period"] == {"start": "2026-03-10", "end": "2026-06-10"}
    assert [duty["text"] for duty in content["duties"]] == ["提供场地", "每月一次上门理发"]
    delivered = rows_of(
        world, Delivery, Delivery.recipient_id, Delivery.state, document_id=UUID(project["agreementId"])
    )
    assert delivered == [(world.places["unit"], "sent")]


async def test_a_party_confirms_only_for_itself(world):
    project = await proposed(world, by="worker")
    path = f"/projects/{project['id']}/accept"
    statuses = {}
    for name in ("liaison2", "worker2", "member", "street_officer"):
        async with world.client(name) as client:
            statuses[name] = (await client.post(f"/api/v1{path}")).status_code
    assert statuses == {"liaison2": 404, "worker2": 404, "member": 403, "street_officer": 403}
    async with world.client("worker") as worker:
        for _ in range(2):  # a repeat leaves it waiting for the other side
            assert (await post(worker, path))["state"] == "proposed"


async def test_only_a_party_proposes(world):
    async with world.client("liaison2") as stranger, world.client("member") as member:
        assert (await stranger.post("/api/v1/projects", json=proposal(world))).status_code == 403
        assert (await member.post("/api/v1/projects", json=proposal(world))).status_code == 403


async def test_a_hundred_claims_at_once_leave_one(world):
    need = await published_need(world)
    async with world.client("liaison") as one, world.client("liaison2") as other:
        answers = await asyncio.gather(
            *(
                (one, other)[n % 2].post(
                    "/api/v1/projects", json=proposal(world, ("unit", "unit2")[n % 2], needId=need["id"])
                )
                for n in range(100)
            )
        )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == 1
    assert statuses.count(409) == 99
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"need_claimed"}


async def test_a_declined_claim_frees_the_need(world):
    need = await published_need(world)
    project = await proposed(world, needId=need["id"])
    async with world.client("worker") as worker:
        declined = await post(worker, f"/projects/{project['id']}/decline", {})
        assert (declined["state"], declined["reason"]) == ("declined", None)
    again = await proposed(world, needId=need["id"])
    assert again["state"] == "proposed"
    async with world.client("liaison") as liaison:
        refused = await liaison.post(f"/api/v1/projects/{project['id']}/accept")
        assert (refused.status_code, refused.json()["allowedActions"]) == (409, [])


async def test_releasing_a_need_calls_its_project_off(world):
    need = await published_need(world)
    project = await agreed(world, needId=need["id"])
    async with world.client("worker") as worker, world.client("far_worker") as stranger:
        body = {"reason": "单位人手不足"}
        assert (await stranger.post(f"/api/v1/needs/{need['id']}/release", json=body)).status_code == 403
        headers = {"Idempotency-Key": "release-1"}
        released = await post(worker, f"/needs/{need['id']}/release", body, **headers)
        again = await post(worker, f"/needs/{need['id']}/release", body, **headers)
        assert (released["state"], again["id"]) == ("published", need["id"])
    assert (await state_of(world, f"/projects/{project['id']}"))["state"] == "cancelled"


async def test_who_asked_confirms_that_the_need_is_met(world):
    need = await published_need(world)
    project = await agreed(world, needId=need["id"])
    async with world.client("liaison") as liaison, world.client("member") as member, world.client("member2") as other:
        assert (await member.post(f"/api/v1/needs/{need['id']}/confirm")).status_code == 409
        await post(liaison, f"/projects/{project['id']}/start")
        await post(liaison, f"/projects/{project['id']}/deliver", {"summary": "好"})
        assert (await other.post(f"/api/v1/needs/{need['id']}/confirm")).status_code == 403
        assert (await post(member, f"/needs/{need['id']}/confirm"))["state"] == "confirmed"
    async with world.client("worker") as worker:
        await post(worker, f"/projects/{project['id']}/rate", {"stars": 4})
        assert (await post(worker, f"/projects/{project['id']}/close"))["state"] == "closed"


async def test_other_terms_have_to_be_confirmed_anew(world):
    project = await proposed(world)
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        await post(liaison, f"/projects/{project['id']}/accept")
        terms = {name: proposal(world)[name] for name in ("parties", "startsOn")} | {"endsOn": "2026-04-10"}
        changed = await post(worker, f"/projects/{project['id']}/counter", terms)
        assert changed["endsOn"] == "2026-04-10"
        assert [party["confirmedAt"] for party in changed["parties"]] == [None, None]
        terms["parties"] = [{**terms["parties"][0], "organizationId": str(world.places["unit2"])}, terms["parties"][1]]
        refused = await worker.post(f"/api/v1/projects/{project['id']}/counter", json=terms)
        assert (refused.status_code, refused.json()["code"]) == (422, "wrong_parties")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"endsOn": "2026-03-10"}, 422, "ends_too_early"),
        ({"endsOn": "10.6.2026"}, 422, "invalid"),
        ({"quantity": 0}, 422, "invalid"),
        ({"kind": "duty_post"}, 422, "invalid"),
        ({"kind": "pledge"}, 422, "invalid"),
        ({"needId": "00000000-0000-7000-8000-000000000000"}, 404, "not_found"),
        ({"surprise": 1}, 422, "invalid"),
        ({"parties": []}, 422, "invalid"),
    ],
)
async def test_a_proposal_that_cannot_be_is_refused(world, change, status, code):
    async with world.client("liaison") as liaison:
        answer = await liaison.post("/api/v1/projects", json=proposal(world) | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_parties_must_fit(world):
    community = {"organizationId": str(world.places["community"]), "side": "asks", "duties": ["提供场地"]}
    unit = {"organizationId": str(world.places["unit"]), "side": "offers", "duties": ["理发"]}
    async with world.client("liaison") as liaison:
        for parties in ([unit, unit], [community, community], [{**community, "side": "joins"}, unit]):
            answer = await liaison.post("/api/v1/projects", json=proposal(world, parties=parties))
            assert (answer.status_code, answer.json()["code"]) == (422, "wrong_parties")


async def test_without_the_look_before_the_index_alone_lets_one_claim_stand(world, monkeypatch):
    monkeypatch.setattr("api.services.projects.claiming", lambda session, need_id: None)
    need = await published_need(world)
    async with world.client("liaison") as liaison:
        body = proposal(world, needId=need["id"])
        answers = await asyncio.gather(*(liaison.post("/api/v1/projects", json=body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_projects_are_listed_by_party_need_and_state(world):
    need = await published_need(world)
    project = await proposed(world, needId=need["id"])
    async with world.client("worker") as worker, world.client("far_worker") as stranger:

        async def found(client, **params):
            answer = await client.get("/api/v1/projects", params={"limit": 100, **params})
            return [item["id"] for item in answer.json()["items"]]

        assert await found(worker, needId=need["id"]) == [project["id"]]
        assert project["id"] in await found(worker, organizationId=str(world.places["unit"]), state="proposed")
        assert project["id"] not in await found(worker, organizationId=str(world.places["far_community"]))
        assert await found(stranger, needId=need["id"]) == []
        assert (await worker.get("/api/v1/projects", params={"colour": "red"})).status_code == 422
