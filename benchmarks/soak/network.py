"""R5: check-ins over a network that cuts, and with a database whose link is cut; what was acknowledged stands once."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.fill import KINDS, Ground, ground
from benchmarks.harness import Row, serving
from benchmarks.soak.crash import PHONES, Storm, Wish, faults, phone
from benchmarks.soak.cutting import Cutter, cutting_socket

SHARE = 0.15  # of the chunks between phone and server
LINK = 0.01  # of the chunks between server and database, of which every request needs many
TENDER = (b"COMMIT", 0.15)  # on its way there the commit is lost, on its way back only the news of it
PRESENCES = {"small": (200, 100), "normal": (10_000, 2_000), "full": (50_000, 10_000)}
PRODUCT, NO_LOOK, EARLY = (
    "api.main:create_app", "benchmarks.soak.races:careless", "benchmarks.soak.crash:careless",
)  # fmt: skip


def rows(size: str, seed: int) -> list[Row]:
    """Count what was acknowledged and is lost, doubled or another; phones repeat until they are answered."""
    found: list[Row] = []
    phones, linked = PRESENCES[size]
    for kind in KINDS:
        seen, wrong, cut = network(kind, phones, seed)
        caught = network(kind, 200, seed, NO_LOOK)[1]
        told = f"{_told(seen)}, {cut.cuts} of {cut.chunks} chunks cut, seed {seed}; control: what stands is not looked"
        ok = not wrong and bool(caught) and len(seen.acknowledged) >= phones
        found.append(Row(f"R5 network, {kind}", len(wrong), "0", "wrong", ok, f"{told} at, {len(caught)} wrong", ""))
    seen, wrong, cut = link(linked, seed)
    caught = link(400, seed, EARLY)[1]
    told = f"{_told(seen)}, {cut.cuts} of {cut.chunks} chunks cut, seed {seed}; control: answers before the commit"
    ok = not wrong and bool(caught) and len(seen.acknowledged) >= linked
    found.append(Row("R5 database link", len(wrong), "0", "wrong", ok, f"{told}, {len(caught)} wrong", ""))
    return found


def network(kind: str, count: int, seed: int, factory: str = PRODUCT) -> tuple[Storm, list[str], Cutter]:
    """Record so many presences through a cutting proxy; return what phones saw, what is wrong, and the proxy."""
    with ground(kind, members=50, shifts=max(1, count // 100), past=max(1, min(12, count // 100))) as filled:
        return over_network(filled, count, seed, factory)


def over_network(filled: Ground, count: int, seed: int, factory: str = PRODUCT) -> tuple[Storm, list[str], Cutter]:
    """Do the same on a filled database."""
    with serving(factory, filled.environment()) as server:
        cutter = Cutter(lambda: asyncio.open_connection("127.0.0.1", server.port), SHARE, seed)
        seen = asyncio.run(_through(filled, cutter, count, seed))
    return seen, faults(filled, seen), cutter


def link(count: int, seed: int, factory: str = PRODUCT) -> tuple[Storm, list[str], Cutter]:
    """Record so many presences while the link between server and PostgreSQL is cut now and then."""
    with ground("postgresql", members=50, shifts=max(1, count // 50), past=0) as filled:
        return over_link(filled, count, seed, factory)


def over_link(filled: Ground, count: int, seed: int, factory: str = PRODUCT) -> tuple[Storm, list[str], Cutter]:
    """Do the same on a filled PostgreSQL."""
    real = Path(str(sa.make_url(filled.url).query["host"]))
    with tempfile.TemporaryDirectory(prefix="cut") as folder, cutting_socket(real, Path(folder), 0.0, seed) as cutter:
        cut = replace(filled, url=filled.url.replace(str(real), folder))
        with serving(factory, cut.environment()) as server:
            cutter.share, cutter.tender = LINK, TENDER  # a server starts on a link that holds
            seen = asyncio.run(_storm(filled, server.port, count, seed))
    return seen, faults(filled, seen), cutter


async def _through(filled: Ground, cutter: Cutter, count: int, seed: int) -> Storm:
    port = await cutter.on_port()
    try:
        return await _storm(filled, port, count, seed)
    finally:
        await cutter.close()


async def _storm(filled: Ground, port: int, count: int, seed: int) -> Storm:
    """Let phones record so many presences, each until it is acknowledged."""
    seen, begun, over = Storm(), time.monotonic(), asyncio.Event()
    work: asyncio.Queue[Wish] = asyncio.Queue()
    for wish in _wishes(filled, count, random.Random(seed)):
        work.put_nowait(wish)
    await asyncio.gather(*(phone(filled, port, work, over, seen) for _ in range(PHONES)))
    seen.seconds = time.monotonic() - begun
    return seen


def _wishes(filled: Ground, count: int, chance: random.Random) -> list[Wish]:
    shifts: list[tuple[dict[str, Any], str]] = [
        *((shift, "check_in") for shift in filled.shifts), *((shift, "check_out") for shift in filled.past),
    ]  # fmt: skip
    every = [(member, shift["id"].hex, way) for shift, way in shifts for member in range(len(filled.members))]
    chance.shuffle(every)
    return every[:count]


def _told(seen: Storm) -> str:
    return f"{len(seen.acknowledged)} acknowledged after {seen.repeats} repeats in {seen.seconds:.0f} s"
