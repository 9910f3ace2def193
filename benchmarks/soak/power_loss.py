"""R3: power is lost under a server on SQLite; of the unsynced writes anything may reach the disk, and nothing is lost.

A real server is traced while phones check in and out. From the trace come disk images as a power loss may leave them:
cut anywhere, what was synced is there, of the rest each write is kept, dropped, or torn at a sector's boundary, each
file for itself. SQLite opens every image, and every presence whose answer left before the cut must stand in it.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import FastAPI

from api import db
from api.main import create_app
from benchmarks.fill import Ground, ground
from benchmarks.harness import Row, serving
from benchmarks.soak.crash import Storm, Wish, phone, wishes
from benchmarks.soak.tracing import Call, calls

LAX = "benchmarks.soak.power_loss:lax"
PHONES = 3  # few, so that a commit holds few and the trace has many
_ID = re.compile(rb'"id": ?"([0-9a-f-]{36})"')
SIZES = {"small": (400, 1), "normal": (2_000, 1), "full": (10_000, 4)}  # images, traces that they are made from
PRESENCES = {"small": 200, "normal": 1_000, "full": 1_500}  # recorded in a trace
KEPT = (0.0, 0.2, 0.5, 0.8, 1.0)  # how likely an unsynced write is whole on the disk, drawn for each image
TORN = (0.0, 0.3, 0.9)  # of those that are not: how likely a part of their sectors is there
SECTORS = (512, 4096)
MEMORY = "/dev/shm"  # where a file costs nothing


def rows(size: str, seed: int) -> list[Row]:
    """Trace servers, open the images of each trace, and count those in which something is lost or damaged."""
    count, traces = SIZES[size]
    seen, wrong, checkpoints, told = 0, Counter[str](), 0, 0
    with ground("sqlite", members=128, shifts=60, past=12) as filled, ProcessPoolExecutor(2) as helpers:
        for number in range(traces):
            trace = traced(filled, PRESENCES[size], seed + number)
            parts = [(trace, count // traces // 8, seed + 8 * number + part) for part in range(8)]
            for found in helpers.map(images, *zip(*parts, strict=True)):
                seen += found.images
                wrong += found.faults
            checkpoints += trace.checkpoints()
            told += sum(bool(_told(call)) for call in trace.calls)
        lost = images(traced(filled, PRESENCES["small"], seed - 1, LAX), 200, seed).faults
    said = (
        f"{seen} images of {traces} traces with {told} acknowledged and {checkpoints} checkpoints, seed {seed}; "
        f"control: synchronous=NORMAL, {lost.total()} of 200 images wrong; {dict(wrong)}"
    )
    good = not wrong and bool(lost["an acknowledged presence is lost"])
    return [Row("R3 power loss, sqlite", wrong.total(), "0", "images wrong", good, said, "")]


def lax() -> FastAPI:
    """Build the application with a seeded mistake: SQLite does not sync at each commit."""
    strict = db._sqlite_engine

    def engine(url: str, **more: Any) -> sa.Engine:
        made = strict(url, **more)
        sa.event.listen(made, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=NORMAL"))
        return made

    db._sqlite_engine = engine
    return create_app()


@dataclass(frozen=True)
class Trace:
    """The files of a database before a server began, and all that it did to them until the plug was pulled."""

    database: str  # the name of the main file
    before: dict[str, bytes]
    calls: list[Call]

    def checkpoints(self) -> int:
        """Return how often the main file was written and synced."""
        return sum(call.kind == "synced" and call.path == self.database for call in self.calls)

    def on_a_disk_that_lies(self) -> Trace:
        """Return the same where a sync of the log is answered and not done."""
        left = [call for call in self.calls if not ("sync" in call.kind and call.path != self.database)]
        return replace(self, calls=left)

    def cuts(self, count: int, chance: random.Random) -> Counter[int]:
        """Return how often to cut before each call: anywhere, and as often while the main file is being written."""
        first = next(place for place, call in enumerate(self.calls) if _told(call))
        anywhere = range(first, len(self.calls))
        main = [place for place in anywhere if self.calls[place].path == self.database] or anywhere
        return Counter(chance.choice(main if number % 2 else anywhere) for number in range(count))


def traced(filled: Ground, wanted: int, seed: int, factory: str = "api.main:create_app") -> Trace:
    """Let phones record so many presences with a traced server and pull the plug."""
    main = Path(str(sa.make_url(filled.url).database))
    folder, out, seen = main.parent, filled.var_dir / "calls", Storm()
    before = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}
    under = [sys.executable, "-m", "benchmarks.soak.tracing", str(folder), str(out)]
    with serving(factory, {**filled.environment(), "DUALREPORT_JOBS": "true"}, None, under) as server:
        asyncio.run(_ask(filled, server.port, wanted, random.Random(seed), seen))
    found = list(calls(out))
    told = {UUID(known) for known in seen.acknowledged.values()}
    if not told <= set().union(*(_told(call) for call in found)) or len(told) < wanted:
        raise RuntimeError("the trace does not hold what the server answered")
    return Trace(main.name, before, found)


async def _ask(filled: Ground, port: int, wanted: int, chance: random.Random, seen: Storm) -> None:
    work: asyncio.Queue[Wish] = asyncio.Queue()
    for wish in islice(wishes(filled, chance), wanted):
        work.put_nowait(wish)
    await asyncio.gather(*(phone(filled, port, work, asyncio.Event(), seen) for _ in range(PHONES)))


def _told(call: Call) -> set[UUID]:
    return {UUID(found.decode()) for found in _ID.findall(call.data)} if call.kind == "said" else set()


@dataclass(eq=False)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)

    def settle(self, until: Call | None) -> None:
        """Bring to the disk what a sync found pending; `until` is the last of it."""
        if until is None or not any(call is until for call in self.pending):
            return
        while True:
            call = self.pending.pop(0)
            apply(self.durable, call)
            if call is until:
                return


def apply(content: bytearray, call: Call, start: int = 0, end: int | None = None) -> None:
    """Write or truncate, or write only the bytes from start to end of what was written."""
    if call.kind == "truncate":
        del content[call.at :]
        content.extend(bytes(call.at - len(content)))
        return
    part = call.data[start:end]
    at = call.at + start
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(part)] = part


class Disk:
    """Files as the kernel shows them, and what of them a power loss could not take any more."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.shown = {path: _File(bytearray(bytes_)) for path, bytes_ in content.items()}
        self.kept = dict(self.shown)  # the names that the directory's last sync wrote down
        self.acknowledged: set[UUID] = set()
        self._syncs: dict[int, Callable[[], None]] = {}

    def see(self, call: Call) -> None:
        """Take the next call of the trace."""
        if call.kind == "said":
            self.acknowledged |= _told(call)
        elif call.kind == "create":
            self.shown[call.path] = _File()
        elif call.kind == "remove":
            self.shown.pop(call.path, None)
        elif call.kind == "sync":
            self._syncs[call.at] = self._synced(call.path)
        elif call.kind == "synced":
            self._syncs.pop(call.at)()
        else:
            self.shown[call.path].pending.append(call)

    def _synced(self, path: str) -> Callable[[], None]:
        """Return what is sure when a sync that begins now has ended."""
        if path == ".":
            names = dict(self.shown)
            return lambda: setattr(self, "kept", names)
        file = self.shown.get(path)
        if file is None:
            return lambda: None
        last = file.pending[-1] if file.pending else None
        return lambda: file.settle(last)

    def image(self, chance: random.Random) -> dict[str, bytearray]:
        """Return the files as a power loss at this moment may leave them."""
        kept, torn, sector = chance.choice(KEPT), chance.choice(TORN), chance.choice(SECTORS)
        names = {
            path: chance.choice([self.shown.get(path), self.kept.get(path)])
            for path in sorted(self.shown.keys() | self.kept.keys())
        }
        return {path: _left(file, chance, kept, torn, sector) for path, file in names.items() if file is not None}


