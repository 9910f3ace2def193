"""Bring a file in as somebody of the small world would: upload, ask, run the job, read its result."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.jobs.loop import run_due
from tests.support.world import World


async def imported(
    world: World,
    who: str,
    kind: str,
    content: str | bytes,
    *,
    mode: str = "good_rows",
    name: str = "list.csv",
    **options: Any,
) -> dict[str, Any]:
    """Import bytes as a person and return the finished job."""
    data = content.encode() if isinstance(content, str) else content
    async with world.client(who) as client:
        kept = await client.post("/api/v1/files", files={"file": (name, data, "text/csv")})
        assert kept.status_code == 201, kept.text
        body = {"kind": kind, "fileId": kept.json()["id"], "mode": mode, "options": options}
        asked = await client.post("/api/v1/imports", json=body)
        assert asked.status_code == 202, asked.text
        assert asked.headers["location"] == f"/api/v1/jobs/{asked.json()['id']}"
        run_due(world.house)
        return (await client.get(asked.headers["location"])).json()


def count(world: World, table: Any, *conditions: Any) -> int:
    """Return how many rows of a table fit."""
    statement = sa.select(sa.func.count()).select_from(table).where(*conditions)
    return world.run(lambda session, _actor: session.scalar(statement))


def rows(world: World, statement: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement as tuples."""
    return world.run(lambda session, _actor: [tuple(row) for row in session.rows(statement)])
