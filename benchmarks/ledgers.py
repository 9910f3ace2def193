"""A year's ledger to measure assessment on: members of one unit, shifts, sealed entries and their positions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from api.access import Actor
from api.calls import House
from api.db import new_id
from api.models import NOBODY, Activity, Person, Shift
from api.services import changes, ledger_columns, organizations, tenants
from api.services.cuts import Cut
from api.services.days import zone_of
from api.services.subjects import Subject
from api.settings import Settings
from benchmarks.fill import empty
from benchmarks.harness import cpu_of
from tests.support.postgres import Postgres, connect

EACH = 50  # entries a member
SHIFTS = 250
NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
START, END = date(2025, 1, 1), date(2026, 1, 1)
_AT = "2025-12-31 00:00:00.000000+00:00"
_ENTRY = (
    "id", "tenant_id", "recorded_at", "actor_id", "account_kind", "account_id", "unit", "amount", "kind", "nature",
    "served_on", "provenance", "source_id", "revision", "shift_id", "community_id", "employer_id",
)  # fmt: skip
_POSITION = ("tenant_id", "position", "kind", "row_id", "leaf", "sealed_at")


@dataclass
class Ledger:
    """What lies in the database, and the same as arrays: the member, the shift and the minutes of each entry."""

    kind: str
    url: str
    var_dir: Path
    house: House
    actor: Actor
    cut: Cut
    members: list[Subject]
    who: np.ndarray
    shift: np.ndarray
    minutes: np.ndarray
    server: Postgres | None

    def cpu(self) -> Callable[[], float]:
        """Return a clock of the CPU seconds of this process and of PostgreSQL's."""
        process = None if self.server is None else self.server.process
        own = (lambda: 0.0) if process is None else lambda: _family(process.pid)
        return lambda: cpu_of_self() + own()


def cpu_of_self() -> float:
    """Return the CPU seconds of this process, its threads included."""
    return time.process_time()


def _family(pid: int) -> float:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for each in (pid, *map(int, children)):
        try:
            total += cpu_of(each)
        except OSError:  # it has just ended
            continue
    return total


@contextmanager
def ledger(kind: str, entries: int) -> Iterator[Ledger]:
    """Give a database filled with so many entries, packed by columns; everything is gone afterwards."""
    with empty(kind) as (url, var_dir, server):
        var_dir.mkdir(parents=True, exist_ok=True)
        house = House(Settings(database_url=url, var_dir=var_dir, jobs=False), lambda: NOW)
        try:
            yield _filled(kind, url, var_dir, house, server, entries)
        finally:
            house.close()


