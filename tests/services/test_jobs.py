"""Durable work: once each, resumed after a silence, fenced, cancelled, and failed with a problem."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from api.errors import Invalid, StepNotAllowed
from api.jobs import kinds
from api.jobs.kinds import JobHandle
from api.jobs.loop import run_due
from api.services import jobs
from tests.support import world as worlds
from tests.support.clock import Clock


class Interrupted(BaseException):
    """Stands for a kill: nothing of the process goes on."""


class TooOdd(Invalid):
    """A number that this kind of work refuses."""

    code, zh, en = "too_odd", "奇数 {number}", "{number} is odd"


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


@pytest.fixture
def kind(monkeypatch):
    """Register a function as a kind of work for one test."""

    def register(function):
        monkeypatch.setitem(kinds.KINDS, "test.work", function)
        return "test.work"

    return register


def state(world, job_id: UUID):
    return world.house.read_now(world.operator, jobs.one, job_id)


def nothing(_session, _actor):
    return None


def test_a_job_runs_once_and_keeps_its_result(world, kind):
    ran = []

    def work(_house, job: JobHandle):
        for step in range(3):
            job.write(lambda _session, _actor, step=step: ran.append(step), done=step + 1, total=4, counts={"n": step})
        return {"answer": job.input["question"]}

    job_id = world.run(jobs.enqueue, kind(work), {"question": 42})
    assert (run_due(world.house), run_due(world.house)) == (1, 0)
    stood = state(world, job_id)
    assert (stood["state"], stood["progress"], stood["counts"], stood["result"]) == (
        "done",
        100,
        {"n": 2},
        {"answer": 42},
    )
    assert ran == [0, 1, 2]
    assert stood["location"] == f"/api/v1/jobs/{job_id}"


def test_a_job_whose_worker_fell_silent_goes_on_where_it_stood(world, kind, clock):
    steps = []

    def work(_house, job: JobHandle):
        for step in range(job.counts.get("next", 0), 4):
            job.write(lambda _session, _actor, step=step: steps.append(step), counts={"next": step + 1})
            if step == 1 and job.attempt == 1:
                raise Interrupted

    job_id = world.run(jobs.enqueue, kind(work), {})
    with pytest.raises(Interrupted):
        run_due(world.house)
    assert run_due(world.house) == 0  # its lease still runs
    clock.forward(seconds=jobs.LEASE.total_seconds() + 1)
    assert run_due(world.house) == 1
    assert steps == [0, 1, 2, 3]
    assert (state(world, job_id)["state"], state(world, job_id)["attempt"]) == ("done", 2)


def test_a_worker_that_was_overtaken_writes_nothing(world, kind, clock):
    late = []

    def work(_house, job: JobHandle):
        if job.attempt == 1:
            late.append(job)
            raise Interrupted
        return {"by": job.attempt}

    job_id = world.run(jobs.enqueue, kind(work), {})
    with pytest.raises(Interrupted):
        run_due(world.house)
    clock.forward(seconds=jobs.LEASE.total_seconds() + 1)
    run_due(world.house)
    written = []
    with pytest.raises(jobs.LeaseLost):
        late[0].write(lambda _session, _actor: written.append(1))
    assert written == []
    assert state(world, job_id)["result"] == {"by": 2}


def test_what_was_written_in_a_step_that_failed_does_not_stand(world, kind):
    def work(_house, job: JobHandle):
        job.write(nothing, counts={"good": 1})

        def step(session, actor):
            jobs.enqueue(session, actor, "test.never", {"left": True})
            raise TooOdd(number=3)

        job.write(step, counts={"good": 2})

    job_id = world.run(jobs.enqueue, kind(work), {})
    run_due(world.house)
    stood = state(world, job_id)
    assert (stood["state"], stood["counts"]) == ("failed", {"good": 1})
    assert (stood["result"]["problem"]["code"], stood["result"]["problem"]["facts"]) == ("too_odd", {"number": 3})

    class Query:
        state, kind, limit, cursor = None, "test.never", 10, None

    assert world.house.read_now(world.operator, jobs.listed, Query)["items"] == []


def test_a_fault_fails_the_job_without_its_text(world, kind):
    def work(_house, _job):
        raise RuntimeError("secret detail")

    job_id = world.run(jobs.enqueue, kind(work), {})
    run_due(world.house)
    stood = state(world, job_id)
    assert (stood["state"], stood["result"]["problem"]["code"]) == ("failed", "fault")
    assert "secret" not in str(stood["result"])


def test_a_job_that_waits_is_cancelled_at_once_and_never_runs(world, kind):
    job_id = world.run(jobs.enqueue, kind(lambda _house, _job: {"ran": True}), {})
    world.run(jobs.cancel, job_id)
    assert run_due(world.house) == 0
    assert (state(world, job_id)["state"], state(world, job_id)["result"]) == ("cancelled", {})
    with pytest.raises(StepNotAllowed):
        world.run(jobs.cancel, job_id)


def test_a_job_that_runs_stops_at_its_next_step(world, kind):
    done = []

    def work(_house, job: JobHandle):
        job.write(lambda _session, _actor: done.append(1))
        world.run(jobs.cancel, job.id)
        job.write(lambda _session, _actor: done.append(2), stoppable=False)
        job.progress(1, 2)
        done.append(3)

    job_id = world.run(jobs.enqueue, kind(work), {})
    run_due(world.house)
    assert (state(world, job_id)["state"], done) == ("cancelled", [1, 2])


def test_two_jobs_of_a_kind_never_run_at_once_in_a_tenant(world, kind, clock):
    name = kind(lambda _house, _job: None)
    first, second = (world.run(jobs.enqueue, name, {}) for _ in range(2))
    claimed = world.run(jobs.claim, [name])
    assert claimed.id == first
    assert world.run(jobs.claim, [name]) is None
    clock.forward(seconds=jobs.LEASE.total_seconds() + 1)
    assert world.run(jobs.claim, [name]).id == first  # what was begun comes before what waits
    world.run(jobs.conclude, first, 2, "job.finish", {}, {})
    assert world.run(jobs.claim, [name]).id == second
    world.run(jobs.conclude, second, 1, "job.finish", {}, {})


def test_a_job_that_takes_its_process_down_each_time_ends(world, kind, clock):
    def work(_house, _job):
        raise Interrupted

    job_id = world.run(jobs.enqueue, kind(work), {})
    for _ in range(jobs.ATTEMPTS):
        with pytest.raises(Interrupted):
            run_due(world.house)
        clock.set(clock.instant + jobs.LEASE + timedelta(seconds=1))
    run_due(world.house)
    assert state(world, job_id)["result"]["problem"]["code"] == "job_gave_up"


async def test_a_job_is_seen_by_who_asked_and_by_nobody_else(world, kind):
    name = kind(lambda _house, _job: {"done": True})

    def asked(session, _operator):
        from api.access import acting

        actor = acting(session, world.operator.tenant_id, world.people["liaison"], "person.import")
        return jobs.enqueue(session, actor, name, {}, at=world.places["unit"])

    job_id = world.run(asked)
    run_due(world.house)
    async with world.client("liaison") as own, world.client("liaison2") as other, world.client("city_officer") as city:
        seen = await own.get(f"/api/v1/jobs/{job_id}")
        assert (seen.status_code, seen.json()["result"]) == (200, {"done": True})
        listed = (await own.get("/api/v1/jobs", params={"state": "done"})).json()["items"]
        assert [job["id"] for job in listed] == [str(job_id)]
        for stranger in (other, city):
            assert (await stranger.get(f"/api/v1/jobs/{job_id}")).status_code == 404
            assert (await stranger.post(f"/api/v1/jobs/{job_id}/cancel")).status_code == 404
        assert (await own.post(f"/api/v1/jobs/{job_id}/cancel")).status_code == 409
