"""An assessment or recomputation killed in the middle and run again gives the undisturbed result, on both databases."""

from __future__ import annotations

import os
import signal
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.access import acting
from api.jobs.loop import run_due
from api.models import Assessment, Cycle, Job, Position, Recomputation
from api.services import cycles, jobs, recomputations, sealer
from tests.support import assessed, processes
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    built.clock = built.house.clock
    built.url, built.var = fresh_database, tmp_path
    built.year = built.run(assessed.build_year, built)
    yield built
    built.close()


def officer(world):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people["district_officer"], "test.step")


def read(world, statement):
    with world.house.engines.look() as session:
        return session.rows(statement)


def killed_in_the_middle(world, cycle_id):
    """Queue a computation, kill the process that runs it after some steps, and return the job's id."""
    return killed(world, world.run(cycles.compute, cycle_id, actor=officer(world)), "'members': 12")


def killed(world, job_id, after):
    """Kill the process that runs a job once it has said this, and return the job's id."""
    words = (world.url, world.var, job_id, world.clock().isoformat())
    told = world.var / f"{job_id}.told"
    os.mkfifo(told)
    process = processes.start("tests.support.assessing_process:main", *words, output=str(told))
    with told.open(encoding="utf-8") as lines:
        assert any(after in line for line in lines)
        process.kill()
    process.join(10)
    assert process.exitcode == -signal.SIGKILL
    return job_id


def finished(world, job_id):
    world.clock.forward(minutes=1)  # the dead process's lease has run out
    run_due(world.house, only=job_id)
    job = world.house.read_now(officer(world), jobs.one, job_id)
    assert (job["state"], job["attempt"]) == ("done", 2), job["result"]
    return job["result"]


def late_service(world, n):
    """Post a service that comes after the position was settled, and seal it."""
    world.run(assessed.post, world.year.accounts[n], 200, world.year.shifts[11], world.year.units[n % 3])
    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


def test_a_killed_assessment_goes_on_and_gives_the_undisturbed_result(world):
    cycle_id = world.run(assessed.open_cycle, world, actor=officer(world))
    undisturbed = assessed.computed(world, officer(world), cycle_id)
    job_id = killed_in_the_middle(world, cycle_id)
    partial = read(world, sa.select(sa.func.count()).where(Assessment.cycle_id == cycle_id, Assessment.revision == 2))
    assert 0 < partial[0][0] < undisturbed["members"]
    stands = read(world, sa.select(Cycle.revision, Cycle.digest).where(Cycle.id == cycle_id))[0]
    assert tuple(stands) == (1, undisturbed["digest"])
    late_service(world, 7)
    world.run(assessed.reverse, world.year.entries[9][0])  # a correction while it is computed is no part of it
    result = finished(world, job_id)
    assert (result["digest"], result["position"]) == (undisturbed["digest"], undisturbed["position"])
    assert (result["members"], result["units"]) == (undisturbed["members"], undisturbed["units"])


def test_what_a_computation_left_behind_would_still_keep_is_not_taken_for_the_next_ones(world):
    """It was killed before it kept anything, so that the tally after it has its revision; then it would go on first."""
    cycle_id = world.run(assessed.open_cycle, world, actor=officer(world))
    assessed.computed(world, officer(world), cycle_id)
    queued = [killed_at_once(world, cycles.compute, cycle_id)]
    late_service(world, 8)
    for step in STEPS[:2]:
        world.run(getattr(cycles, step), cycle_id, actor=officer(world))
    queued.append(killed_at_once(world, cycles.tally, cycle_id))
    world.clock.forward(minutes=1)
    for job_id in queued:
        run_due(world.house, only=job_id)
    left, went_on = (world.house.read_now(officer(world), jobs.one, job_id) for job_id in queued)
    assert (left["state"], left["result"]["problem"]["code"]) == ("failed", "step_not_allowed")
    assert (left["counts"]["revision"], went_on["counts"]["revision"], went_on["state"]) == (2, 2, "done")
    rows = read(world, sa.select(Assessment.bundle).where(Assessment.cycle_id == cycle_id, Assessment.revision == 2))
    assert {row.bundle["asOf"] for row in rows} == {went_on["counts"]["position"]} != {left["counts"]["position"]}


def killed_at_once(world, queue, cycle_id):
    """Let a computation die after it has settled its position and revision; return its job's id."""
    job_id = world.run(queue, cycle_id, actor=officer(world))

    def dies(_per_cent, counts):
        if "revision" in counts:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_due(world.house, only=job_id, watch=dies)
    return job_id


def test_a_variant_that_settles_its_position_again_gives_another_result(world):
    cycle_id = world.run(assessed.open_cycle, world, actor=officer(world))
    undisturbed = assessed.computed(world, officer(world), cycle_id)
    job_id = killed_in_the_middle(world, cycle_id)
    for n in range(len(world.year.accounts)):
        late_service(world, n)
    newest = read(world, sa.select(sa.func.max(Position.position)))[0][0]

    def forget(session, _actor):
        counts = session.scalar(sa.select(Job.counts).where(Job.id == job_id))
        session.execute(sa.update(Job).where(Job.id == job_id).values(counts={**counts, "position": newest}))

    world.run(forget)
    assert finished(world, job_id)["digest"] != undisturbed["digest"]


STEPS = ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize")


def amended(world, cycle_id, named):
    """Queue the amendment of these assessments; return the job's id."""
    return world.run(
        recomputations.amend, cycle_id, {"reason": "记录更正", "assessment_ids": named}, actor=officer(world)
    )


def proposed(world, job_id):
    """Return digest, position and effects that a recomputation proposes."""
    made = world.house.read_now(officer(world), jobs.one, job_id)["result"]["recomputationId"]
    found = world.house.read_now(officer(world), recomputations.one, UUID(made))
    lines = [
        {name: line[name] for name in ("subjectKey", "before", "after", "numbers")}
        for line in found["effects"]["results"]
    ]
    return found["id"], (found["digest"], found["position"], lines)


def test_a_killed_recomputation_goes_on_and_proposes_what_an_undisturbed_one_did(world):
    cycle_id = world.run(assessed.open_cycle, world, actor=officer(world))
    assessed.computed(world, officer(world), cycle_id)
    for step in STEPS:
        world.run(getattr(cycles, step), cycle_id, actor=officer(world))
    of = sa.select(Assessment.id).where(Assessment.cycle_id == cycle_id, Assessment.subject_kind == "member")
    named = [row.id for row in read(world, of.order_by(Assessment.id).limit(10))]
    for n in (3, 4, 5):
        late_service(world, n)
    job_id = amended(world, cycle_id, named)
    run_due(world.house, only=job_id)
    first, undisturbed = proposed(world, job_id)
    world.run(recomputations.drop, first, actor=officer(world))
    job_id = killed(world, amended(world, cycle_id, named), "'members': 8")
    state = sa.select(Recomputation.state).where(Recomputation.cycle_id == cycle_id, Recomputation.id != first)
    assert [row.state for row in read(world, state)] == ["computing"]
    late_service(world, 6)
    world.run(assessed.reverse, world.year.entries[9][0])
    finished(world, job_id)
    second, found = proposed(world, job_id)
    assert (second != first, found) == (True, undisturbed)
    # Control: as of a position that is settled now, the same record gives another proposal.
    world.run(recomputations.drop, second, actor=officer(world))
    job_id = amended(world, cycle_id, named)
    run_due(world.house, only=job_id)
    assert proposed(world, job_id)[1] != undisturbed
