"""/deliveries: documents on their way to organisations, and the answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.documents import Adoption, Delivery, DeliveryQuery, Dispute
from api.services import deliveries

router = APIRouter(prefix="/api/v1/deliveries", tags=["deliveries"], route_class=DoorRoute)


@router.get("", operation_id="delivery.list")
async def listed(query: Annotated[DeliveryQuery, Query()], who: Who) -> Page[Delivery]:
    """List what was delivered to and from the organisations that the caller acts for, newest first."""
    return await who.read(deliveries.listed, query)


@router.get("/{delivery_id}", operation_id="delivery.read")
async def read(delivery_id: UUID, who: Who) -> Delivery:
    """Show one delivery."""
    return await who.read(deliveries.one, delivery_id)


@router.post("/{delivery_id}/acknowledge", operation_id="delivery.acknowledge")
async def acknowledge(delivery_id: UUID, who: Who) -> Delivery:
    """Say that the document was received; a repeat leaves who said so first."""
    return await who.write(deliveries.acknowledge, delivery_id, present=deliveries.one)


@router.post("/{delivery_id}/adopt", operation_id="delivery.adopt")
async def adopt(delivery_id: UUID, body: Adoption, who: Who) -> Delivery:
    """Say that the result was taken over."""
    return await who.write(deliveries.adopt, delivery_id, body.remark, present=deliveries.one)


@router.post("/{delivery_id}/dispute", operation_id="delivery.dispute")
async def dispute(delivery_id: UUID, body: Dispute, who: Who) -> Delivery:
    """Say what is wrong with the document."""
    return await who.write(deliveries.dispute, delivery_id, body.remark, present=deliveries.one)