def _left(file: _File, chance: random.Random, kept: float, torn: float, sector: int) -> bytearray:
    content = bytearray(file.durable)
    for call in file.pending:
        if chance.random() < kept:
            apply(content, call)
        elif call.kind == "write" and chance.random() < torn:
            first = -(call.at % sector)
            for start in range(first, len(call.data), sector):
                if chance.random() < 0.5:
                    apply(content, call, max(0, start), start + sector)
    return content


@dataclass
class Seen:
    """How many images there were, in how many of them something unsynced was under way, and what was wrong."""

    images: int = 0
    unsynced: int = 0
    faults: Counter[str] = field(default_factory=Counter)


def images(trace: Trace, count: int, seed: int, each: int = 4) -> Seen:
    """Cut a trace at random places, leave some images at each, open them, and count what is wrong."""
    chance, seen, disk = random.Random(seed), Seen(), Disk(trace.before)
    cuts = trace.cuts(-(-count // each), chance)
    fast = MEMORY if Path(MEMORY).is_dir() else None
    with tempfile.TemporaryDirectory(prefix="dualreport-power-", dir=fast) as folder:
        for place, call in enumerate(trace.calls):
            for _ in range(min(each * cuts[place], count - seen.images)):
                seen.images += 1
                seen.unsynced += any(file.pending for file in disk.shown.values())
                seen.faults.update(_wrong(disk.image(chance), trace.database, disk.acknowledged, Path(folder)))
            disk.see(call)
    return seen


def _wrong(image: dict[str, bytearray], main: str, acknowledged: set[UUID], folder: Path) -> Iterator[str]:
    for left in folder.iterdir():
        left.unlink()
    for path, content in image.items():
        (folder / path).write_bytes(content)
    try:
        with closing(sqlite3.connect(folder / main)) as database:
            yield from _faults(database, {one.hex for one in acknowledged})
    except sqlite3.DatabaseError as why:
        yield f"the database cannot be opened: {why}"


def _faults(database: sqlite3.Connection, acknowledged: set[str]) -> Iterator[str]:
    state = database.execute("PRAGMA integrity_check").fetchall()
    if state != [("ok",)]:
        yield "the database is damaged"
    facts = database.execute("SELECT id, kind, account_id, shift_id FROM facts").fetchall()
    standing = {row[0]: row[1:] for row in facts}
    if acknowledged - standing.keys():
        yield "an acknowledged presence is lost"
    twice = Counter(tuple(row[1:]) for row in facts)
    if any(times > 1 for times in twice.values()):
        yield "a presence stands twice"
    credited = Counter(database.execute("SELECT account_id, shift_id FROM entries").fetchall())
    left = [(account, shift) for kind, account, shift in standing.values() if kind == "check_out"]
    if any(credited[pair] != 1 for pair in left):
        yield "a pair has not one entry"
