"""Check-in, complete, many waiting, against raw statements behind the same route and against the tutorial."""

from __future__ import annotations

import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from api.db import new_id
from api.wall import HOUSE_ROLE
from benchmarks.fill import KINDS, Ground, analyze, ground
from benchmarks.harness import Load, Row, Server, cpu_of, drive, interleaved, request, serving
from tests.support.postgres import connect

COMMAND = "python -m benchmarks checkin"
HELLO_GOAL = {"sqlite": 0.30, "postgresql": 0.28}
WAITING = 64


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure both databases; the ways take turns, and each keeps its smallest CPU a request."""
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind, shifts=80 if size == "full" else 40) as filled:
            found += _measured(filled, 2048 if size == "full" else 1024)
    return found


def _measured(filled: Ground, count: int) -> list[Row]:
    hello = [request("GET", "/hello")] * count
    statuses: dict[int, int] = {}
    with (
        serving("benchmarks.hello:create") as bare,
        serving("api.main:create_app", filled.environment()) as product,
        serving("benchmarks.raw:create", filled.environment()) as raw,
        serving("benchmarks.tutorial:create", filled.environment()) as tutorial,
    ):

        def by(server: Server, number: int, path: str = "/api/v1/shifts/{}/presences/me") -> float:
            load = drive(server, filled.check_ins(filled.next_pairs(number), path), WAITING)
            for status, times in load.statuses.items():
                statuses[status] = statuses.get(status, 0) + times
            return load.cpu

        for warm in (product, raw, tutorial):
            by(warm, 256, "/shifts/{}/presences" if warm is tutorial else "/api/v1/shifts/{}/presences/me")
        costs = interleaved(
            {
                "hello": lambda: drive(bare, hello, WAITING).cpu,
                "product": lambda: by(product, count),
                "raw": lambda: by(raw, count),
                "tutorial": lambda: by(tutorial, 256, "/shifts/{}/presences"),
            }
        )
        more = [_share_of_database(filled, product, tutorial, count), _commits(filled, product, count)]
        more += _alone(filled, product)
    return _table(filled.kind, costs, statuses) + [row for row in more if row]


def _table(kind: str, costs: dict[str, float], statuses: dict[int, int]) -> list[Row]:
    name = f"check-in, {kind}"
    beside = f"tutorial {costs['tutorial']:.0f} µs, {costs['hello'] / costs['tutorial']:.1%} of hello"
    refused = sum(times for status, times in statuses.items() if status != 200)
    share = costs["hello"] / costs["product"]
    return [
        _row(f"{name}: CPU against raw statements", costs["product"] / costs["raw"], 1.4, "×", beside),
        _least(f"{name}: tutorial against it", costs["tutorial"] / costs["product"], 8, "×", beside),
        _least(f"{name}: share of hello", share, HELLO_GOAL[kind], "of hello's rate", beside),
        Row(
            f"{name}: CPU", costs["product"], "told", "µs", True,
            f"hello {costs['hello']:.0f}, raw {costs['raw']:.0f}, tutorial {costs['tutorial']:.0f} µs", COMMAND,
        ),
        Row(f"{name}: refused or failed", refused, "0", "requests", not refused, str(statuses), COMMAND),
    ]  # fmt: skip


def _row(name: str, figure: float, most: float, unit: str, control: str) -> Row:
    return Row(name, figure, f"≤ {most}", unit, figure <= most, control, COMMAND)


def _least(name: str, figure: float, least: float, unit: str, control: str) -> Row:
    return Row(name, figure, f"≥ {least}", unit, figure >= least, control, COMMAND)


def _share_of_database(filled: Ground, product: Server, tutorial: Server, count: int) -> Row | None:
    """PostgreSQL's own CPU a check-in: its processes, those that ended included."""
    if filled.server is None:
        return None
    analyze(filled)  # as autovacuum does within a minute of the first storm
    costs = []
    for server, number, path in (
        (product, count, "/api/v1/shifts/{}/presences/me"),
        (tutorial, 256, "/shifts/{}/presences"),
    ):
        before = database_cpu(filled)
        drive(server, filled.check_ins(filled.next_pairs(number), path), WAITING)
        costs.append((database_cpu(filled) - before) / number * 1e6)
    return _row(
        "check-in, postgresql: the database's own CPU", costs[0], 120, "µs", f"tutorial {costs[1]:.0f} µs"
    )  # fmt: skip


