"""/auth/password and /me/password: staff sign in by password and TOTP, set both up, and change them.

A password is hashed outside of any transaction, in threads of its own: it takes long on purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import APIRouter

from api.calls import Caller
from api.domain import passwords as policy
from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import as_house, limited, outcome, signed_in
from api.schemas.credentials import (
    Confirmation,
    PasswordChange,
    PasswordSignIn,
    Proof,
    RecoveryCodes,
    SecondFactor,
    SetUp,
)
from api.schemas.session import Ended, SignedIn
from api.security import fits, hash_password, new_totp, totp_address
from api.services import credentials

router = APIRouter(prefix="/api/v1", tags=["credentials"], route_class=DoorRoute)
_REFUSED = problem_responses((401, 429))
_hashing = ThreadPoolExecutor(2, thread_name_prefix="hashing")  # so that no crowd of log-ins takes all memory


@router.post("/auth/password", operation_id="session.password", responses=_REFUSED)
async def password(body: PasswordSignIn, who: Anyone) -> SignedIn:
    """Sign in by account, password and a one-time code; five wrong in a quarter of an hour lock the account."""
    await limited(who, "password")
    tried = await who.write(credentials.attempt, body.account, body.tenant)
    right = await _hashed(fits, tried["password"], body.password)
    return signed_in(who.house, await who.write(credentials.enter, tried, right, body.totp, body.device))


@router.post("/auth/password/set-up", operation_id="credential.set_up", responses=_REFUSED)
async def set_up(body: SetUp, who: Anyone) -> SecondFactor:
    """Choose a password with the code that an administrator handed over; returns what an authenticator is fed with."""
    policy.admit(body.password, body.account, "/password")
    await limited(who, "password")
    tried = await who.write(credentials.attempt, body.account, body.tenant)
    hashed = await _hashed(hash_password, body.password)
    made = outcome(await who.write(credentials.set_up, tried, body.code, hashed, new_totp()))
    address = totp_address(made["secret"], made["account"], who.house.settings.issuer)
    return SecondFactor(address=address, secret=made["secret"])


@router.post("/auth/password/confirm", operation_id="credential.confirm", responses=_REFUSED)
async def confirm(body: Confirmation, who: Anyone) -> RecoveryCodes:
    """Begin to use an account, with a first code of the authenticator; returns the recovery codes."""
    await limited(who, "password")
    tried = await who.write(credentials.attempt, body.account, body.tenant)
    made = outcome(await who.write(credentials.confirm, tried, body.code, body.totp))
    return RecoveryCodes(recovery_codes=made["recovery"])


@router.post("/me/password", operation_id="credential.change", responses=_REFUSED)
async def change(body: PasswordChange, who: Who) -> Ended:
    """Change the caller's own password; their other devices are logged out."""
    tried, right = await _shown(who, body.current_password)
    policy.admit(body.new_password, tried["account"], "/newPassword")
    hashed = await _hashed(hash_password, body.new_password)
    return Ended(**outcome(await _own(who, tried, credentials.change, right, body.totp, hashed)))


@router.post("/me/password/recovery-codes", operation_id="credential.renew_recovery", responses=_REFUSED)
async def renew_recovery(body: Proof, who: Who) -> RecoveryCodes:
    """Make new recovery codes; the earlier ones count no more."""
    tried, right = await _shown(who, body.password)
    made = outcome(await _own(who, tried, credentials.renew_recovery, right, body.totp))
    return RecoveryCodes(recovery_codes=made["recovery"])


async def _shown(who: Caller, password: str) -> tuple[dict[str, Any], bool]:
    """Count a try at the caller's own account, and say whether the password is right."""
    person_id = await who.read(_person)
    tried = await as_house(who, credentials.attempt_own, person_id)
    return tried, await _hashed(fits, tried["password"], password)


async def _own(who: Caller, tried: dict[str, Any], service: Callable[..., Any], *arguments: Any) -> Any:
    done = outcome(await who.write(service, tried, *arguments))
    await as_house(who, credentials.forgive, tried["who"])
    return done


def _person(_session: Any, actor: Any) -> Any:
    return actor.person_id


async def _hashed(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_hashing, work, *arguments)
