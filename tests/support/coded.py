"""Codes that must not count, of shifts and of members, sent by the thousand; and one that must count once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.domain import codes
from api.models import Fact
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock

STEP = timedelta(seconds=codes.STEP_SECONDS)
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
AT_ONCE = 50  # lines of a list


class Forger:
    """Stands where a shift is open and a member has a place, with codes from elsewhere and from earlier."""

    def __init__(self, world: worlds.World, other: worlds.World, time: Clock, seed: int) -> None:
        self.world, self.time, self.dice, self.sent = world, time, random.Random(seed), Counter[str]()
        time.set(time().replace(second=7, microsecond=0) + timedelta(days=3))
        begins = time() + timedelta(hours=1)
        self.shift, self.beside = (serving.plan(world, begins, 4.0) for _ in range(2))
        self.abroad = serving.plan(other, begins, 4.0)
        serving.sign_up(world, "member", self.shift)
        self.secrets = [serving.secret_of(world, shift) for shift in (self.shift, self.beside, self.abroad)]
        self.other = other

    async def prepare(self) -> None:
        """Let members show codes, of this shift long ago and now, of another shift and in another city."""
        now = self.time() + timedelta(hours=2)
        self.old: dict[int, str] = {}
        for age in (400, 100, 20, 5, 3, 2):  # in steps, the oldest first: time goes on
            self.time.set(now - age * STEP)
            self.old[age] = await _shown(self.world, self.shift)
        self.time.set(now)
        self.fresh = [await _shown(self.world, self.shift) for _ in range(5)]
        self.foreign = [
            await _shown(self.world, self.beside), await _shown(self.other, self.abroad), await _shown(self.other, None)
        ]  # fmt: skip

    async def send(self, count: int) -> int:
        """Send so many lines that must not count; return how many did, by what was answered and by the facts."""
        accepted = 0
        makers = [self._old, self._old_member, self._foreign, self._foreign_member, self._altered, self._altered_member]
        async with self.world.client("member") as member, self.world.client("worker") as worker:
            for place in range(0, count, AT_ONCE):
                made = [makers[(place // AT_ONCE) % 2 :: 2][number % 3]() for number in range(AT_ONCE)]
                sender = worker if "memberCode" in made[0] else member
                answer = await sender.post("/api/v1/presences", json={"presences": made})
                assert answer.status_code == 200, answer.text
                for outcome in answer.json()["outcomes"]:
                    accepted += outcome["presence"] is not None
                    self.sent[(outcome["problem"] or {"code": "accepted"})["code"]] += 1
        return max(accepted, len(facts(self.world, self.shift)))

    def _line(self, **how: str) -> dict[str, Any]:
        return {"shiftId": str(self.shift), "direction": "check_in", **how}

    def _old(self) -> dict[str, Any]:
        """A code of this shift from two steps ago or earlier, or from a step that has not come."""
        age = self.dice.choice([2, 2, 2, 3, self.dice.randint(2, 100_000), -1, -2])
        return self._line(code=codes.code_at(self.secrets[0], self.time() - age * STEP))

    def _old_member(self) -> dict[str, Any]:
        return self._line(memberCode=self.dice.choice([self.old[2], *self.old.values()]))

    def _foreign(self) -> dict[str, Any]:
        age = self.dice.choice([0, 1])
        return self._line(code=codes.code_at(self.dice.choice(self.secrets[1:]), self.time() - age * STEP))

    def _foreign_member(self) -> dict[str, Any]:
        return self._line(memberCode=self.dice.choice(self.foreign))

    def _altered(self) -> dict[str, Any]:
        right = codes.code_at(self.secrets[0], self.time() - self.dice.choice([0, 1]) * STEP)
        return self._line(code=self._other_sign(right, SIGNS))

    def _altered_member(self) -> dict[str, Any]:
        right = self.dice.choice(self.fresh)
        return self._line(memberCode=self.dice.choice([self._other_sign(right, LETTERS), right[:-1], right + "A"]))

    def _other_sign(self, right: str, signs: str) -> str:
        place = self.dice.choice([len(right) - 1, self.dice.randrange(len(right))])  # the last has bits to spare
        return right[:place] + self.dice.choice(signs.replace(right[place], "")) + right[place + 1 :]


async def _shown(world: worlds.World, shift: UUID | None) -> str:
    async with world.client("member") as client:
        answer = await client.get("/api/v1/me/presence-code", params={"shiftId": str(shift)} if shift else {})
    return answer.json()["code"]


async def storm(world: worlds.World, time: Clock, count: int) -> tuple[Counter[tuple[int, str]], int]:
    """Let one person send one check-in so many times at once; return answers by status and id, and facts there are."""
    time.set(time().replace(second=7, microsecond=0) + timedelta(days=3))
    shift = serving.plan(world, time() + timedelta(hours=1))
    serving.sign_up(world, "member", shift)
    time.forward(hours=1)
    body = {"direction": "check_in", "code": codes.code_at(serving.secret_of(world, shift), time())}
    path = f"/api/v1/shifts/{shift}/presences/me"
    async with world.client("member") as member:
        answers = await asyncio.gather(*(member.put(path, json=body) for _ in range(count)))
    told = Counter((answer.status_code, answer.json().get("id", "")) for answer in answers)
    return told, len(facts(world, shift))


def facts(world: worlds.World, shift: UUID) -> list[Any]:
    """Return the facts of a shift."""
    with world.house.engines.look() as session:
        return list(session.rows(sa.select(Fact.id, Fact.kind).where(Fact.shift_id == shift)))
