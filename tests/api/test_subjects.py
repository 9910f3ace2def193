"""Whom a cycle judges: a street its communities, a district its streets and branches, units by class; over HTTP."""

from __future__ import annotations

import pytest

from api.domain.rulebook.shipped import shipped_text
from api.jobs.loop import run_due
from api.models import PersonStatus
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.assessed import build_year
from tests.support.clock import Clock
from tests.support.world import LONG_AGO

PERIOD = {"periodStart": "2025-01-01", "periodEnd": "2026-01-01", "cutOff": "2025-12-31"}
NEXT = {"periodStart": "2026-01-01", "periodEnd": "2027-01-01", "cutOff": "2026-12-31"}


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(build_year, built)
    built.run(_branch, built)
    yield built
    built.close()


def _branch(session, actor, world):
    """One branch with the first six people of the year, the last of whom is retired."""
    node = {"axis": "party", "kind": "branch", "name": "第一党支部"}
    world.places["branch"] = organizations.create(session, actor, node, world.places["party"])
    for person in world.year.people[:6]:
        people.affiliate(session, actor, person, world.places["branch"], "party_relation", since=LONG_AGO)
    session.insert(PersonStatus, [people.status_row(actor, world.year.people[5], "member_class", "retired", LONG_AGO)])


async def book(client, at, shipped=None, text=None):
    source = {"shipped": shipped} if shipped else {"text": text}
    made = await client.post("/api/v1/rulebooks", json={**source, "organizationId": str(at)})
    assert made.status_code == 201, made.text
    if made.json()["state"] == "draft":
        assert (await client.post(f"/api/v1/rulebooks/{made.json()['id']}/activate")).status_code == 200
    return made.json()["id"]


async def opened(client, at, period=PERIOD, **more):
    body = {"title": "年度考核", "organizationId": str(at), **period, **more}
    return await client.post("/api/v1/cycles", json=body)


async def computed(world, client, cycle):
    asked = await client.post(f"/api/v1/cycles/{cycle}/compute")
    assert asked.status_code == 202, asked.text
    run_due(world.house)
    job = (await client.get(f"/api/v1/jobs/{asked.json()['id']}")).json()
    assert job["state"] == "done", job
    return job["result"]


async def judged(client, cycle, kind):
    answer = await client.get("/api/v1/assessments", params={"cycleId": cycle, "subjectKind": kind})
    assert answer.status_code == 200, answer.text
    return {row["subjectKey"]: row for row in answer.json()["items"]}


async def test_a_street_judges_its_communities_by_how_soon_they_answer_and_nobody_else_does(world):
    community, street = world.places["community"], world.places["street"]
    async with world.client("member") as member, world.client("worker") as worker:
        asked = await member.post(
            "/api/v1/needs", json={"title": "修路灯", "category": "care", "communityId": str(community)}
        )
        for client, step in ((member, "submit"), (worker, "publish")):
            done = await client.post(f"/api/v1/needs/{asked.json()['id']}/{step}")
            assert done.status_code == 200, done.text
        left = await member.post(
            "/api/v1/needs", json={"title": "修凳子", "category": "care", "communityId": str(community)}
        )
        await member.post(f"/api/v1/needs/{left.json()['id']}/submit")
    async with world.client("district_officer") as district, world.client("street_officer") as officer:
        rule = await book(district, world.places["district"], "basic-community")
        named = [{"subject": "community", "rulebookId": rule}]
        refused = await opened(district, world.places["district"], NEXT, rulebooks=named)
        assert (refused.status_code, refused.json()["code"]) == (409, "community_judged_by_street")
        cycle = await opened(officer, street, NEXT, rulebooks=named)
        assert cycle.status_code == 201, cycle.text
        assert (cycle.json()["memberRulebookId"], len(cycle.json()["rulebooks"])) == (None, 1)
        result = await computed(world, officer, cycle.json()["id"])
        assert (result["members"], result["units"], result["places"]) == (0, 0, 2)
        found = await judged(officer, cycle.json()["id"], "community")
        assert set(found) == {"桃园社区", "柳林社区"}
        row = found["桃园社区"]
        shown = (await officer.get(f"/api/v1/assessments/{row['id']}/explanation")).json()
        needs = [fact for fact in shown["bundle"]["facts"] if fact["kind"] == "need_asked"]
        assert sorted((fact["value"], fact["answeredWithin"]) for fact in needs) == [
            ("published", "1"),
            ("waiting", "waiting"),
        ]
        assert row["grade"] == "not_fulfilled"  # one of two needs waits, and nobody served yet
        assert not any(str(person) in str(shown) for person in world.year.accounts)


