"""The databases that tests get are real, empty, apart from each other and gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support import postgres
from tests.support.databases import KINDS, Databases
from tests.support.postgres import Postgres


def migrate(url: str) -> None:
    run(url, "CREATE TABLE migrated (n integer)")


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as session:
            result = session.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def tables(url: str) -> list[str]:
    engine = sa.create_engine(url)
    try:
        return sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    root = Path(tempfile.mkdtemp(prefix="dualreport-pg-"))
    root.chmod(0o711)
    server = Postgres(root / "server")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(root)


@pytest.fixture
def some(tmp_path: Path, server: Postgres) -> Iterator[Databases]:
    yield Databases(tmp_path, lambda: server.root, migrate)
    with postgres.connect(server.root, "postgres") as session:
        session.execute("DROP DATABASE IF EXISTS template_migrated WITH (FORCE)")


@pytest.mark.parametrize("kind", KINDS)
def test_a_migrated_database_has_the_schema_and_nothing_of_its_sister(some: Databases, kind: str) -> None:
    with some.migrated(kind) as first, some.migrated(kind) as second:
        run(first, "INSERT INTO migrated VALUES (1)")
        assert run(first, "SELECT n FROM migrated") == [(1,)]
        assert run(second, "SELECT n FROM migrated") == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_database_has_no_table(some: Databases, kind: str) -> None:
    with some.empty(kind) as url:
        assert tables(url) == []


def test_a_database_is_gone_afterwards(some: Databases) -> None:
    with some.migrated("postgresql") as url:
        pass
    with pytest.raises(sa.exc.OperationalError, match="does not exist"):
        run(url, "SELECT 1")
    with some.migrated("sqlite") as url:
        folder = Path(url.removeprefix("sqlite:///")).parent
        assert folder.exists()
    assert not folder.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_migration_runs_once_and_again_only_after_it_failed(tmp_path: Path, server: Postgres, kind: str) -> None:
    calls = []

    def fails_first(url: str) -> None:
        calls.append(url)
        migrate(url)
        if len(calls) == 1:
            raise RuntimeError("the migration is broken")

    databases = Databases(tmp_path, lambda: server.root, fails_first)
    with pytest.raises(RuntimeError, match="broken"), databases.migrated(kind):
        pass
    for _ in range(2):
        with databases.migrated(kind) as url:
            assert tables(url) == ["migrated"]
    assert len(calls) == 2


def test_the_owner_of_the_databases_is_no_superuser(server: Postgres) -> None:
    with postgres.connect(server.root, "postgres") as session:
        row = session.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False, False)


def test_the_server_is_reaped_and_comes_back_with_its_data(tmp_path: Path) -> None:
    root = Path(tempfile.mkdtemp(prefix="dualreport-pg-"))
    root.chmod(0o711)
    server = Postgres(root / "server", settings=())
    try:
        server.start()
        first = server.process
        assert first is not None
        with postgres.connect(server.root, "postgres") as session:
            session.execute("CREATE DATABASE kept")
        first.kill()
        assert first.wait(10) == -9
        server.start()
        with postgres.connect(server.root, "kept") as session:
            assert session.execute("SELECT 1").fetchone() == (1,)
        server.stop()
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            postgres.connect(server.root, "kept")
    finally:
        server.stop()
        shutil.rmtree(root)
