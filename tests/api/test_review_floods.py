"""Floods and races of voices over HTTP, on both databases: a recipient is heard once, by whatever way and how often."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.errors import Conflict
from api.models import Assessment, Cycle, Review
from api.services import reviews
from tests.support import reviewing
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.reviewing import call, done, opened, refused, step, voice, worked
from tests.support.stage import stored


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(reviewing.furnish, built)
    yield built
    built.close()


async def in_public(world):
    """Open a cycle up to its public round; return its path and id."""
    path, cycle_id = await opened(world)
    for name in ("open-self-review", "open-public-review"):
        await step(world, path, name)
    return path, cycle_id


def voices(world, cycle_id):
    statement = sa.select(Review).where(Review.round_id == UUID(cycle_id), Review.kind == "rating")
    with world.house.engines.look() as session:
        return session.rows(statement)


async def at_once(world, path, body, times):
    answers = await asyncio.gather(*(call(world, "recipient", "POST", f"{path}/reviews", body) for _ in range(times)))
    return sorted(answer.status_code for answer in answers)


async def test_however_many_come_at_once_a_recipient_is_heard_once(world, monkeypatch):
    path, cycle_id = await in_public(world)
    body = voice(world.year.accounts[1], "resident", service="good")
    assert await at_once(world, path, body, 8) == [201, *[409] * 7]
    assert len(voices(world, cycle_id)) == 1
    again = await call(world, "recipient", "POST", f"{path}/reviews", body, **{"Idempotency-Key": "heard-once"})
    assert again.status_code == 409
    # Control: without whose voice it is in its key, every request is heard.
    other, other_id = await in_public(world)
    real = reviews.voice_row
    monkeypatch.setattr(
        reviews, "voice_row", lambda *given, **values: real(*given, **(values | {"reviewer_id": new_id()}))
    )
    assert await at_once(world, other, body, 3) == [201] * 3
    assert len(voices(world, other_id)) == 3


async def test_a_slip_lets_a_recipient_without_account_be_heard_once_and_few_from_one_address(world):
    path, cycle_id = await in_public(world)
    member, shift = world.year.accounts[1], world.year.shifts[0]
    code = world.run(reviewing.confirmed_slip, world, "judged1", shift).shown
    body = {"code": code, "marks": {"service": "excellent"}}
    assert await refused(world, "judged1", "/slip-reviews", body) == (403, "own_presence")
    said = await done(world, None, "POST", "/slip-reviews", body)
    assert said["amount"] == "100"
    assert await refused(world, None, "/slip-reviews", body) == (409, "reviewed_already")
    assert await refused(world, None, "/slip-reviews", {**body, "code": "AAAA-AAAA-AAAA-AAAA"}) == (404, "not_found")
    await worked(world, path, "tally")
    assert await points_of(world, cycle_id, member) is None  # one voice, and the rule asks for two
    await done(world, "recipient", "POST", f"{path}/reviews", voice(member, "resident", service="good"))
    await worked(world, path, "tally")
    assert await points_of(world, cycle_id, member) == "90"
    assert await refused(world, None, "/slip-reviews", body) == (409, "reviewed_already")
    full = await call(world, None, "POST", "/slip-reviews", body)  # the sixth of this day, whatever it says
    assert (full.status_code, full.json()["code"]) == (429, "too_many_requests")
    assert "127.0.0.1" not in str(stored(world))
    assert len(voices(world, cycle_id)) == 2


async def points_of(world, cycle_id, account):
    statement = (
        sa.select(Assessment.points)
        .join(Cycle, sa.and_(Cycle.id == Assessment.cycle_id, Cycle.revision == Assessment.revision))
        .where(Assessment.cycle_id == UUID(cycle_id), Assessment.subject_id == account)
    )
    with world.house.engines.look() as session:
        return session.scalar(statement)


def test_ten_thousand_voices_of_one_recipient_are_one_row_and_nobody_edits_it(world):
    subject, reviewer = new_id(), new_id()

    def flood(session, actor):
        given = {
            "round_kind": "project", "round_id": subject, "subject_kind": "unit", "subject_id": subject,
            "party": "resident", "kind": "rating", "reviewer_id": reviewer,
        }  # fmt: skip
        row = reviews.voice_row(session, actor, **given)
        session.insert_new(Review, [{**row, "id": new_id()} for _ in range(10_000)])
        return session.scalar(sa.select(sa.func.count()).where(Review.subject_id == subject))

    assert world.run(flood) == 1
    for act in (sa.update(Review).values(amount="1"), sa.delete(Review)):
        with pytest.raises((sa.exc.DBAPIError, Conflict)):
            world.run(lambda session, _actor, act=act: session.execute(act))
