"""Members who never reported in, and the steps that most tests of 报到 begin with."""

from __future__ import annotations

from typing import Any

from api.services import people
from tests.support.world import LONG_AGO, World

PATH = "/api/v1/registrations"


def newcomer(world: World) -> str:
    """Add a member of the world's unit who never reported in; return the name to sign in with."""
    name = f"m{len(world.people)}"

    def add(session: Any, actor: Any) -> None:
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=LONG_AGO)
        unit = world.places["unit"]
        people.affiliate(session, actor, world.people[name], unit, "employment", roster_number=name, since=LONG_AGO)

    world.run(add)
    return name


def at(world: World, place: str = "community", **more: Any) -> dict[str, Any]:
    """Return a body that names a community."""
    return {"communityId": str(world.places[place]), **more}


async def reported(world: World, name: str, place: str = "community", **more: Any) -> dict[str, Any]:
    """Let a member ask to be registered in a community."""
    async with world.client(name) as member:
        answer = await member.post(PATH, json=at(world, place, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def accepted(world: World, name: str, place: str = "community", by: str = "worker") -> dict[str, Any]:
    """Let a member report in and the community accept."""
    asked = await reported(world, name, place)
    async with world.client(by) as worker:
        answer = await worker.post(f"{PATH}/{asked['id']}/accept", json={})
    assert answer.status_code == 200, answer.text
    return answer.json()
