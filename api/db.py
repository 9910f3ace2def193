"""Engines, sessions and migration for both databases; the one place that begins and commits transactions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import uuid_utils.compat as uuids
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from api.domain.looking import PURPOSES
from api.errors import Busy, Conflict
from api.security import Vault, seal_row, sealed_columns
from api.settings import Settings
from api.wall import HOUSE, entering

log = logging.getLogger("api.db")
# Rows are read by name: SQLAlchemy need not learn the columns of each new statement, which costs more than running it.
_BY_NAME = {"_result_disable_adapt_to_context": True}
# Texts of statements kept once made. All steps together have more than SQLAlchemy's 500, and whoever takes them
# in turn has each made anew: a seventh of the processor's time.
_TEXTS = 3_000
Clock = Callable[[], datetime]
_ROOTS = sa.table("vault_keys", sa.column("number", sa.Integer), sa.column("wrapped", sa.LargeBinary))
new_id = uuids.uuid7  # sorts by time, so that new rows land at the end of each index


@dataclass(frozen=True, slots=True)
class Look:
    """Personal data that a use case opened: of whom, which fields, why, and whom it concerns."""

    people: tuple[UUID, ...]
    fields: tuple[str, ...]
    purpose: str
    organization_id: UUID | None


class Session:
    """A connection inside a transaction, with what a use case may need besides.

    That is the time at which the call began, the vault and the settings. Services never commit.
    """

    __slots__ = ("committing", "connection", "dialect", "looks", "now", "settings", "vault")

    def __init__(self, connection: sa.Connection, engines: Engines):
        self.connection = connection
        self.committing = False  # from here on nobody knows whether what failed was kept
        self.now = engines.clock()
        self.vault = engines.vault
        self.settings = engines.settings
        self.dialect = connection.dialect.name
        self.looks: list[Look] = []

    def look(
        self, people: Iterable[UUID], fields: Iterable[str], purpose: str, *, organization_id: UUID | None = None
    ) -> None:
        """Note that personal fields of these people are opened, and why: a code of `api.domain.looking`.

        What is noted stands in the log before the answer leaves (api.looks). Own data may be among it and is passed
        over. `organization_id` says whom it concerns where it is not the node of the grant that the step is taken by.
        """
        opened = tuple(people)
        if opened:
            self.looks.append(Look(opened, tuple(fields), PURPOSES[purpose].code, organization_id))

    def execute(self, statement: Any, parameters: Any = None) -> sa.CursorResult[Any]:
        """Run a statement; a list of dictionaries runs it for each."""
        return self.connection.execute(statement, parameters)

    def rows(self, statement: Any, parameters: Any = None) -> Sequence[sa.Row[Any]]:
        """Return all rows that the statement selects; a list among the parameters stands for an IN list."""
        return self.connection.execute(statement, parameters and _evened(parameters)).all()

    def first(self, statement: Any, parameters: Any = None) -> sa.Row[Any] | None:
        """Return the first row, or None."""
        return self.connection.execute(statement, parameters).first()

    def scalar(self, statement: Any, parameters: Any = None) -> Any:
        """Return the first column of the first row, or None."""
        return self.connection.execute(statement, parameters).scalar()

    def insert(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        """Insert the rows, each a dictionary with the same keys, what is personal sealed; none is no statement."""
        if rows:
            self.connection.execute(sa.insert(table), self._sealed(table, rows))

    def insert_new(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        """Insert those rows of which no double stands; the others are passed over in silence."""
        if rows:
            dialect = postgresql if self.dialect == "postgresql" else sqlite
            self.connection.execute(dialect.insert(table).on_conflict_do_nothing(), self._sealed(table, rows))

    def sealed(
        self, table: Any, row: dict[str, Any], row_id: UUID | None = None, tenant_id: UUID | None = None
    ) -> dict[str, Any]:
        """Return a row, or what changes of the row with this id and tenant, with its sealed columns sealed."""
        return seal_row(self.vault, table, row, tenant_id or row["tenant_id"], row_id or row["id"])

    def _sealed(self, table: Any, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self.sealed(table, row) for row in rows] if sealed_columns(table) else list(rows)


class Engines:
    """A writing and a reading engine on one database, and the clock. `begin` and `look` are all ways in."""

    def __init__(self, settings: Settings, clock: Clock, vault: Vault):
        self.settings, self.clock, self.vault = settings, clock, vault
        self.dialect = sa.make_url(settings.database_url).get_backend_name()
        pool = settings.writer_lanes + settings.readers + 4
        if self.dialect == "sqlite":
            self._writer = _sqlite_engine(settings.database_url, writing=True, pool=pool)
            self._reader = _sqlite_engine(settings.database_url, writing=False, pool=pool)
        else:
            self._writer = self._reader = _postgresql_engine(settings.database_url, pool=pool)
        for engine in (self._writer, self._reader):
            engine.dialect.vault = vault  # by it sealed columns are opened
        vault.find_roots = self._find_roots
        self._have_a_root()

    @contextmanager
    def begin(self, tenant: UUID = HOUSE) -> Iterator[Session]:
        """Open a writing transaction of a tenant; it commits when the block ends and rolls back on any exception."""
        with self._writer.connect() as connection:
            session = Session(connection, self)
            self._enter(connection, "READ WRITE", tenant)
            yield session
            session.committing = True
            _commit(connection)

    @contextmanager
    def look(self, tenant: UUID = HOUSE) -> Iterator[Session]:
        """Open a reading transaction of a tenant: one snapshot, without the right to write."""
        with self._reader.connect() as connection:
            session = Session(connection, self)
            self._enter(connection, "ISOLATION LEVEL REPEATABLE READ READ ONLY", tenant)
            yield session
            # At a rollback psycopg forgets what it prepared, and PostgreSQL plans each statement anew.
            _commit(connection)

    def _enter(self, connection: sa.Connection, mode: str, tenant: UUID) -> None:
        """Go behind the wall in the round trip that begins the transaction; SQLite, of one house, has none."""
        if self.dialect == "postgresql":
            connection.exec_driver_sql(entering(mode, tenant), execution_options={"no_parameters": True})

    def _find_roots(self) -> None:
        with self.look() as session:
            self.vault.learn(tuple(row) for row in session.rows(sa.select(_ROOTS.c.number, _ROOTS.c.wrapped)))

    def _have_a_root(self) -> None:
        """Make the root key of a new database; of two processes that start at once one wins. Before migration none."""
        try:
            with self.look() as session:
                if session.scalar(sa.select(_ROOTS.c.number).limit(1)) is not None:
                    return
            with self.begin() as session:
                session.insert_new(_ROOTS, [{"number": 1, "wrapped": self.vault.new_root(1)}])
        except sa.exc.SQLAlchemyError as why:
            log.info("no root key yet: %s", type(why).__name__)  # it is looked for again when it is needed

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()


def _commit(connection: sa.Connection) -> None:
    try:
        connection.commit()
    except BaseException:
        connection.invalidate()  # SQLAlchemy holds it to be over and would lend the connection with it still open
        raise


def _evened(parameters: dict[str, Any]) -> dict[str, Any]:
    """Repeat the last item of each list up to a power of two, which changes nothing of what is found.

    So few texts serve all lengths, and the database plans each of them once instead of at every call.
    """
    return {
        name: value + value[-1:] * ((1 << (len(value) - 1).bit_length()) - len(value))
        if type(value) is list and len(value) > 2
        else value
        for name, value in parameters.items()
    }


def _sqlite_engine(url: str, *, writing: bool, pool: int) -> sa.Engine:
    path = sa.make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        pool_size=pool,
        execution_options=_BY_NAME,
        query_cache_size=_TEXTS,
        max_overflow=4,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": 10.0},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # FULL: with NORMAL a power loss takes back commits that were already acknowledged.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not writing:
            connection.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        # A deferred BEGIN that turns into a write later fails at once when another writer is there.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql_engine(url: str, *, pool: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=pool,
        execution_options=_BY_NAME,
        query_cache_size=_TEXTS,
        max_overflow=4,
        isolation_level="AUTOCOMMIT",  # the driver begins nothing by itself: we do, in one round trip with the wall
        hide_parameters=True,  # an error's words reach the log, what people wrote must not
        connect_args={"options": "-c lock_timeout=5000 -c timezone=UTC", "connect_timeout": 5},
    )

    @sa.event.listens_for(engine, "do_execute_no_params")
    def send(cursor: Any, statement: str, _context: Any) -> bool:
        cursor.execute(statement, prepare=False)  # several statements at once cannot be prepared
        return True

    return engine


def came_between(error: DBAPIError) -> bool:
    """Say whether running the whole call again can help: a deadlock, a lost serialisation or a double that won."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in ("40001", "40P01", "23505")
    return "UNIQUE constraint" in str(error.orig)


