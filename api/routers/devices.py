"""/me/devices and /presences/offline: phones that keep presences without a network, and the lists that they send."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.calls import shown_once
from api.route import DoorRoute, Who
from api.schemas.base import ListQuery, Page
from api.schemas.devices import Device, OfflineList, OfflineOutcomes
from api.services import devices, offline

router = APIRouter(prefix="/api/v1", tags=["presences"], route_class=DoorRoute)


@router.get("/me/devices", operation_id="device.list")
async def listed(query: Annotated[ListQuery, Query()], who: Who) -> Page[Device]:
    """List the caller's devices that keep presences offline, the newest first."""
    return await who.read(devices.listed, query)


@router.post("/me/devices", operation_id="device.create", status_code=201)
async def create(who: Who) -> Device:
    """Enrol the phone that asks; the one of this sign-in before ends. A repeat does not show the secret again."""
    secret = devices.new_secret()
    presented = await who.write(devices.create, secret, present=devices.one)
    return shown_once(presented, secret=secret.hex())


@router.post("/me/devices/{device_id}/end", operation_id="device.end")
async def end(device_id: UUID, who: Who) -> Device:
    """End one of the caller's devices; its secret is shredded, and what it signed is refused from now on."""
    return await who.write(devices.end, device_id, present=devices.one)


@router.post("/presences/offline", operation_id="presence.record_offline")
async def record(body: OfflineList, who: Who) -> OfflineOutcomes:
    """Take what a phone kept without a network; each item gets an outcome of its own, a repeat gets what stands."""
    kept = offline.OfflineList(body.device_id, body.sent_at, body.kept())
    return OfflineOutcomes.of(await who.write_one(offline.take, kept))
