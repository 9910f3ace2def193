"""Needs, resources and projects on their way, as tests of 对接 begin."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.support.world import World


async def post(client: Any, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
    """Post, expect a status, return the answer."""
    answer = await client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def published_need(world: World, title: str = "独居老人需要理发") -> Any:
    """Let a member ask and the community publish a need."""
    async with world.client("member") as member, world.client("worker") as worker:
        body = {"title": title, "category": "elderly_care", "communityId": str(world.places["community"])}
        need = await post(member, "/needs", body, 201)
        await post(member, f"/needs/{need['id']}/submit")
        return await post(worker, f"/needs/{need['id']}/publish")


async def published_resource(world: World, kind: str = "goods", quantity: int = 10, **more: Any) -> Any:
    """Let the unit offer a resource."""
    async with world.client("liaison") as liaison:
        body = {
            "kind": kind,
            "title": "轮椅",
            "category": "health",
            "organizationId": str(world.places["unit"]),
            "quantity": quantity,
            **more,
        }
        resource = await post(liaison, "/resources", body, 201)
        return await post(liaison, f"/resources/{resource['id']}/publish")


def proposal(world: World, unit: str = "unit", **more: Any) -> dict[str, Any]:
    """Return a proposal of the community and a unit."""
    return {
        "category": "livelihood",
        "title": "义务理发",
        "communityId": str(world.places["community"]),
        "startsOn": "2026-03-10",
        "endsOn": "2026-06-10",
        "parties": [
            {"organizationId": str(world.places["community"]), "side": "asks", "duties": ["提供场地"]},
            {"organizationId": str(world.places[unit]), "side": "offers", "duties": ["每月一次上门理发"]},
        ],
        **more,
    }


async def proposed(world: World, by: str = "liaison", **more: Any) -> Any:
    """Let one side propose a project."""
    async with world.client(by) as client:
        return await post(client, "/projects", proposal(world, **more), 201)


async def agreed(world: World, **more: Any) -> Any:
    """Let both sides confirm a project."""
    project = await proposed(world, **more)
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        await post(liaison, f"/projects/{project['id']}/accept")
        return await post(worker, f"/projects/{project['id']}/accept")


async def state_of(world: World, path: str, by: str = "worker") -> Any:
    """Return how something stands."""
    async with world.client(by) as client:
        return (await client.get(f"/api/v1{path}")).json()


def rows_of(world: World, table: Any, *columns: Any, **where: Any) -> list[tuple[Any, ...]]:
    """Read columns of rows straight from the database."""

    def read(session: Any, _actor: Any) -> list[tuple[Any, ...]]:
        conditions = [getattr(table, name) == value for name, value in where.items()]
        return [tuple(row) for row in session.rows(sa.select(*columns).where(*conditions))]

    return world.run(read)
