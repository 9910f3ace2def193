"""What the ways in share: the tokens of a sign-in that has begun, and how often an address may try."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from api.access import PUBLIC
from api.calls import Caller, House
from api.db import Session
from api.domain.trials import Limit
from api.schemas.session import SignedIn
from api.services import trials
from api.services.sign_ins import Refusal
from api.wall import HOUSE


def signed_in(house: House, begun: dict[str, Any] | Refusal) -> SignedIn:
    """Return the answer to who signed in or refreshed; `begun` is what `sign_ins.begin` or `refresh` returned.

    Raises the problem of a refusal, which is committed by now.
    """
    who: dict[str, Any] = outcome(begun)
    token, seconds = house.tokens.issue(who["person_id"], who["tenant_id"], who["sign_in_id"], until=who["expires_at"])
    return SignedIn(access_token=token, scheme="Bearer", expires_in=seconds, refresh_token=who["refresh_token"])


def outcome(done: Any) -> Any:
    """Return what a service returned, or raise the problem of a refusal."""
    if isinstance(done, Refusal):
        raise done.problem
    return done


async def limited(who: Caller, what: str) -> None:
    """Count one more request of this kind from the caller's address; Limited where it has come too often.

    A whole office may stand behind one address: the limit, `trials_per_address` in five minutes, stops floods, and
    what guards a single account is its lock.
    """
    limit = Limit(f"{what}.address", who.house.settings.trials_per_address, 300)
    await as_house(who, trials.spend, [(limit, who.address)])


async def limited_by(who: Caller, limit: Limit, subject: str) -> None:
    """Count one more request of a subject under a limit of its own; Limited where it is full."""
    await as_house(who, trials.spend, [(limit, subject)])


async def as_house(who: Caller, service: Callable[..., Any], *arguments: Any) -> Any:
    """Run a service in a transaction of its own that crosses tenants: what is counted stands, whatever comes after."""

    def run(session: Session, items: list[Any]) -> list[Any]:
        return [service(session, PUBLIC, *arguments) for _ in items]

    return await who.house.lanes.submit(run, None, None, asyncio.get_running_loop(), HOUSE)
