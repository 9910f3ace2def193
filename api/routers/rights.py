"""/me/consents, /me/data-export, /me/corrections, /me/access-log, /me/erasure: a person's rights as buttons."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.route import DoorRoute, Who
from api.schemas.base import ListQuery, Page
from api.schemas.cases import Case
from api.schemas.rights import (
    Agreement,
    Consent,
    ConsentQuery,
    Consents,
    Correction,
    DataExport,
    Refusal,
)
from api.schemas.work import Job
from api.services import cases, consents, corrections, data_exports, jobs

router = APIRouter(prefix="/api/v1/me", tags=["rights"], route_class=DoorRoute)


@router.get("/consents", operation_id="consent.list")
async def listed(query: Annotated[ConsentQuery, Query()], who: Who) -> Consents:
    """List what the caller agreed to, refused and withdrew, and what may be asked in which words."""
    return await who.read(consents.listed, query)


@router.post("/consents", operation_id="consent.give", status_code=201)
async def give(body: Agreement, who: Who) -> Consent:
    """Agree to one purpose for one recipient; nothing else hangs on it, and it can be withdrawn at any time."""
    return await who.write(consents.give, body.values(), present=consents.one)


@router.post("/consents/refuse", operation_id="consent.refuse", status_code=201)
async def refuse(body: Refusal, who: Who) -> Consent:
    """Say no to a purpose, also to one that rests on another ground than consent; with effect at once."""
    return await who.write(consents.refuse, body.values(), present=consents.one)


@router.post("/consents/{consent_id}/withdraw", operation_id="consent.withdraw")
async def withdraw(consent_id: UUID, who: Who) -> Consent:
    """Take a consent back; what is queued on it stops at once."""
    return await who.write(consents.withdraw, consent_id, present=consents.one)


@router.post("/data-export", operation_id="data_export.create", status_code=202)
async def export(who: Who) -> Job:
    """Ask for a copy of everything about the caller; while one is being made, that one is the answer."""
    return await who.write(data_exports.request, present=jobs.one)


@router.get("/data-export", operation_id="data_export.list")
async def exports(query: Annotated[ListQuery, Query()], who: Who) -> Page[DataExport]:
    """List the caller's copies, the newest first."""
    return await who.read(data_exports.listed, query)


@router.post("/data-export/{data_export_id}/fetch", operation_id="data_export.fetch")
async def fetch(data_export_id: UUID, who: Who) -> Response:
    """Fetch a copy, once: a zip of data.json, data.xlsx and manifest.json; the server keeps nothing of it."""
    content = await who.write(data_exports.fetch, data_export_id)
    name = {"Content-Disposition": 'attachment; filename="my-data.zip"'}
    return Response(content, media_type="application/zip", headers=name)


@router.post("/corrections", operation_id="correction.create", status_code=201)
async def correct(body: Correction, who: Who) -> Case:
    """Ask the roster's keeper to correct what it says of the caller; the answer is the case that decides it."""
    return await who.write(corrections.request, body.values(), present=cases.one)
