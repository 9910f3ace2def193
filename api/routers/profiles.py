"""/me/profile and a guardian's consent: what volunteers tell of themselves, and who consents for a child."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.route import DoorRoute, Who
from api.schemas.profiles import GuardianConsent, NewGuardianConsent, Profile, Told
from api.services import profiles

router = APIRouter(prefix="/api/v1", tags=["archive"], route_class=DoorRoute)


@router.get("/me/profile", operation_id="profile.read")
async def read(who: Who) -> Profile:
    """Show who the caller's archive is of."""
    return await who.read(profiles.mine)


@router.put("/me/profile", operation_id="profile.edit")
async def edit(body: Told, who: Who) -> Profile:
    """Keep what the caller tells of themselves, by their consent; what is left out is kept no more."""
    return await who.write(profiles.fill_in, body.values(), present=profiles.mine)


@router.post("/people/{person_id}/guardian-consent", operation_id="consent.record_guardian", status_code=201)
async def record_guardian(person_id: UUID, body: NewGuardianConsent, who: Who) -> GuardianConsent:
    """Record a guardian's consent for a child under 14, as the community has it on paper."""
    return await who.write(profiles.record_guardian, person_id, body.values(), present=profiles.guardian)


@router.post("/people/{person_id}/guardian-consent/withdraw", operation_id="consent.withdraw_guardian")
async def withdraw_guardian(person_id: UUID, who: Who) -> GuardianConsent:
    """Record that the guardian takes the consent back; what was kept of the child goes at once."""
    return await who.write(profiles.withdraw_guardian, person_id, present=profiles.guardian)
