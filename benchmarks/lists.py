"""A page of fifty out of many needs, the first and the thousandth, and the first screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

from api import paging
from api.calls import House
from api.main import create_app
from benchmarks.fill import KINDS, Ground, add_needs, analyze, ground, now
from benchmarks.harness import Row, drive, interleaved, request, serving
from benchmarks.routes import statements
from tests.support.asgi import send

COMMAND = "python -m benchmarks lists"
COLUMNS = (
    "n.id, n.version, n.state, n.kind, n.title, n.description, n.category, n.target_group, n.headcount, n.quantity, "
    "n.when_text, n.budget_fen, n.community_id, n.reason, n.published_at, n.expires_on, n.flags, n.asked_by, o.name, "
    "o.path"
)
PAGE = 50


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure both databases; the ways take turns."""
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind, members=64, shifts=4, past=2) as filled:
            found += _measured(filled, 1_000_000 if size == "full" else 100_000)
    return found


def _measured(filled: Ground, count: int) -> list[Row]:
    house = House(filled.settings(), now)
    try:
        ids = house.write_now(filled.actor, add_needs, filled.community, count)
    finally:
        house.close()
    analyze(filled)
    deep = min(1000, count // PAGE - 1) * PAGE  # where the thousandth page begins
    return _table(filled, _costs(filled, deep, ids[-deep]), count)


def _raw(filled: Ground, last: UUID) -> tuple[str, str, str]:
    """Return the printed statement, and the addresses of the first and of the deep page on the bare driver."""
    mark, key = ("?", last.hex) if filled.server is None else ("%s", str(last))
    tenant = filled.actor.tenant_id.hex if filled.server is None else str(filled.actor.tenant_id)
    statement = (
        f"SELECT {COLUMNS} FROM needs n JOIN organizations o ON o.id = n.community_id WHERE n.tenant_id = {mark} "
        f"AND n.state = 'published' AND n.id < {mark} ORDER BY n.id DESC LIMIT {PAGE}"
    )
    return statement, f"/page?tenant={tenant}&before={'f' * 32}", f"/page?tenant={tenant}&before={key}"


def _costs(filled: Ground, deep: int, last: UUID) -> dict[str, float]:
    """Return the CPU µs of each way, taken in turns."""
    signed = {"Authorization": f"Bearer {filled.tokens[0]}"}
    path = f"/api/v1/needs?state=published&limit={PAGE}"
    later = f"{path}&cursor={paging.encode(last)}"
    statement, first, further = _raw(filled, last)
    with (
        serving("benchmarks.hello:create") as bare,
        serving("api.main:create_app", filled.environment()) as product,
        serving("benchmarks.rawlist:create", {**filled.environment(), "RAW_STATEMENT": statement}) as limit,
        serving("benchmarks.tutorial:create", filled.environment()) as tutorial,
    ):
        jobs = {
            "hello": (bare, request("GET", "/hello"), 1000),
            "raw": (limit, request("GET", first), 200),
            "raw, deep": (limit, request("GET", further), 200),
            "page": (product, request("GET", path, signed), 200),
            "deep": (product, request("GET", later, signed), 200),
            "home": (product, request("GET", "/api/v1/me/home", signed), 200),
            "tutorial": (tutorial, request("GET", "/needs", signed), 60),
            "tutorial, deep": (tutorial, request("GET", f"/needs?offset={deep}", signed), 30),
        }
        refused: list[str] = []

        def by(name: str) -> float:
            server, content, times = jobs[name]
            load = drive(server, [content] * times, 8)
            refused.extend(name for status in load.statuses if status != 200)
            return load.cpu

        for name in jobs:
            by(name)
        costs = interleaved({name: lambda name=name: by(name) for name in jobs})
    if refused:
        raise RuntimeError(f"not answered with 200: {set(refused)}")
    return costs


def _table(filled: Ground, costs: dict[str, float], count: int) -> list[Row]:
    name = f"page of {PAGE} out of {count}, {filled.kind}"
    raw, flat = costs["page"] / costs["raw"], costs["deep"] / costs["page"]
    ways = ", ".join(f"{way} {cost:.0f}" for way, cost in costs.items())
    home = costs["home"] / costs["hello"]
    looked = _home_statements(filled)
    screen = f"first screen, {filled.kind}"
    return [
        Row(f"{name}: CPU against raw rows", raw, "≤ 3.5", "×", raw <= 3.5, f"µs: {ways}", COMMAND),
        Row(
            f"{name}: page 1 000 against page 1", flat, "0.8 to 1.2", "×", 0.8 <= flat <= 1.2,
            f"tutorial with OFFSET {costs['tutorial, deep'] / costs['tutorial']:.1f} ×", COMMAND,
        ),
        Row(f"{screen}: statements", looked, "≤ 4", "statements", looked <= 4, "counted by the engine", COMMAND),
        Row(f"{screen}: CPU against hello", home, "≤ 5", "×", home <= 5, f"{costs['home']:.0f} µs", COMMAND),
    ]  # fmt: skip


def _home_statements(filled: Ground) -> int:
    app = create_app(filled.settings(), now)
    house: House = app.state.house

    async def ask() -> None:
        headers: dict[str, Any] = {"authorization": f"Bearer {filled.tokens[0]}"}
        answer = await send(app, "GET", "/api/v1/me/home", b"", headers)
        if answer.status != 200:
            raise RuntimeError(answer.body)

    try:
        return statements(house, lambda: asyncio.run(ask()))
    finally:
        house.close()
