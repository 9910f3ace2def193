"""Sealing a cycle while an appeal or a recomputation comes in: two transactions at once, of which one waits."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from api.domain.appeals import AppealsClosed, AppealsUndecided
from api.models import Case, Cycle
from api.services import appeals, cycles, recomputations
from tests.support import appealing
from tests.support.appealing import decided, got, opened_by_street, posted, worked
from tests.support.racing import while_open


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), 2, 1)
    built.run(appealing.street_officers, built)
    yield built
    built.close()


async def opened(world):
    """Return a cycle that takes appeals and may be sealed on the same day: no calendar sets a window."""
    return UUID(await opened_by_street(world, calendar=None))


def appeal(world):
    at = world.places["community"]
    return {"ground": "wrong_record", "reason": "十二月的活动未计入", "organization_id": at, "file_id": None}


def stood(world, cycle):
    """Return the state and digest of a cycle, and how many appeals there are in it."""

    def look(session, _):
        row = session.first(sa.select(Cycle.state, Cycle.digest).where(Cycle.id == cycle))
        count = session.scalar(sa.select(sa.func.count()).where(Case.kind == "appeal", Case.subject_id == cycle))
        return row.state, row.digest, count

    return world.run(look)


async def test_an_appeal_that_comes_while_the_cycle_is_sealed_is_too_late(world):
    cycle = await opened(world)
    beside = ("worker", appeals.create, cycle, appeal(world))
    was_held_up, answer = while_open(world, "street_officer", cycles.finalize, cycle, beside=beside)
    assert was_held_up
    assert isinstance(answer, AppealsClosed), answer
    assert stood(world, cycle)[::2] == ("final", 0)


async def test_a_cycle_is_not_sealed_over_an_appeal_that_comes_in(world):
    cycle = await opened(world)
    beside = ("street_officer", cycles.finalize, cycle)
    was_held_up, answer = while_open(world, "worker", appeals.create, cycle, appeal(world), beside=beside)
    assert was_held_up
    assert isinstance(answer, AppealsUndecided), answer
    assert stood(world, cycle)[::2] == ("appeals", 1)


async def test_without_the_lock_it_would_be_sealed_over_it(world, monkeypatch):
    """Control: on PostgreSQL the seal does not see the appeal that is under way; SQLite has one writer anyway."""
    cycle = await opened(world)
    many_writers = world.house.engines.dialect == "postgresql"
    monkeypatch.setattr(sa.Select, "with_for_update", lambda self, **_: self)
    beside = ("street_officer", cycles.finalize, cycle)
    was_held_up, _ = while_open(world, "worker", appeals.create, cycle, appeal(world), beside=beside)
    assert was_held_up is not many_writers
    assert stood(world, cycle)[::2] == ("final" if many_writers else "appeals", 1)


async def test_a_cycle_is_sealed_with_the_recomputation_that_is_being_adopted(world):
    cycle = await opened(world)
    body = {"ground": "wrong_record", "reason": "未计入", "organizationId": str(world.places["community"])}
    case = (await posted(world, "worker", f"/cycles/{cycle}/appeals", body, 201))["id"]
    await decided(world, case, "upheld", by="street_officer2")
    path = f"/cycles/{cycle}/recomputations"
    proposal = (await worked(world, "street_officer", path, {"reason": "更正后复算"}))["recomputationId"]
    wanted = (await got(world, "street_officer", f"/recomputations/{proposal}"))["digest"]
    beside = ("street_officer3", cycles.finalize, cycle)
    was_held_up, answer = while_open(world, "street_officer2", recomputations.adopt, UUID(proposal), beside=beside)
    assert (was_held_up, answer) == (True, cycle)
    assert stood(world, cycle) == ("final", wanted, 1)
