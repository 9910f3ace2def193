"""Trying a rule on last year, and what one more service would change, over HTTP on both databases."""

import jsonschema_rs
import pytest
import sqlalchemy as sa

from api.domain.rulebook.load import load
from api.domain.rulebook.shipped import shipped_text
from api.jobs.loop import run_due
from api.models import Assessment, Cycle, Entry, Fact, Person
from api.services import sealer
from tests.support import world as worlds
from tests.support.assessed import build_year
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture(scope="module")
def year(world):
    return world.run(build_year, world)


async def book(world, officer, text=None):
    source = {"shipped": "basic-member"} if text is None else {"text": text}
    made = await officer.post("/api/v1/rulebooks", json={**source, "organizationId": str(world.places["district"])})
    assert made.status_code == 201, made.text
    return made.json()


def counted(world):
    def run(session, _actor):
        tables = (Assessment, Cycle, Entry, Fact)
        return [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]

    return world.run(run)


async def tried(world, officer, rulebook, **more):
    body = {"organizationId": str(world.places["district"]), "periodStart": "2025-01-01", "periodEnd": "2026-01-01"}
    asked = await officer.post(f"/api/v1/rulebooks/{rulebook}/simulations", json={**body, **more})
    assert asked.status_code == 202, asked.text
    run_due(world.house)
    job = (await officer.get(f"/api/v1/jobs/{asked.json()['id']}")).json()
    assert job["state"] == "done", job
    return job["result"]


async def test_a_district_compares_its_draft_with_the_rule_of_its_city(world, year):
    text = shipped_text("basic-member").replace("id: basic-member", "id: of-the-city", 1)
    async with world.client("city_officer") as city, world.client("district_officer") as officer:
        body = {"text": text, "organizationId": str(world.places["city"])}
        above = (await city.post("/api/v1/rulebooks", json=body)).json()
        result = await tried(world, officer, (await book(world, officer))["id"], against=above["id"])
    verdicts = {row["members"]: row["verdicts"] for row in result["compared"]["verdicts"]}
    assert verdicts[result["members"]] == ["alike"]


async def test_a_draft_is_tried_on_last_year_and_leaves_no_trace(world, year):
    async with world.client("district_officer") as officer:
        basic = await book(world, officer)
        before = counted(world)
        alone = await tried(world, officer, basic["id"])
        assert counted(world) == before
        assert alone["members"] >= 28
        assert sum(row["members"] for row in alone["rules"][0]["spread"]) == alone["members"]
        stricter = shipped_text("basic-member").replace("version: ", "version: strict-", 1)
        other = await book(world, officer, stricter)
        result = await tried(world, officer, other["id"], against=basic["id"])
        assert result["rules"][0]["spread"] == result["rules"][1]["spread"] == alone["rules"][0]["spread"]
        compared = result["compared"]
        verdicts = {row["members"]: row["verdicts"] for row in compared["verdicts"]}
        assert verdicts[result["members"]] == ["alike"]  # the same rule under another version
        assert [rule["roleLabels"]["zh"] for rule in result["rules"]] == ["试行", "对照"]  # the other one is a draft
        assert ["alike"] in [cell["verdicts"] for cell in compared["communities"][0]["cells"]]
        assert result["picture"].startswith("<svg")
        assert all(words in result["picture"] for words in ("由对照到试行的变化", "变好 better", "变差 worse"))
        assert all(row["members"] >= 5 for row in compared["communities"])


async def test_what_cannot_be_tried_is_told(world, year):
    async with world.client("district_officer") as officer, world.client("member") as member:
        basic = await book(world, officer)
        body = {"organizationId": str(world.places["district"]), "periodStart": "2025-01-01", "periodEnd": "2040-01-01"}
        path = f"/api/v1/rulebooks/{basic['id']}/simulations"
        refused = await officer.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "period_not_over")
        unit = await officer.post(
            "/api/v1/rulebooks", json={"shipped": "basic-unit", "organizationId": str(world.places["district"])}
        )
        refused = await officer.post(
            f"/api/v1/rulebooks/{unit.json()['id']}/simulations", json={**body, "periodEnd": "2026-01-01"}
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "member_rule_missing")
        both = {**body, "periodEnd": "2026-01-01", "against": unit.json()["id"]}
        assert (await officer.post(path, json=both)).json()["code"] == "cannot_be_tried"
        assert (await member.post(path, json={**body, "periodEnd": "2026-01-01"})).status_code == 403


