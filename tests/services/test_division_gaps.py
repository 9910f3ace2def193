"""A newer list that leaves a division out: listed for review, and a case where something hangs on it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.jobs.loop import run_due
from api.models import Case, Event, Organization, OrganizationCode
from api.services import divisions, files, jobs, people
from tests.support import world as worlds
from tests.support.clock import Clock

LIST = """code,name,level,parent_code,kind
91,甲省,1,,
9101,乙市,2,91,
910101,丙区,3,9101,
910101001,丁街道,4,910101,街道
910101001001,戊社区居委会,5,910101001,居委会
910101001002,己社区居委会,5,910101001,居委会
910101001003,壬社区居委会,5,910101001,居委会
910101002,庚街道,4,910101,街道
910101002001,辛社区居委会,5,910101002,居委会
"""


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    imported(built, LIST, 2023)
    yield built
    built.close()


def imported(world, content, year):
    file_id = world.run(files.keep, "list.csv", "text/csv", content.encode())
    job_id = world.run(divisions.request, file_id, "nbs", year, "all_or_nothing")
    run_due(world.house)
    job = world.house.read_now(world.operator, jobs.one, job_id)
    assert job["state"] == "done", job
    return job["result"]


def without(*codes):
    return "".join(line for line in LIST.splitlines(keepends=True) if line.split(",")[0] not in codes)


def left_out(result):
    return {(row["code"], row["value"].split()[0]) for row in result["reviewRows"]}


def node(world, code):
    wanted = sa.select(OrganizationCode.organization_id).where(OrganizationCode.code == code).limit(1)
    with world.house.engines.look() as session:
        return session.scalar(wanted)


def opened(world):
    with world.house.engines.look() as session:
        return session.rows(sa.select(Case).order_by(Case.id))


def events(world, case_id):
    with world.house.engines.look() as session:
        return [row.kind for row in session.rows(sa.select(Event.kind).where(Event.subject_id == case_id))]


def state(world, organization_id):
    with world.house.engines.look() as session:
        return session.scalar(sa.select(Organization.state).where(Organization.id == organization_id))


def registered(world, code):
    def affiliate(session, actor):
        more = {"state": "accepted", "principal": True, "basis": "residence", "since": worlds.LONG_AGO}
        people.affiliate(session, actor, world.people["member"], node(world, code), "registration", **more)

    world.run(affiliate)


def test_what_a_newer_list_leaves_out_is_listed_and_what_people_belong_to_is_a_case(world):
    registered(world, "910101001002")
    result = imported(world, without("910101001002", "910101001003"), 2024)
    assert left_out(result) == {("left_out_with_dependants", "910101001002"), ("left_out", "910101001003")}
    (case,) = opened(world)
    assert (case.reason, case.subject_id) == ("left_out_of_list", node(world, "910101001002"))
    assert (case.organization_id, case.state) == (node(world, "910101001"), "open")
    assert case.facts["dependants"] == ["people"]
    assert events(world, case.id) == ["case.create"]
    assert state(world, case.subject_id) == "active"
    again = imported(world, without("910101001002", "910101001003"), 2024)
    assert left_out(again) == left_out(result)
    assert len(opened(world)) == 1


def test_a_street_with_communities_is_a_case_and_its_communities_are_not_listed_beside_it(world):
    result = imported(world, without("910101002", "910101002001"), 2024)
    assert left_out(result) == {("left_out_with_dependants", "910101002")}
    (case,) = opened(world)
    assert case.facts["dependants"] == ["parts"]


def test_a_list_speaks_only_for_the_parents_whose_children_it_names(world):
    registered(world, "910101001002")
    only_the_other_street = without("910101001001", "910101001002", "910101001003")
    assert left_out(imported(world, only_the_other_street, 2024)) == set()
    assert opened(world) == []


def test_the_same_year_again_and_an_older_list_leave_nothing_out(world):
    registered(world, "910101001002")
    for year in (2023, 2022):
        assert left_out(imported(world, without("910101001002"), year)) == set()
    assert opened(world) == []
