"""Somebody who joins, moves home and changes employer within a year is judged by what was so on each day."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from api.access import acting
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import load
from api.domain.rulebook.shipped import shipped
from api.jobs.loop import run_due
from api.models import Affiliation, Assessment, Document, OrganizationLink, Person, PersonStatus
from api.services import bundles, changes, cycles, days, jobs, outcomes, people, rulebooks, sealer
from api.services.cuts import Cut, last_recorded
from api.services.subjects import Subject
from tests.support import assessed
from tests.support import world as worlds
from tests.support.assessed import CUT_OFF, END, START, build_year
from tests.support.clock import Clock
from tests.support.world import LONG_AGO

JOINED, MOVED_HOME, CHANGED_JOB = date(2025, 3, 1), date(2025, 2, 1), date(2025, 4, 1)


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(build_year, built, 4, 2)
    built.account = built.run(_mover, built)
    yield built
    built.close()


def _mover(session, actor, world):
    """Five services in one community, January to May: at home, then elsewhere, then where the new unit is paired."""
    old, new = world.year.units
    person = people.add(session, actor, {"name": "动"}, {"political_status": "full"}, since=JOINED)
    applied = people.status_row(actor, person, "political_status", "applicant", LONG_AGO)
    session.insert(PersonStatus, [{**applied, "valid_to": JOINED}])
    home, home2 = world.places["community"], world.places["community2"]
    session.insert(Affiliation, [
        {**people.affiliation_row(session, actor, person, at, kind, **more), "valid_to": until}
        for at, kind, until, more in (
            (old, "employment", CHANGED_JOB, {"since": LONG_AGO, "roster_number": "OLD-1"}),
            (new, "employment", None, {"since": CHANGED_JOB, "roster_number": "NEW-1"}),
            (home, "registration", MOVED_HOME, {"since": LONG_AGO, "state": "transferred", "principal": True,
                                                "basis": "residence"}),
            (home2, "registration", None, {"since": MOVED_HOME, "state": "accepted", "principal": True,
                                           "basis": "paired_fallback"}),
        )
    ])  # fmt: skip
    link = {
        "kind": "registration", "from_id": new, "to_id": home, "basis": "plan", "valid_from": START, "valid_to": None,
        "reason": None, "document_id": None, "details": {}, "state": "accepted",
    }  # fmt: skip
    session.insert(OrganizationLink, [{**changes.born(session, actor, "registration", "registration.propose", link),
                                       "state": "accepted"}])  # fmt: skip
    account = people.account_of(session, person)
    for month, shift in enumerate(world.year.shifts[:5], start=1):
        assessed.post(session, actor, account, 60, shift, old if month < CHANGED_JOB.month else new)
    return account


def officer(world):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people["district_officer"], "test.step")


def opened(session, actor, world):
    codes = ("r06-longyan", "basic-unit")
    books = [rulebooks.install(session, actor, code, world.places["district"]) for code in codes]
    return cycles.create(session, actor, {
        "title": "2025年度", "organization_id": world.places["district"], "period_start": START, "period_end": END,
        "cut_off": CUT_OFF, "member_rulebook_id": books[0], "unit_rulebook_id": books[1],
    })  # fmt: skip


def delivered(world, cycle_id):
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        world.run(getattr(cycles, step), cycle_id, actor=officer(world))
    job_id = world.run(cycles.deliver, cycle_id, actor=officer(world))
    run_due(world.house, only=job_id)
    return world.house.read_now(officer(world), jobs.one, job_id)["result"]


def test_a_year_with_moves_is_judged_by_each_day_and_the_former_employer_hears_of_its_own_days(world):
    cycle_id = world.run(opened, world, actor=officer(world))
    assessed.computed(world, officer(world), cycle_id)
    with world.house.engines.look() as session:
        row = session.first(sa.select(
            Assessment.bundle, Assessment.judgement, Assessment.employer_id
        ).where(Assessment.subject_id == world.account))  # fmt: skip
    # January at home; February and March neither; April and May where the new unit is registered
    assert [entry["relation"] for entry in sorted(row.bundle["entries"], key=lambda each: each["servedOn"])] == [
        "home", "other", "other", "paired", "paired",
    ]  # fmt: skip
    numbers = {line["rule"]: line["value"] for line in row.judgement["numbers"]}
    assert (numbers["at_home"], numbers["at_either"], numbers["services"]) == (
        "1",
        "3",
        "3",
    )  # the fallback counts both
    assert row.bundle["exemptions"] == [
        {
            "key": "record/not_yet_joined/2020-01-01",
            "kind": "not_yet_joined",
            "start": "2020-01-01",
            "end": "2025-03-01",
        }
    ]
    assert row.employer_id == world.year.units[1]
    result = delivered(world, cycle_id)
    assert (result["issued"], result["partPeriods"], result["refused"]) == (2, 1, [])
    with world.house.engines.look() as session:
        (paper,) = session.rows(
            sa.select(Document).where(Document.source == f"cycle:{cycle_id}:left:{world.year.units[0]}")
        )
    assert (paper.kind, paper.content["template"], paper.state) == ("feedback_statement", "part_period", "issued")
    assert paper.content["members"] == [{
        "rosterNumber": "OLD-1", "name": "动", "disclosed": True, "since": "2025-01-01", "until": "2025-04-01",
        "services": 3, "minutes": 180,
    }]  # fmt: skip
    assert "grade" not in str(paper.content["members"])


LOOKS_BACK = """
format: 1
id: looks-back
version: "1"
labels: {zh: 往年, en: Years before}
source: 平台测试
subject: member
effective: {since: 2020-01-01}
measures:
  - id: registered
    labels: {zh: 报到整月数, en: Months registered}
    source: affiliations
    where: {kind: [registration]}
    window: {lifetime: true}
    take: months
  - id: years
    labels: {zh: 服务年数, en: Years with service}
    source: entries
    where: {unit: [volunteer_minutes]}
    window: {yearsBack: 2}
    cadence: {each: year, atLeast: 60, exempt: [not_yet_joined]}
