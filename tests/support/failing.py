"""Every call of the database that a request makes, failed before or after it; and what then stands."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import SQLModel

from api.db import Engines
from tests.support import postgres
from tests.support.asgi import send
from tests.support.authority import HEAD
from tests.support.contract import Operation
from tests.support.stage import PERSON_OF_ROLE, Stage

# The call is refused and not done; it is done and its answer is lost; from it on nothing reaches the database.
SIDES = ("before", "after", "away")
_CHANGES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
BESIDE = {"trials"}  # it counts who tried how often, failed tries too
# After these nobody is signed in, who took them no more than others: a repeat hears just that.
ENDS_SIGN_INS = {"sign_in.log_out", "sign_in.end_all", "credential.change"}
# These spend what holds once. Whose answer was lost signs in anew: the link or the password stands.
SPENT = {"identity.claim", "identity.register", "credential.set_up", "credential.confirm"}
# These look, and nothing is kept but that somebody looked: a repeat looks once more.
LOOK_AGAIN = {"person.search", "data_export.fetch"}
SHOWN = {"access_logs", "access_log_subjects"}  # a repeat shows again, and that is written down again


class Failing:
    """Stands between the engines of a house and their driver: notes each call, and fails the one that it is told to."""

    def __init__(self, engines: Any) -> None:
        self.calls: list[str] = []
        self._fail: tuple[int, str] | None = None
        self.kind = engines.dialect
        self._cut = engines.dialect == "postgresql"
        for engine in {engines._writer, engines._reader}:
            for event in ("do_execute", "do_executemany", "do_execute_no_params"):
                sa.event.listen(engine, event, partial(self._executes, event), insert=True)
            engine.dialect.do_commit = partial(self._commits, engine.dialect.do_commit)

    @contextmanager
    def noting(self, number: int = -1, side: str = "before") -> Iterator[list[str]]:
        """Give the list of the calls that are made in the block, of which one is failed; none by default."""
        self.calls, self._fail = [], (number, side)
        try:
            yield self.calls
        finally:
            self.calls, self._fail = [], None

    def _executes(self, event: str, cursor: Any, statement: str, *more: Any) -> bool:
        done = {
            "do_execute": lambda: cursor.execute(statement, more[0]),
            "do_executemany": lambda: cursor.executemany(statement, more[0]),
            "do_execute_no_params": lambda: cursor.execute(statement, **({"prepare": False} if self._cut else {})),
        }[event]
        return self._called(statement, cursor.connection, done)

    def _commits(self, commit: Any, connection: Any) -> None:
        raw = getattr(connection, "driver_connection", connection)
        if not self._called("COMMIT", raw, partial(commit, connection)):
            commit(connection)

    def _called(self, what: str, connection: Any, done: Any) -> bool:
        """Note a call and fail it where it is its turn; False where the caller is to make it."""
        self.calls.append(what)
        if self._fail is None:
            return False
        number, side = self._fail
        here = len(self.calls) - 1
        if here == number or (side == "away" and 0 <= number <= here):
            if side == "after":
                done()
            self._break(connection, side)
        return False

    def _break(self, connection: Any, side: str) -> None:
        if not self._cut:
            raise sqlite3.OperationalError("disk I/O error")
        if side == "before":
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


class Kept:
    """The rows of a database at one moment, to which changed tables are brought back."""

    def __init__(self, url: str) -> None:
        where = sa.make_url(url)
        self._path = Path(str(where.database)) if where.get_backend_name() == "sqlite" else None
        if self._path is not None:
            self._copy = sqlite3.connect(":memory:", check_same_thread=False)
            with closing(sqlite3.connect(self._path)) as live:
                live.backup(self._copy)
            return
        self._server = postgres.connect(Path(str(where.query["host"])), str(where.database), "postgres")
        self._server.execute("CREATE SCHEMA kept")
        for name in SQLModel.metadata.tables:
            self._server.execute(f"CREATE TABLE kept.{name} AS TABLE public.{name}".encode())
        self._server.execute("SET session_replication_role = replica")  # past triggers and references

    def restore(self, tables: set[str]) -> None:
        """Bring these tables back, past every trigger; on SQLite all, where there are any."""
        if self._path is not None and tables:
            with closing(sqlite3.connect(self._path, timeout=10)) as live:
                live.execute("PRAGMA synchronous=OFF")
                self._copy.backup(live)
        elif tables:
            self._restore_each(sorted(tables | BESIDE))

    def _restore_each(self, tables: list[str]) -> None:
        with self._server.transaction():
            for name in tables:
                self._server.execute(f"DELETE FROM public.{name}".encode())
                self._server.execute(f"INSERT INTO public.{name} SELECT * FROM kept.{name}".encode())

    def close(self) -> None:
        """Let the copy go."""
        if self._path is None:
            self._server.execute("DROP SCHEMA kept CASCADE")
            self._server.close()
        else:
            self._copy.close()


Rows = dict[str, Counter[tuple[Any, ...]]]


class NotRepeatable(Exception):
    """A request that does something else when it comes again to the same rows, as with a code that a provider spent."""


@dataclass
class Undisturbed:
    """What a request does where nothing fails: answer, calls, changed tables, and rows without what is drawn anew."""

    name: str
    request: dict[str, Any]
    status: int
    calls: list[str]
    tables: set[str]
    drawn: dict[str, set[int]] = field(default_factory=dict)  # places of columns that two runs fill differently
    after: Rows = field(default_factory=dict)

    def plain(self, rows: Rows) -> Rows:
        """Return rows with a blank in place of what every run draws anew."""
        found: Rows = {}
        for name, held in rows.items():
            blank = self.drawn.get(name, set())
            found[name] = Counter()
            for row, times in held.items():
                found[name][tuple(None if place in blank else cell for place, cell in enumerate(row))] += times
        return found


class Anomalies:
    """Sends a request once for each call of the database that it makes, and fails that call."""

    def __init__(self, app: Any, failing: Failing) -> None:
        self.app, self.failing, self.kept = app, failing, Kept(app.state.house.settings.database_url)

    def close(self) -> None:
        """Let the copy of the rows go."""
        self.kept.close()

    async def undisturbed(self, name: str, request: dict[str, Any]) -> Undisturbed:
        """Send a request twice from the same rows and leave them as they were; NotRepeatable where the two differ."""
        with self.failing.noting() as calls:
            answer = await send(self.app, **request)
        tables = {match[1] for call in calls if (match := _CHANGES.match(call))} - BESIDE
        found = Undisturbed(name, request, answer.status, calls, tables)
        if answer.status >= 300:
            self.kept.restore(tables)
            return found
        first = self.rows(tables)
        self.kept.restore(tables)
        again = await send(self.app, **request)
        second = self.rows(tables)
        self.kept.restore(tables)
        if again.status != answer.status or any(first[name].total() != second[name].total() for name in tables):
            raise NotRepeatable
        for name in tables:
            columns = [list(zip(*held[name].elements(), strict=True)) for held in (first, second)]
            pairs = enumerate(zip(*columns, strict=True))
            found.drawn[name] = {place for place, (one, two) in pairs if Counter(one) != Counter(two)}
        found.after = found.plain(first)
        return found

    async def disturbed(self, usual: Undisturbed, number: int, side: str) -> list[str]:
        """Fail one call of a request, then repeat it; return all that is wrong and leave the rows as they were."""
        before, wrong = self.rows(usual.tables), list[str]()
        with self.failing.noting(number, side):
            first = await send(self.app, **usual.request)
        rows = self.rows(usual.tables)
        whole = usual.plain(rows) == usual.after
        if rows != before and not whole:
            wrong.append(f"a part stands: {_apart(usual.plain(rows), usual.after)}")
        if first.status < 300 and not whole:
            wrong.append("it was acknowledged and does not stand")
        if first.status not in (usual.status, 503) or (first.status == 503 and "retry-after" not in first.headers):
            wrong.append(f"the answer was {first.status} {first.body[:200]!r}")
        again = await send(self.app, **usual.request)
        rows = self.rows(usual.tables)
        if again.status != (401 if whole and usual.name in ENDS_SIGN_INS | SPENT else usual.status):
            wrong.append(f"the repeat was answered {again.status} {again.body[:200]!r}")
        counted = {name for name in usual.tables - SHOWN if not (whole and usual.name in LOOK_AGAIN | SPENT)}
        if any(usual.plain(rows)[name] != usual.after[name] for name in counted):
            wrong.append(f"after the repeat: {_apart(usual.plain(rows), usual.after)}")
        if (ready := await send(self.app, "GET", "/readyz")).status != 200:
            wrong.append(f"the next request was answered {ready.status}")
        self.kept.restore(usual.tables)
        call = " ".join(usual.calls[number].split())[:60]
        return [f"{usual.name}, {side} call {number} of {len(usual.calls)} ({call}): {why}" for why in wrong]

    def rows(self, tables: set[str]) -> Rows:
        """Return the rows of these tables as they stand, by the house's own eyes."""
        with self.app.state.house.engines.look() as session:
            held = {name: session.rows(sa.select(SQLModel.metadata.tables[name])) for name in sorted(tables)}
        return {name: Counter(tuple(map(repr, row)) for row in rows) for name, rows in held.items()}


