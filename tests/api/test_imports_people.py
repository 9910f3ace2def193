"""Imports of rosters over HTTP: one person once, standings dated, no power given, conflicts kept to be solved."""

import pytest
import sqlalchemy as sa

from api.models import Affiliation, Case, Event, Grant, Organization, Person, PersonStatus
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import count, imported, rows

HEADER = "名册编号,姓名,手机,政治面貌,党员类别,党支部,居住社区,市外居住\n"
ROSTER = (
    HEADER
    + """T01,赵一,13800000001,中共党员,在职,,桃园社区,
T02,钱二,13800000002,预备党员,在职,,无此社区,
T03,孙三,,,,,,是
"""
)


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    yield built
    built.close()


def everything(world):
    people = sa.select(Person.id, Person.version, Person.name_index, Person.phone_index).order_by(Person.id)
    held = sa.select(Affiliation.id, Affiliation.version, Affiliation.state, Affiliation.valid_to)
    statuses = sa.select(PersonStatus.id, PersonStatus.value, PersonStatus.valid_to).order_by(PersonStatus.id)
    return rows(world, people), rows(world, held.order_by(Affiliation.id)), rows(world, statuses), count(world, Case)


def numbered(world, *numbers):
    """Return the condition that selects affiliations with these roster numbers, which are found by blind index."""
    index, tenant = world.house.vault.index, world.operator.tenant_id
    return Affiliation.roster_number_index.in_([index(tenant, "affiliations.roster_number", each) for each in numbers])


async def test_people_are_kept_encrypted_with_employer_standing_and_home_but_without_power(world):
    grants = count(world, Grant)
    job = await imported(world, "liaison", "people", ROSTER, asOf="2026-02-01")
    counts = job["result"]["counts"]
    assert (counts["accepted"], counts["refused"]) == (3, 0), job
    flags = {(flag["row"], flag["code"]) for flag in job["result"]["flagged"]}
    assert flags == {(3, "community_unknown")}
    held = sa.select(Affiliation.roster_number, Affiliation.details, Affiliation.valid_from, Person.name).join(Person)
    by_number = {row[0]: row for row in rows(world, held.where(numbered(world, "T01", "T02", "T03")))}
    assert by_number["T01"][1]["residence_community_id"] == str(world.places["community"])
    assert by_number["T02"][1] == {"residence_community": "无此社区"}
    assert by_number["T03"][1] == {"outside_city": True}
    assert str(by_number["T01"][2]) == "2026-02-01"
    assert "赵一".encode() not in by_number["T01"][3]
    assert count(world, PersonStatus, PersonStatus.value == "probationary") == 1
    assert count(world, Affiliation, Affiliation.kind == "registration") == 0
    assert count(world, Grant) == grants
    assert count(world, Event, Event.kind == "person.import") == 1


async def test_the_same_roster_twice_changes_nothing(world):
    await imported(world, "liaison", "people", ROSTER)
    before = everything(world)
    again = await imported(world, "liaison", "people", ROSTER, mode="all_or_nothing")
    assert again["result"]["counts"]["unchanged"] == 3
    assert everything(world) == before
    assert count(world, Event, Event.kind == "person.edit") == 0


async def test_what_the_roster_says_now_is_changed_and_what_it_leaves_out_stays(world):
    await imported(world, "liaison", "people", ROSTER, asOf="2026-01-01")
    newer = HEADER + "T01,赵一,13800000009,,退休,,桃园社区,\nT02,钱二,13800000002,中共党员,在职,,无此社区,\n"
    job = await imported(world, "liaison", "people", newer, asOf="2026-02-01")
    assert job["result"]["counts"]["changed"] == 2
    number_of = {"T03", "A001", "A002"}  # on the list no more; reported, not ended
    assert {gone["rosterNumber"] for gone in job["result"]["vanished"]} == number_of
    assert count(world, Affiliation, numbered(world, "T03"), Affiliation.valid_to.is_(None)) == 1
    dated = sa.select(PersonStatus.value, PersonStatus.valid_from, PersonStatus.valid_to)
    statuses = {(value, str(since), str(until)) for value, since, until in rows(world, dated)}
    assert ("in_service", "2026-01-01", "2026-02-01") in statuses
    assert ("retired", "2026-02-01", "None") in statuses
    edits = sa.select(Event.details).where(Event.kind == "person.edit")
    assert sorted(details["changed"] for (details,) in rows(world, edits)) == [
        ["phone", "member_class"],
        ["political_status"],
    ]


