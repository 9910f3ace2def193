"""Cycles over HTTP: what cannot be, who may, and a request that is repeated."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from api.jobs.loop import run_due
from api.jobs.sealing import do_due
from api.models import Event
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def clock(database):
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


async def body(world, officer, **more):
    """Return a cycle that can be opened, with active rulebooks of the district."""
    at, ids = str(world.places["district"]), {}
    for subject in ("member", "unit"):
        book = (
            await officer.post("/api/v1/rulebooks", json={"shipped": f"basic-{subject}", "organizationId": at})
        ).json()
        if book["state"] == "draft":
            await officer.post(f"/api/v1/rulebooks/{book['id']}/activate")
        ids[f"{subject}RulebookId"] = book["id"]
    return {
        "title": "2025年度", "organizationId": at, "periodStart": "2025-01-01", "periodEnd": "2026-01-01",
        "cutOff": "2025-12-31", **ids, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"periodEnd": "2025-01-01"}, "/periodEnd"),
        ({"cutOff": "2024-12-31"}, "/cutOff"),
        ({"cutOff": "2026-01-02"}, "/cutOff"),
        ({"calendar": {"selfReviewUntil": "2025-12-30"}}, "/calendar/selfReviewUntil"),
        ({"calendar": {"publicReviewUntil": "2026-03-06", "publishBy": "2026-03-05"}}, "/calendar/publishBy"),
        ({"calendar": {"appealDays": 0}}, "/calendar/appealDays"),
    ],
)
async def test_days_that_contradict_each_other_are_refused(world, wrong, pointer):
    async with world.client("district_officer") as officer:
        refused = await officer.post("/api/v1/cycles", json=await body(world, officer, **wrong))
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_rulebook_that_does_not_fit_is_refused(world):
    async with world.client("district_officer") as officer:
        right = await body(world, officer)
        for wrong in (
            {"memberRulebookId": right["unitRulebookId"]},
            {"unitRulebookId": right["memberRulebookId"]},
            {"periodStart": "2019-01-01", "cutOff": "2019-12-31"},  # before the rule holds
        ):
            refused = await officer.post("/api/v1/cycles", json={**right, **wrong})
            assert (refused.status_code, refused.json()["code"]) == (409, "rulebook_does_not_fit")
        absent = {**right, "memberRulebookId": str(world.places["city"])}
        assert (await officer.post("/api/v1/cycles", json=absent)).status_code == 404
    async with world.client("city_officer") as city:
        above = {**right, "organizationId": str(world.places["city"])}  # a district's rule does not judge its city
        assert (await city.post("/api/v1/cycles", json=above)).json()["code"] == "rulebook_does_not_fit"


async def test_who_may_not_and_what_is_not_yet(world):
    async with world.client("district_officer") as officer:
        right = await body(world, officer)
        cycle = (await officer.post("/api/v1/cycles", json=right)).json()
        assert cycle["allowedActions"] == ["cycle.compute", "cycle.set_calendar"]
        path = f"/api/v1/cycles/{cycle['id']}"
        early = await officer.post(f"{path}/publish")
        assert (early.status_code, early.json()["code"]) == (409, "step_not_allowed")
        assert early.json()["allowedActions"] == ["cycle.compute", "cycle.set_calendar"]
    for name in ("member", "liaison", "worker", "street_officer", "auditor"):
        async with world.client(name) as client:
            assert (await client.get(path)).status_code == 200
            for step in ("compute", "publish", "finalize", "deliver"):
                assert (await client.post(f"{path}/{step}")).status_code == 403
            assert (await client.post("/api/v1/cycles", json=right)).status_code == 403


async def test_a_period_that_is_not_over_is_computed_and_not_published(world, clock):
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    days = {"periodStart": "2025-03-03", "periodEnd": "2026-03-03", "cutOff": "2026-02-28"}
    async with world.client("district_officer") as officer:
        cycle = (await officer.post("/api/v1/cycles", json=await body(world, officer, **days))).json()["id"]
        path = f"/api/v1/cycles/{cycle}"
        await officer.post(f"{path}/compute")
        run_due(world.house)
        for step in ("open-self-review", "open-public-review"):
            answer = await officer.post(f"{path}/{step}")
            assert answer.status_code == 200, answer.text
            shown = answer.json()
        assert "cycle.publish" not in shown["allowedActions"]
        early = (await officer.post(f"{path}/publish")).json()
        assert (early["code"], early["lastDay"]) == ("period_still_runs", "2026-03-02")
    clock.set(datetime(2026, 3, 2, 16, 0, tzinfo=UTC))  # midnight in Shanghai
    async with world.client("district_officer") as officer:
        assert "cycle.publish" in (await officer.get(path)).json()["allowedActions"]
        assert (await officer.post(f"{path}/publish")).json()["state"] == "published"
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


async def test_a_repeated_request_queues_one_computation(world):
    async with world.client("district_officer") as officer:
        cycle = (await officer.post("/api/v1/cycles", json=await body(world, officer))).json()
        path, key = f"/api/v1/cycles/{cycle['id']}/compute", {"Idempotency-Key": "compute-once"}
        first, again = [await officer.post(path, headers=key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.headers["location"] == f"/api/v1/jobs/{first.json()['id']}"
        assert (again.json()["id"], again.headers["idempotent-replay"]) == (first.json()["id"], "true")


async def test_a_phase_that_ends_soon_or_is_late_is_told_and_nothing_is_done_by_the_clock(world, clock):
    async with world.client("district_officer") as officer:
        cycle = (await officer.post("/api/v1/cycles", json=await body(world, officer))).json()
        path = f"/api/v1/cycles/{cycle['id']}"
        assert (cycle["clock"], cycle["calendar"]["selfReviewUntil"]) == (None, None)
        backwards = {"selfReviewUntil": "2026-03-06", "publicReviewUntil": "2026-03-05"}
        refused = await officer.put(f"{path}/calendar", json=backwards)
        assert (refused.status_code, refused.json()["code"]) == (422, "calendar_dates")
        assert refused.json()["errors"][0]["pointer"] == "/calendar/publicReviewUntil"
        set_to = (await officer.put(f"{path}/calendar", json={"selfReviewUntil": "2026-03-06"})).json()
        assert set_to["clock"]["lastDay"] == "2026-03-06"
        assert not set_to["clock"]["soon"]
    assert reminded(world) == []
    clock.set(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))  # three working days before Friday
    soon = {"phase": "self_review", "lastDay": "2026-03-06", "late": False}
    assert reminded(world) == reminded(world) == [soon]
    clock.set(datetime(2026, 3, 7, 1, 0, tzinfo=UTC))
    assert reminded(world) == [soon, {**soon, "late": True}]
    async with world.client("district_officer") as officer:
        waits = {each["id"]: each for each in (await officer.get("/api/v1/inbox")).json()["items"]}
        assert (waits[cycle["id"]]["kind"], waits[cycle["id"]]["late"]) == ("cycle", True)
        assert (await officer.get(path)).json()["state"] == "open"
    async with world.client("street_officer") as other:
        assert (await other.put(f"{path}/calendar", json={})).status_code == 403


PHASES = [
    ([], 3, "2026-03-06"),  # on Tuesday the Friday is three working days ahead
    (["open-self-review"], 4, "2026-03-06"),
    (["open-public-review"], 9, None),
    ([], 10, "2026-03-13"),
    ([], 14, None),  # the review is over, publication is not near
    ([], 17, "2026-03-20"),
    (["publish"], 18, None),
    (["open-appeals"], 18, None),  # five working days: up to Wednesday, the 25th
    ([], 20, "2026-03-25"),
    (["finalize"], 26, None),
]
"""Steps that are taken on a day of March 2026, and the last day that then stands in the inbox."""


async def test_each_of_the_four_phases_waits_in_the_inbox_three_working_days_before_its_end(world, clock):
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    calendar = {
        "selfReviewUntil": "2026-03-06", "publicReviewUntil": "2026-03-13", "publishBy": "2026-03-20", "appealDays": 5
    }  # fmt: skip
    async with world.client("district_officer") as officer:
        wanted = await body(world, officer, title="四个阶段", calendar=calendar)
        cycle = (await officer.post("/api/v1/cycles", json=wanted)).json()["id"]
        assert (await officer.post(f"/api/v1/cycles/{cycle}/compute")).status_code == 202
    run_due(world.house)
    seen = []
    for steps, day, _ in PHASES:
        clock.set(datetime(2026, 3, day, 1, 0, tzinfo=UTC))
        async with world.client("district_officer") as officer:
            for step in steps:
                taken = await officer.post(f"/api/v1/cycles/{cycle}/{step}")
                assert taken.status_code == 200, taken.text
            waits = (await officer.get("/api/v1/inbox", params={"limit": 100})).json()["items"]
            seen.append([each["dueOn"] for each in waits if each["id"] == cycle])
    assert seen == [[] if last is None else [last] for _, _, last in PHASES]
    async with world.client("street_officer") as other:
        waits = (await other.get("/api/v1/inbox", params={"limit": 100})).json()["items"]
        assert not any(each["kind"] == "cycle" for each in waits)


def reminded(world):
    """Do what is due and return what the record says of reminders."""
    do_due(world.house)
    told = sa.select(Event.details).where(Event.kind == "cycle.remind").order_by(Event.id)
    with world.house.engines.look() as session:
        return [row.details for row in session.rows(told)]