def _apart(one: Rows, other: Rows) -> str:
    """Return how many rows of each table are too many and too few."""
    counts = {name: ((one[name] - other[name]).total(), (other[name] - one[name]).total()) for name in one}
    return ", ".join(f"{name} +{more} -{less}" for name, (more, less) in counts.items() if more or less)


def requests_of(stage: Stage, operation: Operation) -> Iterator[dict[str, Any]]:
    """Yield a valid request of everybody on a stage to whom the door of an operation opens, each with a key."""
    body, kind = b"", {}
    if operation.schema is not None:
        kind, body = {"content-type": "application/json"}, json.dumps(stage.body(operation)).encode()
    if operation.upload:
        kind = {"content-type": "multipart/form-data; boundary=b"}
        body = f"--b\r\n{HEAD % operation.upload}\r\n\r\na,b\r\n--b--\r\n".encode()
    everybody = {PERSON_OF_ROLE[role]: None for role in sorted(operation.roles) if role in PERSON_OF_ROLE}
    for principal in everybody or {None: None}:
        headers = {**stage.headers(principal), **kind, "idempotency-key": "anomaly"}
        path = stage.path(operation)
        yield {"method": operation.method, "path": path, "headers": headers, "body": body}


def commit_by_halves() -> None:
    """Seed a mistake: a transaction that failed is committed as far as it came."""
    begin = Engines.begin

    @contextmanager
    def half(engines: Engines, *tenant: Any) -> Iterator[Any]:
        with begin(engines, *tenant) as session:
            try:
                yield session
            except BaseException:
                session.connection.commit()
                raise

    Engines.begin = half  # type: ignore[method-assign]
