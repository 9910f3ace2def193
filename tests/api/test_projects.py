"""对接 over HTTP, on both databases: resources, proposals, confirmation by every party, the agreement, the result."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.models import Delivery, Document, Project, Resource
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def post(client, path, body=None, status=200, **headers):
    answer = await client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def published_need(world, title="独居老人需要理发"):
    async with world.client("member") as member, world.client("worker") as worker:
        body = {"title": title, "category": "elderly_care", "communityId": str(world.places["community"])}
        need = await post(member, "/needs", body, 201)
        await post(member, f"/needs/{need['id']}/submit")
        return await post(worker, f"/needs/{need['id']}/publish")


async def published_resource(world, kind="goods", quantity=10, **more):
    async with world.client("liaison") as liaison:
        body = {
            "kind": kind,
            "title": "轮椅",
            "category": "health",
            "organizationId": str(world.places["unit"]),
            "quantity": quantity,
            **more,
        }
        resource = await post(liaison, "/resources", body, 201)
        return await post(liaison, f"/resources/{resource['id']}/publish")


def proposal(world, unit="unit", **more):
    return {
        "category": "livelihood",
        "title": "义务理发",
        "communityId": str(world.places["community"]),
        "startsOn": "2026-03-10",
        "endsOn": "2026-06-10",
        "parties": [
            {"organizationId": str(world.places["community"]), "side": "asks", "duties": ["提供场地"]},
            {"organizationId": str(world.places[unit]), "side": "offers", "duties": ["每月一次上门理发"]},
        ],
        **more,
    }


async def proposed(world, by="liaison", **more):
    async with world.client(by) as client:
        return await post(client, "/projects", proposal(world, **more), 201)


async def agreed(world, **more):
    project = await proposed(world, **more)
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        await post(liaison, f"/projects/{project['id']}/accept")
        return await post(worker, f"/projects/{project['id']}/accept")


async def state_of(world, path, by="worker"):
    async with world.client(by) as client:
        return (await client.get(f"/api/v1{path}")).json()


def rows_of(world, table, *columns, **where):
    def read(session, _actor):
        conditions = [getattr(table, name) == value for name, value in where.items()]
        return [tuple(row) for row in session.rows(sa.select(*columns).where(*conditions))]

    return world.run(read)


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


async def test_calling_off_gives_need_and_resource_back(world):
    need, resource = await published_need(world), await published_resource(world, quantity=3)
    project = await agreed(world, needId=need["id"], resourceId=resource["id"], quantity=3)
    assert (await state_of(world, f"/resources/{resource['id']}"))["state"] == "exhausted"
    async with world.client("worker") as worker:
        assert (await worker.post(f"/api/v1/projects/{project['id']}/cancel", json={})).status_code == 422
        off = await post(worker, f"/projects/{project['id']}/cancel", {"reason": "社区已自行解决"})
        assert (off["state"], off["reason"]) == ("cancelled", "社区已自行解决")
    assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "published"
    back = await state_of(world, f"/resources/{resource['id']}")
    assert (back["state"], back["promised"]) == ("published", 0)


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


async def test_twenty_agreements_at_once_promise_no_more_than_there_is(world):
    resource = await published_resource(world, quantity=5)
    made = [await proposed(world, resourceId=resource["id"], quantity=2) for _ in range(20)]
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        for project in made:
            await post(liaison, f"/projects/{project['id']}/accept")
        answers = await asyncio.gather(*(worker.post(f"/api/v1/projects/{one['id']}/accept") for one in made))
    states = [answer.json().get("state") for answer in answers]
    assert states.count("agreed") == 2
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "resource_not_available")}
    assert (await state_of(world, f"/resources/{resource['id']}"))["promised"] == 4


async def test_the_database_itself_refuses_to_promise_too_much(world):
    resource = await published_resource(world, quantity=5)

    def promise(session, _actor):
        session.execute(sa.update(Resource).where(Resource.id == UUID(resource["id"])).values(promised=6))

    from api.errors import Conflict

    with pytest.raises(Conflict):
        world.run(promise)


async def test_a_venue_is_not_promised_twice_for_one_day(world):
    venue = await published_resource(world, kind="venue", quantity=1)
    made = [
        await proposed(world, resourceId=venue["id"], startsOn=start, endsOn=end)
        for start, end in (("2026-04-01", "2026-04-03"), ("2026-04-02", "2026-04-05"), ("2026-04-03", "2026-04-04"))
    ]
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        for project in made:
            await post(liaison, f"/projects/{project['id']}/accept")
        first, second, third = [await worker.post(f"/api/v1/projects/{one['id']}/accept") for one in made]
    assert (first.status_code, third.status_code) == (200, 200)
    assert (second.status_code, second.json()["code"]) == (409, "venue_taken")
    held = rows_of(world, Project, Project.state, resource_id=UUID(venue["id"]))
    assert sorted(state for (state,) in held) == ["agreed", "agreed", "proposed"]


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


async def test_a_resource_is_edited_as_a_draft_and_withdrawn_once_published(world):
    async with (
        world.client("liaison") as liaison,
        world.client("liaison2") as stranger,
        world.client("member") as member,
    ):
        body = {"kind": "skill", "title": "理发", "category": "health", "organizationId": str(world.places["unit"])}
        assert (await stranger.post("/api/v1/resources", json=body)).status_code == 403
        draft = await post(liaison, "/resources", body, 201)
        path = f"/api/v1/resources/{draft['id']}"
        assert draft["allowedActions"] == ["resource.edit", "resource.publish"]
        assert (await member.get(path)).status_code == 404
        edited = await liaison.put(path, json={**body, "title": "义剪"}, headers={"If-Match": '"v1"'})
        assert (edited.json()["title"], edited.headers["etag"]) == ("义剪", '"v2"')
        assert (await liaison.put(path, json=body, headers={"If-Match": '"v1"'})).status_code == 412
        await post(liaison, f"/resources/{draft['id']}/publish")
        assert (await member.get(path)).json()["organizationName"] == "测试市第一中学"
        assert (await liaison.put(path, json=body)).status_code == 409
        listed = (await member.get("/api/v1/resources", params={"kind": "skill"})).json()
        assert draft["id"] in [item["id"] for item in listed["items"]]
        gone = await post(liaison, f"/resources/{draft['id']}/withdraw", {"reason": "人员调整"})
        assert gone["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"endsOn": "2026-03-10"}, 422, "ends_too_early"),
        ({"endsOn": "10.6.2026"}, 422, "invalid"),
        ({"quantity": 0}, 422, "invalid"),
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


async def test_needs_whose_day_has_passed_expire(world):
    from api.services import needs

    async with world.client("member") as member, world.client("worker") as worker:
        body = {
            "title": "过期",
            "category": "care",
            "communityId": str(world.places["community"]),
            "expiresOn": "2026-03-02",
        }
        need = await post(member, "/needs", body, 201)
        await post(member, f"/needs/{need['id']}/submit")
        await post(worker, f"/needs/{need['id']}/publish")
    assert world.run(needs.expire_due) == 1
    assert world.run(needs.expire_due) == 0
    assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "expired"