async def test_a_member_sees_what_one_more_service_would_change(world, year):
    def known(session, actor):
        shown = sa.select(Person.id).where(Person.account_id == year.accounts[1])
        return session.scalar(shown)

    person = world.run(known)
    async with world.client("district_officer") as officer:
        basic = await book(world, officer)
        if basic["state"] == "draft":
            await officer.post(f"/api/v1/rulebooks/{basic['id']}/activate")
        unit = await officer.post(
            "/api/v1/rulebooks", json={"shipped": "basic-unit", "organizationId": str(world.places["district"])}
        )
        if unit.json()["state"] == "draft":
            await officer.post(f"/api/v1/rulebooks/{unit.json()['id']}/activate")
        cycle = await officer.post("/api/v1/cycles", json={
            "title": "2025", "organizationId": str(world.places["district"]), "periodStart": "2025-01-01",
            "periodEnd": "2026-01-01", "cutOff": "2025-12-31", "memberRulebookId": basic["id"],
            "unitRulebookId": unit.json()["id"],
        })  # fmt: skip
        assert cycle.status_code == 201, cycle.text
        path = f"/api/v1/cycles/{cycle.json()['id']}/what-if"
    world.people["one"] = person
    before = counted(world)
    async with world.client("one") as member:
        plain = (await member.post(path, json={})).json()
        assert plain["now"] == plain["then"]
        assert plain["notes"] == []  # the rule compares nobody
        services = [{"servedOn": f"2025-{month:02d}-02", "minutes": 480} for month in range(1, 13)]
        more = (await member.post(path, json={"services": services})).json()
        assert more["now"] == plain["now"]
        assert more["then"]["score"] != more["now"]["score"] or more["then"]["grade"] != more["now"]["grade"]
        assert more["then"]["lines"]["zh"]
    assert counted(world) == before
    async with world.client("worker") as stranger:
        assert (await stranger.post(path, json={})).json()["code"] == "not_a_subject"


async def test_the_published_schema_takes_every_rulebook_that_ships_and_refuses_a_bent_one(world):
    async with world.client("member") as member:
        schema = (await member.get("/api/v1/rulebooks/schema")).json()
    judge = jsonschema_rs.Draft202012Validator(schema)
    document = load(shipped_text("basic-member")).document()
    assert judge.is_valid(document)
    assert not judge.is_valid({**document, "measures": []})
    assert not judge.is_valid({**document, "formula": "a + b"})


async def test_a_units_rule_is_tried_with_a_members_rule_and_counts_units(world, year):
    while world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True)):
        continue
    async with world.client("district_officer") as officer:
        basic = await book(world, officer)
        unit = await book(world, officer, shipped_text("basic-unit"))
        lax = shipped_text("basic-unit").replace('version: "1"', 'version: "lax"', 1).replace("95%", "1%")
        before = counted(world)
        other = await book(world, officer, lax)
        result = await tried(world, officer, other["id"], against=unit["id"], memberRulebookId=basic["id"])
        assert counted(world) == before
        assert (result["subject"], result["units"]) == ("unit", 3)
        # of ten members each one or none never reported in, and some served too little: no unit reaches 95 %
        strict, easy = result["rules"][1]["spread"], result["rules"][0]["spread"]
        assert {row["outcome"]: row["members"] for row in strict if row["members"]} == {"out_of_assessment": 3}
        assert sum(row["members"] for row in easy if row["outcome"] == "graded") == 3
        assert result["compared"]["communities"] == []
