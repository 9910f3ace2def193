"""Needs and helpers brought together over HTTP, on both databases: proposed with reasons, answered, explained."""

from __future__ import annotations

from datetime import datetime

import pytest

from api.jobs.sealing import do_due
from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.matching import post, proposal, published_resource, state_of
from tests.support.offering import (
    SATURDAY,
    TUESDAY,
    declared,
    matched,
    met_at,
    open_need,
    proposals,
    reported_in,
    window,
)


@pytest.fixture(scope="module")
def base(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(base, request):
    base.house.clock.set(START)
    fresh = worlds.another(base, f"match-{abs(hash(request.node.name)) % 10_000}")
    fresh.clock = base.house.clock
    return fresh


async def a_street(world):
    """Match three needs of a street with two people of two communities; return the run, the needs, and the proposals.

    One need says when, one says nothing, and for one nobody has the skill.
    """
    met_at(world, "community", 31.30, 120.60)
    met_at(world, "community2", 31.31, 120.60)
    needs = {
        "timed": await open_need(world, headcount=1),
        "thin": await open_need(world, "修理门锁", None, category="infrastructure"),
        "nobody": await open_need(world, "法律咨询", (SATURDAY,), category="governance"),
    }
    told = await declared(world, "member", {"health": 3}, preferred=["tue.afternoon"])
    assert (told["areaName"], told["version"]) == ("桃园社区", 1)
    await declared(world, "member2", {"health": 3, "infrastructure": 2}, areaId=str(world.places["community2"]))
    run = await matched(world, at="street", by="street_officer")
    assert (run["state"], run["jobState"], run["rules"]["weights"]["skills"]) == ("done", "done", 3)
    (mine,) = await proposals(world, "member")
    (theirs,) = await proposals(world, "member2")
    assert (mine["needId"], theirs["needId"]) == (needs["timed"]["id"], needs["thin"]["id"])
    return run, needs, mine, theirs


async def test_what_is_proposed_says_why_in_plain_words(world):
    _, _, mine, theirs = await a_street(world)
    assert (mine["startsAt"], mine["endsAt"]) == ("2026-03-03T06:00:00Z", "2026-03-03T08:00:00Z")
    assert "技能等级 100/100 × 3：+300 分" in mine["reasons"]["lines"]["zh"]
    assert mine["reasons"]["alternative"]["why"] == "full"  # the other one takes one task and has it
    assert "两地相距约 1100 米（按社区位置计）。" in theirs["reasons"]["lines"]["zh"]
    assert [each["code"] for each in theirs["reasons"]["assumptions"]] == ["time_unknown", "headcount_unknown"]
    assert mine["allowedActions"] == ["match_proposal.accept", "match_proposal.decline"]
    async with world.client("member2") as other:
        assert (await other.get(f"/api/v1/match-proposals/{mine['id']}")).status_code == 404
        waiting = (await other.get("/api/v1/inbox")).json()["items"]
        assert [(each["kind"], each["id"]) for each in waiting] == [("match_proposal", theirs["id"])]


async def test_everyday_help_asks_for_no_skill_and_other_help_does(world):
    everyday = await open_need(world, "清洁楼道", category="environment")
    await open_need(world, "义诊", category="health")
    await declared(world, "member", {}, maxTasks=2)
    await matched(world)
    assert [each["needId"] for each in await proposals(world, "member")] == [everyday["id"]]


async def test_a_preview_shows_at_once_what_a_match_would_come_to_and_writes_nothing(world):
    await open_need(world)
    await declared(world, "member", {"health": 3})
    async with world.client("worker") as worker, world.client("member") as member:
        body = {"organizationId": str(world.places["community"]), "kind": "people", "weights": {"skills": 0}}
        seen = await post(worker, "/match-runs/preview", body)
        assert (seen["method"], seen["needs"], seen["filled"], seen["helpers"]) == ("greedy", 1, 1, 1)
        assert (await worker.get("/api/v1/match-runs")).json()["items"] == []
        assert (await member.post("/api/v1/match-runs/preview", json=body)).status_code == 403
    assert await proposals(world, "member") == []


async def test_a_yes_signs_up_and_figures_tell_of_nobody(world):
    run, needs, mine, theirs = await a_street(world)
    async with world.client("member") as member, world.client("worker") as worker, world.client("member2") as other:
        key = {"Idempotency-Key": "one-yes"}
        said = await post(member, f"/match-proposals/{mine['id']}/accept", {}, **key)
        again = await post(member, f"/match-proposals/{mine['id']}/accept", {}, **key)
        assert (said["state"], again["shiftId"]) == ("accepted", said["shiftId"])
        shift = (await member.get(f"/api/v1/shifts/{said['shiftId']}")).json()
        assert (shift["capacity"], shift["confirmed"], shift["communityName"]) == (1, 1, "桃园社区")
        assert (await state_of(world, f"/needs/{needs['timed']['id']}"))["state"] == "matched"
        (shown,) = (await worker.get(f"/api/v1/needs/{needs['timed']['id']}/proposals")).json()["items"]
        assert (shown["helperName"], shown["own"], shown["reason"]) == (None, False, None)
        path = f"/match-proposals/{theirs['id']}/accept"
        no_time = await other.post(f"/api/v1{path}", json={})
        assert (no_time.status_code, no_time.json()["code"]) == (422, "time_to_be_named")
        agreed = await post(other, path, {"startsAt": SATURDAY[0], "endsAt": SATURDAY[1]})
        assert agreed["startsAt"] == "2026-03-07T01:00:00Z"
        gap = (await worker.get(f"/api/v1/needs/{needs['nobody']['id']}/unserved")).json()
        assert (gap["why"], gap["change"], gap["missing"]) == ("no_skill", "find_the_skill", 1)
        assert gap["lines"]["en"][0] == "1 missing, 0 found: nobody has the skill."
        served = (await worker.get(f"/api/v1/needs/{needs['timed']['id']}/unserved")).json()
        assert (served["missing"], served["why"]) == (0, None)
        # Who cannot come after all gives the place back, and the need is open again.
        await post(member, f"/shifts/{said['shiftId']}/signups/me/cancel")
        assert (await state_of(world, f"/needs/{needs['timed']['id']}"))["state"] == "published"
    await figures_of(world, run)


async def figures_of(world, run):
    async with world.client("street_officer") as office:
        sums = (await office.get(f"/api/v1/match-runs/{run['id']}/figures")).json()
    assert (sums["needs"], sums["filled"], sums["unserved"], sums["idle"]) == (3, 2, 1, 0)
    assert sums["answers"] == {"proposed": 0, "accepted": 2, "declined": 0, "lapsed": 0}
    assert sums["timeToMatch"] == 0
    assert [(each["name"], each["accepted"]) for each in sums["communities"]] == [("桃园社区", 2)]
    assert sums["units"] == []  # of two helpers no unit's figures are shown
    assert sums["picture"].startswith("<svg")


async def test_a_need_that_people_served_is_done_with_its_activity(world):
    need = await open_need(world, headcount=1)
    await declared(world, "member")
    await matched(world)
    (mine,) = await proposals(world, "member")
    async with world.client("member") as member, world.client("worker") as worker:
        said = await post(member, f"/match-proposals/{mine['id']}/accept", {})
        early = await worker.post(f"/api/v1/match-proposals/{mine['id']}/rate", json={"stars": 5})
        assert (early.status_code, early.json()["code"]) == (409, "not_over_yet")
        shift = (await worker.get(f"/api/v1/shifts/{said['shiftId']}")).json()
    world.clock.forward(days=2)
    async with world.client("member") as member, world.client("worker") as worker:
        await post(worker, f"/activities/{shift['activityId']}/complete")
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "done"
        assert (await post(worker, f"/match-proposals/{mine['id']}/rate", {"stars": 5}))["rating"] == 5
        assert (await member.post(f"/api/v1/match-proposals/{mine['id']}/rate", json={"stars": 5})).status_code == 403


async def test_a_no_costs_nothing_and_teaches_the_next_run(world):
    need = await open_need(world)
    await declared(world, "member")
    await matched(world)
    (first,) = await proposals(world, "member")
    async with world.client("member") as member, world.client("worker") as worker:
        said = await post(member, f"/match-proposals/{first['id']}/decline", {"reason": "那天上班"})
        assert (said["state"], said["reason"], said["allowedActions"]) == ("declined", "那天上班", [])
        (shown,) = (await worker.get(f"/api/v1/needs/{need['id']}/proposals")).json()["items"]
        assert shown["reason"] is None
        await matched(world)
        assert len(await proposals(world, "member")) == 1  # never the same need again
        gap = (await worker.get(f"/api/v1/needs/{need['id']}/unserved")).json()
        assert (gap["why"], gap["change"]) == ("refused", "ask_others")
        await open_need(world, "量血压", (SATURDAY,))
        await matched(world)
        second = (await proposals(world, "member", state="proposed"))[0]
        assert "曾婉拒同类需求（1 次）：-30 分" in second["reasons"]["lines"]["zh"]
        # Asked twice this month: where the limit is two, a third need finds nobody who may be asked.
        rule = {"organizationId": str(world.places["district"]), "basis": "区级规定", "terms": {"asks": 2}}
    async with world.client("district_officer") as officer:
        kept = await post(officer, "/match-rules", rule, 201)
        assert (kept["edition"], kept["terms"]["asks"], kept["weights"]["skills"]) == (1, 2, 3)
        at = {"organizationId": str(world.places["community"])}
        listed = (await officer.get("/api/v1/match-rules", params=at)).json()
        assert (listed["standing"]["ruleId"], listed["standing"]["terms"]["asks"]) == (kept["id"], 2)
        street = {**rule, "organizationId": str(world.places["street"])}
        assert (await officer.post("/api/v1/match-rules", json=street)).json()["code"] == "not_a_seat"
        wild = {**rule, "weights": {"skills": 10_001}}
        assert (await officer.post("/api/v1/match-rules", json=wild)).status_code == 422
    async with world.client("member") as member:
        await post(member, f"/match-proposals/{second['id']}/decline", {})
    third = await open_need(world, "陪同取药")
    await matched(world)
    async with world.client("worker") as worker:
        gap = (await worker.get(f"/api/v1/needs/{third['id']}/unserved")).json()
        assert (gap["why"], gap["change"]) == ("asked_enough", "raise_the_limit")


async def test_who_does_not_answer_lapses_and_a_need_that_is_gone_asks_nobody(world):
    need = await open_need(world)
    await declared(world, "member")
    await matched(world)
    (asked,) = await proposals(world, "member")
    world.clock.forward(days=2)
    async with world.client("member") as member:
        late = await member.post(f"/api/v1/match-proposals/{asked['id']}/accept", json={})
        assert (late.status_code, late.json()["code"]) == (409, "too_late_to_answer")
    do_due(world.house)
    assert [each["state"] for each in await proposals(world, "member")] == ["lapsed"]
    # Its only window is over: the next run says so instead of asking.
    await matched(world)
    async with world.client("worker") as worker:
        gap = (await worker.get(f"/api/v1/needs/{need['id']}/unserved")).json()
        assert (gap["why"], gap["change"]) == ("windows_passed", "name_a_window")
        wrong = {"title": "错", "category": "health", "communityId": str(world.places["community"])}
        wrong["windows"] = [window((TUESDAY[1], TUESDAY[0]))]
        refused = await worker.post("/api/v1/needs", json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "window_contradicts")


async def test_no_unit_proposes_a_project_for_a_need_to_which_people_said_yes(world):
    need = await open_need(world, headcount=2)
    await declared(world, "member")
    await matched(world)
    (mine,) = await proposals(world, "member")
    async with world.client("member") as member, world.client("liaison") as liaison:
        await post(member, f"/match-proposals/{mine['id']}/accept", {})
        refused = await liaison.post("/api/v1/projects", json=proposal(world, needId=need["id"]))
    assert (refused.status_code, refused.json()["code"]) == (409, "need_claimed")


async def test_a_units_yes_books_the_window_that_was_matched_and_not_every_open_hour(world):
    await open_need(world)
    hours = {"startsAt": "2026-03-01T08:00:00+08:00", "endsAt": "2026-03-01T22:00:00+08:00", "every": "day"}
    await published_resource(world, "venue", 1, windows=[hours])
    reported_in(world)
    await matched(world, "units")
    (asked,) = await proposals(world, "liaison")
    async with world.client("liaison") as liaison:
        said = await post(liaison, f"/match-proposals/{asked['id']}/accept", {})
        booked = (await liaison.get(f"/api/v1/projects/{said['projectId']}/bookings")).json()["items"]
    times = [tuple(datetime.fromisoformat(each[end]) for end in ("startsAt", "endsAt")) for each in booked]
    assert times == [tuple(datetime.fromisoformat(each) for each in TUESDAY)]


async def test_a_unit_is_asked_for_nothing_while_its_place_is_closed(world):
    need = await open_need(world)
    evenings = {"startsAt": "2026-03-01T18:00:00+08:00", "endsAt": "2026-03-01T22:00:00+08:00", "every": "day"}
    await published_resource(world, "venue", 1, windows=[evenings])
    reported_in(world)
    await matched(world, "units")
    assert await proposals(world, "liaison") == []
    async with world.client("worker") as worker:
        assert (await worker.get(f"/api/v1/needs/{need['id']}/unserved")).json()["why"] == "no_time"


async def test_a_unit_accepts_and_the_community_agrees(world):
    need = await open_need(world, windows=None)
    await published_resource(world, "service", 5)
    assert (await matched(world, "units"))["state"] == "done"
    assert await proposals(world, "liaison") == []  # the unit has not reported in here
    reported_in(world)
    await matched(world, "units")
    (asked,) = await proposals(world, "liaison")
    assert (asked["helperName"], asked["need"]["title"]) == ("测试市第一中学", "陪同就医")
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        said = await post(liaison, f"/match-proposals/{asked['id']}/accept", {})
        project = await post(worker, f"/projects/{said['projectId']}/accept")
        assert (project["state"], project["needId"]) == ("agreed", need["id"])
        assert [party["side"] for party in project["parties"]] == ["asks", "offers"]
        assert (await worker.post(f"/api/v1/match-proposals/{asked['id']}/decline", json={})).status_code == 403
        rated = await post(worker, f"/match-proposals/{asked['id']}/rate", {"stars": 4})
        assert rated["rating"] == 4
