"""Appeals and recomputations over HTTP: who, when, decided by whom, what follows, and what stays as it is."""

from __future__ import annotations

import asyncio
import threading
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.jobs.loop import run_due
from api.models import Event, Job
from api.services import audit_judged, people
from tests.support import appealing, assessed
from tests.support import world as worlds
from tests.support.appealing import all_of, appealed, decided, got, missed, opened, over, posted, worked

MEMBERS, UNITS = 18, 2
MINE = "考核单位0:R002"  # member 2 of unit 0: two services of 90 minutes


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), MEMBERS, UNITS)
    yield built
    built.close()


async def unit_key(world, cycle, unit=0):
    everything = await all_of(world, cycle)
    wanted = str(world.year.units[unit])
    return next(key for key, row in everything.items() if row["subjectKind"] == "unit" and row["employerId"] == wanted)


async def test_an_upheld_appeal_changes_its_subject_and_the_unit_and_nobody_else(world):
    cycle = await opened(world)
    before = await all_of(world, cycle)
    case = await appealed(world, cycle, "m002")
    assert (case["kind"], case["facts"]["appeal"]["ground"]) == ("appeal", "wrong_record")
    early = await posted(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "复算"}, 409)
    assert early["code"] == "nothing_to_recompute"
    shown = await got(world, "district_officer", f"/cases/{case['id']}")
    assert "case.answer" not in shown["allowedActions"]  # who computed does not decide
    await posted(world, "city_officer", f"/cases/{case['id']}/assign", {})
    refused = await posted(world, "district_officer", f"/cases/{case['id']}/answer",
                           {"answer": "不成立", "outcome": "dismissed"}, 409)  # fmt: skip
    assert refused["code"] == "decided_before"
    silent = await posted(world, "city_officer", f"/cases/{case['id']}/answer", {"answer": "同意"}, 422)
    assert silent["code"] == "outcome_missing"
    closed = await decided(world, case["id"], "upheld")
    assert (closed["facts"]["outcome"], closed["answer"]) == ("upheld", "经核，理由如下")
    missed(world, 2)
    missed(world, 4)  # who did not appeal: this result does not follow, however right the record is now
    over(world)
    owed = await posted(world, "district_officer", f"/cycles/{cycle}/finalize", status=409)
    assert (owed["code"], owed["owed"]) == ("appeals_undecided", 1)
    await check_proposal(world, cycle, case, before)
    final = await posted(world, "district_officer", f"/cycles/{cycle}/finalize")
    assert final["state"] == "final"
    await check_amendment(world, cycle)
    with world.house.engines.look() as session:
        for check in (audit_judged.assessments_reproduce, audit_judged.assessed_minutes_are_folds,
                      audit_judged.sealed_periods_stand, audit_judged.documents_as_issued):  # fmt: skip
            assert list(check(session, world.operator.tenant_id)) == []


async def check_proposal(world, cycle, case, before):
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    again = await posted(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "再算"}, 409)
    assert again["code"] == "recomputation_open"
    path = f"/recomputations/{result['recomputationId']}"
    proposed = await got(world, "district_officer", path)
    assert (proposed["state"], proposed["caseIds"]) == ("proposed", [case["id"]])
    mine, unit = proposed["effects"]["results"]
    assert (mine["subjectKey"], mine["named"]) == (MINE, True)
    assert (unit["subjectKind"], unit["named"]) == ("unit", False)
    assert (mine["before"]["points"], mine["after"]["points"]) == ("3", "7")
    assert (mine["before"]["stands"], mine["after"]["stands"]) == ("unqualified", "basically_qualified")
    assert proposed["effects"]["unchanged"] == len(before) - 2
    assert await all_of(world, cycle) == before  # a proposal changes nothing
    own = await posted(world, "district_officer", f"{path}/adopt", status=403)
    assert own["code"] == "needs_second_person"
    spreads = [await got(world, name, f"/cycles/{cycle}/figures") for name in ("m001", "city_officer")]
    adopted = await posted(world, "city_officer", f"{path}/adopt")
    assert (adopted["state"], adopted["allowedActions"]) == ("adopted", [])
    assert await got(world, "m001", f"/cycles/{cycle}/figures") == spreads[0]  # a difference of one tells who it was
    assert (await got(world, "city_officer", f"/cycles/{cycle}/figures"))["columns"] != spreads[1]["columns"]
    twice = await posted(world, "city_officer", f"{path}/adopt", status=409)
    assert twice["code"] == "step_not_allowed"
    after = await all_of(world, cycle)
    assert {key for key in before if after[key] != before[key]} == {MINE, await unit_key(world, cycle)}
    assert (after[MINE]["points"], after[MINE]["revision"]) == ("7", 2)
    assert (await got(world, "district_officer", f"/cycles/{cycle}"))["digest"] == adopted["digest"]
    old = await got(world, "m002", f"/assessments/{before[MINE]['id']}/explanation")  # still opens
    assert old["judgementHash"] == before[MINE]["judgementHash"]


