"""A cycle computed over three units of thirty members, on both databases: grades, roll-ups, corrections, views."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.access import acting
from api.errors import Forbidden, NotFound, StepNotAllowed
from api.models import Assessment, Cycle, Entry, Fact
from api.services import assessments, cycles, judging, people
from api.visibility import visible
from tests.support import assessed
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(assessed.build_year, built)
    yield built
    built.close()


def officer(world, name="district_officer"):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people[name], "test.step")


def opened(world):
    return world.run(assessed.open_cycle, world, actor=officer(world))


def kept(world, cycle_id, kind="member"):
    statement = sa.select(Assessment).join(Cycle, Cycle.id == Assessment.cycle_id).where(
        Assessment.cycle_id == cycle_id, Assessment.subject_kind == kind, Assessment.revision == Cycle.revision
    )  # fmt: skip
    with world.house.engines.look() as session:
        return {row.subject_id: row for row in session.rows(statement)}


def taken(world, cycle_id, *steps):
    for step in steps:
        world.run(getattr(cycles, step), cycle_id, actor=officer(world))


def test_every_member_gets_the_grade_that_other_code_works_out(world):
    cycle_id = opened(world)
    result = assessed.computed(world, officer(world), cycle_id)
    found = kept(world, cycle_id)
    year = world.year
    assert set(year.accounts) <= set(found)
    for n, account in enumerate(year.accounts):
        row = found[account]
        registered = n < 27 or n % 3 == 0
        assert (row.points, row.grade) == assessed.grade_of(year.minutes[n], registered), n
        assert (row.minutes, row.services) == (sum(year.minutes[n]), len(year.minutes[n]))
        assert row.subject_key == f"考核单位{n % 3}:R{n:03d}"
    assert result["members"] == len(found)
    assert {row.grade for row in found.values()} >= {"excellent", "qualified", "unqualified"}


def test_a_unit_is_judged_over_its_eligible_members(world):
    cycle_id = opened(world)
    assessed.computed(world, officer(world), cycle_id)
    units = kept(world, cycle_id, "unit")
    found = kept(world, cycle_id)
    for letter, unit in enumerate(world.year.units):
        numbers = {line["rule"]: line["value"] for line in units[unit].judgement["numbers"]}
        mine = [found[account] for n, account in enumerate(world.year.accounts) if n % 3 == letter]
        completed = sum(row.grade in ("excellent", "qualified") for row in mine)
        assert (numbers["eligible"], numbers["reported"]) == ("10", "10" if letter == 0 else "9")
        assert numbers["completed"] == str(completed)
        assert units[unit].outcome == "out_of_assessment"  # nine of ten reported, or fewer than 95 % completed
        assert units[unit].minutes == sum(row.minutes for row in mine)


def test_an_exempt_member_leaves_the_denominator(world):
    cycle_id = opened(world)
    exempt = {
        "tenant_id": world.operator.tenant_id, "actor_id": world.people["worker"], "kind": "exemption",
        "account_kind": "person", "account_id": world.year.accounts[3], "served_on": assessed.START,
        "provenance": "recorded", "details": {"kind": "ill", "start": "2025-11-01", "end": "2026-02-01"},
    }  # fmt: skip
    unit = world.year.units[0]

    def record(session, _actor, **more):
        row = {**exempt, "id": judging.new_id(), "recorded_at": session.now, "occurred_at": session.now, **more}
        session.insert(Fact, [row])
        return row["id"]

    assessed.computed(world, officer(world), cycle_id)
    before = kept(world, cycle_id, "unit")[unit].bundle["denominators"]
    fact = world.run(record)
    assessed.computed(world, officer(world), cycle_id)
    after = kept(world, cycle_id, "unit")[unit].bundle["denominators"]
    assert (before["eligible_members"], after["eligible_members"], after["exempt_members"]) == (10, 9, 1)
    world.run(lambda session, actor: record(session, actor, reverses_id=fact, kind="exemption"))
    assessed.computed(world, officer(world), cycle_id)
    assert kept(world, cycle_id, "unit")[unit].bundle["denominators"] == before


def test_the_same_record_computed_again_has_the_same_digest_and_a_correction_another_one(world):
    cycle_id = opened(world)
    first = assessed.computed(world, officer(world), cycle_id)
    again = assessed.computed(world, officer(world), cycle_id)
    assert (again["digest"], again["position"], again["revision"]) == (first["digest"], first["position"], 2)
    n = 22
    world.run(assessed.reverse, world.year.entries[n][0])
    corrected = assessed.computed(world, officer(world), cycle_id)
    assert corrected["digest"] != first["digest"]
    row = kept(world, cycle_id)[world.year.accounts[n]]
    world.year.minutes[n].pop()
    assert (row.points, row.grade) == assessed.grade_of(world.year.minutes[n], True)
    assert (row.minutes, row.services) == (sum(world.year.minutes[n]), len(world.year.minutes[n]))
    world.year.entries[n].pop(0)
    taken(world, cycle_id, "open_self_review")
    with pytest.raises(StepNotAllowed):
        world.run(cycles.compute, cycle_id, actor=officer(world))


def test_what_is_sealed_after_the_position_does_not_enter(world):
    cycle_id = opened(world)
    result = assessed.computed(world, officer(world), cycle_id)
    entry = world.run(assessed.post, world.year.accounts[1], 120, world.year.shifts[5], world.year.units[1])
    plan = world.house.read_now(officer(world), judging.plan, cycle_id, result["position"], 99)
    members, _, _ = world.house.read_now(officer(world), judging.subjects, plan)
    rows = world.house.read_now(officer(world), judging.judge_members, plan, members)
    stand = kept(world, cycle_id)
    assert {row["judgement_hash"] for row in rows} == {row.judgement_hash for row in stand.values()}
    later = assessed.computed(world, officer(world), cycle_id)
    assert later["digest"] != result["digest"]
    world.run(assessed.reverse, entry)


def test_an_explanation_opens_down_to_the_entries_of_the_own_copy(world):
    cycle_id = opened(world)
    assessed.computed(world, officer(world), cycle_id)
    n = 11
    found = kept(world, cycle_id)[world.year.accounts[n]]
    with world.house.engines.look() as session:
        me = acting(session, world.operator.tenant_id, world.year.people[n], "assessment.explain")
    with pytest.raises(NotFound):
        world.house.read_now(me, assessments.explanation, found.id)
    taken(world, cycle_id, "open_self_review", "open_public_review", "publish")
    told = world.house.read_now(me, assessments.explanation, found.id)
    inputs = next(line for line in found.judgement["numbers"] if line["rule"] == "minutes")["inputs"]
    opened_keys = {each["key"]: each["entry_ids"] for each in told["opened"]}
    assert {row["key"] for row in inputs} == set(opened_keys)
    assert {each for ids in opened_keys.values() for each in ids} == set(world.year.entries[n])
    assert any("社区巡逻" in line for line in told["lines"]["zh"])
    assert len(told["lines"]["zh"]) == len(told["lines"]["en"])
    mine = world.house.read_now(me, assessments.mine, type("Query", (), {"limit": 10, "cursor": None}))
    assert [item["id"] for item in mine["items"]] == [found.id]
    above = world.house.read_now(officer(world), assessments.explanation, found.id)
    assert (above["lines"], above["bundle_hash"]) == (told["lines"], told["bundle_hash"])


def test_an_employer_reads_no_assessment(world):
    cycle_id = opened(world)
    assessed.computed(world, officer(world), cycle_id)
    taken(world, cycle_id, "open_self_review", "open_public_review", "publish")
    n = 8
    assessment = kept(world, cycle_id)[world.year.accounts[n]].id
    unit = world.year.units[n % 3]
    world.run(people.grant, world.people["liaison2"], "liaison", unit)
    for name in ("liaison", "liaison2", "worker", "member3", "far_worker", "street_officer"):
        for read in (assessments.one, assessments.explanation):
            with pytest.raises(NotFound):
                world.house.read_now(officer(world, name), read, assessment)
    assert world.house.read_now(officer(world, "auditor"), assessments.one, assessment)["id"] == assessment
    with world.house.engines.look() as session:
        seen = sa.select(Entry.id).where(visible(officer(world, "liaison2"), Entry))
        assert session.rows(seen) == []
    with pytest.raises(Forbidden):
        world.run(cycles.compute, cycle_id, actor=officer(world, "street_officer"))