def database_cpu(filled: Ground) -> float:
    """Return the CPU seconds of PostgreSQL's processes, those that ended included; 0 where there is no such server."""
    if filled.server is None or filled.server.process is None:
        return 0.0
    process = psutil.Process(filled.server.process.pid)
    own = process.cpu_times()
    total = cpu_of(process.pid) + own.children_user + own.children_system
    for child in process.children():
        try:
            total += cpu_of(child.pid)
        except OSError:  # it has ended, and its parent has it among its children's
            continue
    return total


def _commits(filled: Ground, product: Server, count: int) -> Row:
    """Transactions a check-in: all facts of one transaction were recorded at one instant."""
    before = _transactions(filled)
    drive(product, filled.check_ins(filled.next_pairs(count)), WAITING)
    figure = (_transactions(filled) - before) / count
    return _row(f"check-in, {filled.kind}: commits", figure, 0.1, "a check-in", "tutorial 1 a check-in")


def _transactions(filled: Ground) -> int:
    with _connection(filled) as session:
        return session.execute("SELECT count(DISTINCT recorded_at) FROM facts").fetchone()[0]


def _connection(filled: Ground) -> Any:
    if filled.server is not None:
        connection = connect(filled.server.root, "bench")
        connection.execute(f"SET ROLE {HOUSE_ROLE}")
        return connection
    return sqlite3.connect(filled.url.removeprefix("sqlite:///"), isolation_level=None, timeout=10)


def _alone(filled: Ground, product: Server) -> list[Row]:
    """The middle latency of one client alone against a lone INSERT and COMMIT of the same row, in turns."""
    ours: list[float] = []
    lone: list[float] = []
    for _ in range(4):
        load: Load = drive(product, filled.check_ins(filled.next_pairs(50)), 1)
        ours += load.times
        lone += lone_inserts(filled, 50)
    middle, limit = statistics.median(ours) * 1000, statistics.median(lone) * 1000
    told = f"{middle:.2f} ms against {limit:.2f} ms"
    return [_row(f"check-in, {filled.kind}: alone, p50 against INSERT and COMMIT", middle / limit, 3, "×", told)]


def lone_inserts(filled: Ground, count: int) -> list[float]:
    """Return the seconds of so many INSERTs of one fact, each with a COMMIT of its own, by the bare driver."""
    times = []
    connection = _connection(filled)
    try:
        if isinstance(connection, psycopg.Connection):
            connection.execute("SET timezone TO 'UTC'")
        else:
            connection.execute("PRAGMA synchronous=FULL")
        columns, row = _copied_fact(connection)
        mark = "%s" if filled.server else "?"
        statement = f"INSERT INTO facts ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
        for number in range(count):
            fresh = new_id()
            row["id"] = fresh if filled.server else fresh.hex
            row["kind"], row["revision"] = "lone", int(time.time_ns() // 1000 % 2**31) + number
            begun = time.perf_counter()
            connection.execute(statement, list(row.values()))
            times.append(time.perf_counter() - begun)
    finally:
        connection.close()
    return times


def _copied_fact(connection: Any) -> tuple[list[str], dict[str, Any]]:
    cursor = connection.execute("SELECT * FROM facts WHERE shift_id IS NOT NULL LIMIT 1")
    columns = [column[0] for column in cursor.description]
    row = dict(zip(columns, cursor.fetchone(), strict=True))
    if isinstance(connection, psycopg.Connection):
        row["details"] = b""
    return columns, row