def _filled(kind: str, url: str, var_dir: Path, house: House, server: Postgres | None, entries: int) -> Ledger:
    with house.engines.begin() as session:
        actor = tenants.found_tenant(session, "bench", "量测市")
        city = {"axis": "territory", "kind": "city", "name": "量测市"}
        community = organizations.create(session, actor, city, None)
        people = _people(session, actor, entries // EACH)
        shifts = _shifts(session, actor, community)
        zone = zone_of(session, actor.tenant_id)
    chance = np.random.default_rng(1)
    who = np.repeat(np.arange(len(people)), EACH)
    shift = chance.integers(0, SHIFTS, size=len(who))
    minutes = chance.integers(30, 300, size=len(who))
    members = [Subject(row["account_id"], row["id"], f"{n:07d}", None, None, True, {}) for n, row in enumerate(people)]
    cut = Cut(actor.tenant_id, zone, START, END, date(2025, 12, 31), len(who))
    found = Ledger(kind, url, var_dir, house, actor, cut, members, who, shift, minutes, server)
    rows = _entries(found, shifts, community)
    positions = ((actor.tenant_id.hex, n + 1, "entry", f"{n:032x}", b"", _AT) for n in range(len(who)))
    (_to_sqlite if server is None else _to_postgresql)(found, rows, positions)
    while house.write_now(actor, ledger_columns.pack):
        continue
    return found


def _people(session: Any, actor: Actor, count: int) -> list[dict[str, Any]]:
    base = {"tenant_id": actor.tenant_id, "version": 1, "created_at": NOW, "state": "active"}
    people = [{**base, "id": new_id(), "account_id": new_id()} for _ in range(count)]
    for start in range(0, count, 5_000):
        session.insert(Person, people[start : start + 5_000])
    return people


def _shifts(session: Any, actor: Actor, community: UUID) -> list[UUID]:
    values = {
        "kind": "service", "nature": "volunteer_service", "title": "巡逻", "community_id": community,
        "organizer_id": community, "policy": {}, "flags": [], "description": "", "risks": "", "place": "",
        "voluntary": True,
    }  # fmt: skip
    activity = changes.born(session, actor, "activity", "activity.create", values)
    session.insert(Activity, [activity])
    found = []
    for n in range(SHIFTS):
        starts = datetime(2025, 1, 2, 1, 0, tzinfo=UTC) + timedelta(days=n)
        shift = {
            "activity_id": activity["id"], "community_id": community, "short_code": f"B{n:07d}", "starts_at": starts,
            "ends_at": starts + timedelta(hours=9), "capacity": 9, "confirmed": 0, "imported": True,
        }  # fmt: skip
        found.append(changes.born(session, actor, "shift", "shift.create", shift))
    session.insert(Shift, found)
    return [shift["id"] for shift in found]


def _entries(found: Ledger, shifts: list[UUID], community: UUID) -> Iterator[tuple[Any, ...]]:
    """Yield the entries in the order of their members."""
    tenant, nobody, place = found.actor.tenant_id.hex, NOBODY.hex, community.hex
    accounts, at = [each.account_id.hex for each in found.members], [each.hex for each in shifts]
    days = [(date(2025, 1, 2) + timedelta(days=n)).isoformat() for n in range(SHIFTS)]
    for n, (who, shift, minutes) in enumerate(
        zip(found.who.tolist(), found.shift.tolist(), found.minutes.tolist(), strict=True)
    ):
        yield (
            f"{n:032x}", tenant, _AT, nobody, "person", accounts[who], "volunteer_minutes", minutes, "earned",
            "volunteer_service", days[shift], "code", f"{n:032x}", 0, at[shift], place, None,
        )  # fmt: skip


_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
)
_FILLED = (("entries", _ENTRY), ("positions", _POSITION))


def _to_sqlite(found: Ledger, *rows: Iterator[tuple[Any, ...]]) -> None:
    raw = sqlite3.connect(sa.make_url(found.url).database or "")
    for pragma in ("synchronous=OFF", "cache_size=-262144", "temp_store=MEMORY"):
        raw.execute(f"PRAGMA {pragma}")
    for (table, names), some in zip(_FILLED, rows, strict=True):
        # Built afterwards from sorted keys, an index costs a fifth of what it costs row by row.
        of = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
        indexes = raw.execute(of, (table,)).fetchall()
        for name, _ in indexes:
            raw.execute(f"DROP INDEX {name}")
        raw.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", some)
        for _, statement in indexes:
            raw.execute(statement)
    raw.commit()
    raw.execute("ANALYZE")
    raw.close()


def _to_postgresql(found: Ledger, *rows: Iterator[tuple[Any, ...]]) -> None:
    assert found.server is not None
    with connect(found.server.root, "bench", "postgres") as raw:
        # What is filled in refers to rows that stand: no key is looked up again for each.
        raw.execute("SET session_replication_role = replica")
        raw.execute("SET maintenance_work_mem = '256MB'")
        for (table, names), some in zip(_FILLED, rows, strict=True):
            indexes = raw.execute(_INDEXES, (table,)).fetchall()
            for name, _ in indexes:
                raw.execute(f"DROP INDEX {name}".encode())
            with raw.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in some:
                    copy.write_row(row)
            for _, statement in indexes:
                raw.execute(statement.encode())
        raw.execute("ANALYZE")
