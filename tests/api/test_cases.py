"""事项 over HTTP: one inbox, a clock in working days, and a decider who did not decide before."""

from datetime import UTC, datetime

import pytest

from api.services import cases
from tests.support import world as worlds
from tests.support.clock import START, Clock


@pytest.fixture(scope="module")
def moment():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, moment):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), moment)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _morning(moment):
    moment.set(START)


def asked(world, **more):
    at = str(world.places["community"])
    return {"kind": "objection", "organizationId": at, "reason": "服务时长少记一小时", **more}


async def opened(world, client, **more):
    answer = await client.post("/api/v1/cases", json=asked(world, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_case_is_asked_assigned_answered_and_closed(world):
    async with world.client("member") as member, world.client("worker") as worker:
        case = await opened(world, member)
        # Ten working days after Monday 2 March 2026: 3-6 are four, 9-13 nine, 16 March is the tenth.
        assert (case["state"], case["dueOn"], case["allowedActions"]) == (
            "open", "2026-03-16", ["case.withdraw"],
        )  # fmt: skip
        path = f"/api/v1/cases/{case['id']}"
        seen = (await worker.get(path)).json()
        assert seen["allowedActions"] == ["case.assign"]
        assert (await worker.post(f"{path}/answer", json={"answer": "已核"})).status_code == 409
        assert (await worker.post(f"{path}/assign", json={})).json()["assignedTo"] == str(world.people["worker"])
        mine = (await worker.get("/api/v1/cases", params={"mine": True, "state": "assigned"})).json()
        assert case["id"] in [item["id"] for item in mine["items"]]
        answered = (await worker.post(f"{path}/answer", json={"answer": "已补记"})).json()
        assert (answered["state"], answered["answer"]) == ("answered", "已补记")
        assert (await worker.post(f"{path}/close")).json()["state"] == "closed"


async def test_a_stranger_knows_of_no_case(world):
    async with world.client("member") as member, world.client("far_worker") as far, world.client("member2") as other:
        path = f"/api/v1/cases/{(await opened(world, member))['id']}"
        assert [(await client.get(path)).status_code for client in (far, other)] == [404, 404]
        assert (await far.post(f"{path}/assign", json={})).status_code == 404
        assert (await member.post(f"{path}/assign", json={})).status_code == 403


async def test_a_case_is_reopened_once_by_who_asked_and_decided_by_another(world):
    names = ("member", "worker", "street_officer")
    async with world.client(names[0]) as member, world.client(names[1]) as worker, world.client(names[2]) as street:
        path = f"/api/v1/cases/{(await opened(world, member))['id']}"
        await worker.post(f"{path}/assign", json={})
        await worker.post(f"{path}/answer", json={"answer": "不予补记"})
        assert (await worker.post(f"{path}/reopen", json={"reason": "再看"})).status_code == 403
        again = (await member.post(f"{path}/reopen", json={"reason": "请复核"})).json()
        assert (again["state"], again["answer"], "deciders" in again["facts"]) == ("reopened", None, False)
        refused = await street.post(f"{path}/assign", json={"personId": str(world.people["worker"])})
        assert (refused.status_code, refused.json()["code"]) == (409, "decided_before")
        await street.post(f"{path}/assign", json={})
        assert (await worker.post(f"{path}/answer", json={"answer": "维持"})).json()["code"] == "decided_before"
        assert (await street.post(f"{path}/answer", json={"answer": "补记一小时"})).json()["state"] == "answered"
        twice = await member.post(f"{path}/reopen", json={"reason": "还要"})
        assert (twice.status_code, twice.json()["code"]) == (409, "reopened_once")


async def test_an_appeal_against_an_answer_keeps_its_decider_out(world):
    async with world.client("member") as member, world.client("worker") as worker:
        first = (await opened(world, member))["id"]
        await worker.post(f"/api/v1/cases/{first}/assign", json={})
        await worker.post(f"/api/v1/cases/{first}/answer", json={"answer": "维持"})
        appeal = await opened(world, member, kind="appeal", subjectKind="case", subjectId=first)
        refused = await worker.post(f"/api/v1/cases/{appeal['id']}/assign", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "decided_before")


async def test_nobody_decides_their_own_case_and_no_stranger_is_given_one(world):
    async with world.client("worker") as worker, world.client("street_officer") as street:
        path = f"/api/v1/cases/{(await opened(world, worker))['id']}"
        assert (await worker.post(f"{path}/assign", json={})).json()["code"] == "own_case"
        wrong = await street.post(f"{path}/assign", json={"personId": str(world.people["member"])})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "not_a_handler")


async def test_only_a_late_case_is_escalated(world, moment):
    async with world.client("member") as member:
        case = await opened(world, member)
    path = f"/api/v1/cases/{case['id']}"
    moment.set(datetime(2026, 3, 16, 15, 59, tzinfo=UTC))  # 23:59 in Shanghai, on the last day
    async with world.client("member") as member, world.client("street_officer") as street:
        early = await member.post(f"{path}/escalate")
        assert (early.status_code, early.json()["code"]) == (409, "not_late")
        moment.forward(minutes=1)
        assert "case.escalate" in (await member.get(path)).json()["allowedActions"]
        late = (await street.get("/api/v1/cases", params={"late": True, "limit": 100})).json()["items"]
        assert case["id"] in [item["id"] for item in late]
        assert (await member.post(f"{path}/escalate")).json()["state"] == "escalated"


async def test_bad_cases_are_refused_and_leave_nothing(world):
    async with world.client("member") as member:
        for wrong in ({"kind": "odd_fact"}, {"reason": ""}, {"reason": "a\x00b"}, {"subjectKind": "case"}, {"x": 1}):
            assert (await member.post("/api/v1/cases", json=asked(world, **wrong))).status_code == 422, wrong
        nowhere = asked(world, organizationId="0190a1d0-0000-7000-8000-000000000000")
        assert (await member.post("/api/v1/cases", json=nowhere)).status_code == 404


def test_one_source_opens_one_case(world):
    def twice(session, actor):
        case = {
            "kind": "odd_fact", "organization_id": world.places["community"], "reason": "multi_day_window", "facts": {},
            "subject_kind": "list_row",
        }  # fmt: skip
        both = cases.open_cases(session, actor, [{**case, "source": "s1"}, {**case, "source": "s1"}])
        return [*both, cases.open_case(session, actor, **case, source="s1"), cases.open_case(session, actor, **case)]

    first, second, third, other = world.run(twice)
    assert first == second == third != other