async def test_two_employers_listing_one_person_are_a_conflict_and_both_facts_are_kept(world):
    await imported(world, "liaison", "people", ROSTER)
    job = await imported(world, "liaison2", "people", HEADER + "W07,赵一,13800000001,,,,,是\n")
    assert job["result"]["counts"]["accepted"] == 1
    assert [flag["code"] for flag in job["result"]["flagged"]] == ["identity_conflict"]
    claims = sa.select(Affiliation.person_id, Affiliation.state).where(numbered(world, "T01", "W07"))
    (one, first), (other, second) = rows(world, claims.order_by(Affiliation.id))
    assert (one, first, second) == (other, "active", "disputed")
    conflicts = sa.select(Case.kind, Case.subject_id, Case.facts)
    ((kind, subject, facts),) = rows(world, conflicts)
    assert (kind, subject) == ("identity_conflict", one)
    assert (facts["standing"], facts["claiming"]) == ([str(world.places["unit"])], str(world.places["unit2"]))
    before = everything(world)
    again = await imported(world, "liaison2", "people", HEADER + "W07,赵一,13800000001,,,,,是\n")
    assert again["result"]["counts"]["unchanged"] == 1
    assert everything(world) == before
    async with world.client("liaison2") as second, world.client("liaison") as first:
        path = f"/api/v1/people/{one}"
        assert (await second.get(path)).status_code == 404  # a claim opens nobody's door
        assert (await first.get(path)).json()["name"] == "赵一"


async def test_a_shared_phone_under_another_name_is_another_person_and_flagged(world):
    await imported(world, "liaison", "people", ROSTER)
    job = await imported(world, "liaison2", "people", HEADER + "W08,周八,13800000001,,,,,是\n")
    assert [flag["code"] for flag in job["result"]["flagged"]] == ["phone_of_another"]
    assert count(world, Case) == 0


async def test_doubles_reused_numbers_and_unknown_units_are_refused(world):
    await imported(world, "liaison", "people", ROSTER)
    bad = "名册编号,姓名,手机,单位\nT10,吴十,13800000010,\nT11,吴十,13800000010,\nT01,郑某,13900000000,\n"
    bad += "T12,王五,,测试市供水公司\n"
    job = await imported(world, "liaison", "people", bad)
    assert [(e["row"], e["column"], e["code"]) for e in job["result"]["refused"]] == [
        (3, "name", "duplicate_person"),
        (4, "roster_number", "roster_number_of_another"),
        (5, "unit", "unit_unknown"),  # there is such a unit, but it is not this liaison's
    ]
    assert job["result"]["counts"]["accepted"] == 1


async def test_a_new_roster_number_of_the_same_person_is_a_change(world):
    await imported(world, "liaison", "people", ROSTER)
    people = count(world, Person)
    job = await imported(world, "liaison", "people", HEADER + "T99,赵一,13800000001,,,,,\n")
    assert job["result"]["counts"]["changed"] == 1
    assert count(world, Person) == people
    assert count(world, Affiliation, numbered(world, "T01")) == 0


async def test_a_unit_that_uploads_no_names_is_refused(world):
    hidden = sa.update(Organization).where(Organization.id == world.places["unit"]).values(disclosure="aggregate_only")
    world.run(lambda session, _actor: session.execute(hidden))
    before = everything(world)
    job = await imported(world, "liaison", "people", ROSTER)
    assert {error["code"] for error in job["result"]["refused"]} == {"roster_not_allowed"}
    assert everything(world) == before


async def test_an_administrator_imports_many_units_at_once_and_numbers_may_meet(world):
    content = "名册编号,姓名,单位\n001,冯甲,测试市第一中学\n001,陈乙,测试市供水公司\n002,褚丙,\n"
    job = await imported(world, "admin", "people", content)
    assert job["result"]["counts"]["accepted"] == 2
    assert [(e["row"], e["code"]) for e in job["result"]["refused"]] == [(4, "unit_unknown")]


async def test_names_show_to_who_works_with_them_and_are_masked_for_others(world):
    await imported(world, "liaison", "people", ROSTER)
    async with world.client("liaison") as own, world.client("auditor") as auditor, world.client("member3") as stranger:
        page = (await own.get("/api/v1/people", params={"limit": 100})).json()["items"]
        names = {person["name"]: person for person in page}
        assert {"赵一", "钱二", "孙三"} <= set(names)
        assert names["赵一"]["phone"] == "138****0001"
        assert names["赵一"]["statuses"] == {"political_status": "full", "member_class": "in_service"}
        found = (await own.get("/api/v1/people", params={"name": "钱二"})).json()["items"]
        assert [person["name"] for person in found] == ["钱二"]
        assert (await stranger.get("/api/v1/people")).status_code == 403
        path = f"/api/v1/people/{names['赵一']['id']}"
        assert (await own.get(path)).json()["affiliations"][0]["rosterNumber"] == "T01"
        assert (await stranger.get(path)).status_code in (403, 404)
        seen = await auditor.get(path)
        assert seen.status_code in (200, 404)
        assert "赵一" not in seen.text