async def check_amendment(world, cycle):
    """What was sealed and delivered changes by an amendment alone, and the statement that told it is superseded."""
    await worked(world, "district_officer", f"/cycles/{cycle}/deliver")
    cycle_before = await got(world, "district_officer", f"/cycles/{cycle}")
    before = await all_of(world, cycle)
    late = await posted(world, "m004", f"/cycles/{cycle}/appeals", {"ground": "other", "reason": "迟了"}, 409)
    assert late["code"] == "appeals_closed"
    assert late["closedOn"] < "2026-04-12"
    other = {"reason": "记录更正", "assessmentIds": [str(world.places["city"])]}
    wrong = await posted(world, "district_officer", f"/cycles/{cycle}/amendments", other, 422)
    assert wrong["code"] == "not_standing"
    named = {"reason": "十二月的服务未记入", "assessmentIds": [before["考核单位0:R004"]["id"]]}
    sealed = await posted(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "复算"}, 409)
    assert "cycle.amend" in sealed["allowedActions"]
    result = await worked(world, "district_officer", f"/cycles/{cycle}/amendments", named)
    adopted = await posted(world, "city_officer", f"/recomputations/{result['recomputationId']}/adopt")
    assert (adopted["kind"], adopted["digestBefore"]) == ("amendment", cycle_before["digest"])
    appealing.work(world)
    now = await got(world, "district_officer", f"/cycles/{cycle}")
    assert (now["state"], now["digest"]) == ("delivered", adopted["digest"])
    params = {"kind": "feedback_statement", "issuerId": str(world.places["district"]), "limit": 100}
    papers = (await got(world, "district_officer", "/documents", **params))["items"]
    mine = [paper for paper in papers if paper["recipientId"] == str(world.year.units[0])]
    new, old = sorted(mine, key=lambda paper: paper["issuedAt"], reverse=True)
    assert (new["state"], old["state"], new["supersedesId"]) == ("issued", "superseded", old["id"])
    others = [paper for paper in papers if paper["recipientId"] == str(world.year.units[1])]
    assert [paper["state"] for paper in others] == ["issued"]


async def test_one_appeal_at_a_time_and_what_was_withdrawn_cost_nothing(world):
    cycle = await opened(world)
    first = await appealed(world, cycle, "m003", ground="procedure")
    second = await posted(world, "m003", f"/cycles/{cycle}/appeals", {"ground": "other", "reason": "再申"}, 409)
    assert (second["code"], second["caseId"]) == ("appeal_open", first["id"])
    async with world.client("m005") as stranger:
        assert (await stranger.post(f"/api/v1/cases/{first['id']}/withdraw")).status_code == 404
    back = await posted(world, "m003", f"/cases/{first['id']}/withdraw")
    assert (back["state"], back["allowedActions"]) == ("closed", [])
    gone = await posted(world, "m003", f"/cases/{first['id']}/reopen", {"reason": "还是要申诉"}, 409)
    assert gone["code"] == "case_withdrawn"
    again = await appealed(world, cycle, "m003", ground="exemption")
    assert again["id"] != first["id"]
    blocked = appealing.over(world) or await posted(world, "district_officer", f"/cycles/{cycle}/finalize", status=409)
    assert (blocked["code"], blocked["open"]) == ("appeals_undecided", 1)
    closed = await posted(world, "m007", f"/cycles/{cycle}/appeals", {"ground": "other", "reason": "迟"}, 409)
    assert closed["code"] == "appeals_closed"  # the window's days are over, though nobody sealed the cycle yet
    told = await decided(world, again["id"], "dismissed")
    assert (await got(world, "m003", f"/cases/{again['id']}"))["answer"] == told["answer"]
    assert (await posted(world, "district_officer", f"/cycles/{cycle}/finalize"))["state"] == "final"


