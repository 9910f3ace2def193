"""Funds with money, livelihood projects that residents want, and who lives where, as tests of 资金 begin."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.shipped import shipped
from api.models import Entry
from api.services import audit, bundles, people, sealer
from api.services.cuts import Cut, last_recorded
from api.services.subjects import Subject
from tests.support.matching import post, proposal
from tests.support.world import LONG_AGO, World

TODAY = "2026-03-02"  # where the clock of tests stands


def settle_in(world: World, *names: str, at: str = "community") -> None:
    """Let people have reported in to a community, new ones among them."""

    def settle(session: Any, actor: Any) -> None:
        for name in names:
            if name not in world.people:
                world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=LONG_AGO)
            people.affiliate(
                session, actor, world.people[name], world.places[at], "registration", state="accepted",
                principal=True, basis="residence", since=LONG_AGO,
            )  # fmt: skip

    world.run(settle)


def second_worker(world: World, name: str = "worker_b") -> None:
    """Let a second person work for the community: money wants four eyes."""

    def add(session: Any, actor: Any) -> None:
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=LONG_AGO)
        people.grant(
            session, actor, world.people[name], "community_worker", world.places["community"], since=LONG_AGO
        )  # fmt: skip

    world.run(add)


async def fund(world: World, fen: int = 0, by: str = "street_officer", at: str = "street") -> Any:
    """Publish a fund of a place, and put so much public money in."""
    body = {"kind": "fund", "title": "民生微实事专项资金", "category": "other", "organizationId": str(world.places[at])}
    async with world.client(by) as holder:
        made = await post(holder, "/resources", body, 201)
        made = await post(holder, f"/resources/{made['id']}/publish")
        if fen:
            told = {"amountFen": fen, "paidOn": TODAY, "purpose": "区财政拨付"}
            paid = await post(holder, f"/resources/{made['id']}/allocations", told, 201)
            await confirmed(world, paid, "district_officer")
    return made


async def confirmed(world: World, payment: Any, by: str) -> Any:
    """Let a second person confirm a payment."""
    async with world.client(by) as second:
        return await post(second, f"/payments/{payment['id']}/confirm")


async def wanted(world: World, title: str = "楼道加装扶手") -> Any:
    """Let a resident propose a livelihood project and the community publish it."""
    async with world.client("member") as member, world.client("worker") as worker:
        body = {
            "kind": "livelihood_project", "title": title, "category": "elderly_care",
            "communityId": str(world.places["community"]),
        }  # fmt: skip
        need = await post(member, "/needs", body, 201)
        await post(member, f"/needs/{need['id']}/submit")
        return await post(worker, f"/needs/{need['id']}/publish")


async def carried_by(world: World, need: Any, budget_fen: int | None, **more: Any) -> Any:
    """Let the unit propose to carry it out and both sides agree."""
    body = proposal(world, needId=need["id"], title=need["title"], budgetFen=budget_fen, **more)
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        project = await post(liaison, "/projects", body, 201)
        await post(liaison, f"/projects/{project['id']}/accept")
        return await post(worker, f"/projects/{project['id']}/accept")


async def allotted(world: World, project: Any, fund: Any, fen: int, by: str = "street_officer") -> Any:
    """Let the community ask a fund for money and its holder confirm."""
    told = {"resourceId": fund["id"], "amountFen": fen, "purpose": "扶手材料"}
    async with world.client("worker") as worker:
        asked = await post(worker, f"/projects/{project['id']}/allotments", told, 201)
    return await confirmed(world, asked, by)


def balance(world: World, account: Any) -> int:
    """Return the sum of an account's entries, read past the product."""
    of = sa.select(sa.func.sum(Entry.amount)).where(Entry.account_id == UUID(str(account)), Entry.unit == "fen")
    return int(world.run(lambda session, _: session.scalar(of)) or 0)


async def declare(world: World, **rules: Any) -> Any:
    """Let the district declare the rules of livelihood projects."""
    body = {"organizationId": str(world.places["district"]), "basis": "东区试行办法", **rules}
    async with world.client("district_officer") as district:
        return await post(district, "/funding-rules", body, 201)


async def running(world: World, fen: int, budget: int | None = None) -> tuple[Any, Any]:
    """A project that is no livelihood need's, with so much money of its own."""
    money = await fund(world, fen)
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        project = await post(liaison, "/projects", proposal(world, budgetFen=budget), 201)
        for side in (liaison, worker):
            await post(side, f"/projects/{project['id']}/accept")
        await allotted(world, project, money, fen)
        await post(worker, f"/projects/{project['id']}/start")
    return money, project


async def spent(world: World, project: Any, fen: int, status: int = 200) -> Any:
    """Let one person say what a project paid and another confirm it; who said so cannot."""
    told = {"amountFen": fen, "paidOn": TODAY, "payee": "某五金店", "purpose": "扶手及安装"}
    async with world.client("worker") as worker, world.client("worker_b") as second:
        bill = await worker.post("/api/v1/files", files={"file": ("发票.pdf", b"%PDF-1.4", "application/pdf")})
        told["fileIds"] = [bill.json()["id"]]
        paid = await post(worker, f"/projects/{project['id']}/spendings", told, 201)
        own = await worker.post(f"/api/v1/payments/{paid['id']}/confirm")
        assert (own.status_code, own.json()["code"]) == (403, "needs_second_person")
        assert "payment.confirm" not in paid["allowedActions"]
        waiting = (await second.get("/api/v1/inbox?limit=100")).json()["items"]
        assert paid["id"] in [item["id"] for item in waiting if item["kind"] == "payment"]
        looked = await second.get(f"/api/v1/payments/{paid['id']}/files/{paid['fileIds'][0]}")
        assert (looked.status_code, looked.content) == (200, b"%PDF-1.4")
        answer = await second.post(f"/api/v1/payments/{paid['id']}/confirm")
        assert answer.status_code == status, answer.text
    return answer.json()


def judged(session: Any, actor: Any, account: UUID, person: UUID, book: str) -> str | None:
    """Return the score of a member by a rulebook, of all that is sealed in 2026."""
    while sealer.seal(session, actor.tenant_id, everything=True):
        pass
    position = last_recorded(session, actor.tenant_id)
    year = (date(2026, 1, 1), date(2027, 1, 1), date(2026, 12, 31))
    cut = Cut(actor.tenant_id, ZoneInfo("Asia/Shanghai"), *year, position)
    subject = Subject(account, person, "A001", None, None, True, {})
    (bundle,) = bundles.member_bundles(session, cut, shipped(book), [subject], [])
    return evaluate(shipped(book), bundle)["score"]


def money_found(world: World) -> list[Any]:
    """What an audit finds wrong with money."""
    check = audit.CHECKS["accounts_of_money"]
    return list(world.run(lambda session, _: list(check(session, world.operator.tenant_id))))
