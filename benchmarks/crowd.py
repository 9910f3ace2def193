"""Check-in as a crowd makes it: two thousand people within a minute with impatient retries, and ten times the rows."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.checkin import database_cpu, lone_inserts
from benchmarks.fill import KINDS, Ground, analyze, ground
from benchmarks.harness import Row, Server, drive, interleaved, serving

COMMAND = "python -m benchmarks crowd"
PEOPLE, SECONDS, RETRIES = 2000, 60, 0.3
_SEED = 20261122
_WAITING = 64


def rows(_size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure both databases: the crowd's minute beside lone INSERTs, and what ten times the rows cost."""
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind) as filled, serving("api.main:create_app", filled.environment()) as product:
            found.append(_minute(filled, product))
        found.append(_growth(kind))
    return found


def _minute(filled: Ground, product: Server) -> Row:
    """Let everybody come at a moment of their own within the minute, three in ten ask twice."""
    drive(product, filled.check_ins(filled.next_pairs(512)), _WAITING)
    analyze(filled)
    lone = sorted(lone_inserts(filled, PEOPLE))
    statuses: dict[int, int] = {}
    times = sorted(asyncio.run(_arrivals(product.port, filled, statuses)))
    ours, limit = _p99(times), _p99(lone)
    told = f"{ours:.1f} ms against {limit:.1f} ms of lone INSERT and COMMIT; {len(times)} requests, {statuses}"
    well = ours <= 5 * limit and set(statuses) == {200}
    name = f"check-in, {filled.kind}: p99 of {PEOPLE} people in a minute, 30 % retries, against lone INSERT and COMMIT"
    return Row(name, ours / limit, "≤ 5", "×", well, told, COMMAND)


def _p99(times: Sequence[float]) -> float:
    return times[int(0.99 * len(times))] * 1000


async def _arrivals(port: int, filled: Ground, statuses: dict[int, int]) -> list[float]:
    dice = random.Random(_SEED)
    times: list[float] = []

    async def ask(content: bytes) -> None:
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length))
        times.append(time.perf_counter() - begun)
        writer.close()
        status = int(head[9:12])
        statuses[status] = statuses.get(status, 0) + 1

    async def person(pair: tuple[int, int]) -> None:
        await asyncio.sleep(dice.uniform(0, SECONDS))
        content = filled.check_ins([pair])[0]  # the code on the screen as they stand before it
        await ask(content)
        if dice.random() < RETRIES:
            await asyncio.sleep(dice.uniform(0, 2))
            await ask(content)

    await asyncio.gather(*(person(pair) for pair in filled.next_pairs(PEOPLE)))
    return times


def _growth(kind: str) -> Row:
    """Compare the CPU of a check-in, the database's processes included, in tables of two sizes."""
    with (
        ground(kind, members=256, shifts=24, past=24) as small,
        ground(kind, members=256, shifts=24, past=240) as large,
        serving("api.main:create_app", small.environment()) as by_small,
        serving("api.main:create_app", large.environment()) as by_large,
    ):
        costs = interleaved({"small": lambda: _cost(small, by_small), "large": lambda: _cost(large, by_large)}, 4)
    ratio = costs["large"] / costs["small"]
    sizes = [len(each.past) * len(each.members) for each in (small, large)]
    told = f"{costs['small']:.0f} and {costs['large']:.0f} µs; {sizes[0]} and {sizes[1]} facts at the start"
    return Row(f"check-in, {kind}: ten times the rows", ratio, "≤ 1.3", "×", ratio <= 1.3, told, COMMAND)


def _cost(filled: Ground, product: Server, count: int = 1024) -> float:
    before = database_cpu(filled)
    own = drive(product, filled.check_ins(filled.next_pairs(count)), _WAITING).cpu
    return own + (database_cpu(filled) - before) / count * 1e6
