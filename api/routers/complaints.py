"""/complaints: complaints, suggestions and data requests of anybody, without an account."""

from __future__ import annotations

from fastapi import APIRouter

from api.domain.trials import Limit
from api.route import Anyone, DoorRoute, problem_responses
from api.routers.auth_common import limited, limited_by
from api.schemas.complaints import Filed, Following, NewComplaint, Tracked
from api.services import complaints

router = APIRouter(prefix="/api/v1/complaints", tags=["complaints"], route_class=DoorRoute)
_FILED = Limit("complaint.address", 30, 3600)  # an office's counter files for many; a flood is another thing


@router.post("", operation_id="complaint.create", status_code=201, responses=problem_responses((429,)))
async def create(body: NewComplaint, who: Anyone) -> Filed:
    """File a complaint, a suggestion or a data request; the answer holds the number and secret to follow it by."""
    await limited_by(who, _FILED, who.address)
    return await who.write(complaints.file, body.values(), who.ask.request_key, who.ask.fingerprint)


@router.post("/track", operation_id="complaint.track", responses=problem_responses((429,)))
async def track(body: Following, who: Anyone) -> Tracked:
    """Say how a case stands; by post, so that the secret is in no address."""
    await limited(who, "complaint.track")
    return await who.read(complaints.track, body.number, body.secret)
