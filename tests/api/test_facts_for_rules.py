"""What rules read is recorded: facts with their columns, and of a service its category, its leader and the conduct."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.domain.facts import AlreadyTold
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import load
from api.domain.rulebook.shipped import shipped
from api.models import Person
from api.schemas.record import NewFact
from api.services import bundles, facts, sealer, subjects
from api.services.cuts import Cut, last_recorded
from api.services.days import zone_of
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.racing import while_open
from tests.support.registering import accepted, newcomer
from tests.support.service_calls import planned, signed_up

PATH = "/api/v1/facts"
BY_CATEGORY = """
format: 1
id: by-category
version: "1"
labels: {zh: 按类别计分, en: By category}
source: 平台测试
subject: member
effective: {since: 2026-01-01}
measures:
  - id: points
    labels: {zh: 分钟, en: Minutes}
    source: entries
    where: {unit: [volunteer_minutes], activityKind: [service]}
    factors: [{table: {column: category, values: {emergency: 2, none: 1}, otherwise: 1.5}}]
final: points
grades:
  - {id: any, labels: {zh: 有, en: Some}, band: {moreThan: 0}}
  - {id: nothing, labels: {zh: 无, en: None}, band: {atMost: 0}}
"""

LOOKS_BACK = """
format: 1
id: years-before
version: "1"
labels: {zh: 连续优秀, en: Years in a row}
source: 平台测试
subject: unit
effective: {since: 2026-01-01}
measures:
  - id: years
    labels: {zh: 优秀年数, en: Years excellent}
    source: facts
    where: {kind: [final_grade], value: [excellent]}
    take: count
    window: {yearsBack: 1}
grades:
  - {id: any, labels: {zh: 有, en: Some}, when: {value: years, atLeast: 1}}
  - {id: nothing, labels: {zh: 无, en: None}}
"""
AWARDS = """
format: 1
id: awards-by-level
version: "1"
labels: {zh: 表彰按级别计分, en: Awards by level}
source: 平台测试
subject: member
effective: {since: 2026-01-01}
measures:
  - id: awards
    labels: {zh: 表彰分, en: Points of awards}
    source: facts
    where: {kind: [award]}
    take: {column: level, values: {city: 8, district: 5}, otherwise: 0}
    cadence: {each: year, atLeast: 5, exempt: [nursing]}
grades:
  - {id: any, labels: {zh: 有, en: Some}, when: {value: awards, atLeast: 1}}
  - {id: nothing, labels: {zh: 无, en: None}}
"""


@pytest.fixture(scope="module")
def clock(database):
    return Clock()  # Monday 2 March 2026


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


def bundled(world, book, name):
    """Return what a rulebook may look at of somebody's record of 2026."""

    def read(session, actor):
        sealer.seal(session, actor.tenant_id, everything=True)
        last = last_recorded(session, actor.tenant_id)
        cut = Cut(
            actor.tenant_id, zone_of(session, actor.tenant_id), date(2026, 1, 1), date(2027, 1, 1),
            date(2026, 12, 31), last,
        )  # fmt: skip
        person = world.people[name]
        account = session.scalar(sa.select(Person.account_id).where(Person.id == person))
        subject = subjects.Subject(account, person, name, world.places["unit"], world.places["community"], True, {})
        (bundle,) = bundles.member_bundles(session, cut, book, [subject], ())
        return bundle

    return world.run(read)


async def weighed(world):
    """Let R-24, which weighs by conduct, be in force in the district."""
    body = {"organizationId": str(world.places["district"]), "shipped": "r24-leizhou"}
    async with world.client("district_officer") as officer:
        book = (await officer.post("/api/v1/rulebooks", json=body)).json()
        if book["state"] == "draft":
            assert (await officer.post(f"/api/v1/rulebooks/{book['id']}/activate")).status_code == 200


def of_person(world, name, kind, day="2026-03-02", **more):
    at = str(world.places["community"])
    return {"kind": kind, "occurredOn": day, "personId": str(world.people[name]), "communityId": at, **more}


