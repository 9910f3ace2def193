"""An import that is killed in the middle and run again ends as if nobody had disturbed it."""

from __future__ import annotations

import signal

import pytest
import sqlalchemy as sa

from api.jobs import imports as import_job
from api.jobs.loop import run_due
from api.models import Affiliation, Event, Person, PersonStatus
from api.services import files, imports, jobs, organizations
from tests.support import processes
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.dying_roster import PART
from tests.support.importing import rows

PEOPLE = 90
SIGNS = "甲乙丙丁戊己庚辛壬癸"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(fresh_database, tmp_path, clock, monkeypatch):
    monkeypatch.setattr(import_job, "SLICE", PART)
    built = worlds.build(fresh_database, tmp_path, clock)
    yield built
    built.close()


def roster(unit: int) -> bytes:
    """Return a roster like every other unit's, of people who are nobody else's."""
    lines = ["名册编号,姓名,手机,政治面貌,居住社区"]
    for number in range(PEOPLE):
        name = f"测{SIGNS[unit]}{SIGNS[number // 10]}{SIGNS[number % 10]}"
        lines.append(f"N{number:03},{name},13{unit}0000{number:04},中共党员,{'桃园社区' if number % 2 else '无此社区'}")
    lines.append("N999,,,,")  # a row that is refused
    return "\n".join(lines).encode()


def asked(world, number, mode="good_rows"):
    """Queue the roster of a new unit; return unit and job."""
    node = {"axis": "employer", "kind": "agency", "name": f"第{number}单位"}
    unit = world.run(organizations.create, node, world.places["employers"])
    file_id = world.run(files.keep, "roster.csv", "text/csv", roster(number))
    values = {"kind": "people", "file_id": file_id, "mode": mode, "options": {"organization_id": unit}}
    return unit, world.run(imports.request, values)


def left(world, unit, job_id):
    """Return all that an import leaves behind, without ids."""
    held = sa.select(Affiliation.roster_number, Affiliation.state, Affiliation.version, PersonStatus.value)
    held = held.join(Person, Person.id == Affiliation.person_id).join(PersonStatus, PersonStatus.person_id == Person.id)
    events = sa.select(Event.details).where(Event.subject_id == job_id, Event.kind == "person.import")
    job = world.house.read_now(world.operator, jobs.one, job_id)
    result = {name: said for name, said in job["result"].items() if name not in ("reportFileId", "file", "units")}
    return (
        sorted(rows(world, held.where(Affiliation.organization_id == unit))),
        sorted(details["created"] for (details,) in rows(world, events)),
        job["state"],
        result,
    )


def die(world, seconds, statement, *blind):
    """Run what is due in a process that dies before its n-th statement; say whether it did."""
    settings = world.house.settings
    words = (settings.database_url, settings.var_dir, seconds, statement, *blind)
    done = processes.run("tests.support.dying_roster:main", *words)
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def test_killed_anywhere_and_run_again_the_import_ends_the_same(world, clock):
    undisturbed = left(world, *finished(world, 0))
    assert undisturbed[2] == "done"
    assert undisturbed[1] == [10, 20, 20, 20, 20]
    for number, statement in enumerate((25, 45, 60), start=1):
        unit, job_id = asked(world, number)
        assert die(world, 60 * number, statement), "the import was over before it was to be killed"
        clock.forward(seconds=3600)
        run_due(world.house)
        clock.forward(seconds=-3600)
        assert left(world, unit, job_id) == undisturbed, statement


def finished(world, number, mode="good_rows"):
    """Import a roster undisturbed; return unit and job."""
    unit, job_id = asked(world, number, mode)
    run_due(world.house)
    return unit, job_id


def test_all_or_nothing_leaves_nothing_when_killed(world, clock):
    unit, job_id = asked(world, 5, "all_or_nothing")
    good = b"\n".join(roster(6).splitlines()[:-1])
    file_id = world.run(files.keep, "roster.csv", "text/csv", good)
    run_due(world.house)
    assert left(world, unit, job_id)[0] == []  # one bad row refused them all
    values = {"kind": "people", "file_id": file_id, "mode": "all_or_nothing", "options": {"organization_id": unit}}
    job_id = world.run(imports.request, values)
    found = []
    for number, statement in enumerate((15, 20, 25), start=1):
        assert die(world, 60 * number, statement)
        found.append(len(left(world, unit, job_id)[0]))
    assert found[0] == 0
    assert set(found) <= {0, PEOPLE}
    clock.forward(seconds=3600)
    run_due(world.house)
    assert len(left(world, unit, job_id)[0]) == PEOPLE


def test_an_import_that_looks_at_nothing_would_be_found_out(world, clock):
    undisturbed = left(world, *finished(world, 7))
    unit, job_id = asked(world, 8)
    assert die(world, 60, 45)
    assert not die(world, 3600, 0, "blind")
    assert left(world, unit, job_id) != undisturbed
