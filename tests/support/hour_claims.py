"""Ways to ask an office for hours, and to decide about them, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from tests.support.world import World


async def ask(
    world: World,
    name: str,
    start: datetime | None,
    end: datetime | None,
    kind: str = "supplement",
    at: str = "community",
    **claim: Any,
) -> httpx.Response:
    """Ask an office for hours of a window, or about what `claim` names."""
    window = {"startsAt": start.isoformat(), "endsAt": end.isoformat()} if start and end else {}
    body = {
        "kind": kind, "organizationId": str(world.places[at]), "reason": "当日到场，记录有误",
        "claim": {**window, **claim},
    }  # fmt: skip
    async with world.client(name) as client:
        return await client.post("/api/v1/cases", json=body)


async def decide(
    world: World, case: Any, outcome: str = "accepted", by: str = "worker", key: str | None = None, part: Any = None
) -> httpx.Response:
    """Take a case over and answer it."""
    async with world.client(by) as client:
        path = f"/api/v1/cases/{case['id']}"
        assigned = await client.post(f"{path}/assign", json={})
        if assigned.status_code != 200:
            return assigned
    return await answer(world, case, outcome, by, key, part)


async def answer(
    world: World, case: Any, outcome: str = "accepted", by: str = "worker", key: str | None = None, part: Any = None
) -> httpx.Response:
    """Answer a case; `part` is the window of which the hours are accepted."""
    headers = {"Idempotency-Key": key} if key else {}
    body: dict[str, Any] = {"answer": "核实", "outcome": outcome}
    if part is not None:
        body["accepted"] = {"startsAt": part[0].isoformat(), "endsAt": part[1].isoformat()}
    async with world.client(by) as client:
        return await client.post(f"/api/v1/cases/{case['id']}/answer", json=body, headers=headers)
