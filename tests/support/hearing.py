"""People around opinions: Party officers of a street, residents of a community, and short ways to ask and speak."""

from __future__ import annotations

from typing import Any

from api.services import organization_links, people
from tests.support.world import LONG_AGO, World

RESIDENTS = tuple(f"resident{number}" for number in range(6))


def furnish(session: Any, actor: Any, world: World) -> None:
    """Add two Party officers of the street, a second liaison, residents of 桃园社区; members and units report in."""
    for name, role, at in (
        ("party", "work_committee_officer", "street"), ("party2", "work_committee_officer", "street"),
        ("colleague", "liaison", "unit"), *((name, None, None) for name in RESIDENTS),
    ):  # fmt: skip
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=LONG_AGO)
        if role:
            people.grant(session, actor, world.people[name], role, world.places[at], since=LONG_AGO)
    home = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
    for name in ("member", "member2", *RESIDENTS):
        people.affiliate(session, actor, world.people[name], world.places["community"], "registration", **home)
    people.affiliate(session, actor, world.people["liaison"], world.places["unit"], "employment", since=LONG_AGO)
    for unit in ("unit", "unit2"):
        link = {"kind": "located_in", "from_id": world.places[unit], "to_id": world.places["community"]}
        organization_links.create(session, actor, link | {"basis": None, "valid_from": LONG_AGO})


async def send(world: World, name: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer to a GET, or with a body to a POST, of a person."""
    async with world.client(name) as client:
        path = f"/api/v1{path}"
        return await (client.get(path) if body is None else client.post(path, json=body))


async def asked(world: World, by: str = "liaison", **more: Any) -> Any:
    """Ask for an opinion on the member, as the unit's liaison unless somebody else is named."""
    body = {
        "procedure": "member_development", "askerId": str(world.places["unit"]),
        "personId": str(world.people["member"]), "purpose": "拟发展为中共党员", "since": "2026-01-01",
        "ground": "个人信息保护法第十三条第一款第三项；发展党员工作细则", "until": "2026-03-03", **more,
    }  # fmt: skip
    return await send(world, by, "/opinions", {key: value for key, value in body.items() if value is not None})


async def said(world: World, by: str, opinion: str, at: str, stance: str = "agrees", words: str = "表现积极") -> Any:
    """Speak for an organisation."""
    body = {"organizationId": str(world.places[at]), "stance": stance, "statement": words}
    return await send(world, by, f"/opinions/{opinion}/speak", body)
