"""API clients and their keys on the wire, and the token endpoint of RFC 6749."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Body, Code, Line, Moment, Subject


class NewApiClient(Body):
    """A system of an organisation, the role that it holds there, and the steps that it may take at most."""

    name: Line
    organization_id: UUID
    role: Literal["liaison", "community_worker", "street_officer", "department_handler"]
    scope: Annotated[list[Code], Field(min_length=1, max_length=200)]


class ApiClient(Subject):
    """A client; its `id` is its `client_id` at the token endpoint."""

    name: str
    organization_id: UUID
    organization_name: str
    scope: list[str]
    created_at: datetime


class NewApiKey(Body):
    """A name for the key and, if wanted, its end."""

    label: Line
    valid_to: Moment | None = None


class ApiKey(Subject):
    """A key of a client. `secret` is shown in the first answer to its creation and never again."""

    client_id: UUID
    label: str
    created_at: datetime
    valid_to: datetime | None
    secret: str | None = None


class TokenRequest(BaseModel):
    """The client credentials grant (RFC 6749, 4.4), as a form or as JSON, with the names of that standard."""

    takes_form: ClassVar[bool] = True
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    grant_type: Annotated[str, Field(max_length=60)]
    client_id: Annotated[str, Field(max_length=60)] | None = None
    client_secret: Annotated[str, Field(max_length=200)] | None = None
    scope: Annotated[str, Field(max_length=4000)] | None = None


class TokenAnswer(BaseModel):
    """An access token of a client (RFC 6749, 5.1)."""

    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a name of the standard
    expires_in: int
    scope: str
