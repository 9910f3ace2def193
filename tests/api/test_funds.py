"""资金 over HTTP, on both databases: a livelihood project from its proposal to the rest that flows back."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.domain.funds import FundTooLow
from api.models import Entry, Payment
from api.services import payments, people, purses
from tests.support import funding, serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.funding import (
    TODAY,
    allotted,
    balance,
    carried_by,
    confirmed,
    declare,
    fund,
    judged,
    money_found,
    running,
    settle_in,
    spent,
    wanted,
)
from tests.support.matching import post, proposal, state_of
from tests.support.racing import Aside


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    settle_in(built, "member", "member2", "ann", "ben", "cai", "dora", "eve")
    settle_in(built, "far", at="far_community")
    funding.second_worker(built)
    yield built
    built.close()


async def back(world, need, *names):
    for name in names:
        async with world.client(name) as client:
            answer = await post(client, f"/needs/{need['id']}/support")
    return answer


async def test_a_livelihood_project_from_its_proposal_to_the_rest_that_flows_back(world, clock):
    await declare(world, supporters=3, noticeDays=3, meeting=True)
    money, need = await fund(world, 300_000), await wanted(world)
    await residents_want(world, need)
    project = await carried_by(world, need, 200_000)
    here = f"/projects/{project['id']}"
    async with world.client("worker") as worker:
        early = (await worker.post(f"/api/v1{here}/start")).json()
        assert (early["code"], early["missing"]) == ("livelihood_not_ready", ["notice", "money"])
        assert (await allotted(world, project, money, 200_000))["state"] == "confirmed"
        assert (balance(world, money["id"]), balance(world, project["id"])) == (100_000, 200_000)
        await post(worker, f"{here}/notice")
        async with world.client("eve") as eve:
            told = {"kind": "objection", "organizationId": str(world.places["community"]), "reason": "扶手挡住消防通道"}
            case = await post(eve, "/cases", {**told, "subjectKind": "project", "subjectId": project["id"]}, 201)
            assert (await worker.post(f"/api/v1{here}/start")).json()["missing"] == ["notice", "objections"]
            await post(eve, f"/cases/{case['id']}/withdraw")
        assert (await worker.post(f"/api/v1{here}/start")).json()["missing"] == ["notice"]
    clock.forward(days=3)
    async with world.client("worker") as worker:
        assert (await post(worker, f"{here}/start"))["state"] == "in_progress"
    await spent(world, project, 150_000)
    await residents_rate(world, here)
    async with world.client("worker") as worker:
        await post(worker, f"{here}/rate", {"stars": 4})
        await post(worker, f"{here}/close")
        assert (balance(world, money["id"]), balance(world, project["id"])) == (150_000, 0)
        account = (await worker.get(f"/api/v1{here}/account")).json()
        assert {line["kind"]: line["amountFen"] for line in account["lines"]} == {
            "allotment": 200_000, "spending": -150_000, "refund": -50_000,
        }  # fmt: skip
        statement = (await worker.get(f"/api/v1/resources/{money['id']}/statement")).json()
        assert (statement["openingFen"], statement["closingFen"]) == (0, 150_000)
        place = {"organizationId": str(world.places["street"]), "year": "2026"}
        figures = (await worker.get("/api/v1/livelihood-figures", params=place)).json()
        assert (figures["proposed"], figures["spentFen"], figures["mean"]) == (1, 150_000, "21/5")
    assert money_found(world) == []
    await declare(world, noticeDays=0)


async def residents_want(world, need):
    """Let three residents back it and two of them carry it in a meeting of three; others have no voice."""
    path = f"/needs/{need['id']}"
    async with world.client("member") as asker, world.client("far") as stranger, world.client("worker") as worker:
        refused = [await client.post(f"/api/v1{path}/support") for client in (asker, stranger, worker)]
        assert [answer.json()["code"] for answer in refused] == [
            "own_proposal", "not_of_this_community", "not_of_this_community",
        ]  # fmt: skip
        assert (await back(world, need, "ann", "ben", "cai", "cai"))["supporters"] == 3
        async with world.client("cai") as cai:
            assert (await post(cai, f"{path}/withdraw-support"))["supporters"] == 2
            assert (await post(cai, f"{path}/support"))["mine"] is True
        roster = [str(world.people[name]) for name in ("ann", "ben", "cai")]
        meeting = (await post(worker, f"{path}/meeting", {"people": roster}, 201))["meeting"]
        assert (meeting["roster"], meeting["quorum"], meeting["carried"]) == (3, 2, False)
    async with world.client("ann") as ann, world.client("ben") as ben, world.client("dora") as dora:
        assert (await post(ann, f"{path}/vote", {"vote": "for"}))["meeting"]["votes"] is None
        assert (await ann.post(f"/api/v1{path}/vote", json={"vote": "against"})).json()["code"] == "voted_already"
        assert (await dora.post(f"/api/v1{path}/vote", json={"vote": "for"})).status_code == 403
        carried = (await post(ben, f"{path}/vote", {"vote": "for"}))["meeting"]
        assert (carried["carried"], carried["votes"]) == (True, {"for": 2, "against": 0, "abstain": 0})


async def residents_rate(world, here):
    """Let the unit deliver and five residents rate; of four nobody reads more than that they are four."""
    async with world.client("worker") as worker, world.client("liaison") as liaison, world.client("eve") as eve:
        await post(liaison, f"{here}/deliver", {"summary": "装好扶手 40 米"})
        for name, stars in (("ann", 5), ("ben", 4), ("cai", 5), ("dora", 3)):
            async with world.client(name) as client:
                told = await post(client, f"{here}/ratings", {"accepted": True, "stars": stars}, 201)
        assert (told["ratings"], told["mean"], told["mine"]) == (4, None, True)
        last = {"accepted": False, "stars": 4, "remark": "油漆味大"}
        told = await post(eve, f"{here}/ratings", last, 201)
        assert (told["ratings"], told["mean"], told["accepted"], told["remarks"]) == (5, "21/5", 4, None)
        assert (await eve.post(f"/api/v1{here}/ratings", json=last)).json()["code"] == "rated_already"
        assert (await worker.get(f"/api/v1{here}/ratings")).json()["remarks"] == ["油漆味大"]


async def test_a_project_never_spends_beyond_what_it_was_given_and_what_was_wrong_is_reversed(world):
    money, project = await running(world, 10_000)
    paid = await spent(world, project, 9_999)
    assert (await spent(world, project, 2, status=409))["code"] == "fund_too_low"
    async with world.client("street_officer") as street, world.client("worker") as worker:
        async with world.client("dora") as public:
            shown = await state_of(world, f"/payments/{paid['id']}", "dora")
            assert (shown["amountFen"], shown["payee"], shown["fileIds"]) == (9_999, None, [])
            assert (await public.get(f"/api/v1/payments/{paid['id']}/files/{paid['fileIds'][0]}")).status_code == 403
        body = {"reason": "发票金额有误"}
        await post(worker, f"/payments/{paid['id']}/reverse", body, 403)
        assert (await post(street, f"/payments/{paid['id']}/reverse", body))["state"] == "reversed"
        await post(street, f"/payments/{paid['id']}/reverse", body, 409)
        assert balance(world, project["id"]) == 10_000
        kept = await post(worker, f"/projects/{project['id']}/cancel", {"reason": "居民改变主意"}, 409)
        assert kept["code"] == "payments_waiting"
        (waiting,) = (await worker.get("/api/v1/payments?state=proposed&projectId=" + project["id"])).json()["items"]
        await post(street, f"/payments/{waiting['id']}/decline", {"reason": "余额不足"})
        await post(worker, f"/projects/{project['id']}/cancel", {"reason": "居民改变主意"})
    assert (balance(world, project["id"]), balance(world, money["id"])) == (0, 10_000)


async def test_limits_of_a_district_hold_public_money_and_not_what_units_give(world):
    await declare(world, projectLimitFen=5_000, noticeDays=0)
    money = await fund(world, 20_000)
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        project = await post(liaison, "/projects", proposal(world), 201)
        for side in (liaison, worker):
            await post(side, f"/projects/{project['id']}/accept")
        told = {"resourceId": money["id"], "amountFen": 5_001, "purpose": "材料"}
        asked = await post(worker, f"/projects/{project['id']}/allotments", told, 201)
        async with world.client("street_officer") as street:
            over = await street.post(f"/api/v1/payments/{asked['id']}/confirm")
            assert (over.status_code, over.json()["code"]) == (409, "over_project_limit")
            gone = await post(street, f"/payments/{asked['id']}/decline", {"reason": "超出上限"})
            assert (gone["state"], gone["reason"]) == ("declined", "超出上限")
        await allotted(world, project, money, 5_000)
        assert (await liaison.post("/api/v1/funding-rules", json={})).status_code in (403, 422)
        where = {"organizationId": str(world.places["community"])}
        rules = (await liaison.get("/api/v1/funding-rules", params=where)).json()
        assert rules["standing"]["projectLimitFen"] == 5_000
    await declare(world, noticeDays=0)


async def test_donors_are_named_as_they_wish_and_known_to_the_auditor(world):
    money = await fund(world)
    path = f"/resources/{money['id']}/donations"
    gift = {"amountFen": 10_000, "paidOn": TODAY}
    async with world.client("member") as member, world.client("liaison") as liaison, world.client("far") as public:
        own = await post(member, path, {**gift, "own": True, "anonymous": True}, 201)
        unit = await post(liaison, path, {**gift, "donorId": str(world.places["unit"])}, 201)
        odd = await member.post(f"/api/v1{path}", json={**gift, "own": True, "donorId": str(world.places["unit"])})
        assert (odd.status_code, odd.json()["code"]) == (422, "donor_unclear")
        assert (await member.post(f"/api/v1{path}", json=gift)).status_code == 403
        assert (await public.get(f"/api/v1/payments/{own['id']}")).status_code == 404
        for payment in (own, unit):
            assert (await confirmed(world, payment, "street_officer"))["documentId"] is not None
        shown = [(await public.get(f"/api/v1/payments/{one['id']}")).json()["donor"] for one in (own, unit)]
        assert shown == [{"kind": "person", "name": None}, {"kind": "unit", "name": "测试市第一中学"}]
        assert (await public.get(f"/api/v1/payments/{own['id']}/donor")).status_code == 403
        receipt = (await member.get(f"/api/v1/documents/{(await mine(member, own))['documentId']}")).json()
        assert (receipt["content"]["yuan"], receipt["content"]["donor"]) == ("100.00", "捐赠人（匿名）")
    async with world.client("auditor") as auditor:
        assert (await auditor.get(f"/api/v1/payments/{own['id']}/donor")).json()["personName"] == "测member"
    assert balance(world, money["id"]) == 20_000
    given = world.run(
        lambda session, _: session.rows(
            sa.select(Entry.account_kind, Entry.amount, Entry.kind, Entry.employer_id)
            .where(Entry.source_id == UUID(own["id"])).order_by(Entry.revision)
        )
    )  # fmt: skip
    assert [tuple(row) for row in given] == [("fund", 10_000, "donation", None), ("person", 10_000, "donation", None)]
    async with world.client("street_officer") as street:
        told = await post(street, f"/resources/{money['id']}/statements", {"since": TODAY, "before": "2026-04-01"}, 201)
    content = (await state_of(world, f"/documents/{told['id']}"))["content"]
    assert (content["opening"], content["closing"]) == ("0.00", "200.00")
    assert {row["what"] for row in content["moved"]} == {"捐赠人（匿名）", "测试市第一中学"}


async def test_money_counts_for_a_member_where_the_rulebook_says_so_and_nowhere_else(world):
    """R-17: a hundred yuan are ten points, in the source's own example."""
    money = await fund(world)
    async with world.client("dora") as dora:
        gift = {"amountFen": 10_000, "paidOn": TODAY, "own": True}
        paid = await post(dora, f"/resources/{money['id']}/donations", gift, 201)
    person = world.people["dora"]
    account = world.run(lambda session, _: people.account_of(session, person))
    assert world.run(judged, account, person, "r17-cangnan") == "0"
    receipt = (await confirmed(world, paid, "street_officer"))["documentId"]
    assert world.run(judged, account, person, "r17-cangnan") == "10"
    assert world.run(judged, account, person, "basic-member") in (None, "0")
    async with world.client("district_officer") as district:
        await post(district, f"/payments/{paid['id']}/reverse", {"reason": "未到账"})
    assert (await state_of(world, f"/documents/{receipt}", "dora"))["state"] == "revoked"
    assert world.run(judged, account, person, "r17-cangnan") == "0"


