"""Accounts of staff as most tests of them begin: opened by a security administrator, then set up by their holder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from pyotp.totp import TOTP

from api.security import passwords
from api.services import people
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.world import World

LOG_IN = "/api/v1/auth/password"
PASSWORD = "对的 马 电池 订书钉 正确"


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Use the same algorithm with little memory and one pass: what is tested is everything around it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@contextmanager
def guarded(url: str, var_dir: Path, clock: Clock) -> Iterator[World]:
    """Give a small world with security administrators, where an address is not soon stopped from trying."""
    with closing(worlds.build(url, var_dir, clock, trials_per_address=10_000)) as built:
        built.run(guards, built)
        yield built


def guards(session: Any, actor: Any, world: World) -> None:
    """Give the world a security administrator of the city and one of a street far from all that is tested."""
    for name, at in (("guard", "city"), ("far_guard", "far_street")):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], "security_admin", world.places[at], since=worlds.LONG_AGO)


class Staff:
    """Somebody on the staff with an account that was set up."""

    def __init__(self, world: World, clock: Clock, account: str) -> None:
        self.world, self.clock, self.account = world, clock, account
        self.secret, self.credential = "", ""
        self.recovery: list[str] = []

    def code(self, steps: int = 0) -> str:
        """Return what the authenticator shows, or showed and will show some half minutes away."""
        return TOTP(self.secret).at(self.clock() + timedelta(seconds=30 * steps))

    async def log_in(self, client: Any, password: str = PASSWORD, **more: Any) -> Any:
        """Return the answer to signing in with the code of now."""
        body = {"account": self.account, "password": password, "totp": self.code(), "device": "办公电脑", **more}
        return await client.post(LOG_IN, json=body)


async def opened(world: World, account: str, role: str = "community_worker", at: str = "community") -> Any:
    """Return the answer to the opening of an account for a new person on the staff."""

    def hire(session: Any, actor: Any) -> UUID:
        person = people.add(session, actor, {"name": "测新"}, since=worlds.LONG_AGO)
        people.grant(session, actor, person, role, world.places[at], since=worlds.LONG_AGO)
        return person

    person = world.run(hire)
    async with world.client("guard") as guard:
        return await guard.post("/api/v1/credentials", json={"personId": str(person), "account": account})


async def staff(world: World, clock: Clock, account: str) -> Staff:
    """Return somebody new on the staff who has set their account up."""
    someone = Staff(world, clock, account)
    given = (await opened(world, account)).json()
    someone.credential = given["id"]
    async with world.client() as client:
        body = {"account": account, "code": given["setUpCode"], "password": PASSWORD}
        fed = await client.post(f"{LOG_IN}/set-up", json=body)
        assert fed.status_code == 200, fed.text
        someone.secret = fed.json()["secret"]
        assert fed.json()["address"].startswith(f"otpauth://totp/dualreport:{account}?secret={someone.secret}")
        body = {"account": account, "code": given["setUpCode"], "totp": someone.code(-1)}
        done = await client.post(f"{LOG_IN}/confirm", json=body)
        assert done.status_code == 200, done.text
        someone.recovery = done.json()["recoveryCodes"]
    return someone
