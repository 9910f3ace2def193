"""R6: doubles at once and crowds for few places, against servers in two processes where the database allows it."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI

from api.calls import House
from api.db import Session
from api.main import create_app
from api.models import Shift
from api.services import changes, organizations, presences, signups
from api.wall import house_address
from benchmarks.fill import KINDS, Ground, ground, now
from benchmarks.harness import Row, request, serving

DOUBLES, CROWD, PLACES = 50, 200, 10
CARELESS = "benchmarks.soak.races:careless"
TIMES = {"small": (2, 2), "normal": (40, 50), "full": (200, 250)}


def careless() -> FastAPI:
    """Build the application with seeded mistakes: places given are not counted, presences that stand not looked at."""
    signups.take_places = lambda *_: None  # type: ignore[assignment]
    presences.Board.take = lambda *_: None  # type: ignore[method-assign]
    return create_app()


def rows(size: str, _seed: int) -> list[Row]:
    """Count facts and places that are too many or too few."""
    doubles, crowds = TIMES[size]
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind, members=CROWD, shifts=2) as filled:
            twice = _doubles(filled, 4, CARELESS)
            oversold = _crowds(filled, 4, CARELESS)
        with ground(kind, members=CROWD, shifts=2) as filled:
            wrong = _doubles(filled, doubles)
            told = f"{doubles} times {DOUBLES} at once; control: what stands is not looked at, {twice} wrong of 4"
            found.append(Row(f"R6 doubles, {kind}", wrong, "0", "wrong", wrong == 0 and twice > 0, told, ""))
            wrong = _crowds(filled, crowds)
            told = f"{crowds} times {CROWD} for {PLACES} places; control: places not counted, {oversold} wrong of 4"
            found.append(Row(f"R6 places, {kind}", wrong, "0", "wrong", wrong == 0 and oversold > 0, told, ""))
    return found


def _servers(stack: ExitStack, filled: Ground, factory: str = "api.main:create_app") -> list[int]:
    count = 2 if filled.server is not None else 1
    return [stack.enter_context(serving(factory, filled.environment())).port for _ in range(count)]


def _doubles(filled: Ground, times: int, factory: str = "api.main:create_app") -> int:
    """Send each of some check-ins many times at once; count answers that differ and facts that are not one."""
    wrong = 0
    with ExitStack() as stack:
        ports = _servers(stack, filled, factory)
        for pair in filled.next_pairs(times):
            content = filled.check_ins([pair])[0]
            answers = asyncio.run(_at_once(ports, [content] * DOUBLES))
            wrong += len({(status, body.get("id")) for status, body in answers} - {(200, answers[0][1].get("id"))})
    facts = _rows(filled, "SELECT count(*) FROM facts")[0][0]
    return wrong + abs(facts - times)


def _crowds(filled: Ground, times: int, factory: str = "api.main:create_app") -> int:
    """Let everybody ask for the same few places at once; count places given that are not exactly those there are."""
    house = House(filled.settings(), now)
    try:
        shifts = house.write_now(filled.actor, _few_places, filled, times)
    finally:
        house.close()
    with ExitStack() as stack:
        ports = _servers(stack, filled, factory)
        for shift in shifts:
            path = f"/api/v1/shifts/{shift}/signups"
            asked = [request("POST", path, {"Authorization": f"Bearer {token}"}) for token in filled.tokens]
            asyncio.run(_at_once(ports, asked))
    confirmed = "SELECT shift_id, count(*) FROM signups WHERE state = 'confirmed' GROUP BY shift_id"
    given = {str(shift).replace("-", ""): count for shift, count in _rows(filled, confirmed)}
    return sum(abs(given.get(shift.hex, 0) - PLACES) for shift in shifts)


def _few_places(session: Session, actor: Any, filled: Ground, count: int) -> list[Any]:
    begins = session.now + timedelta(hours=1)
    rows = [
        changes.born(session, actor, "shift", "create", {
            "activity_id": filled.shifts[0]["activity_id"], "community_id": filled.community, "short_code": code,
            "starts_at": begins, "ends_at": begins + timedelta(hours=2), "capacity": PLACES, "confirmed": 0,
            "imported": False, "secret": b"x" * 32,
        })
        for code in organizations.new_short_codes(count)
    ]  # fmt: skip
    session.insert(Shift, rows)
    return [row["id"] for row in rows]


async def _at_once(ports: list[int], contents: list[bytes]) -> list[tuple[int, dict[str, Any]]]:
    async def one(port: int, content: bytes) -> tuple[int, dict[str, Any]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(content.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        return int(head[9:12]), json.loads(body)

    return await asyncio.gather(*(one(ports[n % len(ports)], content) for n, content in enumerate(contents)))


def _rows(filled: Ground, statement: str) -> list[Any]:
    engine = sa.create_engine(house_address(filled.url))
    try:
        with engine.connect() as connection:
            return list(connection.exec_driver_sql(statement).all())
    finally:
        engine.dispose()
