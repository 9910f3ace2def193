"""Feedback statements: one a unit, with grade and counts a person, issued once, also by the schedule."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from api.access import acting
from api.errors import NotFound, StepNotAllowed
from api.jobs.assessment import report_due
from api.jobs.loop import run_due
from api.models import Cycle, Delivery, Document, Organization
from api.services import cycles, jobs, statements
from tests.support import assessed
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(assessed.build_year, built)
    yield built
    built.close()


def officer(world):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people["district_officer"], "test.step")


def final(world):
    cycle_id = world.run(assessed.open_cycle, world, actor=officer(world))
    assessed.computed(world, officer(world), cycle_id)
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        world.run(getattr(cycles, step), cycle_id, actor=officer(world))
    return cycle_id


def issued(world, cycle_id):
    statement = sa.select(Document).where(Document.source.like(f"cycle:{cycle_id}:%")).order_by(Document.number)
    with world.house.engines.look() as session:
        return session.rows(statement)


def state(world, cycle_id):
    with world.house.engines.look() as session:
        return session.scalar(sa.select(Cycle.state).where(Cycle.id == cycle_id))


def test_no_statement_before_the_cycle_is_final_and_none_for_a_stranger(world):
    cycle_id = world.run(assessed.open_cycle, world, actor=officer(world))
    assessed.computed(world, officer(world), cycle_id)
    with pytest.raises(StepNotAllowed):
        world.run(statements.issue_for, cycle_id, world.year.units[0], actor=officer(world))
    with pytest.raises(NotFound):
        world.run(statements.issue_for, final(world), world.places["unit2"], actor=officer(world))


def test_a_statement_says_grade_and_counts_a_person_and_nothing_of_where_they_were(world):
    cycle_id = final(world)
    unit = world.year.units[0]
    first = world.run(statements.issue_for, cycle_id, unit, actor=officer(world))
    assert world.run(statements.issue_for, cycle_id, unit, actor=officer(world)) == first
    (document,) = issued(world, cycle_id)
    content = document.content
    assert (document.kind, document.state, document.recipient_id) == ("feedback_statement", "issued", unit)
    assert (content["denominator"], content["reportingInRate"]) == (10, "10/10")
    numbers = range(0, 30, 3)
    lines = {line["rosterNumber"]: line for line in content["members"]}
    assert set(lines) == {f"R{n:03d}" for n in numbers}
    better = 0
    for n in numbers:
        points, grade = assessed.grade_of(world.year.minutes[n], True)
        line = lines[f"R{n:03d}"]
        assert (line["points"], line["grade"]["code"]) == (points, grade)
        assert (line["minutes"], line["services"]) == (sum(world.year.minutes[n]), len(world.year.minutes[n]))
        assert line["name"] == f"考{n}"
        better += grade in ("excellent", "qualified")
    assert content["completionRate"] == f"{better}/10"
    told = json.dumps(content, ensure_ascii=False)
    assert "社区巡逻" not in told
    assert "桃园社区" not in told


def test_delivery_issues_every_unit_once_and_leaves_what_is_in_the_list_of_the_recipient(world):
    cycle_id = final(world)
    job_id = world.run(cycles.deliver, cycle_id, actor=officer(world))
    again = world.run(cycles.deliver, cycle_id, actor=officer(world))
    run_due(world.house)
    for each, (count, standing) in ((job_id, (3, 0)), (again, (0, 3))):
        job = world.house.read_now(officer(world), jobs.one, each)
        assert job["state"] == "done", job["result"]
        assert (job["result"]["issued"], job["result"]["standing"]) == (count, standing)
    documents = issued(world, cycle_id)
    assert {each.recipient_id for each in documents} == set(world.year.units)
    assert state(world, cycle_id) == "delivered"
    with world.house.engines.look() as session:
        sent = session.rows(
            sa.select(Delivery.recipient_id, Delivery.state).where(
                Delivery.document_id.in_([each.id for each in documents])
            )
        )
    assert sorted(sent) == sorted((unit, "sent") for unit in world.year.units)
    with pytest.raises(StepNotAllowed):
        world.run(cycles.deliver, cycle_id, actor=officer(world))


def test_the_schedule_delivers_what_is_final_and_nothing_twice(world):
    report_due(world.house)  # what other tests left
    cycle_id = final(world)
    assert report_due(world.house) == {"cycles": 1, "issued": 3, "standing": 0, "refused": []}
    assert state(world, cycle_id) == "delivered"
    assert report_due(world.house) == {"cycles": 0, "issued": 0, "standing": 0, "refused": []}
    assert len(issued(world, cycle_id)) == 3


def test_a_unit_without_roster_or_declaration_is_refused_by_name_and_the_others_are_issued(world):
    unit = world.year.units[1]

    def disclose(session, _actor, how):
        session.execute(sa.update(Organization).where(Organization.id == unit).values(disclosure=how))

    world.run(disclose, "aggregate_only")
    cycle_id = final(world)
    found = report_due(world.house)
    assert (found["issued"], [each["code"] for each in found["refused"]]) == (2, ["denominator_unknown"])
    assert "考核单位1" in found["refused"][0]["detail"]["zh"]
    assert state(world, cycle_id) == "final"
    world.run(disclose, "named")
