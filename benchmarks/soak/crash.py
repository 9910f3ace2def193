"""R1: the server is killed in a storm of check-ins and check-outs; what it acknowledged stands exactly once.

Every phone repeats its request until it is answered, across as many lives of the server as that takes.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import FastAPI

from api import lanes
from api.domain.codes import code_at
from api.main import create_app
from api.wall import house_address
from benchmarks.fill import Ground, now
from benchmarks.harness import free_port
from benchmarks.soak.nursery import Nursery

PHONES = 24
Wish = tuple[int, str, str]  # a member's number, a shift's id, a direction


@dataclass
class Storm:
    """What the phones saw: the id by which each presence was acknowledged, and how often a life ended."""

    acknowledged: dict[Wish, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    kills: int = 0
    repeats: int = 0
    refused: int = 0  # answers that told to come again later
    rude: int = 0  # of them those that did not say when, or were no problem
    seconds: float = 0.0


def careless() -> FastAPI:
    """Build the application with a seeded mistake: an answer leaves a moment before its commit."""

    def early(lane: Any, calls: Any, *, again: bool = True) -> Any:
        with lane._engines.begin() as session:
            answers = calls[0].runner(session, [call.item for call in calls])
            deliver([call for call in calls if call.loop is not None], answers)
            time.sleep(0.03 if again else 0)
        return answers

    def settle(pairs: list[tuple[Any, Any]]) -> None:
        once([(future, answer) for future, answer in pairs if not future.done()])

    deliver, once = lanes._deliver, lanes._settle
    lanes._settle = settle
    lanes.Lane._transaction = early  # type: ignore[method-assign]
    return create_app()


def storm(filled: Ground, kills: int, seed: int, factory: str = "api.main:create_app") -> Storm:
    """Let phones check in and out while the server is killed so many times; return what they saw."""
    port, seen = free_port(), Storm()
    nursery = Nursery(factory, filled.environment())
    begun = time.monotonic()
    try:
        asyncio.run(_weather(filled, nursery, port, kills, random.Random(seed), seen))
    finally:
        nursery.close()
    seen.seconds = time.monotonic() - begun
    return seen


async def _weather(filled: Ground, nursery: Nursery, port: int, kills: int, chance: random.Random, seen: Storm) -> None:
    work: asyncio.Queue[Wish] = asyncio.Queue()
    for wish in wishes(filled, chance):
        work.put_nowait(wish)
    over = asyncio.Event()
    phones = [asyncio.create_task(phone(filled, port, work, over, seen)) for _ in range(PHONES)]
    for life in range(kills + 1):
        pid = await asyncio.to_thread(nursery.start, port)
        await _until_it_answers(port)
        if life == kills:
            over.set()
            await asyncio.gather(*phones)
        else:
            await some_answers(seen, chance.randint(1, 60))
            seen.kills += 1
        await asyncio.to_thread(nursery.kill, pid)


async def some_answers(seen: Storm, count: int, seconds: float = 10) -> None:
    """Return when so many more presences were acknowledged, at the latest after these seconds; requests go on."""
    goal, deadline = len(seen.acknowledged) + count, time.monotonic() + seconds
    while len(seen.acknowledged) < goal and time.monotonic() < deadline:  # noqa: ASYNC110 - the phones only count
        await asyncio.sleep(0.002)


async def _until_it_answers(port: int) -> None:
    for _ in range(2400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.025)
        else:
            writer.close()
            return
    raise RuntimeError("the server does not come back")


def wishes(filled: Ground, chance: random.Random) -> list[Wish]:
    """Return a check-in to every open shift and a check-out from every past one, for everybody, in any order."""
    everybody = range(len(filled.members))
    found = [(member, shift["id"].hex, "check_in") for shift in filled.shifts for member in everybody]
    found += [(member, shift["id"].hex, "check_out") for shift in filled.past for member in everybody]
    chance.shuffle(found)
    return found


async def phone(filled: Ground, port: int, work: asyncio.Queue[Wish], over: asyncio.Event, seen: Storm) -> None:
    secrets = {shift["id"].hex: shift["secret"] for shift in (*filled.shifts, *filled.past)}
    while not over.is_set() and not work.empty():
        wish = work.get_nowait()
        for _ in range(1200):
            answer = await ask(filled, port, wish, secrets[wish[1]], seen)
            if answer is not None:
                break
            seen.repeats += 1
            await asyncio.sleep(0.1)
        else:
            raise RuntimeError("a phone gave up")
        status, body = answer
        seen.answers[status] += 1
        if status == 200:
            seen.acknowledged[wish] = body["id"]


async def ask(filled: Ground, port: int, wish: Wish, secret: bytes, seen: Storm) -> tuple[int, Any] | None:
    """Send one request on a new connection; None where no whole answer came back or the server was too busy."""
    member, shift, direction = wish
    body = json.dumps({"direction": direction, "code": code_at(secret, now())}).encode()
    head = (
        f"PUT /api/v1/shifts/{UUID(shift)}/presences/me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Authorization: Bearer {filled.tokens[member]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    try:
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(head.encode() + body)
                raw = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    head_bytes, found, content = raw.partition(b"\r\n\r\n")
    if head_bytes[9:12] == b"503":
        seen.refused += 1
        lines = head_bytes.lower()
        seen.rude += not (b"\r\nretry-after: " in lines and b"application/problem+json" in lines)
        return None
    if not found:
        return None
    try:
        return int(head_bytes[9:12]), json.loads(content)
    except ValueError:
        return None


def faults(filled: Ground, seen: Storm) -> list[str]:
    """Hold what was acknowledged against the tables, read past the product; return all that is wrong."""
    facts, entries = _tables(filled.url)
    found = [f"{times} answers were {status}" for status, times in seen.answers.items() if status != 200]
    standing: dict[tuple[str, str, str], list[str]] = {}
    for fact_id, account, shift, kind in facts:
        standing.setdefault((account, shift, kind), []).append(fact_id)
    found += [f"{len(ids)} facts for one {key[2]}" for key, ids in standing.items() if len(ids) != 1]
    credited = Counter(entries)
    found += [f"{times} entries for one pair" for times in credited.values() if times != 1]
    for (member, shift, direction), known in seen.acknowledged.items():
        account = filled.members[member]["account_id"].hex
        if standing.get((account, shift, direction)) != [UUID(known).hex]:
            found.append(f"an acknowledged {direction} is not what stands")
        if direction == "check_out" and credited[account, shift] != 1:
            found.append("an acknowledged check-out has no entry")
    left = {(account, shift) for account, shift, kind in standing if kind == "check_out"}
    found += ["a pair has no entry"] * len(left - set(credited))
    return found


def _tables(url: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    engine = sa.create_engine(house_address(url))
    try:
        with engine.connect() as connection:
            facts = connection.exec_driver_sql("SELECT id, account_id, shift_id, kind FROM facts").all()
            entries = connection.exec_driver_sql("SELECT account_id, shift_id FROM entries").all()
    finally:
        engine.dispose()
    return [tuple(map(_plain, row)) for row in facts], [tuple(map(_plain, row)) for row in entries]


def _plain(value: Any) -> str:
    return str(value).replace("-", "")
