"""Lanes: whatever a service does, every caller hears, the thread lives on, and what was refused left nothing."""

from __future__ import annotations

import asyncio
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa

from api.db import problem_of
from api.errors import Busy
from api.lanes import Lanes
from api.models import Tenant
from tests.support import world as worlds
from tests.support.clock import Clock

BASE = "/api/v1/needs"


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), writer_lanes=2)
    yield built
    built.close()


@pytest.fixture
def lanes(world):
    """One lane of its own, so that calls surely meet in it."""
    built = Lanes(world.house.engines, 1, 100)
    yield built
    built.close()


def one(_session, items):
    return [f"did {item}" for item in items]


async def heard(future):
    """Return what a caller hears within five seconds."""
    return (await asyncio.wait_for(asyncio.gather(future, return_exceptions=True), 5))[0]


def submitted(lanes, runner, item="it", group="one"):
    return lanes.submit(runner, item, group, asyncio.get_running_loop())


@pytest.mark.parametrize("fault", [StopIteration(), SystemExit(3), MemoryError(), KeyError("x"), GeneratorExit()])
async def test_whatever_a_service_raises_the_caller_hears_and_the_lane_lives(lanes, fault):
    def fails(_session, _items):
        raise fault

    assert isinstance(await heard(submitted(lanes, fails)), Exception)
    assert await heard(submitted(lanes, one)) == "did it"


async def test_answers_that_do_not_fit_the_calls_are_a_fault_and_nothing_is_kept(world, lanes):
    def writes_and_miscounts(session, _items):
        session.execute(sa.update(Tenant).values(name="written"))
        return []

    assert isinstance(await heard(submitted(lanes, writes_and_miscounts)), Exception)
    assert await heard(submitted(lanes, one)) == "did it"
    assert world.house.read_now(world.operator, lambda session, _: session.scalar(sa.select(Tenant.name))) == "测试市"


def test_a_loop_that_closed_meanwhile_does_not_end_the_lane(lanes, monkeypatch):
    loop = asyncio.new_event_loop()
    started, go_on = threading.Event(), threading.Event()

    def slow(_session, items):
        started.set()
        go_on.wait(5)
        return items

    lanes.submit(slow, "it", "one", loop)
    assert started.wait(5)
    loop.close()
    monkeypatch.setattr(loop, "is_closed", lambda: False)  # it closes just after the lane looked
    go_on.set()
    assert lanes.submit(one, "next", "one").result(timeout=5) == "did next"


async def test_a_batch_that_fails_runs_each_call_alone(lanes):
    gate = threading.Event()

    def waits(_session, items):
        gate.wait(5)
        return items

    def hates_bad(_session, items):
        if "bad" in items:
            raise ValueError("bad")
        return [f"did {item} of {len(items)}" for item in items]

    first = submitted(lanes, waits, group=None)
    calls = [submitted(lanes, hates_bad, item) for item in ("a", "bad", "b")]
    gate.set()
    await first
    answers = [await heard(call) for call in calls]
    assert (answers[0], str(answers[1]), answers[2]) == ("did a of 1", "bad", "did b of 1")


async def test_a_caller_that_went_away_does_not_disturb_the_others(lanes):
    gate = threading.Event()

    def waits(_session, items):
        gate.wait(5)
        return items

    first, gone, stays = (submitted(lanes, waits, item, None if item == 0 else "g") for item in range(3))
    gone.cancel()
    gate.set()
    assert (await heard(first), await heard(stays)) == (0, 2)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_an_idle_lane_is_taken_before_a_busy_one(world):
    """The lanes on PostgreSQL: a call in work counts as much as one that waits."""
    gate = threading.Event()

    def waits(_session, items):
        gate.wait(5)
        return items

    busy = submitted(world.house.lanes, waits, group=None)
    await asyncio.sleep(0.2)
    try:
        assert await asyncio.wait_for(submitted(world.house.lanes, one, group=None), 2) == "did it"
    finally:
        gate.set()
        await busy


