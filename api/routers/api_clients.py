"""/api-clients: systems of organisations, their keys, and the token endpoint where they sign in."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import APIRouter, Query

from api.calls import shown_once
from api.domain.trials import Limit
from api.errors import Invalid
from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import limited, limited_by
from api.schemas.api_clients import ApiClient, ApiKey, NewApiClient, NewApiKey, TokenAnswer, TokenRequest
from api.schemas.base import ListQuery, Page
from api.services import api_clients

_FORM = {"schema": {"$ref": "#/components/schemas/TokenRequest"}}
_ALSO_A_FORM = {"requestBody": {"content": {"application/x-www-form-urlencoded": _FORM}}}
router = APIRouter(prefix="/api/v1", tags=["api-clients"], route_class=DoorRoute)


OF_CLIENT = Limit("token.client", 60, 60)
"""One client's log-ins: a token lives ten minutes, so that one a second is a fault of its program."""


class UnsupportedGrant(Invalid):
    """Only the client credentials grant is spoken here (RFC 6749, 5.2)."""

    code = "unsupported_grant_type"
    zh, en = "grant_type 只支持 client_credentials", "grant_type has to be client_credentials"


@router.get("/api-clients", operation_id="api_client.list")
async def listed(query: Annotated[ListQuery, Query()], who: Who) -> Page[ApiClient]:
    """List the clients within the caller's reach, the newest first."""
    return await who.read(api_clients.listed, query)


@router.post("/api-clients", operation_id="api_client.create", status_code=201)
async def create(body: NewApiClient, who: Who) -> ApiClient:
    """Register a client with a role at its organisation and the steps that it may take."""
    return await who.write(api_clients.create, body.values(), present=api_clients.one)


@router.get("/api-clients/{api_client_id}", operation_id="api_client.read")
async def read(api_client_id: UUID, who: Who) -> ApiClient:
    """Show one client."""
    return await who.read(api_clients.one, api_client_id)


@router.post("/api-clients/{api_client_id}/end", operation_id="api_client.end")
async def end(api_client_id: UUID, who: Who) -> ApiClient:
    """End a client; it is refused from its next request on."""
    return await who.write(api_clients.end, api_client_id, present=api_clients.one)


@router.get("/api-clients/{api_client_id}/keys", operation_id="api_key.list")
async def keys(api_client_id: UUID, query: Annotated[ListQuery, Query()], who: Who) -> Page[ApiKey]:
    """List a client's keys, without their secrets, the newest first."""
    return await who.read(api_clients.keys, api_client_id, query)


@router.post("/api-clients/{api_client_id}/keys", operation_id="api_key.create", status_code=201)
async def add_key(api_client_id: UUID, body: NewApiKey, who: Who) -> ApiKey:
    """Give a client one more key; its secret is in this answer alone, and a repeat does not show it again."""
    secret = api_clients.new_secret()
    presented = await who.write(api_clients.add_key, api_client_id, body.values(), secret, present=api_clients.key)
    return shown_once(presented, secret=secret)


@router.post("/api-clients/{api_client_id}/keys/{api_key_id}/end", operation_id="api_key.end")
async def end_key(api_client_id: UUID, api_key_id: UUID, who: Who) -> ApiKey:
    """End one key of a client."""
    return await who.write(api_clients.end_key, api_client_id, api_key_id, present=api_clients.key)


@router.post(
    "/auth/token", operation_id="session.token", responses=problem_responses((401, 429)), openapi_extra=_ALSO_A_FORM
)
async def token(body: TokenRequest, who: Anyone) -> TokenAnswer:
    """Sign a client in by its id and secret (RFC 6749, 4.4), in the body or by HTTP Basic."""
    if body.grant_type != "client_credentials":
        raise UnsupportedGrant(pointer="/grant_type", error="unsupported_grant_type")
    client_id, secret = _credentials(body, who.authorization)
    await limited(who, "token")
    await limited_by(who, OF_CLIENT, str(client_id))
    try:
        admitted = await who.read(api_clients.admitted, client_id, secret, body.scope)
    except (api_clients.InvalidClient, api_clients.InvalidScope) as why:
        why.facts["error"] = why.code
        raise
    house = who.house
    said, seconds = house.tokens.issue(
        admitted["client_id"], admitted["tenant_id"], admitted["key_id"],
        until=admitted["valid_to"], scope=admitted["scope"],
    )  # fmt: skip
    return TokenAnswer(access_token=said, expires_in=seconds, scope=admitted["scope"])


def _credentials(body: TokenRequest, authorization: str | None) -> tuple[UUID, str]:
    """Return a client's id and secret from the body or the header, not from both (RFC 6749, 2.3)."""
    client, secret = body.client_id, body.client_secret
    kind, _, packed = (authorization or "").partition(" ")
    try:
        if kind.lower() == "basic":
            if secret is not None:
                raise ValueError("two ways at once")
            pair = base64.b64decode(packed.strip(), validate=True).decode().partition(":")
            client, secret = unquote_plus(pair[0]), unquote_plus(pair[2])
        return UUID(client or ""), secret or ""
    except (ValueError, binascii.Error) as why:
        raise api_clients.InvalidClient(error="invalid_client") from why