async def mine(client, payment):
    return (await client.get(f"/api/v1/payments/{payment['id']}")).json()


async def test_an_agreement_moves_what_a_units_own_fund_gives(world):
    async with world.client("liaison") as liaison, world.client("committee") as committee:
        body = {"kind": "fund", "title": "爱心基金", "category": "other", "organizationId": str(world.places["unit"])}
        own = await post(liaison, "/resources", body, 201)
        await post(liaison, f"/resources/{own['id']}/publish")
        told = {"amountFen": 800, "paidOn": TODAY, "purpose": "工会经费"}
        paid = await post(liaison, f"/resources/{own['id']}/allocations", told, 201)
        await post(committee, f"/payments/{paid['id']}/confirm")
        for wanted_fen, status in ((900, 409), (800, 200)):
            project = await post(liaison, "/projects", proposal(world, resourceId=own["id"], budgetFen=wanted_fen), 201)
            await post(liaison, f"/projects/{project['id']}/accept")
            async with world.client("worker") as worker:
                answer = await worker.post(f"/api/v1/projects/{project['id']}/accept")
                assert answer.status_code == status, answer.text
    assert (balance(world, own["id"]), balance(world, project["id"])) == (0, 800)


async def two_at_once(world):
    """Confirm two spendings of a whole balance, the second while the first is not committed; return what came of it."""
    _, project = await running(world, 1_000)
    told = {"amountFen": 1_000, "paidOn": TODAY, "payee": "某商店", "purpose": "材料"}
    async with world.client("worker") as worker:
        first, second = [await post(worker, f"/projects/{project['id']}/spendings", told, 201) for _ in range(2)]
    actor = serving.actor(world, "worker_b")

    def race():
        with world.house.engines.begin(world.operator.tenant_id) as session:
            payments.confirm(session, actor, UUID(first["id"]))
            other = Aside(world, actor.aside(), payments.confirm, UUID(second["id"]))
            was_held_up = other.is_held_up()
        other.join(15)
        return was_held_up, other.answer

    return *await asyncio.to_thread(race), balance(world, project["id"])


