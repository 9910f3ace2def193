"""Signing in and who one is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Line, Subject, View


class Health(View):
    """Whether the process, or its database, answers."""

    status: str


class SignIn(Body):
    """A demo account's name."""

    account: Code
    device: Line | None = None


class SignedIn(View):
    """A bearer token, its life in seconds, and the token that the next one is fetched with."""

    access_token: str
    scheme: Literal["Bearer"]
    expires_in: int
    refresh_token: str


class Refresh(Body):
    """A refresh token as it was told."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class SignInView(Subject):
    """A device on which the caller signed in; `current` is the one that asks."""

    provider: str
    device: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    current: bool


class Ended(View):
    """How many devices were logged out."""

    ended: int


class Role(View):
    """A role at a node."""

    role: str
    organization_id: UUID


class Me(View):
    """Who is signed in."""

    person_id: UUID
    tenant_id: UUID
    name: str | None
    roles: list[Role]
