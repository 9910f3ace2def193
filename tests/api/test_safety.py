"""Danger and qualifications over HTTP: what is not insured is not published, who is not qualified is told why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned, signed_up
from tests.support.world import LONG_AGO


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    built.run(_at_home, built)
    yield built
    built.close()


def _at_home(session, actor, world):
    from api.services import people

    more = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
    people.affiliate(session, actor, world.people["member"], world.places["community"], "registration", **more)


async def test_a_dangerous_activity_is_published_only_with_risks_and_insurance(world):
    body = {
        "title": "防汛巡堤", "communityId": str(world.places["community"]),
        "organizerId": str(world.places["community"]), "policy": {"safety": {"danger": True}},
    }  # fmt: skip
    async with world.client("worker") as worker:
        activity = (await worker.post("/api/v1/activities", json=body)).json()
        path = f"/api/v1/activities/{activity['id']}"
        first = await worker.post(f"{path}/publish")
        await worker.put(path, json={**body, "risks": "涉水"})
        second = await worker.post(f"{path}/publish")
        insured = {"safety": {"danger": True, "insurance": "人身意外伤害保险 2026-001"}}
        edited = await worker.put(path, json={**body, "risks": "涉水", "policy": insured})
        third = await worker.post(f"{path}/publish")
    assert (first.status_code, first.json()["code"]) == (409, "risks_not_stated")
    assert (second.status_code, second.json()["code"]) == (409, "not_insured")
    assert edited.status_code == 200, edited.text
    assert third.json()["state"] == "published"


async def test_who_is_not_qualified_is_told_which_is_missing_and_signs_up_once_it_is_on_record(world, time):
    shift = await planned(world, time, policy={"safety": {"qualifications": ["first_aid"]}})
    async with world.client("member") as member:
        refused = await member.post(f"/api/v1/shifts/{shift}/signups")
    assert (refused.status_code, refused.json()["code"]) == (409, "qualification_missing")
    assert "first_aid" in refused.json()["detail"]
    today = time().date()
    fact = {
        "kind": "qualification", "personId": str(world.people["member"]), "code": "first_aid",
        "communityId": str(world.places["community"]), "occurredOn": (today - timedelta(days=30)).isoformat(),
    }  # fmt: skip
    async with world.client("worker") as worker:
        expired = await worker.post("/api/v1/facts", json={**fact, "until": today.isoformat()})
        assert expired.status_code == 201, expired.text
    async with world.client("member") as member:
        assert (await member.post(f"/api/v1/shifts/{shift}/signups")).status_code == 409
    async with world.client("worker") as worker:
        nameless = await worker.post("/api/v1/facts", json={**fact, "code": None})
        recorded = await worker.post("/api/v1/facts", json=fact)
    assert (nameless.status_code, nameless.json()["code"]) == (422, "nothing_named")
    assert recorded.status_code == 201, recorded.text
    assert (await signed_up(world, "member", shift))["state"] == "confirmed"
