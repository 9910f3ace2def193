"""Devices on a bad network and thieves: refresh tokens exchanged with answers that get lost."""

from __future__ import annotations

import random
from typing import Any

import httpx

REFRESH, LOG_IN = "/api/v1/auth/refresh", "/api/v1/auth/demo"


class Device:
    """A phone: it signs in, refreshes, tries again after a lost answer, and signs in anew where it has to."""

    def __init__(self, client: httpx.AsyncClient, account: str) -> None:
        self.client, self.account = client, account
        self.token, self.access, self.forced = "", "", 0

    async def log_in(self) -> None:
        answer = await self.client.post(LOG_IN, json={"account": self.account})
        assert answer.status_code == 200, answer.text
        self._keep(answer.json())

    async def rotate(self, dice: random.Random, lost: float) -> int:
        """Exchange the token, trying again as long as answers are lost; return how many were. 401 forces a log-in."""
        missed = 0
        while True:
            answer = await self.client.post(REFRESH, json={"refreshToken": self.token})
            if dice.random() < lost:
                missed += 1
                continue
            if answer.status_code == 200:
                self._keep(answer.json())
            else:
                assert answer.status_code == 401, answer.text
                self.forced += 1
                await self.log_in()
            return missed

    def _keep(self, signed: dict[str, Any]) -> None:
        self.token, self.access = signed["refreshToken"], signed["accessToken"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


async def rotations(client: httpx.AsyncClient, account: str, count: int, lost: float, seed: int) -> dict[str, int]:
    """Rotate one device `count` times with this share of answers lost; return what was lost and forced."""
    device, dice = Device(client, account), random.Random(seed)
    await device.log_in()
    missed = sum([await device.rotate(dice, lost) for _ in range(count)])
    return {"rotations": count, "lost": missed, "forced": device.forced}


async def theft(client: httpx.AsyncClient, account: str, dice: random.Random) -> bool:
    """Steal a token some rotations back, use it, and say whether the whole family is shut afterwards."""
    device = Device(client, account)
    await device.log_in()
    earlier = []
    for _ in range(dice.randrange(2, 5)):
        earlier.append(device.token)
        await device.rotate(dice, 0.0)
    stolen = await client.post(REFRESH, json={"refreshToken": dice.choice(earlier[:-1])})
    later = [await client.post(REFRESH, json={"refreshToken": token}) for token in (*earlier, device.token)]
    shut = await client.get("/api/v1/me", headers=device.headers)
    told = stolen.status_code == 401 and stolen.json()["code"] == "refresh_reused"
    return told and {answer.status_code for answer in (*later, shut)} == {401}