async def test_only_the_subject_appeals_and_only_in_the_window(world):
    cycle = await opened(world, through="publish")
    early = await posted(world, "m001", f"/cycles/{cycle}/appeals", {"ground": "other", "reason": "早"}, 409)
    assert early["code"] == "appeals_not_open"
    await posted(world, "district_officer", f"/cycles/{cycle}/open-appeals")
    unit = {"ground": "wrong_rule", "reason": "本单位只有两人", "organizationId": str(world.year.units[0])}
    for name in ("m001", "liaison", "worker"):
        refused = await posted(world, name, f"/cycles/{cycle}/appeals", unit, 403)
        assert refused["code"] == "not_the_subject"
    await posted(world, "auditor", f"/cycles/{cycle}/appeals", {"ground": "other", "reason": "非对象"}, 404)
    world.run(another_of_the_unit, world)
    case = await posted(world, "liaison-0", f"/cycles/{cycle}/appeals", unit, 201)
    assert case["facts"]["appeal"]["subjectKind"] == "unit"
    for other in (case, await appealed(world, cycle, "m004")):  # their unit's, and that of one of its people
        own = await posted(world, "both", f"/cases/{other['id']}/assign", {}, 409)
        assert own["code"] == "decided_before"
    wrong = await posted(world, "m001", f"/cycles/{cycle}/appeals", {"ground": "dislike", "reason": "x"}, 422)
    assert wrong["errors"][0]["pointer"] == "/ground"
    shown = await got(world, "m001", f"/cycles/{cycle}")
    assert shown["allowedActions"] == ["cycle.appeal"]
    for name in ("m004", "auditor", "liaison-0"):  # appealed before; no subject; appealed for the unit
        assert (await got(world, name, f"/cycles/{cycle}"))["allowedActions"] == []
    assert (await got(world, "district_officer", f"/cycles/{cycle}"))["allowedActions"] == []  # the window is open


def another_of_the_unit(session, actor, world):
    """Somebody who holds an office of the district, and is a liaison of the first unit too."""
    world.people["both"] = people.add(session, actor, {"name": "兼"}, since=worlds.LONG_AGO)
    for role, at in (("district_officer", world.places["district"]), ("liaison", world.year.units[0])):
        people.grant(session, actor, world.people["both"], role, at, since=worlds.LONG_AGO)


async def test_a_correction_that_comes_during_a_computation_counts_in_the_next_one(world):
    cycle = await opened(world, through="open-self-review")
    whole = (await all_of(world, cycle))["考核单位0:R010"]["minutes"]
    (entry, *_) = (await got(world, "m010", "/entries"))["items"]
    body = await got(world, "district_officer", f"/cycles/{cycle}")
    copied = ("organizationId", "periodStart", "periodEnd", "cutOff", "memberRulebookId", "unitRulebookId")
    again = {"title": "再算", **{name: body[name] for name in copied}}
    path = f"/cycles/{(await posted(world, 'district_officer', '/cycles', again, 201))['id']}"
    job = UUID((await posted(world, "district_officer", f"{path}/compute", status=202))["id"])
    begun, corrected = threading.Event(), threading.Event()

    def waits(_per_cent, counts):
        if "position" in counts and not begun.is_set():  # what it is as of is settled, and nobody was judged yet
            begun.set()
            assert corrected.wait(60)

    computing = asyncio.create_task(asyncio.to_thread(run_due, world.house, only=job, watch=waits))
    assert await asyncio.to_thread(begun.wait, 60)
    try:
        await posted(world, "street_officer", f"/entries/{entry['id']}/reverse", {"reason": "recorded_by_mistake"})
    finally:
        corrected.set()
    await computing
    first = (await got(world, "district_officer", path))["digest"]
    assert (await all_of(world, path.rpartition("/")[2]))["考核单位0:R010"]["minutes"] == whole
    await worked(world, "district_officer", f"{path}/compute")
    assert (await all_of(world, path.rpartition("/")[2]))["考核单位0:R010"]["minutes"] == whole - entry["amount"]
    assert (await got(world, "district_officer", path))["digest"] != first