def test_a_full_queue_is_busy_at_once_and_a_stopped_one_finishes_what_waits(world):
    lanes, gate = Lanes(world.house.engines, 1, 2), threading.Event()

    def waits(_session, items):
        gate.wait(5)
        return items

    futures = [lanes.submit(waits, "0")]
    time.sleep(0.1)  # the lane has taken it
    futures += [lanes.submit(waits, item) for item in ("1", "2")]
    with pytest.raises(Busy):
        lanes.submit(waits, "3")
    gate.set()
    lanes.close()
    assert [future.result(timeout=1) for future in futures] == ["0", "1", "2"]
    with pytest.raises(Busy):
        lanes.submit(waits, "4")


def cut_off(url):
    """End every other connection to a PostgreSQL database, as a restart of the server does."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(f"SELECT pg_terminate_backend(pid) {others}")
        while connection.execute(f"SELECT 1 {others}").fetchone():
            time.sleep(0.01)


async def test_a_restart_of_the_database_costs_no_request(world, database):
    if database.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    async with world.client("worker") as own:
        assert (await own.get("/api/v1/me")).status_code == 200
        cut_off(database)
        assert (await own.get("/api/v1/me")).status_code == 200
        cut_off(database)
        answer = await own.post(BASE, json=a_need(world))
        assert answer.status_code == 201, answer.text
        for _ in range(6):  # no connection of the pool is left as it was
            assert (await own.get("/api/v1/me")).status_code == 200


def a_need(world):
    return {"kind": "need", "title": "修灯", "category": "other", "communityId": str(world.places["community"])}


async def test_a_database_that_is_away_is_busy_to_readers_and_writers_alike(world, monkeypatch):
    def away(*_):
        raise sa.exc.OperationalError(None, None, OSError("connection refused"))

    async with world.client("worker") as own:
        monkeypatch.setattr(world.house.engines, "_reader", Away(away))
        monkeypatch.setattr(world.house.engines, "_writer", Away(away))
        for answer in (await own.get("/api/v1/me"), await own.get("/readyz"), await own.post(BASE, json=a_need(world))):
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert answer.headers["retry-after"]


class Away:
    """An engine whose database does not answer."""

    def __init__(self, connect):
        self.connect = connect


async def test_a_database_that_is_away_is_asked_once_for_a_batch(world, lanes, monkeypatch):
    asked, gate = [], threading.Event()

    def away(*_):
        asked.append(1)
        raise sa.exc.OperationalError(None, None, OSError("connection refused"))

    def waits(_session, items):
        gate.wait(5)
        return items

    first = submitted(lanes, waits, group=None)
    calls = [submitted(lanes, one) for _ in range(20)]
    await asyncio.sleep(0.1)
    monkeypatch.setattr(world.house.engines, "_writer", Away(away))
    gate.set()
    await first
    assert {type(await heard(call)).__mro__[1] for call in calls} == {Busy}
    assert len(asked) == 1


def test_our_own_mistakes_in_sql_are_no_busy_database():
    mistake = sa.exc.ProgrammingError("SELECT nothing", {}, Exception("no such column"))
    assert problem_of(mistake) is mistake
    assert isinstance(problem_of(sa.exc.OperationalError("SELECT 1", {}, Exception("disk full"))), Busy)


def test_what_people_wrote_stands_in_no_database_error(world):
    def fails(session, _actor):
        session.execute(sa.text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "canary-1"})

    with pytest.raises((Busy, sa.exc.DBAPIError)) as caught:
        world.run(fails)
    said = f"{caught.value} {caught.value.__cause__}"
    assert "nowhere" in said
    assert "canary-1" not in said


def test_a_reader_sees_one_moment(world):
    def name(session):
        return session.scalar(sa.select(Tenant.name))

    with world.house.engines.look() as session:
        before = name(session)
        world.run(lambda writing, _actor: writing.execute(sa.update(Tenant).values(name="later")))
        assert name(session) == before
    with world.house.engines.look() as session:
        assert name(session) == "later"
    world.run(lambda writing, _actor: writing.execute(sa.update(Tenant).values(name=before)))


def test_a_reader_cannot_write(world):
    with world.house.engines.look() as session, pytest.raises(sa.exc.DBAPIError):
        session.execute(sa.update(Tenant).values(name="by a reader"))
