"""Migrations: killed in the middle nothing stands, two at once are one, and up, down, up ends where it began."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command, op
from sqlmodel import SQLModel

import api.models  # noqa: F401 - declares the tables
from api.db import migrate, migration_config
from tests.support import processes
from tests.support import world as worlds
from tests.support.clock import Clock


def tables(url):
    engine = sa.create_engine(url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


EVERY = {*SQLModel.metadata.tables, "alembic_version"}


def test_a_migration_that_is_killed_in_the_middle_leaves_nothing_and_can_be_run_again(empty_database, monkeypatch):
    made, create = [], op.create_table

    def dies(name, *columns, **more):
        made.append(name)
        if len(made) == 7:
            raise KeyboardInterrupt
        return create(name, *columns, **more)

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_table", dies)
        with pytest.raises(KeyboardInterrupt):
            migrate(empty_database)
    assert tables(empty_database) <= {"alembic_version"}
    migrate(empty_database)
    assert tables(empty_database) == EVERY


def test_two_processes_that_migrate_at_once_are_one(empty_database):
    with ThreadPoolExecutor(2) as both:
        done = [both.submit(subprocess_migrates, empty_database) for _ in range(2)]
    assert [one.result() for one in done] == [(0, ""), (0, "")]
    assert tables(empty_database) == EVERY


def subprocess_migrates(url):
    done = processes.run("api.db:migrate", url)
    return done.returncode, done.stderr[-300:] if done.returncode else ""


def test_up_down_up_with_rows_ends_where_it_began(empty_database, tmp_path):
    migrate(empty_database)
    world = worlds.build(empty_database, tmp_path, Clock())
    world.close()
    command.downgrade(migration_config(empty_database), "base")
    assert tables(empty_database) <= {"alembic_version"}
    migrate(empty_database)
    command.check(migration_config(empty_database))
    worlds.build(empty_database, tmp_path, Clock()).close()
