"""Short ways to enrol phones and send what they kept, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.domain import codes
from api.jobs.sealing import seal_all
from api.services import audit
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.phones import Phone
from tests.support.service_calls import planned, signed_up
from tests.support.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@contextmanager
def offline_world(database: str, var_dir: Path, time: Clock) -> Iterator[World]:
    """Give a world whose tokens outlast every test of phones; at its end the ledger has to verify."""
    built = worlds.build(database, var_dir, time, token_minutes=60 * 24 * 900)
    yield built
    seal_all(built.house)
    assert built.house.read_now(built.operator.tenant_id, audit.verify) == []
    built.close()


def two_weeks_on(time: Clock) -> None:
    """Stand at nine in the morning two weeks later: a time of its own for each test."""
    time.set(time.instant.replace(hour=1, minute=0, second=0) + 14 * DAY)


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


class Stay:
    """A shift at which somebody has a place, the phone that they enrolled before, and what it keeps of their stay."""

    def __init__(self, world: World, shift: str, phone: Phone, begin: datetime, name: str) -> None:
        self.world, self.shift, self.phone, self.begin, self.name = world, shift, phone, begin, name

    def keep(self, direction, minute, pair=1, phone=None):
        at = self.begin + minute * timedelta(minutes=1)
        return (phone or self.phone).keep(self.shift, direction, at, code_then(self.world, self.shift, at), pair)

    def both(self, came=0, left=90):
        return [self.keep("check_in", came), self.keep("check_out", left)]

    async def send(self, items=None, phone=None):
        return [outcome(each) for each in await sent(self.world, self.name, phone or self.phone, items)]

    async def stands(self):
        """Return what stands of the stay: direction, minute and provenance."""
        async with self.world.client(self.name) as client:
            answer = await client.get("/api/v1/facts", params={"mine": True, "shiftId": self.shift})
        found = [fact for fact in answer.json()["items"] if fact["kind"] in ("check_in", "check_out")]
        undone = {fact["reversesId"] for fact in found}
        alive = [fact for fact in found if fact["id"] not in undone and fact["reversesId"] is None]
        return sorted((fact["kind"], self.minute(fact["occurredAt"]), fact["provenance"]) for fact in alive)

    def minute(self, stamp):
        return (datetime.fromisoformat(stamp) - self.begin) // timedelta(minutes=1)

    async def minutes(self):
        async with self.world.client(self.name) as client:
            answer = await client.get("/api/v1/entries", params={"mine": True, "shiftId": self.shift})
        return sum(entry["amount"] for entry in answer.json()["items"])

    async def confirm(self):
        """Let the community's worker confirm the shift."""
        async with self.world.client("worker") as worker:
            answer = await worker.post(f"/api/v1/shifts/{self.shift}/settle")
        assert answer.status_code == 200, answer.text

    async def call_the_roll(self, direction, minute):
        line = {"shiftId": self.shift, "personId": str(self.world.people[self.name]), "direction": direction}
        at = (self.begin + minute * timedelta(minutes=1)).isoformat()
        async with self.world.client("worker") as worker:
            answer = await worker.post("/api/v1/presences", json={"presences": [{**line, "at": at}]})
        return answer.json()["outcomes"][0]


BOTH = [("check_in", 0, "offline_code"), ("check_out", 90, "offline_code")]


async def begun(world: World, time: Any) -> Stay:
    """Return a stay of the member that begins when a new shift does; the clock stands six hours later."""
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    phone = await enrolled(world, "member")
    begin = time() + timedelta(hours=1)
    time.set(begin + timedelta(hours=6))
    return Stay(world, shift, phone, begin, "member")


async def confirmed(stay: Stay, minutes: int = 90) -> None:
    """Say that the stay stands as the phone kept it, counts nothing yet, and counts once the leader has confirmed."""
    assert (await stay.stands(), await stay.minutes()) == (BOTH, 0)
    await stay.confirm()
    assert await stay.minutes() == minutes
