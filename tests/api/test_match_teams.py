"""Gates, teams and what is kept of a run over HTTP, on both databases: who is asked, who is not, and what is told."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from api.jobs.sealing import do_due
from api.models import MatchRun
from api.services import audit_judged, match_runs
from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.funding import settle_in
from tests.support.matching import post, published_resource, state_of
from tests.support.offering import FREE, declared, matched, open_need, proposals, reported_in


@pytest.fixture(scope="module")
def base(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(base, request):
    base.house.clock.set(START)
    fresh = worlds.another(base, f"gates-{abs(hash(request.node.name)) % 10_000}")
    fresh.clock = base.house.clock
    return fresh


async def why_nobody(world, need):
    return await state_of(world, f"/needs/{need['id']}/unserved")


async def test_nobody_is_asked_who_does_not_pass_a_gate_until_it_is_on_record(world):
    needs = {
        "aid": await open_need(world, "跑步陪护", gates={"qualifications": ["first_aid"]}),
        "elders": await open_need(world, "长者合唱队", gates={"ageFrom": 55}),
        "company": await open_need(world, "企业共建", gates={"groups": ["unit"]}),
    }
    settle_in(world, "member")
    await declared(world, "member", maxTasks=3)
    await published_resource(world, "service", 5)
    reported_in(world)
    await matched(world)
    assert await proposals(world, "member") == []
    told = {name: await why_nobody(world, need) for name, need in needs.items()}
    assert {name: each["why"] for name, each in told.items()} == {
        "aid": "qualification_missing", "elders": "age_unknown", "company": "not_of_the_group",
    }  # fmt: skip
    assert told["aid"]["lines"]["zh"][0] == "还缺 1 人（已有 0 人）：可及且有空者均未登记所要求的资格。"
    assert told["elders"]["lines"]["en"][1] == "What would help: possible if they put their birth date on record."
    # What asks for a unit is asked of units, and of no person; what asks for a certificate is asked of who has it.
    await matched(world, "units")
    assert needs["company"]["id"] in [each["needId"] for each in await proposals(world, "liaison")]
    async with world.client("worker") as worker:
        body = {
            "kind": "qualification", "personId": str(world.people["member"]), "code": "first_aid",
            "communityId": str(world.places["community"]), "occurredOn": "2026-02-01",
        }  # fmt: skip
        await post(worker, "/facts", body, 201)
    await matched(world)
    (asked,) = await proposals(world, "member")
    assert asked["needId"] == needs["aid"]["id"]
    async with world.client("member") as member:
        said = await post(member, f"/match-proposals/{asked['id']}/accept", {})
        shift = (await member.get(f"/api/v1/shifts/{said['shiftId']}")).json()
    # Whoever signs up for what came of it is asked the same.
    async with world.client("member2") as other:
        refused = await other.post(f"/api/v1/shifts/{shift['id']}/signups")
        assert (refused.status_code, refused.json()["code"]) == (409, "qualification_missing")


async def a_team(world):
    """Let the worker found a team that member answers for, member2 enter it, and its leader say when it is free."""
    async with world.client("worker") as worker, world.client("member") as leader, world.client("member2") as other:
        body = {"name": "桃园护绿队", "organizationId": str(world.places["community"])}
        founded = await post(worker, "/teams", {**body, "leaderId": str(world.people["member"])}, 201)
        assert (founded["people"], founded["leads"]) == (1, False)
        assert founded["allowedActions"] == ["team.edit", "team.join", "team.end"]
        path = f"/teams/{founded['id']}"
        inside = await post(other, f"{path}/join")
        assert (await post(other, f"{path}/join"))["people"] == inside["people"] == 2
        told = {"skills": [{"category": "health", "level": 2}], "free": FREE}
        assert (await other.put(f"/api/v1{path}/availability", json=told)).status_code == 403
        assert (await leader.put(f"/api/v1{path}/availability", json=told)).json()["told"]["free"] == FREE
        stays = await leader.post(f"/api/v1{path}/leave")
        assert (stays.status_code, stays.json()["code"]) == (409, "team_leader_stays")
        mine = (await other.get("/api/v1/teams", params={"mine": "true"})).json()["items"]
        assert [(each["name"], each["inside"], each["told"]) for each in mine] == [("桃园护绿队", True, None)]
    return founded


async def test_a_teams_yes_asks_each_of_its_people_and_signs_nobody_up(world):
    team = await a_team(world)
    need = await open_need(world, headcount=2, gates={"groups": ["team"]})
    await matched(world)
    (asked,) = await proposals(world, "member")
    assert (asked["teamName"], asked["places"], asked["helperName"], asked["own"]) == (
        "桃园护绿队",
        2,
        "桃园护绿队",
        True,
    )
    assert await proposals(world, "member2") == []
    async with world.client("member") as leader, world.client("member2") as other, world.client("member3") as stranger:
        waiting = (await leader.get("/api/v1/inbox")).json()["items"]
        assert [each["id"] for each in waiting] == [asked["id"]]
        assert (await stranger.get(f"/api/v1/match-proposals/{asked['id']}")).status_code == 404
        said = await post(leader, f"/match-proposals/{asked['id']}/accept", {})
        assert (said["state"], said["shiftId"]) == ("accepted", None)
        (theirs,) = await proposals(world, "member2")
        (own,) = await proposals(world, "member", state="proposed")
        assert {theirs["teamId"], own["teamId"]} == {team["id"]}
        # One after the other, each for themselves; with the last place the need is matched.
        await post(other, f"/match-proposals/{theirs['id']}/accept", {})
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "published"
        await post(leader, f"/match-proposals/{own['id']}/accept", {})
        assert (await state_of(world, f"/needs/{need['id']}"))["state"] == "matched"
        await post(other, f"/teams/{team['id']}/leave")
        assert (await other.get(f"/api/v1/teams/{team['id']}")).json()["people"] == 1
    async with world.client("worker") as worker:
        assert (await post(worker, f"/teams/{team['id']}/end"))["state"] == "ended"


async def test_a_run_is_proved_while_its_inputs_are_kept_and_says_when_they_are_not(world):
    await open_need(world)
    await declared(world, "member")
    run = await matched(world)
    tenant = world.operator.tenant_id

    def differing():
        return world.run(lambda session, _: list(audit_judged.match_runs_reproduce(session, tenant)))

    assert differing() == []
    world.run(
        lambda session, _: session.execute(
            sa.update(MatchRun).where(MatchRun.tenant_id == tenant).values(result_hash="0")
        )
    )
    assert [str(row_id) for row_id, _ in differing()] == [run["id"]]
    world.clock.forward(days=731)
    do_due(world.house)
    assert differing() == []
    async with world.client("worker") as worker:
        assert (await worker.get(f"/api/v1/match-runs/{run['id']}")).json()["inputsHash"] == run["inputsHash"]
    with pytest.raises(match_runs.InputsDropped):
        world.run(match_runs.replayed, UUID(run["id"]))
