"""A unit that does well may have more excellent people: its grade in the same cycle, or a fact, decides the share."""

from __future__ import annotations

import pytest

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.ruling import BOOK, opened, populate, propose, take

BY_GRADE = "shareBy: {shares: {qualified: 1/2, unqualified: 1/10}}"
BY_FACT = """shareBy: {source: facts, where: {kind: [final_grade]}, yearsBack: 1, shares: {excellent: 1/5}}"""


def rule(name, share):
    return BOOK.replace("id: a-third-of-a-unit", f"id: {name}").replace("atMost: 1/3", f"atMost: 1/3\n    {share}")


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(populate, built)
    yield built
    built.close()


async def groups(officer, path):
    rows = (await officer.get(f"{path}/quota")).json()["items"]
    return {row["groupName"]: row for row in rows}


async def decisions(officer, path):
    rows = (await officer.get(f"{path}/allotments")).json()["items"]
    return [row["decision"] for row in sorted(rows, key=lambda row: row["subjectKey"]) if "ten" in row["subjectKey"]]


async def test_while_a_units_grade_is_open_its_sure_seats_are_given_and_its_grade_opens_the_others(world):
    async with world.client("district_officer") as officer, world.client("city_officer") as second:
        path, of = await opened(world, officer, text=rule("by-grade", BY_GRADE))
        # nobody records goods, so the unit is qualified or not: of five with the hours one sits sure, none loses yet
        assert await decisions(officer, path) == ["kept"] + ["needs_decision"] * 4 + ["kept"] * 5
        ten = (await groups(officer, path))["单位ten"]
        assert (ten["seats"], ten["words"], ten["held"], ten["waiting"]) == (1, ["qualified", "unqualified"], 1, 4)
        assert (await propose(officer, path, of["单位ten:01"], "excellent", expected=409))["code"] == "no_seat_left"
        found = (
            await officer.get("/api/v1/assessments", params={"cycleId": path.rsplit("/", 1)[1], "limit": 100})
        ).json()
        unit = next(row for row in found["items"] if row["subjectKind"] == "unit" and row["subjectKey"] == "单位ten")
        ruled = await propose(officer, path, unit, "qualified", "override")
        await take(second, f"/api/v1/rulings/{ruled['id']}/confirm")
        ten = (await groups(officer, path))["单位ten"]
        assert (ten["seats"], ten["words"]) == (5, ["qualified"])
        for key in ("单位ten:01", "单位ten:02"):
            made = await propose(officer, path, of[key], "excellent")
            await take(second, f"/api/v1/rulings/{made['id']}/confirm")
        assert (await groups(officer, path))["单位ten"]["held"] == 3


async def test_a_share_by_last_years_fact_and_a_cycle_that_cannot_give_the_grade(world):
    told = {
        "kind": "final_grade", "organizationId": str(world.places["ten"]), "occurredOn": "2024-12-31",
        "communityId": str(world.places["community"]), "value": "excellent",
    }  # fmt: skip
    async with world.client("district_officer") as officer, world.client("worker") as community:
        book = {"organizationId": str(world.places["district"]), "text": rule("by-fact", BY_FACT)}
        made = await take(officer, "/api/v1/rulebooks", 201, book)
        await take(officer, f"/api/v1/rulebooks/{made['id']}/activate")
        await take(community, "/api/v1/facts", 201, told)
        path, _ = await opened(world, officer, text=rule("by-fact", BY_FACT))
        found = await groups(officer, path)
        assert [(found[f"单位{unit}"]["words"], found[f"单位{unit}"]["seats"]) for unit in ("ten", "pair")] == [
            (["excellent"], 2),
            (["none"], 0),
        ]
        assert await decisions(officer, path) == ["kept"] * 2 + ["lowered"] * 3 + ["kept"] * 5
        body = {
            "title": "无单位等次", "organizationId": str(world.places["district"]), "periodStart": "2025-01-01",
            "periodEnd": "2026-01-01", "cutOff": "2025-12-31",
        }  # fmt: skip
        grade = {"organizationId": str(world.places["district"]), "text": rule("by-grade-alone", BY_GRADE)}
        alone = await take(officer, "/api/v1/rulebooks", 201, grade)
        await take(officer, f"/api/v1/rulebooks/{alone['id']}/activate")
        refused = await take(officer, "/api/v1/cycles", 409, {**body, "memberRulebookId": alone["id"]})
        assert (refused["code"], refused["grade"], refused["within"]) == ("quota_without_grade", "qualified", "unit")
