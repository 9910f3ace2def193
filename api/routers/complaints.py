"""/complaints: complaints, suggestions and data requests of anybody, without an account."""

from __future__ import annotations

from fastapi import APIRouter

from api.route import Anyone, DoorRoute
from api.schemas.complaints import Filed, Following, NewComplaint, Tracked
from api.services import complaints

router = APIRouter(prefix="/api/v1/complaints", tags=["complaints"], route_class=DoorRoute)


@router.post("", operation_id="complaint.create", status_code=201)
async def create(body: NewComplaint, who: Anyone) -> Filed:
    """File a complaint, a suggestion or a data request; the answer holds the number and secret to follow it by."""
    return await who.write(complaints.file, body.values(), who.ask.request_key, who.ask.fingerprint)


@router.post("/track", operation_id="complaint.track")
async def track(body: Following, who: Anyone) -> Tracked:
    """Say how a case stands; by post, so that the secret is in no address."""
    return await who.read(complaints.track, body.number, body.secret)
