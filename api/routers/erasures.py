"""/me/erasure: being erased, with a receipt that anybody can check, and what auditors see of what had to be kept."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from api.jobs import erasures
from api.route import Anyone, DoorRoute, Who
from api.schemas.base import ListQuery, Number, Page
from api.schemas.rights import Erase, ErasurePreview, ErasureReceipt, RestrictedRecord
from api.services import erasing

router = APIRouter(prefix="/api/v1", tags=["rights"], route_class=DoorRoute)


@router.get("/me/erasure", operation_id="erasure.preview")
async def preview(who: Who) -> ErasurePreview:
    """Show what an erasure would take at once, what the law keeps and until when, and the word that confirms it."""
    return await who.read(erasing.preview)


@router.post("/me/erasure", operation_id="erasure.create", status_code=201)
async def erase(body: Erase, who: Who) -> ErasureReceipt:
    """Erase the caller at once; the word becomes the receipt's number, and nobody signs in to the account again."""
    done = await who.write(erasing.erase, body.confirm, present=erasing.one)
    # What is acknowledged survives the restore of a backup: the ledger outside has it before the answer leaves.
    await asyncio.get_running_loop().run_in_executor(who.house.readers, erasures.note_all, who.house)
    return done


@router.get("/erasures/{number}", operation_id="erasure.read")
async def receipt(number: Number, who: Anyone) -> ErasureReceipt:
    """Show that an erasure with this number took place, when, and what was kept until when; no name of anybody."""
    return await who.read(erasing.receipt, number)


@router.get("/erasures", operation_id="erasure.list")
async def listed(query: Annotated[ListQuery, Query()], who: Who) -> Page[RestrictedRecord]:
    """List erasures for auditors, with who stands behind the records that have to be kept; each look is logged."""
    return await who.read(erasing.restricted, query)
