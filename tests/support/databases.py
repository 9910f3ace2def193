"""Migrated databases for tests, on both engines: migrated once in a run, then cloned, because a clone costs 30 ms."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.support import postgres

KINDS = ("sqlite", "postgresql")
TEMPLATE = "template_migrated"


class Databases:
    """Hands out databases of one test run, whose folder `root` all its processes share.

    `ensure_server` starts the run's PostgreSQL where nobody has yet and returns its socket's folder; `migrate` brings
    the empty database at an address to the newest schema. Names are unique among processes.
    """

    def __init__(self, root: Path, ensure_server: Callable[[], Path], migrate: Callable[[str], None]) -> None:
        self.root, self._ensure_server, self._migrate = root, ensure_server, migrate
        self._numbers = itertools.count(1)

    @contextmanager
    def migrated(self, kind: str) -> Iterator[str]:
        """Give the address of a database with the newest schema and no rows; it is dropped afterwards."""
        with self._new(kind, template=True) as url:
            yield url

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Give the address of a database without any schema; it is dropped afterwards."""
        with self._new(kind, template=False) as url:
            yield url

    @contextmanager
    def _new(self, kind: str, template: bool) -> Iterator[str]:
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        if kind == "sqlite":
            folder = self.root / name
            folder.mkdir()
            path = folder / "dualreport.sqlite3"
            if template:
                shutil.copyfile(self._sqlite_template(), path)
            try:
                yield sqlite_address(path)
            finally:
                shutil.rmtree(folder)
        else:
            socket = self._ensure_server()
            source = self._postgres_template(socket) if template else "template1"
            administer(socket, f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
            try:
                yield postgres.address(socket, name)
            finally:
                drop(socket, name)

    def _sqlite_template(self) -> Path:
        path = self.root / f"{TEMPLATE}.sqlite3"
        with self._once("sqlite") as first:
            if first:
                path.unlink(missing_ok=True)  # of a migration that failed
                self._migrate(sqlite_address(path))
                settle(path)
        return path

    def _postgres_template(self, socket: Path) -> str:
        with self._once("postgresql") as first:
            if first:
                administer(socket, f'DROP DATABASE IF EXISTS "{TEMPLATE}" WITH (FORCE)')
                administer(socket, f'CREATE DATABASE "{TEMPLATE}"')
                self._migrate(postgres.address(socket, TEMPLATE))
                # A template with a connection cannot be cloned; whatever the migration kept open ends here.
                administer(socket, f'ALTER DATABASE "{TEMPLATE}" ALLOW_CONNECTIONS false')
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
                administer(socket, ended.format(TEMPLATE))
        return TEMPLATE

    @contextmanager
    def _once(self, what: str) -> Iterator[bool]:
        """True for the first process of the run, for which the others wait; a failure is for the next to repeat."""
        with (self.root / f"{what}.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.root / f"{what}.done"
            yield not done.exists()
            done.touch()


def sqlite_address(path: Path) -> str:
    """Return the SQLAlchemy address of an SQLite file."""
    return f"sqlite:///{path}"


def settle(path: Path) -> None:
    """Bring everything of an SQLite database from its write-ahead log into the one file that is copied."""
    engine = sa.create_engine(sqlite_address(path))
    with engine.connect() as session:
        session.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def drop(socket: Path, name: str) -> None:
    """Drop a database; while autovacuum, which belongs to the superuser, looks at it, the owner has to wait."""
    for left in reversed(range(50)):
        try:
            administer(socket, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            break
        except psycopg.errors.InsufficientPrivilege:
            if not left:
                raise
            time.sleep(0.2)


def administer(socket: Path, statement: str) -> None:
    """Run one statement on the server as the owner of the databases, outside a transaction."""
    with postgres.connect(socket, "postgres") as session:
        session.execute(statement.encode())