grades:
  - id: met
    labels: {zh: 达到, en: Met}
    when: {all: [{value: registered, atLeast: 84}, {value: years.missed, atMost: 1}]}
  - {id: unmet, labels: {zh: 未达到, en: Unmet}}
"""


def test_a_rule_that_looks_back_is_told_of_homes_and_exemptions_that_ended_before_its_period(world):
    """61 months at the first home and 23 at the second; of 2024 nothing is asked, in 2025 was service, in 2026 none."""
    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))
    with world.house.engines.look(world.operator.tenant_id) as session:
        tenant_id = world.operator.tenant_id
        zone = days.zone_of(session, tenant_id)
        year = (date(2026, 1, 1), date(2027, 1, 1), date(2026, 12, 31))
        cut = Cut(tenant_id, zone, *year, last_recorded(session, tenant_id))
        person = session.scalar(sa.select(Person.id).where(Person.account_id == world.account))
        subject = Subject(world.account, person, "NEW-1", world.year.units[1], None, True, {})
        book = load(LOOKS_BACK)
        (bundle,) = bundles.member_bundles(session, cut, book, [subject], ())
        told = {line["rule"]: line for line in evaluate(book, bundle)["numbers"]}
        assert told["registered"]["value"] == "84"
        assert [span["state"] for span in told["years"]["spans"]] == ["exempt", "fulfilled", "missed"]
        assert told["years"]["missed"] == 1
        in_sets = outcomes.in_sets(session, cut, book, [subject], ())
        assert {each and each.grade for each in in_sets} <= {"met", None}
        (plain,) = bundles.member_bundles(session, cut, shipped("basic-member"), [subject], ())
        assert [row["start"] for row in plain["affiliations"] if row["kind"] == "registration"] == ["2025-02-01"]
        assert plain["exemptions"] == []
