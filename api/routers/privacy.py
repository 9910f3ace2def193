"""/privacy/registry: what is held of people, what for, on what ground and how long; for everybody to read."""

from __future__ import annotations

from fastapi import APIRouter

from api.route import Anyone, DoorRoute
from api.schemas.rights import Registry
from api.services import privacy

router = APIRouter(prefix="/api/v1/privacy", tags=["rights"], route_class=DoorRoute)


@router.get("/registry", operation_id="privacy.registry")
async def registry(who: Anyone) -> Registry:
    """Show every kind of personal data that is held, with purpose, ground, time and place."""
    return Registry.model_validate(privacy.registry())