async def told(client, body, status=201):
    answer = await client.post(PATH, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_leader_and_a_fair_conduct_earn_by_the_published_factors(world, clock):
    leader, helper = newcomer(world), newcomer(world)
    for name in (leader, helper):
        await accepted(world, name)
    shift = await planned(world, clock, hours=3.0, category="emergency", leaderId=str(world.people[leader]))
    for name in (leader, helper):
        await signed_up(world, name, shift)
    begin = clock.forward(hours=1)
    end = clock.forward(hours=2)
    came = [
        {"shiftId": shift, "personId": str(world.people[name]), "direction": direction, "at": at.isoformat()}
        for name in (leader, helper)
        for direction, at in (("check_in", begin), ("check_out", end))
    ]
    async with world.client("worker") as worker:
        outcomes = (await worker.post("/api/v1/presences", json={"presences": came})).json()["outcomes"]
    assert [each["problem"] for each in outcomes] == [None] * 4
    said = of_person(world, helper, "conduct", value="fair", shiftId=shift)
    await weighed(world)
    async with world.client("worker") as worker:
        for wrong in ({"occurredOn": "2026-03-01"}, {"personId": str(world.people["member"])}):
            refused = await worker.post(PATH, json={**said, **wrong})
            assert refused.status_code in (404, 422), refused.text
        assert (await worker.post(PATH, json=said)).status_code == 201
        again = await worker.post(PATH, json=said)
        assert (again.status_code, again.json()["code"]) == (409, "already_told")
    # base 5 x leader 1.4 = 7; base 5 x participant 1 x fair 0.5 = 2.5, half rounded up: 3
    book = shipped("r24-leizhou")
    assert [evaluate(book, bundled(world, book, name))["score"] for name in (leader, helper)] == ["7", "3"]
    assert (
        evaluate(load(BY_CATEGORY), bundled(world, load(BY_CATEGORY), helper))["score"] == "240"
    )  # two hours, doubled


async def test_a_rule_that_looks_back_has_facts_of_days_before_it_recorded_and_another_has_not(world):
    grade = {
        "kind": "final_grade", "value": "excellent", "occurredOn": "2025-12-31",
        "organizationId": str(world.places["unit"]), "communityId": str(world.places["community"]),
    }  # fmt: skip
    async with world.client("district_officer") as officer, world.client("worker") as worker:
        for text, status in (
            (LOOKS_BACK.replace("    window: {yearsBack: 1}\n", "").replace("years-before", "this-year"), 422),
            (LOOKS_BACK, 201),
        ):
            body = {"organizationId": str(world.places["district"]), "text": text}
            book = (await officer.post("/api/v1/rulebooks", json=body)).json()
            assert (await officer.post(f"/api/v1/rulebooks/{book['id']}/activate")).status_code == 200
            said = await told(worker, grade, status)
            assert said.get("code") == ("wrong_fact_kind" if status == 422 else None)
    assert said["fact"]["kind"] == "final_grade"


async def test_what_a_rule_reads_of_a_fact_is_recorded_with_it_and_nothing_else(world):
    name = newcomer(world)
    await accepted(world, name)
    levelled = of_person(world, name, "award", columns={"level": "city"})
    resting = of_person(world, name, "exemption", reason="nursing", until="2026-06-01")
    async with world.client("district_officer") as officer, world.client("worker") as worker:
        refused = await told(worker, levelled, 422)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("column_unasked", "/columns/level")
        refused = await told(worker, resting, 422)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("reason_unknown", "/reason")
        body = {"organizationId": str(world.places["district"]), "text": AWARDS}
        book = (await officer.post("/api/v1/rulebooks", json=body)).json()
        assert (await officer.post(f"/api/v1/rulebooks/{book['id']}/activate")).status_code == 200
        fact = (await told(worker, levelled))["fact"]
        assert fact["details"] == {"level": "city"}
        assert (await told(worker, resting))["fact"]["details"]["kind"] == "nursing"
        for column in ("role", "kind", "end"):  # what nobody asks, and what the record fills itself
            refused = await told(worker, {**levelled, "columns": {column: "leader"}}, 422)
            assert refused["code"] == "column_unasked", column

    given = bundled(world, load(AWARDS), name)
    assert ("award", "city") in [(each["kind"], each.get("level")) for each in given["facts"]]
    assert ("nursing", "2026-06-01") in [(each["kind"], each["end"]) for each in given["exemptions"]]


@pytest.fixture
def conduct(world, clock):
    """What two clerks tell at once of somebody who was at a shift."""
    name = newcomer(world)
    asyncio.run(weighed(world))
    asyncio.run(accepted(world, name))
    shift = asyncio.run(planned(world, clock, hours=1.0))
    asyncio.run(signed_up(world, name, shift))
    line = {"shiftId": shift, "personId": str(world.people[name]), "at": clock.forward(hours=1).isoformat()}

    async def come():
        async with world.client("worker") as worker:
            told = {"presences": [{**line, "direction": "check_in"}]}
            assert (await worker.post("/api/v1/presences", json=told)).status_code == 200

    asyncio.run(come())
    said = of_person(world, name, "conduct", value="fair", shiftId=shift, day=f"{clock():%Y-%m-%d}")
    return NewFact.model_validate_json(json.dumps(said)).values()


def test_of_two_clerks_who_tell_the_same_of_a_shift_one_is_told(world, conduct):
    was_held_up, answer = while_open(world, "worker", facts.record, conduct, beside=("worker", facts.record, conduct))
    assert was_held_up
    assert isinstance(answer, AlreadyTold), answer


def test_without_the_lock_the_same_is_recorded_twice(world, conduct, monkeypatch):
    """Control: on PostgreSQL neither sees the other; SQLite has one writer anyway."""
    many_writers = world.house.engines.dialect == "postgresql"
    monkeypatch.setattr(sa.Select, "with_for_update", lambda self, **_: self)
    was_held_up, answer = while_open(world, "worker", facts.record, conduct, beside=("worker", facts.record, conduct))
    assert was_held_up is not many_writers
    assert isinstance(answer, UUID if many_writers else AlreadyTold), answer
