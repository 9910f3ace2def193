"""Short ways to enrol phones and send what they kept, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from api.domain import codes
from tests.support import serving
from tests.support.phones import Phone
from tests.support.world import World


async def enrolled(world: World, name: str, skew: timedelta = timedelta(), token: str | None = None) -> Phone:
    """Return a phone of a person, enrolled now by the sign-in that they have here, or by another one's token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with world.client(name) as client:
        answer = await client.post("/api/v1/me/devices", headers=headers)
    assert answer.status_code == 201, answer.text
    return Phone(answer.json()["id"], bytes.fromhex(answer.json()["secret"]), skew)


async def sent(world: World, name: str, phone: Phone, items: Any = None) -> list[dict[str, Any]]:
    """Send what a phone kept, or some of it, now; return the outcomes."""
    async with world.client(name) as client:
        answer = await client.post("/api/v1/presences/offline", json=phone.list_at(world.house.clock(), items))
    assert answer.status_code == 200, answer.text
    return answer.json()["outcomes"]


def outcome(found: dict[str, Any]) -> str:
    """Return what became of an item in a word: a provenance, a problem's code, what it waits for, or its reasons."""
    if found["problem"] is not None:
        return found["problem"]["code"]
    if found["caseId"] is not None:
        return "review: " + ",".join(found["reasons"])
    return f"waits for {found['waitsFor']}" if found["waitsFor"] else found["presence"]["provenance"]


def code_then(world: World, shift: Any, at: datetime) -> str:
    """Return the code that stood on the organiser's screen at an instant."""
    return codes.code_at(serving.secret_of(world, UUID(str(shift))), at)
