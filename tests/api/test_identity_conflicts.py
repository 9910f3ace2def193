"""身份冲突: the office above both employers decides; its answer acts, and a reopened case takes it back."""

from __future__ import annotations

from itertools import count

import pytest
import sqlalchemy as sa

from api.domain.identity_conflicts import above_all
from api.models import Affiliation, Case, Person
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import imported, rows

HEADER = "名册编号,姓名,手机\n"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def first(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
async def world(first):
    """A tenant in which two units list one person, and two officers above both."""
    fresh = worlds.another(first, f"conflict{next(NUMBERS)}")

    def more(session, actor):
        fresh.people["committee2"] = people.add(session, actor, {"name": "测乙"}, since=worlds.LONG_AGO)
        at = fresh.places["employers"]
        people.grant(session, actor, fresh.people["committee2"], "work_committee_officer", at, since=worlds.LONG_AGO)

    fresh.run(more)
    for who, number in (("liaison", "T01"), ("liaison2", "W07")):
        await imported(fresh, who, "people", f"{HEADER}{number},赵一,13800000001\n")
    return fresh


def the_case(world):
    found = sa.select(Case.id, Case.organization_id).where(
        Case.tenant_id == world.operator.tenant_id, Case.kind == "identity_conflict"
    )
    ((case_id, office),) = rows(world, found)
    return case_id, office


def employments(world):
    """Return unit → (person, state, principal, in force) of the two claims."""
    held = sa.select(
        Affiliation.organization_id, Affiliation.person_id, Affiliation.state, Affiliation.principal,
        Affiliation.valid_to,
    ).where(Affiliation.tenant_id == world.operator.tenant_id, Affiliation.basis == "roster")  # fmt: skip
    names = {world.places[name]: name for name in ("unit", "unit2")}
    return {names[row[0]]: (row[1], row[2], row[3], row[4] is None) for row in rows(world, held)}


async def answer(world, outcome, unit=None, by="committee", assign=True):
    path = f"/api/v1/cases/{the_case(world)[0]}"
    async with world.client(by) as client:
        if assign:
            assert (await client.post(f"{path}/assign", json={})).status_code == 200
        body = {"answer": "已核实", "outcome": outcome}
        if unit:
            body["organizationId"] = str(world.places[unit])
        return await client.post(f"{path}/answer", json=body)


async def test_keeping_one_employment_ends_the_other(world):
    assert (await answer(world, "keep", "unit2")).status_code == 200
    held = employments(world)
    assert held["unit2"][1:] == ("active", False, True)
    assert held["unit"][1:] == ("ended", False, False)
    async with world.client("liaison2") as second, world.client("liaison") as first_:
        path = f"/api/v1/people/{held['unit2'][0]}"
        assert (await second.get(path)).json()["name"] == "赵一"
        assert (await first_.get(path)).status_code == 404


async def test_both_may_stand_with_one_principal_employer(world):
    assert (await answer(world, "both", "unit")).status_code == 200
    held = employments(world)
    assert held["unit"][1:] == ("active", True, True)
    assert held["unit2"][1:] == ("active", False, True)


async def test_different_people_part_and_the_next_roster_finds_each(world):
    assert (await answer(world, "different_people")).status_code == 200
    held = employments(world)
    assert held["unit"][0] != held["unit2"][0]
    assert {each[1] for each in held.values()} == {"active"}
    for who, number in (("liaison", "T01"), ("liaison2", "W07")):
        job = await imported(world, who, "people", f"{HEADER}{number},赵一,13800000001\n")
        assert job["result"]["counts"]["unchanged"] == 1, job
    assert employments(world) == held


async def test_only_the_office_above_both_decides_and_says_which(world):
    case_id, office = the_case(world)
    assert office == world.places["employers"]
    async with world.client("liaison2") as asker:  # who claims does not decide
        assert (await asker.post(f"/api/v1/cases/{case_id}/assign", json={})).status_code == 403
    missing = await answer(world, "keep")
    assert (missing.status_code, missing.json()["code"]) == (422, "employer_missing")
    foreign = await answer(world, "keep", "community", assign=False)
    assert foreign.json()["code"] == "employer_missing"
    unfit = await answer(world, "accepted", assign=False)
    assert (unfit.status_code, unfit.json()["code"]) == (422, "outcome_unfit")
    assert employments(world)["unit2"][1] == "disputed"  # a refused answer leaves all as it was


@pytest.mark.parametrize("wrong", ["keep", "different_people"])
async def test_a_reopened_case_takes_the_first_answer_back(world, wrong):
    before = employments(world)
    assert (await answer(world, wrong, "unit2")).status_code == 200
    async with world.client("liaison2") as asker:
        again = await asker.post(f"/api/v1/cases/{the_case(world)[0]}/reopen", json={"reason": "有误"})
        assert again.status_code == 200, again.text
    same = await answer(world, "both", "unit", by="committee2")
    assert same.status_code == 200, same.text
    held = employments(world)
    assert [held[unit][0] for unit in ("unit", "unit2")] == [before[unit][0] for unit in ("unit", "unit2")]
    assert held["unit"][1:] == ("active", True, True)
    assert held["unit2"][1:] == ("active", False, True)
    active = sa.select(Person.id).where(Person.tenant_id == world.operator.tenant_id, Person.state == "merged")
    assert len(rows(world, active)) == (wrong == "different_people")  # the person made by it is the first one again


async def test_units_under_one_bureau_are_decided_by_the_bureau(first):
    fresh = worlds.another(first, f"conflict{next(NUMBERS)}")

    def below(session, actor):
        bureau = organizations.create(
            session, actor, {"axis": "employer", "kind": "agency", "name": "教育局"}, fresh.places["employers"]
        )
        for name, person in (("school1", "liaison"), ("school2", "liaison2")):
            node = {"axis": "employer", "kind": "public_institution", "name": f"测试{name}"}
            fresh.places[name] = organizations.create(session, actor, node, bureau)
            people.grant(session, actor, fresh.people[person], "liaison", fresh.places[name], since=worlds.LONG_AGO)
        return bureau

    bureau = fresh.run(below)
    for who, number, unit in (("liaison", "T01", "school1"), ("liaison2", "W07", "school2")):
        at = str(fresh.places[unit])
        await imported(fresh, who, "people", f"{HEADER}{number},赵一,13800000001\n", organizationId=at)
    assert the_case(fresh)[1] == bureau


def test_above_all_is_strictly_above():
    assert above_all(["a/b/c/", "a/b/d/"]) == "a/b/"
    assert above_all(["a/b/", "a/b/d/"]) == "a/"
    assert above_all(["a/b/"]) == "a/"
    assert above_all(["a/", "b/"]) == ""
