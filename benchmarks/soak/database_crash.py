"""R2: PostgreSQL is killed in a storm of check-ins; what was acknowledged stands exactly once, and the server heals.

The server of the product lives on all the while: it has to say that it cannot, and to find its database by itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from api.access import operator
from api.calls import House
from api.services import audit, sealer
from benchmarks.fill import Ground, ground, now
from benchmarks.harness import Row, serving
from benchmarks.soak.crash import PHONES, Storm, Wish, ask, faults, phone, some_answers, wishes
from tests.support.postgres import Postgres

# kills, acknowledgements between two of them at least and at most, kills on one filled database
SIZES = {"small": (3, 10, 60, 3), "normal": (20, 400, 1200, 10), "full": (100, 900, 1500, 10)}
OUTAGE = 0.2  # seconds for which nobody starts the database again
REPEATED = 100  # acknowledged requests that are sent again at the end
LAZY = ("synchronous_commit=off", "wal_writer_delay=10s")  # the control: PostgreSQL answers before its log is written


def rows(size: str, seed: int) -> list[Row]:
    """Kill the database so many times and count what was acknowledged and what of it was lost or doubled."""
    kills, least, most, each = SIZES[size]
    done = acknowledged = refused = 0
    wrong, lost = list[str](), list[str]()
    while done < kills:
        wide = 8 + 2 * each * most // 256
        with ground("postgresql", members=256, shifts=wide) as filled, served(filled) as port:
            seen = storm(filled, port, min(each, kills - done), (least, most), seed + done)
            wrong += found_wrong(filled, seen)
            done += seen.kills
            acknowledged, refused = acknowledged + len(seen.acknowledged), refused + seen.refused
            lost = control(filled, port, seed) if done >= kills else []
    told = (
        f"{kills} kills, {acknowledged} acknowledged, {refused} answered 503, seed {seed}; "
        f"control: {LAZY[0]}, {len(lost)} faults; {'; '.join(wrong[:3])}"
    )
    return [Row("R2 database crash", len(wrong), "0", "lost or doubled", not wrong and bool(lost), told, "")]


@contextmanager
def served(filled: Ground) -> Iterator[int]:
    """Serve the product, its jobs and its sealer besides; give the port. What it logs lies beside the database."""
    environment = {**filled.environment(), "DUALREPORT_JOBS": "true"}
    with serving("api.main:create_app", environment, filled.var_dir.with_name("server.log")) as server:
        yield server.port


def control(filled: Ground, port: int, seed: int) -> list[str]:
    """Return what is found wrong where the database acknowledges what its log does not hold yet."""
    assert filled.server is not None
    filled.server.stop()
    filled.server.settings += LAZY
    filled.server.start()
    return faults(filled, storm(filled, port, 1, (40, 80), seed + 1))


def storm(filled: Ground, port: int, kills: int, between: tuple[int, int], seed: int) -> Storm:
    """Let phones check in while the database is killed so many times, after so many acknowledgements each."""
    seen, begun = Storm(), time.monotonic()
    asyncio.run(_weather(filled, port, kills, between, random.Random(seed), seen))
    seen.seconds = time.monotonic() - begun
    return seen


async def _weather(
    filled: Ground, port: int, kills: int, between: tuple[int, int], chance: random.Random, seen: Storm
) -> None:
    assert filled.server is not None
    work: asyncio.Queue[Wish] = asyncio.Queue()
    for wish in wishes(filled, chance):
        work.put_nowait(wish)
    over = asyncio.Event()
    phones = [asyncio.create_task(phone(filled, port, work, over, seen)) for _ in range(PHONES)]
    for number in range(kills):
        await some_answers(seen, chance.randint(*between), 60)
        filled.server.crash(everybody=number % 2 == 0)
        seen.kills += 1
        await asyncio.sleep(OUTAGE)
        await _start_again(filled.server)
    await some_answers(seen, between[0], 60)
    over.set()
    await asyncio.gather(*phones)
    await _ask_again(filled, port, seen)


async def _start_again(server: Postgres) -> None:
    """Start until it runs: while processes of the killed one live, the next refuses to begin beside them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        server.launch()
        while server.process is not None and server.process.poll() is None:
            if server.is_ready():
                return
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.05)
    raise RuntimeError((server.root / "log").read_text()[-2000:])


async def _ask_again(filled: Ground, port: int, seen: Storm) -> None:
    """Send some acknowledged requests again and count the answers that are others than before."""
    secrets = {shift["id"].hex: shift["secret"] for shift in filled.shifts}
    for wish, known in list(islice(seen.acknowledged.items(), REPEATED)):
        answer = await ask(filled, port, wish, secrets[wish[1]], seen)
        if answer is None or answer[1].get("id") != known:
            seen.answers[0] += 1  # a status that nobody wants


def found_wrong(filled: Ground, seen: Storm) -> list[str]:
    """Return what is wrong in the tables, in the answers and in the ledger after it was sealed."""
    found = faults(filled, seen)
    found += [f"{seen.rude} refusals without a problem or a time to come again"] if seen.rude else []
    found += [] if seen.refused else ["nobody was told that the database is away"]
    house = House(filled.settings(), now)
    try:
        tenant = filled.actor.tenant_id
        while house.write_now(operator(tenant), lambda session, _: sealer.seal(session, tenant, everything=True)):
            pass
        findings = house.read_now(operator(tenant), lambda session, _: audit.verify(session, tenant))
    finally:
        house.close()
    return [*found, *(f"{one['check']}: {one['detail']}" for one in findings)]
