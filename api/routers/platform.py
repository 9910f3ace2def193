"""Health, readiness, keys and the demo log-in."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter

from api.route import Anyone, DoorRoute, Who
from api.routers.auth_common import signed_in
from api.schemas.session import Health, Me, SignedIn, SignIn
from api.services import sessions, sign_ins

router = APIRouter(tags=["platform"], route_class=DoorRoute)


@router.get("/healthz", operation_id="platform.health")
async def health(who: Anyone) -> Health:
    """Say that the process answers."""
    return Health(status="ok")


@router.get("/readyz", operation_id="platform.ready")
async def ready(who: Anyone) -> Health:
    """Say that the database answers in its newest form."""
    return Health(status=await who.read(sessions.ready))


@router.get("/.well-known/jwks.json", operation_id="platform.keys")
async def keys(who: Anyone) -> dict[str, Any]:
    """Publish the keys that verify our tokens."""
    return who.house.tokens.jwks


@router.post("/api/v1/auth/demo", operation_id="session.demo")
async def demo(body: SignIn, who: Anyone) -> SignedIn:
    """Sign in as an invented person; only outside production."""
    person_id, tenant_id = await who.read(sessions.demo_account, body.account)
    begun = await who.write(
        partial(sign_ins.begin, tenant_id=tenant_id, person_id=person_id, provider="demo", device=body.device)
    )
    return signed_in(who.house, begun)


@router.get("/api/v1/me", operation_id="session.me")
async def me(who: Who) -> Me:
    """Say who is signed in and with which roles where."""
    return await who.read(sessions.me)
