"""Health, readiness, keys and the demo log-in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.route import Anyone, DoorRoute, Who
from api.schemas.session import Health, Me, SignedIn, SignIn
from api.services import sessions

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
    token = who.house.tokens.issue(person_id, tenant_id)
    return SignedIn(access_token=token, scheme="Bearer", expires_in=who.house.settings.token_minutes * 60)


@router.get("/api/v1/me", operation_id="session.me")
async def me(who: Who) -> Me:
    """Say who is signed in and with which roles where."""
    return await who.read(sessions.me)