async def proposed(world, cycle, forget=False):
    """Ask twice at once, kill the one recomputation in the middle, correct the record, and let it go on.

    With `forget` it is killed before it has kept anything, and does not know any more what it was as of.
    """
    path = f"/api/v1/cycles/{cycle}/recomputations"
    async with world.client("district_officer") as officer:
        asked = await asyncio.gather(*(officer.post(path, json={"reason": "补录后复算"}) for _ in range(2)))
    assert sorted(answer.status_code for answer in asked) == [202, 409]
    job = UUID(next(answer.json()["id"] for answer in asked if answer.status_code == 202))

    def dies(_per_cent, counts):
        if ("position" if forget else "members") in counts:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_due(world.house, only=job, watch=dies)
    year = world.year
    for shift in (7, 8) if forget else (9, 10):
        world.run(assessed.post, year.accounts[6], 60, year.shifts[shift], year.units[0])
    if forget:
        world.run(forgotten, job)
    world.house.clock.forward(minutes=1)  # the dead worker's lease has run out
    run_due(world.house, only=job)
    ended = await got(world, "district_officer", f"/jobs/{job}")
    assert ended["state"] == "done", ended
    return await got(world, "district_officer", f"/recomputations/{ended['result']['recomputationId']}")


def forgotten(session, _actor, job):
    session.execute(sa.update(Job).where(Job.id == job).values(counts={}))


async def test_killed_asked_for_twice_and_adopted_twice_a_recomputation_counts_once(world):
    cycle = await opened(world)
    case = await appealed(world, cycle, "m006")
    await decided(world, case["id"], "partly")
    missed(world, 6)
    found = await proposed(world, cycle)
    mine = found["effects"]["results"][0]
    assert (mine["before"]["points"], mine["after"]["points"]) == (
        "15",
        "19",
    )  # and not what came while it was computed
    async with world.client("city_officer") as officer:
        path = f"/api/v1/recomputations/{found['id']}/adopt"
        answers = await asyncio.gather(*(officer.post(path) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 412])  # decided, or changed meanwhile
    with world.house.engines.look() as session:
        kinds = sa.select(Event.kind).where(Event.subject_id.in_([UUID(found["id"]), UUID(cycle)]))
        told = [row.kind for row in session.rows(kinds)]
    assert (told.count("recomputation.adopt"), told.count("cycle.recompute")) == (1, 1)
    again = await appealed_and_dropped(world, cycle)
    assert again["state"] == "dropped"


async def appealed_and_dropped(world, cycle):
    """A second recomputation that is dropped leaves what stands, and blocks the next one no longer."""
    before = await all_of(world, cycle)
    case = await appealed(world, cycle, "m008")
    await decided(world, case["id"], "upheld")
    missed(world, 8)
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "复算"})
    path = f"/recomputations/{result['recomputationId']}"
    dropped = await posted(world, "district_officer", f"{path}/drop")
    assert await all_of(world, cycle) == before
    async with world.client("city_officer") as officer:
        assert (await officer.post(f"/api/v1{path}/adopt")).status_code == 409
    third = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "再次复算"})
    last = await posted(world, "city_officer", f"/recomputations/{third['recomputationId']}/adopt")
    assert last["revision"] == 4
    after = await all_of(world, cycle)
    assert after["考核单位0:R008"]["points"] != before["考核单位0:R008"]["points"]
    assert after["考核单位0:R006"] == before["考核单位0:R006"]  # what the first one gave stands
    return dropped


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_recomputation_that_forgets_its_position_sees_what_came_later(world):
    """Control: the figures of the test above depend on the position that was settled first."""
    cycle = await opened(world)
    before = (await all_of(world, cycle))["考核单位0:R006"]["points"]
    await decided(world, (await appealed(world, cycle, "m006"))["id"], "upheld")
    found = await proposed(world, cycle, forget=True)
    assert (before, found["effects"]["results"][0]["after"]["points"]) == ("21", "23")
