"""R4, small: each changing operation with one call of the database failed, and with the answer to its commit lost."""

from __future__ import annotations

import zlib

import pytest

from api.db import Engines
from tests.support.clock import Clock
from tests.support.failing import SIDES, Anomalies, Failing, NotRepeatable, commit_by_halves, requests_of
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def stage(database, tmp_path_factory):
    built = Stage(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture(scope="module")
def anomalies(stage):
    built = Anomalies(stage.world.app, Failing(stage.world.house.engines))
    yield built
    built.close()


async def changing(stage, anomalies, steps=()):
    """Yield of each operation what it does where nothing fails, if it changes something when it is first asked.

    One session and one way to write stand below all of them: on PostgreSQL every second operation is failed.
    """
    operations = [one for one in stage.operations if one.method != "GET" and (not steps or one.step in steps)]
    for operation in operations[:: 1 if steps or anomalies.failing.kind == "sqlite" else 2]:
        for request in requests_of(stage, operation):
            try:
                usual = await anomalies.undisturbed(operation.step, request)
            except NotRepeatable:
                continue
            if usual.status < 300:
                break
        else:
            continue
        if usual.tables:
            yield usual


def chosen(usual):
    """Return a call and a way to fail it that differ among operations and stay the same among runs; and the commit."""
    place = zlib.crc32(usual.name.encode())
    return {(place % len(usual.calls), SIDES[place // 1024 % 3]), (usual.calls.index("COMMIT"), "after")}


def last_change(usual):
    return max(number for number, call in enumerate(usual.calls) if call.startswith(("INSERT", "UPDATE")))


async def wrong_ones(stage, anomalies, choose, steps=()):
    """Fail the chosen calls of each operation; return operations, failed calls and all that was wrong."""
    operations, failed, found = 0, 0, []
    async for usual in changing(stage, anomalies, steps):
        operations += 1
        for number, side in sorted(choose(usual)):
            failed += 1
            found += await anomalies.disturbed(usual, number, side)
    return operations, failed, found


async def test_a_call_that_fails_leaves_nothing_by_halves_and_the_repeat_converges(stage, anomalies):
    operations, failed, wrong = await wrong_ones(stage, anomalies, chosen)
    print(f"R4 {anomalies.failing.kind}: {operations} operations, {failed} failed calls, {len(wrong)} wrong")
    assert wrong == []
    assert operations >= (45 if anomalies.failing.kind == "sqlite" else 38)


async def test_a_session_that_keeps_the_half_of_a_change_is_seen(stage, anomalies, monkeypatch):
    """Control: where a failed transaction is committed as far as it came, halves are found."""
    monkeypatch.setattr(Engines, "begin", Engines.begin)  # as it stands again afterwards
    commit_by_halves()
    choose = lambda usual: {(last_change(usual), "before")}  # noqa: E731 - said once
    _, failed, wrong = await wrong_ones(stage, anomalies, choose, ("need.create",))
    assert failed == 1
    assert [line for line in wrong if "a part stands" in line] != []
