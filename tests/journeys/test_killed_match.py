"""A match killed in the middle shows nothing, and run again ends as it would have, on both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api.cli import app
from api.domain.matching.times import Window
from api.jobs import matching
from api.jobs.loop import run_due
from api.jobs.sealing import do_due
from api.models import MatchRun
from api.services import jobs, match_proposals, match_runs
from tests.support import offering
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.guards import ROOT
from tests.support.serving import actor

SPAN = Window(*(datetime.fromisoformat(moment) for moment in offering.SATURDAY))


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    built.clock, built.url, built.var = built.house.clock, fresh_database, tmp_path
    built.crowd = offering.crowd(built, 8)
    built.needs = [offering.published(built, 2, [SPAN]) for _ in range(4)]
    yield built
    built.close()


def killed_in_the_middle(world, run_id):
    """Kill the process that runs a match when half of its proposals are written."""
    job_id = offering.run_of(world, run_id).job_id
    command = [sys.executable, "-m", "tests.support.matching_process", world.url, world.var, str(job_id)]
    process = subprocess.Popen([*command, world.clock().isoformat()], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "'proposals': 4" in line:
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def change_the_city(world):
    """Let things go on meanwhile: more people, another need, and one that is gone."""
    offering.crowd(world, 3)
    offering.published(world, 1, [SPAN])
    world.run(lambda session, _: session.execute(
        sa.text("UPDATE needs SET state = 'withdrawn' WHERE id = :one").bindparams(
            sa.bindparam("one", world.needs[0], type_=sa.Uuid())
        )
    ))  # fmt: skip


def finished(world, run_id):
    world.clock.forward(minutes=1)  # the dead process's lease has run out
    run = offering.run_of(world, run_id)
    run_due(world.house, only=run.job_id)
    job = world.house.read_now(actor(world, "worker"), jobs.one, run.job_id)
    assert (job["state"], job["attempt"]) == ("done", 2), job["result"]
    return offering.run_of(world, run_id)


def seen_by(world, who):
    class Query:
        state, limit, cursor = None, 50, None

    return world.house.read_now(who, match_proposals.mine, Query)["items"]


def test_a_killed_match_shows_nothing_and_goes_on_to_the_undisturbed_result(world, monkeypatch):
    run_id = offering.requested(world)
    killed_in_the_middle(world, run_id)
    half = offering.rows(world, run_id)
    assert 0 < len(half) < 8
    assert {row.state for row in half} == {"prepared"}
    assert [each for who in world.crowd for each in seen_by(world, who)] == []
    expected = world.run(match_runs.replayed, run_id)["resultHashNow"]
    before = {row.number: (row.id, row.person_id, row.need_id, row.points) for row in half}
    change_the_city(world)
    run = finished(world, run_id)
    whole = offering.rows(world, run_id)
    assert (run.state, run.result_hash, run.keys) == ("done", expected, {})
    assert [row.number for row in whole] == list(range(1, 9))
    assert {row.state for row in whole} == {"proposed"}
    assert before.items() <= {row.number: (row.id, row.person_id, row.need_id, row.points) for row in whole}.items()
    assert all(len(seen_by(world, who)) == 1 for who in world.crowd)
    monkeypatch.setenv("DUALREPORT_DATABASE_URL", world.url)
    monkeypatch.setenv("DUALREPORT_VAR_DIR", str(world.var))
    told = CliRunner().invoke(app, ["match", "replay", str(run_id)])
    assert told.exit_code == 0, told.output
    assert f'"resultHash": "{expected}"' in told.output
    spoil = sa.update(MatchRun).where(MatchRun.id == run_id).values(result_hash="0" * 64)
    world.run(lambda session, _: session.execute(spoil))
    assert CliRunner().invoke(app, ["match", "replay", str(run_id)]).exit_code == 1


def test_a_variant_that_looks_at_the_city_again_gives_another_result(world):
    """Control."""
    run_id = offering.requested(world)
    world.run(match_runs.prepare, run_id)
    expected = world.run(match_runs.replayed, run_id)["resultHashNow"]
    change_the_city(world)
    forget = sa.update(MatchRun).where(MatchRun.id == run_id).values(state="requested")
    world.run(lambda session, _: session.execute(forget))
    run_due(world.house)
    assert offering.run_of(world, run_id).result_hash not in (None, expected)


def test_a_run_that_somebody_stops_leaves_nothing(world, monkeypatch):
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    run_id = offering.requested(world)
    run, worker = offering.run_of(world, run_id), actor(world, "worker")

    def stop(_per_cent, counts):
        if counts.get("proposals") == 4:
            world.run(jobs.cancel, run.job_id, actor=worker)

    run_due(world.house, only=run.job_id, watch=stop)
    assert world.house.read_now(worker, jobs.one, run.job_id)["state"] == "cancelled"
    assert len(offering.rows(world, run_id)) == 4
    do_due(world.house)
    assert (offering.rows(world, run_id), offering.run_of(world, run_id).keys) == ([], {})
    again = offering.requested(world)  # the area may be matched anew
    run_due(world.house)
    assert len(offering.rows(world, again)) == 8
