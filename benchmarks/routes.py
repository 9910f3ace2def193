"""The route class without a database, an ordinary write, and the door, against hello and the tutorial."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api.access import Ask, recognise
from api.calls import House
from api.db import Session, new_id
from api.main import create_app
from api.models import Organization, OrganizationLink
from api.services import people
from benchmarks.fill import KINDS, SINCE, Ground, analyze, ground, now
from benchmarks.harness import Row, drive, interleaved, request, serving
from tests.support.asgi import send

COMMAND = "python -m benchmarks routes"
STATEMENTS = 6
COMMUNITIES = 100_000


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure the ways in turn and count statements in the product itself."""
    count = 6000 if size == "full" else 2000
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind, members=64, shifts=1) as filled:
            if kind == "sqlite":
                found += _without_database(filled, count)
            found += _write(filled, count // 4)
    return found


def _body(filled: Ground) -> bytes:
    fields = f'"title": "独居老人需要理发", "category": "care", "communityId": "{filled.community}"'
    return f"{{{fields}}}".encode()


def _signed(filled: Ground, number: int = 0) -> dict[str, str]:
    return {"Authorization": f"Bearer {filled.tokens[number % len(filled.tokens)]}"}


def _without_database(filled: Ground, count: int) -> list[Row]:
    posted = [request("POST", "/api/v1/echo", _signed(filled), _body(filled))] * count
    with serving("benchmarks.hello:create") as bare, serving("benchmarks.echo:create", filled.environment()) as ours:
        drive(ours, posted[:200])
        costs = interleaved(
            {
                "hello": lambda: drive(bare, [request("GET", "/hello")] * count).cpu,
                "plain": lambda: drive(ours, [request("GET", "/api/v1/echo/hello")] * count).cpu,
                "posted": lambda: drive(ours, posted).cpu,
            }
        )
    plain, share = costs["hello"] / costs["plain"], costs["hello"] / costs["posted"]
    told = f"hello {costs['hello']:.0f}, same answer {costs['plain']:.0f} ({plain:.0%}), body {costs['posted']:.0f} µs"
    goal = "of hello's rate"
    return [Row("route without a database: door, body, answer", share, "≥ 0.75", goal, share >= 0.75, told, COMMAND)]


def _write(filled: Ground, count: int) -> list[Row]:
    def posted(path: str) -> list[bytes]:
        return [request("POST", path, _signed(filled, number), _body(filled)) for number in range(count)]

    with (
        serving("api.main:create_app", filled.environment()) as product,
        serving("benchmarks.tutorial:create", filled.environment()) as tutorial,
    ):
        drive(product, posted("/api/v1/needs")[:64])
        drive(tutorial, posted("/needs")[:64])
        costs = interleaved(
            {
                "product": lambda: drive(product, posted("/api/v1/needs")).cpu,
                "tutorial": lambda: drive(tutorial, posted("/needs")).cpu,
            }
        )
    ratio = costs["product"] / costs["tutorial"]
    told = f"{costs['product']:.0f} against {costs['tutorial']:.0f} µs of the tutorial, which writes the same rows"
    name = f"any other write (a need), {filled.kind}"
    app = create_app(filled.settings(), now)
    house: House = app.state.house
    try:
        asyncio.run(_create(app, filled, "first"))  # a new connection asks the server who it is
        created = statements(house, lambda: asyncio.run(_create(app, filled, "counted")))
        door, looked = _door(house, filled)
        house.write_now(filled.actor, _grow, filled)
        analyze(filled)
        grown, looked_large = _door(house, filled)
    finally:
        house.close()
    share = door / costs["product"]
    doors = f"{door:.0f} µs of {costs['product']:.0f}"
    larger = f"{grown:.0f} µs of {costs['product']:.0f}; {grown / door:.2f} × the door of the small tree"
    return [
        Row(f"{name}: CPU against the tutorial", ratio, "≤ 0.5", "×", ratio <= 0.5, told, COMMAND),
        _counted(f"{name}: statements", created, STATEMENTS),
        _counted(f"door, {filled.kind}: statements", looked, 1),
        Row(f"door, {filled.kind}: share of its endpoint", share, "≤ 0.15", "of CPU", share <= 0.15, doors, COMMAND),
        _grown(filled.kind, grown / costs["product"], larger),
        _counted(f"door, {filled.kind}, {COMMUNITIES} communities: statements", looked_large, 1),
    ]


async def _create(app: Any, filled: Ground, key: str) -> None:
    headers = {**_signed(filled), "content-type": "application/json", "idempotency-key": key}
    lower = {name.lower(): value for name, value in headers.items()}
    answer = await send(app, "POST", "/api/v1/needs", b"", lower, _body(filled))
    if answer.status != 201:
        raise RuntimeError(answer.body)


def statements(house: House, work: Callable[[], Any]) -> int:
    """Return how many statements the engines sent while the work was done."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engines = [house.engines._writer]
    if house.engines.dialect == "sqlite":
        engines.append(house.engines._reader)
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)
    return len([text for text in seen if not text.startswith(("BEGIN", "COMMIT"))])


def _door(house: House, filled: Ground) -> tuple[float, int]:
    """Return CPU µs of the door for a worker with a role, and its statements."""
    worker = filled.members[0]["id"]
    house.write_now(
        filled.actor,
        lambda session, actor: people.grant(session, actor, worker, "community_worker", filled.community, since=SINCE),
    )
    ask = Ask("need.publish", house.tokens.read(filled.tokens[0]))

    def looked() -> float:
        with house.engines.look(filled.actor.tenant_id) as session:
            recognise(session, [ask])
            begun = time.thread_time()
            for _ in range(300):
                recognise(session, [ask])
            return (time.thread_time() - begun) / 300 * 1e6

    def once() -> None:
        with house.engines.look(filled.actor.tenant_id) as session:
            recognise(session, [ask])

    first = min(looked() for _ in range(3))
    return first, statements(house, once)


def _grow(session: Session, actor: Any, filled: Ground) -> None:
    """Put so many communities beside the one that is there, each with its link to the node above it."""
    above = session.first(sa.select(Organization).where(Organization.id == filled.community))
    city = above.parent_id
    columns = {**above._asdict(), "parent_id": city}
    prefix = above.path.rstrip("/").rsplit("/", 1)[0]
    for start in range(0, COMMUNITIES, 10_000):
        numbers = range(start, start + 10_000)
        rows = [
            {**columns, "id": new_id(), "name": f"社区{n}", "short_code": f"g{n:06}", "path": f"{prefix}/g{n:06}/"}
            for n in numbers
        ]
        session.insert(Organization, rows)
        session.insert(OrganizationLink, [_part_of(session, actor, row["id"], city) for row in rows])


def _part_of(session: Session, actor: Any, node: Any, above: Any) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "kind": "part_of",
        "from_id": node, "to_id": above, "state": "active", "valid_from": SINCE, "valid_to": None, "basis": None,
        "reason": None, "document_id": None, "details": {},
    }  # fmt: skip


def _grown(kind: str, share: float, told: str) -> Row:
    name = f"door, {kind}, {COMMUNITIES} communities: share of its endpoint"
    return Row(name, share, "≤ 0.15", "of CPU", share <= 0.15, told, COMMAND)


def _counted(name: str, figure: int, most: int) -> Row:
    return Row(name, figure, f"≤ {most}", "statements", figure <= most, "counted by the engine", COMMAND)
