"""S10: what somebody who tries phones, codes and accounts can tell apart of who is there and who is not."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa
from pyotp import TOTP

from api.models import ClaimCode, Trial
from api.services import claims, people
from tests.support import world as worlds
from tests.support.world import World

KNOWN_PHONE, FOREIGN_PHONE, ABSENT_PHONE = "+8613800000001", "+8613800000002", "+8613900000000"
PASSWORD = "a long enough pass phrase"


@dataclass
class Side:
    """What one side of a way answered: statuses, bodies without their request id, statements, seconds."""

    statuses: set[int] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)
    statements: set[int] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)

    @property
    def told(self) -> tuple[set[int], set[str], set[int]]:
        """Everything but the time, which is measured and never asserted."""
        return self.statuses, self.bodies, self.statements

    @property
    def median(self) -> float:
        """The median in milliseconds."""
        return statistics.median(self.seconds) * 1000


class Ways:
    """The public ways in, and the search of a liaison, each as (path, who, body if there, body if absent)."""

    def __init__(self, world: World, clock: Any):
        self.world, self.clock = world, clock
        self.found: dict[str, tuple[str, str | None, dict[str, Any], dict[str, Any]]] = {}

    async def prepare(self) -> None:
        """Put somebody on two rosters, a code into their hands, an account and a complaint into the world."""
        world = self.world
        await self._account()  # the clock goes on there, and a ticket holds for minutes
        listed = {name: world.run(_listed, world, unit, phone) for name, unit, phone in (
            ("known", "unit", KNOWN_PHONE), ("foreign", "unit2", FOREIGN_PHONE))}  # fmt: skip
        async with world.client("liaison") as liaison:
            code = (await liaison.post(f"/api/v1/people/{listed['known']}/claim-codes")).json()["code"]
        told = world.run(_ticket)
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        absent = ("0" if code[0] != "0" else "1") + code[1:]
        self.found["claim"] = (
            "/api/v1/auth/claim", None, {"ticket": told, "code": wrong}, {"ticket": told, "code": absent},
        )  # fmt: skip
        self.found["search"] = (
            "/api/v1/people/search", "liaison", {"phone": FOREIGN_PHONE}, {"phone": ABSENT_PHONE},
        )  # fmt: skip
        async with world.client() as client:
            filed = await client.post("/api/v1/complaints", json={"kind": "complaint", "text": "志愿者迟到"})
        number = filed.json()["number"]
        self.found["track"] = (
            "/api/v1/complaints/track", None, {"number": number, "secret": "A" * 20},
            {"number": number[:-4] + ("AAAA" if number[-4:] != "AAAA" else "BBBB"), "secret": "A" * 20},
        )  # fmt: skip

    async def _account(self) -> None:
        world = self.world
        world.run(_guard, world)
        async with world.client("guard") as guard, world.client() as client:
            body = {"personId": str(world.people["worker"]), "account": "known-account"}
            given = (await guard.post("/api/v1/credentials", json=body)).json()["setUpCode"]
            choice = {"account": "known-account", "code": given, "password": PASSWORD}
            secret = (await client.post("/api/v1/auth/password/set-up", json=choice)).json()["secret"]
            first = {"account": "known-account", "code": given, "totp": TOTP(secret).at(self.clock())}
            done = await client.post("/api/v1/auth/password/confirm", json=first)
            assert done.status_code == 200, done.text
        self.clock.forward(hours=1)
        wrong = {"password": "not the pass phrase", "totp": "000000", "device": None}
        there, absent = ({"account": account, **wrong} for account in ("known-account", "absent-account"))
        self.found["password"] = ("/api/v1/auth/password", None, there, absent)

    async def measure(self, name: str, samples: int) -> tuple[Side, Side]:
        """Ask both sides in turn; the first of each is thrown away."""
        path, who, there, absent = self.found[name]
        sides = (Side(), Side())
        async with self.world.client(who) as client:
            for turn in range(samples + 1):
                for side, body in zip(sides, (there, absent), strict=True):
                    self._forget()
                    await _ask(client, path, body, side if turn else Side())
        return sides

    def _forget(self) -> None:
        """Let no limit and no lock stand between two samples."""

        def run(session: Any, _actor: Any) -> None:
            session.execute(sa.delete(Trial))
            session.execute(sa.update(ClaimCode).values(tries=0, state="active"))

        self.world.run(run)


async def _ask(client: httpx.AsyncClient, path: str, body: dict[str, Any], side: Side) -> None:
    with counted() as statements:
        begun = time.perf_counter()
        answer = await client.post(path, json=body)
        side.seconds.append(time.perf_counter() - begun)
    said = answer.json()
    said.pop("requestId", None)
    side.statuses.add(answer.status_code)
    side.bodies.add(str(sorted(said.items())))
    side.statements.add(len(statements))


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gather every statement that any engine of the process sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def _listed(session: Any, actor: Any, world: World, unit: str, phone: str) -> Any:
    person = people.add(session, actor, {"name": "赵一", "phone": phone}, since=worlds.LONG_AGO)
    people.affiliate(
        session, actor, person, world.places[unit], "employment", roster_number=phone[-4:], since=worlds.LONG_AGO
    )
    return person


def _guard(session: Any, actor: Any, world: World) -> None:
    world.people["guard"] = people.add(session, actor, {"name": "测guard"}, since=worlds.LONG_AGO)
    at = world.places["city"]
    people.grant(session, actor, world.people["guard"], "security_admin", at, since=worlds.LONG_AGO)


def _ticket(session: Any, actor: Any) -> str:
    return claims.ticket(session, actor.tenant_id, provider="wechat", subject="openid-trying", phone=None)
