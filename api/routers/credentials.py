"""/credentials: accounts of staff, opened, reset and closed by a security administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.calls import Answer, Caller
from api.route import DoorRoute, Who
from api.schemas.base import ListQuery, Page
from api.schemas.credentials import Credential, NewCredential
from api.security import new_set_up_code
from api.services import credentials

router = APIRouter(prefix="/api/v1/credentials", tags=["credentials"], route_class=DoorRoute)


@router.get("", operation_id="credential.list")
async def listed(query: Annotated[ListQuery, Query()], who: Who) -> Page[Credential]:
    """List the accounts of staff within the caller's reach, the newest first."""
    return await who.read(credentials.listed, query)


@router.post("", operation_id="credential.create", status_code=201)
async def create(body: NewCredential, who: Who) -> Credential:
    """Open an account for who holds a role; the code to set it up is in this answer alone."""
    return await _with_code(who, credentials.create, body.person_id, body.account)


@router.get("/{credential_id}", operation_id="credential.read")
async def read(credential_id: UUID, who: Who) -> Credential:
    """Show one account."""
    return await who.read(credentials.one, credential_id)


@router.post("/{credential_id}/reset", operation_id="credential.reset")
async def reset(credential_id: UUID, who: Who) -> Credential:
    """Let the holder set up an account anew; what it had counts no more and its devices are logged out."""
    return await _with_code(who, credentials.reset, credential_id)


@router.post("/{credential_id}/end", operation_id="credential.end")
async def end(credential_id: UUID, who: Who) -> Credential:
    """Close an account; its devices are logged out."""
    return await who.write(credentials.end, credential_id, present=credentials.one)


async def _with_code(who: Caller, service: Callable[..., Any], *arguments: Any) -> Any:
    code = new_set_up_code()
    shown = await who.write(service, *arguments, code, present=credentials.one)
    return shown if isinstance(shown, Answer) else {**shown, "set_up_code": code}