def problem_of(error: Exception) -> Exception:
    """Return what callers hear of an error: Conflict or Busy where it is the database's, else the error itself.

    A statement that is wrong in itself stays as it is: a fault of ours, which waiting does not mend.
    """
    ours = sa.exc.ProgrammingError | sa.exc.DataError | sa.exc.NotSupportedError
    if not isinstance(error, DBAPIError | sa.exc.TimeoutError) or isinstance(error, ours):
        return error
    refused = isinstance(error, DBAPIError) and (_broke_a_rule(error) or came_between(error))
    problem = Conflict() if refused else Busy()
    problem.__cause__ = error
    log.warning("the database %s", "refused" if refused else "failed", exc_info=error)
    return problem


def _broke_a_rule(error: DBAPIError) -> bool:
    """Say whether the database refused what was written or could not lock it in time, rather than failed."""
    state = getattr(error.orig, "sqlstate", None)
    return state.startswith("23") or state == "55P03" if state is not None else isinstance(error, sa.exc.IntegrityError)


def migrate(url: str, revision: str = "head", vault: Vault | None = None) -> None:
    """Bring the database at `url` to a revision; a repeat changes nothing. Rows to be sealed need the vault."""
    from alembic import command

    config = migration_config(url)
    config.attributes["vault"] = vault
    command.upgrade(config, revision)


def migration_config(url: str) -> Any:
    """Return Alembic's configuration for the database at `url`."""
    from alembic.config import Config

    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
