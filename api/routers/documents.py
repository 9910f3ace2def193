"""/documents: what was issued to whom, as facts and as files."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.adapters.render import MEDIA_TYPES, render
from api.problems import MEDIA_TYPE as PROBLEM
from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.documents import Certified, Document, DocumentQuery, DocumentWithContent, FileQuery
from api.schemas.lists import Reason
from api.services import certificates, documents, revocations

router = APIRouter(prefix="/api/v1/documents", tags=["documents"], route_class=DoorRoute)

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": dict.fromkeys(MEDIA_TYPES.values(), _BYTES)},
    409: {
        "description": "a draft, or altered",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    },
}


@router.get("", operation_id="document.list")
async def listed(query: Annotated[DocumentQuery, Query()], who: Who) -> Page[Document]:
    """List the documents that are meant for the caller or issued where they act, newest first."""
    return await who.read(documents.listed, query)


@router.post("/certificates", operation_id="document.certify", status_code=201)
async def certify(body: Certified, who: Who) -> DocumentWithContent:
    """Issue the caller's own record of service in a period, free of charge; the same record gives the same paper."""
    return await who.write(certificates.issue, body.since, body.until, present=documents.one)


@router.get("/{document_id}", operation_id="document.read")
async def read(document_id: UUID, who: Who) -> DocumentWithContent:
    """Show one document with its facts."""
    return await who.read(documents.one, document_id)


@router.get("/{document_id}/file", operation_id="document.export", response_class=Response, responses=_FILES)
async def file(document_id: UUID, query: Annotated[FileQuery, Query()], who: Who) -> Response:
    """Give an issued document as a file, in Chinese or by Accept-Language in English; the same bytes each time."""
    found = await who.read(documents.frozen, document_id)
    language = "en" if who.language == "en" else "zh"
    data = await asyncio.to_thread(render, **found, form=query.format, language=language)
    title = quote(f"{found['content']['title'][language]} {found['number']}.{query.format}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{found['number']}.{query.format}\"; filename*=UTF-8''{title}",
        "Content-Language": "en" if language == "en" else "zh-CN",
        "ETag": f'"{sha256(data).hexdigest()[:32]}"',
    }
    return Response(data, headers=headers, media_type=MEDIA_TYPES[query.format])


@router.post("/{document_id}/revoke", operation_id="document.revoke")
async def revoke(document_id: UUID, body: Reason, who: Who) -> DocumentWithContent:
    """Declare an issued document void, with a reason."""
    return await who.write(revocations.revoke, document_id, body.reason, present=documents.one)


@router.post("/{document_id}/propose-revocation", operation_id="document.propose_revocation")
async def propose_revocation(document_id: UUID, body: Reason, who: Who) -> DocumentWithContent:
    """Propose to revoke a certificate or archive; it stands until another person revokes it."""
    return await who.write(revocations.propose, document_id, body.reason, present=documents.one)


@router.post("/{document_id}/keep", operation_id="document.keep")
async def keep(document_id: UUID, who: Who) -> DocumentWithContent:
    """Let a document stand whose revocation was proposed."""
    return await who.write(revocations.keep, document_id, present=documents.one)
