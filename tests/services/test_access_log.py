"""查阅记录: what is opened of others is logged before it is shown; what cannot be logged is not shown."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from api import looks
from api.models import AccessLog, AccessLogSubject
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    with_one = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield with_one
    with_one.close()


def logged(world, actor):
    """Return (step, purpose, count, {person: fields}) of what an actor opened, in the order of time."""
    subject = AccessLogSubject
    with world.house.engines.look() as session:
        logs = session.rows(sa.select(*AccessLog.__table__.c).where(AccessLog.actor_id == world.people[actor]))
        people = session.rows(sa.select(subject.log_id, subject.person_id, subject.fields))
    return [
        (log.step, log.purpose, log.count, {row.person_id: row.fields for row in people if row.log_id == log.id})
        for log in sorted(logs, key=lambda log: log.id)
    ]


async def test_one_row_a_request_says_who_read_what_of_whom_and_why(world):
    async with world.client("liaison") as client:
        before = logged(world, "liaison")
        answer = await client.get("/api/v1/people")
        assert {one["name"] for one in answer.json()["items"]} >= {"测member", "测member2"}
    ((step, purpose, count, people),) = logged(world, "liaison")[len(before) :]
    assert (step, purpose, count) == ("person.list", "roster", 2)
    assert people == {world.people[name]: "name,political_status" for name in ("member", "member2")}


async def test_the_grant_and_the_request_stand_in_the_row(world):
    async with world.client("liaison") as client:
        answer = await client.get(f"/api/v1/people/{world.people['member']}")
    with world.house.engines.look() as session:
        row = session.first(sa.select(*AccessLog.__table__.c).order_by(AccessLog.id.desc()).limit(1))
    assert str(row.request_id) == answer.headers["x-request-id"]
    assert row.organization_id == world.places["unit"]
    assert row.grant_id is not None
    assert row.at == world.house.clock()


async def test_nobody_is_logged_for_what_is_their_own(world):
    before = logged(world, "liaison")
    async with world.client("liaison") as client:
        assert (await client.get(f"/api/v1/people/{world.people['liaison']}")).json()["name"] == "测liaison"
    assert logged(world, "liaison") == before


async def test_what_cannot_be_logged_is_not_shown(world, monkeypatch):
    async with world.client("liaison") as client:
        with monkeypatch.context() as broken:
            broken.setattr(looks, "AccessLogSubject", sa.table("nowhere", sa.column("id")))
            answer = await client.get(f"/api/v1/people/{world.people['member']}")
            assert (answer.status_code, answer.json()["code"]) == (503, "log_unwritable")
            assert "测" not in answer.text.replace(answer.json()["title"], "")
        shown = await client.get(f"/api/v1/people/{world.people['member']}")
        assert shown.json()["name"] == "测member"  # the control: with the log back the name is shown


async def test_what_a_crowd_reads_is_logged_once_for_each(world):
    before = len(logged(world, "liaison"))
    async with world.client("liaison") as client:
        await asyncio.gather(*(client.get(f"/api/v1/people/{world.people['member']}") for _ in range(40)))
    assert len(logged(world, "liaison")) == before + 40


def test_the_database_refuses_to_edit_the_log(world):
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), world.house.engines.begin() as session:
        session.execute(sa.update(AccessLog).values(purpose="roster"))
