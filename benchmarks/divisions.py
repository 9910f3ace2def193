"""The national lists of divisions: import, import again, against a bare `executemany` of the same rows in the same run.

`python -m benchmarks divisions --data FOLDER` reads the lists in FOLDER; without it the shipped city is repeated under
made codes to the same size. SIZE=full measures PostgreSQL too. Each import runs in a process of its own, so that its
memory can be read.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session as SQLSession
from sqlmodel import select

from api.calls import House
from api.db import migrate, new_id
from api.domain.division_flags import compare_flags
from api.jobs.loop import run_due
from api.models import Organization, OrganizationCode, Tenant
from api.services import divisions, files, jobs, tenants
from api.settings import Settings
from api.wall import house_address
from benchmarks.harness import Row
from benchmarks.memory import peak

ROOT = Path(__file__).resolve().parents[1]
NATIONAL = ("national_levels1_3.csv", "national_level4_streets_open.csv.gz", "national_level5_villages_open.csv.gz")
CITY = ROOT / "api/data/divisions_suzhou.csv.gz"
TABLES = ("organizations", "organization_codes", "organization_links")
KINDS = (
    "virtual",
    "placeholder",
    "prefecture_without_counties",
    "village_range_named_community",
    "community_range_named_village",
)
UNLISTED = {"placeholder": 2}  # 5001 and 5002 are placeholders too, but the list of oddities leaves them out
COMMAND = "python -m benchmarks divisions"
CITIES, PROVINCES = 14, 12  # 168 times the shipped city are 400 000 entries


def rows(size: str, data: Path | None) -> list[Row]:
    """Measure on SQLite, with `full` on PostgreSQL as well; each figure stands beside its goal and a control."""
    table: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        lists, oddities = _lists(Path(folder), data)
        for engine in ("sqlite", "postgresql") if size == "full" else ("sqlite",):
            with _databases(engine, Path(folder)) as (ours, bare):
                table += _measured(engine, ours, bare, lists, Path(folder), oddities)
    return table


def _measured(engine: str, ours: str, bare: str, lists: list[Path], folder: Path, oddities: Path | None) -> list[Row]:
    first, second = (_in_a_process(ours, folder, lists) for _ in range(2))
    standing = _stored(ours)
    limit, flat = _bare(ours, bare)
    expected = {row["code"] for path in lists for row in _entries(path)}
    wrong = len(expected ^ {code for code, _, _ in standing})
    tutorial = _tutorial(bare) * len(expected)
    said = f"bare executemany {limit:.1f} s, one flat table {flat:.1f} s, tutorial {tutorial:.0f} s"
    again = second["created"] + second["renamed"] + second["coded"]

    def row(name: str, figure: float, goal: str, unit: str, ok: bool, control: str) -> Row:
        return Row(f"divisions {name} ({engine})", figure, goal, unit, ok, control, COMMAND)

    times, times_again = first["seconds"] / limit, second["seconds"] / limit
    memory = max(first["memory"], second["memory"])
    table = [
        row("import", times, "≤ 3", "× bare", times <= 3, f"{first['seconds']:.1f} s; {said}"),
        row("import again", times_again, "≤ 1.5", "× bare", times_again <= 1.5 and again == 0,
            f"{second['seconds']:.1f} s; {again} changes; {said}"),
        row("memory", memory, "≤ 600", "MB", memory <= 600, "peak of the importing process"),
        row("entries amiss", wrong, "0", "codes", wrong == 0,
            f"{len(expected)} entries; one left out is seen as {len(set(list(expected)[1:]) ^ expected)}"),
    ]  # fmt: skip
    return table + (_flag_rows(row, standing, oddities) if oddities else [])


def _flag_rows(row: Callable[..., Row], standing: list[tuple[str, int, list[str]]], oddities: Path) -> list[Row]:
    with oddities.open(encoding="utf-8-sig", newline="") as file:
        expected = [(line["code"], int(line["level"]), line["anomaly"]) for line in csv.DictReader(file)]
    agreed = compare_flags(standing, expected)
    blind = compare_flags(((code, level, []) for code, level, _ in standing), expected)
    table = []
    for kind in KINDS:
        found = agreed[kind]
        differing = len(found.missed) + len(found.false)
        control = (
            f"{found.expected} listed, {len(found.missed)} missed, {len(found.false)} false"
            f" ({UNLISTED.get(kind, 0)} known to be left out of the list); rule off: {len(blind[kind].missed)} missed"
        )
        known = UNLISTED.get(kind, 0)
        table.append(row(f"flag {kind}", differing, str(known), "differ", differing == known, control))
    return table


def _lists(folder: Path, data: Path | None) -> tuple[list[Path], Path | None]:
    """Return the files of the lists and the list of oddities, where the folder has them."""
    for place in (data, data and data / "divisions"):
        if place and (place / NATIONAL[0]).exists():
            return [place / name for name in NATIONAL], place / "anomalies_open.csv"
    path = folder / "repeated.csv.gz"
    with gzip.open(CITY, "rt", encoding="utf-8-sig", newline="") as file:
        city = list(csv.DictReader(file))
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, city[0].keys())
        writer.writeheader()
        for number in range(PROVINCES * CITIES):
            province = str(11 + number // CITIES)
            above = {"32": province, "3205": f"{province}{number % CITIES + 1:02}"}
            for entry in city if number % CITIES == 0 else city[1:]:
                moved = {
                    name: above.get(entry[name][:4], entry[name][:4]) + entry[name][4:]
                    for name in ("code", "parent_code")
                }
                writer.writerow({**entry, **moved})
    return [path], None


def _entries(path: Path) -> Iterator[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    return csv.DictReader(io.StringIO(text))


@contextmanager
def _databases(engine: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Give the addresses of two migrated databases: ours and the bare driver's."""
    if engine == "sqlite":
        addresses = [f"sqlite:///{folder / name}.db" for name in ("ours", "bare")]
        for address in addresses:
            migrate(address)
        yield addresses[0], addresses[1]
        return
    from tests.support.postgres import Postgres, connect

    with tempfile.TemporaryDirectory() as root:
        Path(root).chmod(0o711)
        server = Postgres(Path(root) / "server", settings=())
        server.start()
        try:
            for name in ("ours", "bare"):
                with connect(server.root, "postgres") as session:
                    session.execute(f"CREATE DATABASE {name}".encode())
                migrate(server.url(name))
            yield server.url("ours"), server.url("bare")
        finally:
            server.stop()