async def test_two_spendings_at_once_do_not_both_take_the_last_money(world):
    was_held_up, answer, left = await two_at_once(world)
    assert was_held_up
    assert isinstance(answer, FundTooLow), answer
    assert left == 0


async def test_without_the_lock_they_would(world, monkeypatch):
    """Control: on PostgreSQL without the lock on the account; SQLite's is the one writer, so there it asked before."""
    if world.house.engines.dialect == "postgresql":
        monkeypatch.setattr(purses, "hold", lambda *_: None)
    else:
        monkeypatch.setattr(purses, "balance", lambda *_: 1_000)
    _, answer, left = await two_at_once(world)
    assert not isinstance(answer, Exception), answer
    assert left == -1_000
    assert "overdrawn" in [detail["is"] for _, detail in money_found(world)]


async def test_the_database_keeps_no_payment_of_nothing(world):
    money = await fund(world)
    async with world.client("street_officer") as street:
        for amount in (0, -1, 1.5, True):
            told = {"amountFen": amount, "paidOn": TODAY, "purpose": "无"}
            assert (await street.post(f"/api/v1/resources/{money['id']}/allocations", json=told)).status_code == 422
        late = {"amountFen": 1, "paidOn": "2027-01-01", "purpose": "预拨"}
        assert (await post(street, f"/resources/{money['id']}/allocations", late, 422))["code"] == "paid_later"
    assert world.run(lambda session, _: session.scalar(sa.select(sa.func.min(Payment.amount_fen)))) > 0
