"""协商 over HTTP, on both databases: what is written, proposed and confirmed; silence, absence and renewal."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.models import Document
from api.services import project_clocks
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.funding import allotted, balance, fund, money_found
from tests.support.matching import (
    agreed,
    post,
    proposal,
    proposed,
    published_need,
    published_resource,
    rows_of,
    state_of,
)

HOURS = {"startsAt": "2026-03-10T14:00:00+08:00", "endsAt": "2026-03-10T16:00:00+08:00"}


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def monday(clock):
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


async def waits(client, kind):
    answer = await client.get("/api/v1/inbox", params={"limit": 100})
    return [each["id"] for each in answer.json()["items"] if each["kind"] == kind]


async def test_the_sides_write_and_every_round_of_terms_is_remembered(world):
    project = await proposed(world)
    path = f"/api/v1/projects/{project['id']}"
    assert project["replyBy"] == "2026-03-16"  # ten working days from Monday the second
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        said = await post(worker, f"/projects/{project['id']}/messages", {"text": "能否改在周末？"}, 201)
        assert (said["kind"], said["organizationName"], said["text"]) == ("word", "桃园社区", "能否改在周末？")
        assert project["id"] in await waits(liaison, "project_message")
        assert project["id"] not in await waits(worker, "project_message")
        await post(liaison, f"/projects/{project['id']}/accept")
        terms = {name: proposal(world)[name] for name in ("parties", "startsOn")}
        terms |= {"endsOn": "2026-04-10", "replyBy": "2026-03-20"}
        assert (await post(liaison, f"/projects/{project['id']}/counter", terms))["replyBy"] == "2026-03-20"
        assert project["id"] not in await waits(liaison, "project_message")
        too_late = await liaison.post(f"{path}/counter", json={**terms, "replyBy": "2026-07-20"})
        assert (too_late.status_code, too_late.json()["code"]) == (422, "reply_by_unfit")
        await post(worker, f"/projects/{project['id']}/accept")
        rounds = (await worker.get(f"{path}/history")).json()["items"]
        told = [(one["organizationName"], one["terms"]["endsOn"], len(one["confirmed"])) for one in rounds]
        assert told == [("测试市第一中学", "2026-06-10", 1), ("测试市第一中学", "2026-04-10", 1)]
        assert rounds[1]["confirmed"][0]["organizationName"] == "桃园社区"
        assert rounds[0]["terms"]["parties"][1]["duties"] == ["每月一次上门理发"]
    for name, status in (("liaison2", 404), ("worker2", 404), ("member", 403)):
        async with world.client(name) as stranger:
            assert (await stranger.get(f"{path}/messages")).status_code == status
            assert (await stranger.post(f"{path}/messages", json={"text": "？"})).status_code == status


async def test_silence_lets_a_proposal_lapse_and_opens_its_need_again(world, clock):
    need = await published_need(world)
    project = await proposed(world, needId=need["id"], replyBy="2026-03-04")
    clock.set(datetime(2026, 3, 4, 15, 0, tzinfo=UTC))  # eleven at night of the last day
    assert world.run(project_clocks.lapse_due) == 0
    clock.set(datetime(2026, 3, 4, 17, 0, tzinfo=UTC))
    async with world.client("liaison") as liaison:  # the clock has not struck yet, and the day is over all the same
        late = await liaison.post(f"/api/v1/projects/{project['id']}/accept")
    assert (late.status_code, late.json()["code"], late.json()["replyBy"]) == (409, "answer_late", "2026-03-04")
    assert world.run(project_clocks.lapse_due) == 1
    assert world.run(project_clocks.lapse_due) == 0
    gone = await state_of(world, f"/projects/{project['id']}")
    assert (gone["state"], gone["flags"], gone["allowedActions"]) == ("released", ["no_reply"], [])
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        assert project["id"] in await waits(liaison, "project_message")
        assert project["id"] in await waits(worker, "project_message")
        answer = await worker.post(f"/api/v1/projects/{project['id']}/messages", json={"text": "？"})
        assert answer.status_code == 409
    assert (await proposed(world, needId=need["id"]))["state"] == "proposed"


async def test_a_unit_that_accepts_and_vanishes_is_asked_about_and_released(world, clock):
    need, hall = await published_need(world), await published_resource(world, kind="venue", quantity=1)
    project = await agreed(world, needId=need["id"], resourceId=hall["id"], bookings=[HOURS])
    path = f"/api/v1/projects/{project['id']}"
    why = {"reason": "单位一直没有来"}
    clock.set(datetime(2026, 3, 20, 1, 0, tzinfo=UTC))
    assert world.run(project_clocks.prompt_due) == 0
    async with world.client("worker") as worker:
        early = await worker.post(f"{path}/release", json=why)
        assert (early.status_code, early.json()["code"], early.json()["day"]) == (
            409, "project_not_overdue", "2026-03-24",
        )  # fmt: skip
    clock.set(datetime(2026, 3, 24, 1, 0, tzinfo=UTC))
    assert world.run(project_clocks.prompt_due) == 1
    assert world.run(project_clocks.prompt_due) == 0
    async with world.client("worker") as worker, world.client("liaison") as liaison:
        (case,) = (await worker.get("/api/v1/cases", params={"subjectId": project["id"]})).json()["items"]
        assert (case["kind"], case["reason"]) == ("prompt", "project_not_begun")
        assert (await liaison.post(f"{path}/release", json=why)).status_code == 403
        freed = await post(worker, f"/projects/{project['id']}/release", why)
        assert (freed["state"], freed["flags"], freed["reason"]) == ("released", ["never_began"], "单位一直没有来")
        assert project["id"] in await waits(liaison, "project_message")
    assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "published"
    assert (await state_of(world, f"/resources/{hall['id']}"))["promised"] == 0


async def test_what_was_given_to_a_project_that_never_began_goes_back_and_what_it_asked_for_is_declined(world):
    money = await fund(world, 9_000)
    project = await agreed(world, startsOn="2025-01-01", endsOn="2027-01-01")
    await allotted(world, project, money, 6_000)
    async with world.client("worker") as worker:
        more = {"resourceId": money["id"], "amountFen": 1_000, "purpose": "另购"}
        asked = await post(worker, f"/projects/{project['id']}/allotments", more, 201)
        freed = await post(worker, f"/projects/{project['id']}/release", {"reason": "一直没有开始"})
        assert freed["state"] == "released"
        assert (await worker.get(f"/api/v1/payments/{asked['id']}")).json()["state"] == "declined"
    assert (balance(world, project["id"]), balance(world, money["id"])) == (0, 9_000)
    assert money_found(world) == []


async def test_an_agreement_that_ends_is_renewed_by_all_and_superseded(world, clock):
    hall = await published_resource(world, kind="venue", quantity=1)
    project = await agreed(world, resourceId=hall["id"], bookings=[HOURS])
    clock.set(datetime(2026, 5, 10, 1, 0, tzinfo=UTC))
    async with world.client("worker") as worker:
        assert project["id"] not in await waits(worker, "agreement")
    clock.set(datetime(2026, 5, 11, 1, 0, tzinfo=UTC))  # thirty days before
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        assert project["id"] in await waits(worker, "agreement")
        assert project["id"] in await waits(liaison, "agreement")
        later = {"startsAt": "2026-06-16T14:00:00+08:00", "endsAt": "2026-06-16T16:00:00+08:00"}
        terms = {"parties": proposal(world)["parties"], "startsOn": "2026-06-10", "endsOn": "2026-12-10"}
        gap = await liaison.post(f"/api/v1/projects/{project['id']}/renew", json={**terms, "startsOn": "2026-06-11"})
        assert (gap.status_code, gap.json()["code"]) == (409, "renewal_unfit")
        body = {**terms, "bookings": [later]}
        new = await post(liaison, f"/projects/{project['id']}/renew", body, 201)
        assert (new["state"], new["renewsId"]) == ("proposed", project["id"])
        assert project["id"] not in await waits(worker, "agreement")
        twice = await worker.post(f"/api/v1/projects/{project['id']}/renew", json=terms)
        assert (twice.status_code, twice.json()["code"]) == (409, "renewal_unfit")
        await post(liaison, f"/projects/{new['id']}/accept")
        stands = await post(worker, f"/projects/{new['id']}/accept")
        assert stands["state"] == "agreed"
        columns = (Document.state, Document.number, Document.content)
        ((old_state, number, old),) = rows_of(world, Document, *columns, id=UUID(project["agreementId"]))
        ((state, _, content),) = rows_of(world, Document, *columns, id=UUID(stands["agreementId"]))
        assert (old_state, state) == ("superseded", "issued")
        assert old["reserved"] == [
            {"resource": "轮椅", "from": "2026-03-10 14:00", "until": "2026-03-10 16:00", "quantity": 1}
        ]
        assert content["period"] == {"start": "2026-03-10", "end": "2026-12-10"}
        assert content["renewed"] == {"number": number, "since": "2026-06-10"}
        answer = await worker.get(f"/api/v1/documents/{stands['agreementId']}/file", params={"format": "pdf"})
        assert answer.content.startswith(b"%PDF"), answer.text[:200]