def _in_a_process(address: str, folder: Path, lists: Sequence[Path]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.divisions", address, str(folder), *map(str, lists)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=900)
    return json.loads(done.stdout.splitlines()[-1])


def _import(address: str, folder: str, lists: Sequence[str]) -> dict[str, Any]:
    """Import the lists one after the other, as the command does; return seconds, peak memory and what was counted."""
    house = House(Settings(database_url=address, var_dir=Path(folder), jobs=False), lambda: datetime.now(UTC))
    operator = house.write_now(None, lambda session, _actor: tenants.found_tenant(session, "bench", "基准市"))  # type: ignore[arg-type]
    found = {"created": 0, "renamed": 0, "coded": 0}
    begun = time.perf_counter()
    for path in map(Path, lists):
        kept = house.write_now(operator, files.keep, path.name, "text/csv", path.read_bytes())
        job = house.write_now(operator, divisions.request, kept, "statistics", 2023, "all_or_nothing")
        run_due(house)
        stood = house.read_now(operator, jobs.one, job)
        if stood["state"] != "done":
            raise RuntimeError(str(stood["result"]))
        found = {name: number + stood["result"][name] for name, number in found.items()}
    seconds = time.perf_counter() - begun
    house.close()
    return {"seconds": seconds, "memory": peak(), **found}


def _connect(address: str) -> Any:
    """Open the bare driver, with the same promises about power loss and references as the product has."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    return psycopg.connect(house_address(address).replace("+psycopg", ""), autocommit=True)


def _stored(address: str) -> list[tuple[str, int, list[str]]]:
    statement = (
        "SELECT c.code, c.level, o.flags FROM organization_codes c JOIN organizations o ON o.id = c.organization_id"
        " WHERE c.scheme = 'statistical'"
    )
    with closing(_connect(address)) as connection:
        found = connection.execute(statement).fetchall()
    return [(code, level, json.loads(flags) if isinstance(flags, str) else flags) for code, level, flags in found]


def _bare(ours: str, bare: str) -> tuple[float, float]:
    """Return the seconds of `executemany` of the same rows into the same tables, and of their names into a flat one."""
    seconds = 0.0
    with closing(_connect(ours)) as source, closing(_connect(bare)) as target:
        _copied(source, target, "tenants")
        for table in TABLES:
            seconds += _copied(source, target, table)
        entries = source.execute(
            "SELECT code, name, level FROM organization_codes c JOIN organizations o ON o.id = c.organization_id"
        )
        target.execute("CREATE TABLE flat (code TEXT, name TEXT, level INTEGER)")
        flat = _inserted(target, "flat", entries.fetchall())
    return seconds, flat


def _tutorial(address: str, sample: int = 10_000) -> float:
    """Return the seconds an entry costs as the SQLModel tutorial writes it: objects added to a session, one commit."""
    engine = sa.create_engine(house_address(address))
    with SQLSession(engine) as session:
        tenant = session.exec(select(Tenant.id)).first()
        begun, now = time.perf_counter(), datetime.now(UTC)
        for number in range(sample):
            common = {"tenant_id": tenant, "version": 1, "created_at": now}
            node = Organization(
                id=new_id(), axis="territory", kind="community", name=f"{number}号社区", short_code=f"T{number:07}",
                path=f"T{number:07}/", state="active", flags=[], **common,
            )  # fmt: skip
            code = OrganizationCode(
                id=new_id(), tenant_id=tenant, organization_id=node.id, scheme="tutorial", code=f"{number:012}",
                issuer="bench", year=2023, level=5, valid_from=now.date(),
            )  # fmt: skip
            session.add_all((node, code))
        session.commit()
        seconds = time.perf_counter() - begun
    engine.dispose()
    return seconds / sample


def _copied(source: Any, target: Any, table: str) -> float:
    cursor = source.execute(f"SELECT * FROM {table}")
    content = cursor.fetchall()
    if isinstance(target, psycopg.Connection):
        from psycopg.types.json import Jsonb

        plain = [tuple(Jsonb(cell) if isinstance(cell, dict | list) else cell for cell in row) for row in content]
        return _inserted(target, table, plain)
    return _inserted(target, table, content)


def _inserted(target: Any, table: str, content: list[Any]) -> float:
    mark = "%s" if isinstance(target, psycopg.Connection) else "?"
    statement = f"INSERT INTO {table} VALUES ({', '.join([mark] * len(content[0]))})"
    begun = time.perf_counter()
    cursor = target.cursor()
    cursor.execute("BEGIN")
    cursor.executemany(statement, content)
    cursor.execute("COMMIT")
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps(_import(sys.argv[1], sys.argv[2], sys.argv[3:])))
