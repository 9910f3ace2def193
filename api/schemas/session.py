"""Signing in and who one is."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from api.schemas.base import Body, Code, Line, View


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
