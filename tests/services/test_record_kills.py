"""An import of records that is killed in the middle and run again ends as if nobody had disturbed it."""

from __future__ import annotations

import signal

import pytest

from api.jobs import imports as import_job
from api.jobs.loop import run_due
from api.models import Case, Entry, OutsideRecord
from api.services import files, imports, jobs
from tests.support import processes
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.dying_roster import PART
from tests.support.importing import count
from tests.support.volunteers import credited, file_of, record, volunteer

RECORDS = PART + 15


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(fresh_database, tmp_path, clock, monkeypatch):
    monkeypatch.setattr(import_job, "SLICE", PART)
    built = worlds.build(fresh_database, tmp_path, clock)
    for number in range(4):
        built.people[f"v{number}"] = built.run(volunteer, built, number)
    yield built
    built.close()


def asked(world, person, mark):
    """Queue a file of records that overlap by half an hour each, one without times, one of nobody; return the job."""
    lines = [
        record(person, f"{mark}{number}", f"2026-01-{1 + number // 6:02} {8 + number % 6:02}:00",
               f"2026-01-{1 + number // 6:02} {9 + number % 6:02}:30", 90)
        for number in range(RECORDS)
    ]  # fmt: skip
    lines += [record(person, f"{mark}X", "2026-01-20", "2026-01-20", 60)]
    lines += [record(9, f"{mark}Y", "2026-01-20 09:00", "2026-01-20 10:00", 60)]
    file_id = world.run(files.keep, "records.csv", "text/csv", file_of(*lines).encode())
    values = {"kind": "records", "file_id": file_id, "mode": "good_rows", "options": {"platform": "national"}}
    return world.run(imports.request, values)


def left(world, person, job_id):
    """Return all that an import leaves behind, without ids."""
    job = world.house.read_now(world.operator, jobs.one, job_id)
    told = {name: job["result"][name] for name in ("counts", "totals", "flagged", "refused")}
    of = OutsideRecord.person_id == world.people[person]
    about = Case.subject_id == world.people[person]
    stands = [tuple(row) for row in credited(world, world.people[person])]
    return stands, count(world, OutsideRecord, of), count(world, Case, about), job["state"], told


def die(world, seconds, statement):
    """Run what is due in a process that dies before its n-th statement."""
    settings = world.house.settings
    words = (settings.database_url, settings.var_dir, seconds, statement)
    done = processes.run("tests.support.dying_roster:main", *words)
    assert done.returncode == -signal.SIGKILL, "the import was over before it was to be killed"


def test_killed_anywhere_and_run_again_each_record_counts_once(world, clock):
    job_id = asked(world, 0, "A")
    run_due(world.house)
    undisturbed = left(world, "v0", job_id)
    assert (undisturbed[1], undisturbed[2], undisturbed[3]) == (RECORDS + 1, 1, "done")
    before = count(world, Entry)
    for number, statement in ((1, 30), (2, 45)):
        job_id = asked(world, number, "BC"[number - 1])
        die(world, 60 * number, statement)
        clock.forward(seconds=3600)
        run_due(world.house)
        clock.forward(seconds=-3600)
        assert left(world, f"v{number}", job_id) == undisturbed, statement
    assert count(world, Entry) == 3 * before


def test_what_is_free_is_the_union_of_the_windows(world):
    job_id = asked(world, 3, "D")
    run_due(world.house)
    stands, *_ = left(world, "v3", job_id)
    full_days, rest = divmod(RECORDS, 6)
    assert sum(minutes for *_, minutes in stands) == full_days * (6 * 60 + 30) + (rest * 60 + 30 if rest else 0)
