"""Plans of a work committee, and units that report in against them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.models import OrganizationLink
from tests.support.world import World


async def send(world: World, by: str, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
    """Send a request as somebody, expect a status, return the answer."""
    async with world.client(by) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body, **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def row(world: World, unit: str, community: str, **more: Any) -> dict[str, Any]:
    """Return a row of a plan."""
    return {"unitId": str(world.places[unit]), "communityId": str(world.places[community]), **more}


def plan(world: World, *rows: Any, **more: Any) -> dict[str, Any]:
    """Return a plan of a year."""
    return {
        "issuerId": str(world.places["employers"]),
        "title": "2026年度在职党员报到联系安排",
        "reference": "测工委〔2026〕3号",
        "startsOn": "2026-01-01",
        "endsOn": "2027-01-01",
        "rows": list(rows),
        **more,
    }


async def issued(world: World, *rows: Any, **more: Any) -> dict[str, Any]:
    """Let the committee draft and issue a plan."""
    draft = await send(world, "committee", "POST", "/plans", plan(world, *rows, **more), 201)
    return await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {})


async def report_in(
    world: World, unit: str = "unit", community: str = "community", by: str = "liaison", status: int = 201
) -> Any:
    """Let a liaison report the unit in."""
    return await send(world, by, "POST", "/registrations", row(world, unit, community), status)


def place_of(world: World, community: str) -> dict[str, Any]:
    """Return a body that names a community."""
    return {"communityId": str(world.places[community])}


def edit_of(world: World, *rows: Any) -> dict[str, Any]:
    """Return the same plan as an edit."""
    body = plan(world, *rows)
    del body["issuerId"]
    return body


def states(world: World) -> list[tuple[str, str, str, str]]:
    """Return the units' registrations: unit, community, state, plan."""

    def read(session: Any, actor: Any) -> list[tuple[str, str, str, str]]:
        columns = (
            OrganizationLink.from_id,
            OrganizationLink.to_id,
            OrganizationLink.state,
            OrganizationLink.document_id,
        )
        names = {place: name for name, place in world.places.items()}
        mine = (OrganizationLink.kind == "registration", OrganizationLink.tenant_id == actor.tenant_id)
        found = session.rows(sa.select(*columns).where(*mine))
        return sorted((names[link.from_id], names[link.to_id], link.state, str(link.document_id)) for link in found)

    return world.run(read)