async def _refused(officer, district, rules, defaults, of_size):
    schools = {
        "subject": "unit",
        "class": {"organizationKinds": ["public_institution"]},
        "rulebookId": rules["unit"],
    }
    for wrong, code in (
        ({**defaults, "rulebooks": [of_size, schools]}, "rulebooks_contradict"),
        ({"unitRulebookId": rules["unit"]}, "members_not_judged"),
        ({**defaults, "rulebooks": [{**of_size, "subject": "branch"}]}, "rulebook_does_not_fit"),
    ):
        refused = await opened(officer, district, **wrong)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (await opened(officer, district)).json()["code"] == "no_rulebook_named"


async def test_a_district_judges_members_units_branches_and_streets_and_large_units_by_a_rule_of_their_own(world):
    district = world.places["district"]
    large = shipped_text("basic-unit").replace("id: basic-unit", "id: large-unit", 1)
    async with world.client("district_officer") as officer:
        rules = {
            code: await book(officer, district, f"basic-{code}") for code in ("member", "unit", "branch", "street")
        }
        rules["large"] = await book(officer, district, text=large)
        defaults = {"memberRulebookId": rules["member"], "unitRulebookId": rules["unit"]}
        of_size = {"subject": "unit", "class": {"largerThan": 9}, "rulebookId": rules["large"]}
        await _refused(officer, district, rules, defaults, of_size)
        more = [of_size, *({"subject": kind, "rulebookId": rules[kind]} for kind in ("branch", "street"))]
        cycle = (await opened(officer, district, **defaults, rulebooks=more)).json()
        assert {each["subject"] for each in cycle["rulebooks"]} == {"unit", "branch", "street"}
        result = await computed(world, officer, cycle["id"])
        assert (result["branches"], result["places"]) == (1, 2)
        units = await judged(officer, cycle["id"], "unit")
        by = {}
        for key, row in units.items():
            text = (await officer.get(f"/api/v1/assessments/{row['id']}")).json()
            by[key] = text["judgement"]["rulebook"]["id"]
        # ten in-service members each, but one of them has retired
        assert by == {"考核单位0": "large-unit", "考核单位1": "large-unit", "考核单位2": "basic-unit"}
        (branch,) = (await judged(officer, cycle["id"], "branch")).values()
        shown = (await officer.get(f"/api/v1/assessments/{branch['id']}/explanation")).json()["bundle"]
        assert shown["denominators"] == {"members": 6, "exempt_members": 1, "eligible_members": 5}
        assert len(shown["members"]) == 5
        streets = await judged(officer, cycle["id"], "street")
        # every minute of the year was served in 桃园社区, which lies in the first street
        assert streets["桃园街道"]["minutes"] == sum(sum(row) for row in world.year.minutes)
        assert streets["远山街道"]["minutes"] == 0
    await _told(world, cycle["id"])


async def _told(world, cycle):
    """Figures keep back what differencing would tell; ranking waits for the district and for publication."""
    path = f"/api/v1/cycles/{cycle}"
    async with world.client("district_officer") as officer, world.client("member") as member:
        early = await member.get(f"{path}/figures")
        assert (early.status_code, early.json()["code"]) == (409, "results_not_published")
        found = (await officer.get(f"{path}/figures")).json()
        assert found["picture"].startswith("<svg")
        for lines in (found["classes"], found["communities"], found["units"]):
            assert sum(line["members"] for line in lines) == found["members"]
            assert all(line["members"] >= 5 for line in lines)
            assert not any(0 < cell < 5 for line in lines for cell in line["cells"] if cell is not None)
        assert all(column["members"] == 0 or column["members"] >= 5 for column in found["columns"])
        off = await officer.get(f"{path}/ranking")
        assert (off.status_code, off.json()["code"]) == (409, "switched_off")
        chosen = {"organizationId": str(world.places["district"]), "mode": "on", "basis": "区委决定"}
        assert (await officer.post("/api/v1/switches/points_ranking", json=chosen)).status_code == 200
        assert (await officer.get(f"{path}/ranking")).json()["code"] == "results_not_published"
        for step in ("open-self-review", "open-public-review", "publish"):
            done = await officer.post(f"{path}/{step}")
            assert done.status_code == 200, done.text
        public = (await member.get(f"{path}/figures")).json()
        assert (public["units"], public["communities"]) == ([], [])
        assert public["classes"] == found["classes"]
        ranked = (await member.get(f"{path}/ranking")).json()
        assert {place["name"] for each in ranked["lists"] for place in each["places"]} <= {
            "考核单位0", "考核单位1", "考核单位2",
        }  # fmt: skip
        assert sum(each["leftOut"] + len(each["places"]) for each in ranked["lists"]) == 3
