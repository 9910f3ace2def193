"""SQLite: a COMMIT that fails, a full disk and another process's lock leave nothing and hurt nobody who comes after."""

from __future__ import annotations

import sqlite3
from uuid import uuid4

import pytest
import sqlalchemy as sa

from api.errors import Busy, Conflict
from api.models import Person, Tenant
from api.services import people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(databases, tmp_path_factory):
    with databases.migrated("sqlite") as url:
        built = worlds.build(url, tmp_path_factory.mktemp("var"), Clock())
        yield built
        built.close()


def add_person(session, actor):
    return people.add(session, actor, {"name": "测" * 1000}, since=worlds.LONG_AGO)


def people_kept(world):
    count = sa.select(sa.func.count()).select_from(Person)
    return world.house.read_now(world.operator, lambda session, _: session.scalar(count))


def test_a_commit_that_fails_leaves_nothing_and_the_connection_fit(world):
    before = people_kept(world)

    def dangling(session, actor):
        add_person(session, actor)
        session.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        row = people.person_row(session, actor, {"name": "测"})
        session.insert(Person, [{**row, "tenant_id": uuid4()}])  # found out at the COMMIT

    for _ in range(3):
        with pytest.raises(Conflict):
            world.run(dangling)
    assert people_kept(world) == before
    world.run(add_person)
    assert people_kept(world) == before + 1


def test_a_full_disk_is_busy_and_is_over_when_there_is_room_again(world):
    before = people_kept(world)

    def pages(session, limit):
        return session.scalar(sa.text(f"PRAGMA max_page_count={limit}"))

    def fills(session, actor):
        pages(session, 1)  # SQLite takes it as: as many as there are
        for _ in range(500):
            add_person(session, actor)

    with pytest.raises(Busy):
        world.run(fills)
    assert people_kept(world) == before
    world.run(lambda session, _: pages(session, 1_000_000_000))
    world.run(add_person)
    assert people_kept(world) == before + 1


async def test_readers_go_on_while_another_process_writes(world):
    path = sa.make_url(world.house.settings.database_url).database
    world.token("member")  # to sign in is to write
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE tenants SET name = 'unfinished'")
        async with world.client("member") as member:
            assert (await member.get("/api/v1/me")).status_code == 200
        name = sa.select(Tenant.name)
        assert world.house.read_now(world.operator, lambda session, _: session.scalar(name)) == "测试市"
    finally:
        other.execute("ROLLBACK")
        other.close()
    world.run(add_person)
