"""A third may be excellent: ten members with a tie at the last seat, a unit of two, and what two people decide."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.access import acting
from api.domain.rulings import NoSeatLeft
from api.jobs.loop import run_due
from api.models import Cycle
from api.services import audit_judged, rulings
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.ruling import BOOK, opened, populate, propose, take


@pytest.fixture(scope="module")
def clock(database):
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    built.run(populate, built)
    yield built
    built.close()


async def test_a_tie_for_the_last_of_three_seats_and_a_unit_of_two_are_decided_by_two_people(world, clock):
    await one_unit_says_that_it_did_nothing(world)
    async with world.client("district_officer") as officer, world.client("city_officer") as second:
        path, of = await opened(world, officer)
        await as_arithmetic_leaves_it(officer, path, of)
        for step in ("open-self-review", "open-public-review"):
            await take(officer, f"{path}/{step}")
        refused = await take(officer, f"{path}/publish", 409)
        assert (refused["code"], refused["count"]) == ("decisions_open", 3)
        assert refused["subjects"] == ["单位pair:00", "单位ten:02", "单位ten:03"]
        first = await propose(officer, path, of["单位ten:03"], "excellent")
        assert (await take(officer, f"/api/v1/rulings/{first['id']}/confirm", 403))["code"] == "needs_second_person"
        assert (await propose(officer, path, of["单位ten:03"], "qualified", expected=409))["code"] == "ruling_waits"
        confirmed = await take(second, f"/api/v1/rulings/{first['id']}/confirm")
        assert (confirmed["state"], confirmed["before"], confirmed["grade"]) == ("confirmed", "excellent", "excellent")
        full = await propose(officer, path, of["单位ten:02"], "excellent", expected=409)
        assert (full["code"], full["seats"]) == ("no_seat_left", 3)
        for key, grade in (("单位ten:02", "qualified"), ("单位pair:00", "excellent")):
            made = await propose(second, path, of[key], grade)
            await take(officer, f"/api/v1/rulings/{made['id']}/confirm")
        await no_override_by_one_alone_or_in_own_affairs(world, officer, second, path, of)
        await take(officer, f"{path}/publish")
        assert (await propose(officer, path, of["单位ten:05"], "qualified", "override", 409))[
            "code"
        ] == "ruling_not_now"
    await what_the_subject_reads(world, path, of)
    await the_window_closes_by_the_calendar(world, clock, path)


async def one_unit_says_that_it_did_nothing(world):
    told = {
        "kind": "nil_return", "organizationId": str(world.places["ten"]), "occurredOn": "2025-01-01",
        "communityId": str(world.places["community"]),
    }  # fmt: skip
    async with world.client("liaison2") as liaison:
        refused = await take(liaison, "/api/v1/facts", 422, told)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("nil_return_period", "/until")
        said = await take(liaison, "/api/v1/facts", 201, {**told, "until": "2026-01-01"})
        assert (said["case"], said["fact"]["provenance"]) == (None, "unit_reported")


async def as_arithmetic_leaves_it(officer, path, of):
    groups = (await officer.get(f"{path}/quota")).json()["items"]
    told = {
        each["groupName"]: [each[name] for name in ("counted", "seats", "held", "lowered", "waiting")]
        for each in groups
    }
    assert told == {"单位ten": [10, 3, 2, 1, 2], "单位pair": [2, 0, 0, 0, 1]}
    waiting = (await officer.get(f"{path}/allotments", params={"open": True})).json()["items"]
    assert sorted(each["subjectKey"] for each in waiting) == ["单位pair:00", "单位ten:02", "单位ten:03"]
    stands = {key: (each["grade"], each["standing"]["grade"], each["standing"]["basis"]) for key, each in of.items()}
    assert stands["单位ten:00"] == ("excellent", "excellent", "assessment")
    assert stands["单位ten:02"] == stands["单位ten:03"] == ("excellent", None, "undecided")
    assert stands["单位ten:04"] == ("excellent", "qualified", "quota")
    assert of["单位ten:04"]["standing"]["gradeLabels"]["zh"] == "合格"
    nothing = await propose(officer, path, of["单位ten:00"], "qualified", expected=409)
    assert nothing["code"] == "nothing_to_choose"
    odd = await propose(officer, path, of["单位ten:02"], "unqualified", expected=422)
    assert (odd["code"], odd["errors"][0]["pointer"]) == ("no_such_grade", "/grade")


async def no_override_by_one_alone_or_in_own_affairs(world, officer, second, path, of):
    made = await propose(officer, path, of["单位ten:09"], "qualified", "override")
    assert (await take(officer, f"/api/v1/rulings/{made['id']}/confirm", 403))["code"] == "needs_second_person"
    for name in ("ten9", "liaison2"):  # officers too, but the subject, and the liaison of the subject's unit
        async with world.client(name) as involved:
            assert (await take(involved, f"/api/v1/rulings/{made['id']}/confirm", 403))["code"] == "own_judgement"
            assert (await propose(involved, path, of["单位ten:09"], "excellent", "override", 403))[
                "code"
            ] == "own_judgement"
    async with world.client("street_officer") as street:
        assert (await propose(street, path, of["单位ten:08"], "qualified", "override", 403))["code"] == "forbidden"
    assert (await take(officer, f"{path}/publish", 409))["subjects"] == ["单位ten:09"]  # proposed by one, not decided
    await take(second, f"/api/v1/rulings/{made['id']}/confirm")
    more = await propose(officer, path, of["单位ten:08"], "excellent", "override", 409)
    assert more["code"] == "no_seat_left"  # an override makes no fourth seat
    declined = await propose(officer, path, of["单位ten:08"], "unqualified", "override")
    assert (await take(second, f"/api/v1/rulings/{declined['id']}/decline"))["state"] == "declined"


async def what_the_subject_reads(world, path, of):
    cycle_id = path.rsplit("/", 1)[1]
    async with world.client("ten9") as member:
        (mine,) = (await member.get("/api/v1/me/assessments")).json()["items"]
        assert (mine["grade"], mine["standing"]["grade"]) == ("unqualified", "qualified")
        opened = (await member.get(f"/api/v1/assessments/{mine['id']}/explanation")).json()
        assert (opened["standing"]["basis"], opened["standing"]["reason"]) == ("override", "支部大会讨论决定")
        what_if = await take(member, f"{path}/what-if", body={"services": []})
        assert what_if["standing"]["grade"] == "qualified"
    async with world.client("ten3") as member:
        (ruling,) = (await member.get("/api/v1/rulings", params={"cycleId": cycle_id})).json()["items"]
        assert (ruling["kind"], ruling["grade"], ruling["allowedActions"]) == ("quota_choice", "excellent", [])
        waits = (await member.get("/api/v1/inbox")).json()["items"]
        assert [each["kind"] for each in waits] == ["assessment"]
    async with world.client("liaison2") as liaison:
        own = f"/api/v1/organizations/{world.places['ten']}/assessments"
        (result,) = (await liaison.get("/api/v1/inbox", params={"limit": 100})).json()["items"][-1:]
        assert (result["kind"], result["link"]) == ("result", own)
        (told,) = (await liaison.get(own)).json()["items"]
        assert told["standing"]["grade"] == "unqualified"
        assert not told.keys() & {"points", "judgement", "bundleHash"}
    async with world.client("ten0") as member:
        assert (await member.get(own)).status_code == 403
        assert (await member.get("/api/v1/rulings")).json()["items"] == []
        assert (await member.get(f"/api/v1/rulings/{ruling['id']}")).status_code == 404
        assert (await member.get(f"{path}/quota")).status_code == 403


async def the_window_closes_by_the_calendar(world, clock, path):
    async with world.client("district_officer") as officer:
        opened = await take(officer, f"{path}/open-appeals")
        assert opened["calendar"]["appealsUntil"] == "2026-03-09"  # five working days from Monday 2 March
        early = await take(officer, f"{path}/finalize", 409)
        assert (early["code"], early["until"]) == ("appeals_still_taken", "2026-03-09")
    clock.set(datetime(2026, 3, 9, 17, 0, tzinfo=UTC))  # the tenth, one in the morning in Shanghai
    async with world.client("district_officer") as officer:
        assert (await officer.get(path)).json()["clock"]["late"]
        final = await take(officer, f"{path}/finalize")
        lines = [
            ["member", "单位pair:00", "quota_choice", "graded", "excellent"],
            ["member", "单位ten:02", "quota_choice", "graded", "qualified"],
            ["member", "单位ten:03", "quota_choice", "graded", "excellent"],
            ["member", "单位ten:04", "quota", "graded", "qualified"],
            ["member", "单位ten:09", "override", "graded", "qualified"],
        ]
        written = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
        assert final["decisionsDigest"] == sha256(written.encode()).hexdigest()
        await take(officer, f"{path}/deliver", 202)
        run_due(world.house)
        statements = (await officer.get("/api/v1/documents", params={"kind": "feedback_statement"})).json()["items"]
        told, units = {}, {}
        for each in statements:
            content = (await officer.get(f"/api/v1/documents/{each['id']}")).json()["content"]
            told |= {(content["recipient"]["name"], line["rosterNumber"]): line for line in content["members"]}
            units[content["recipient"]["name"]] = content["result"]
        said, silent = units["单位ten"], units["单位pair"]
        assert (said["grade"]["code"], "2025-01-01 起至 2026-01-01（不含）" in said["lines"][0]["zh"]) == (
            "unqualified",
            True,
        )
        assert (silent["grade"], silent["outcome"]) == (None, None)  # of a silent unit it is unknown, not nought
        lowered, override = told["单位ten", "04"], told["单位ten", "09"]
        assert (lowered["grade"]["code"], lowered["basis"]["code"]) == ("qualified", "quota")
        assert (override["grade"]["code"], override["basis"]["code"]) == ("qualified", "override")
        assert "basis" not in told["单位ten", "00"]
        assert "支部大会" not in json.dumps(list(told.values()), ensure_ascii=False)  # why is the member's own
    tenant = world.operator.tenant_id
    with world.house.engines.look(tenant) as session:
        assert list(audit_judged.sealed_periods_stand(session, tenant)) == []


async def test_a_rule_that_is_retired_and_one_that_is_activated_meanwhile_change_nothing_in_a_cycle(world, clock):
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    async with world.client("district_officer") as officer:
        path, _ = await opened(world, officer, "中途换规则", BOOK.replace('version: "1"', 'version: "2"'))
        before = (await officer.get(path)).json()
        await take(officer, f"/api/v1/rulebooks/{before['memberRulebookId']}/retire")
        half = BOOK.replace('version: "1"', 'version: "3"').replace("atMost: 1/3", "atMost: 1/2")
        newer = {"organizationId": before["organizationId"], "text": half}
        made = await take(officer, "/api/v1/rulebooks", 201, newer)
        await take(officer, f"/api/v1/rulebooks/{made['id']}/activate")
        await take(officer, f"{path}/compute", 202)
        run_due(world.house)
        after = (await officer.get(path)).json()
        assert (after["revision"], after["digest"]) == (before["revision"] + 1, before["digest"])
        assert after["memberRulebookId"] == before["memberRulebookId"]
        groups = (await officer.get(f"{path}/quota")).json()["items"]
        assert sorted(each["seats"] for each in groups) == [0, 3]


async def test_six_in_ten_may_be_qualified_or_better_and_nobody_is_decided_into_a_seventh_seat(world, clock):
    """Two are excellent, two tie for the third seat, 70 h became qualified and 9 h is the sixth: 8, 7 and 6 h fall."""
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    wider = {
        "id": "six_in_ten", "labels": {"zh": "合格以上", "en": "Qualified"}, "grade": "qualified", "orBetter": True,
        "atMost": "60%", "within": "unit", "rank": "points", "instead": "unqualified",
    }  # fmt: skip
    text = BOOK.replace('version: "1"', 'version: "4"') + f"  - {json.dumps(wider, ensure_ascii=False)}\n"
    async with world.client("district_officer") as officer, world.client("city_officer") as second:
        path, of = await opened(world, officer, "合格以上六成", text)
        groups = (await officer.get(f"{path}/quota")).json()["items"]
        told = {
            each["groupName"]: [each[name] for name in ("counted", "seats", "held", "lowered", "waiting")]
            for each in groups
            if each["quota"] == "six_in_ten"
        }
        assert told == {"单位ten": [10, 6, 4, 3, 0], "单位pair": [2, 1, 0, 0, 0]}
        stands = [of[f"单位ten:{n:02}"]["standing"]["grade"] for n in range(10)]
        assert stands == ["excellent"] * 2 + [None] * 2 + ["qualified"] * 2 + ["unqualified"] * 4
        for step in ("open-self-review", "open-public-review"):
            await take(officer, f"{path}/{step}")
        for key, grade in (("单位ten:02", "excellent"), ("单位ten:03", "qualified")):
            made = await propose(officer, path, of[key], grade)
            await take(second, f"/api/v1/rulings/{made['id']}/confirm")
        full = await propose(officer, path, of["单位ten:06"], "qualified", "override", 409)
        assert (full["code"], full["seats"]) == ("no_seat_left", 6)


@pytest.mark.parametrize("locked", [True, False])
async def test_of_two_rulings_for_the_last_seat_at_once_one_stands(world, clock, database, monkeypatch, locked):
    """The control takes the lock away: then both stand, where the database itself does not put writers in a row."""
    if not locked:
        if database.startswith("sqlite"):
            pytest.skip("SQLite has one writer at a time, with or without the lock")
        monkeypatch.setattr(rulings, "_locked", unlocked)
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    async with world.client("district_officer") as officer:
        path, of = await opened(world, officer, f"{locked}")
        made = [await propose(officer, path, of[key], "excellent") for key in ("单位ten:02", "单位ten:03")]
    tenant = world.operator.tenant_id
    with world.house.engines.look(tenant) as session:
        actor = acting(session, tenant, world.people["city_officer"], "ruling.confirm")
    outcomes = at_once(world, actor, [UUID(each["id"]) for each in made])
    assert sorted(outcomes) == (["confirmed", "no_seat_left"] if locked else ["confirmed", "confirmed"])


def unlocked(session, cycle_id):
    return session.first(sa.select(Cycle.state, Cycle.revision).where(Cycle.id == cycle_id))


def at_once(world, actor, ids):
    """Confirm rulings in transactions that all have begun before the first of them looks at the seats."""
    ready = threading.Barrier(len(ids))
    seats_of = rulings.seats_of

    def confirm(ruling_id):
        try:
            with world.house.engines.begin(actor.tenant_id) as session:
                rulings.confirm(session, replace(actor), ruling_id)
        except NoSeatLeft as why:
            return why.code
        return "confirmed"

    def held(*arguments):
        found = seats_of(*arguments)
        with suppress(threading.BrokenBarrierError):  # behind the lock the second comes only after the first has gone
            ready.wait(timeout=0.5)
        return found

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(len(ids)) as pool:
        patched.setattr(rulings, "seats_of", held)
        return list(pool.map(confirm, ids))
