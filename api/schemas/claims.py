"""Claims on the wire: codes for people of a roster, and what somebody brings who claims or registers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Line, ListQuery, Subject

Ticket = Annotated[str, Field(min_length=20, max_length=4096, pattern=r"^[A-Za-z0-9_-]+$")]
Device = Annotated[str, Field(max_length=100)]


class Claim(Body):
    """A ticket of a provider and the code from the slip, however it is spaced."""

    ticket: Ticket
    code: Annotated[str, Field(min_length=1, max_length=40)]
    device: Device | None = None


class NewResident(Body):
    """A ticket of a provider that vouches for a phone, and who comes with it."""

    ticket: Ticket
    name: Line
    community_id: UUID | None = None
    device: Device | None = None


class ClaimCode(Subject):
    """A code's fate; the code itself was shown once."""

    person_id: UUID
    organization_id: UUID
    organization_name: str
    expires_at: datetime
    expired: bool
    tries: int
    created_at: datetime


class IssuedCode(ClaimCode):
    """A code as it is issued; null in a repeat, since nobody can show it again."""

    code: Annotated[str | None, Field(description="three groups of four, to be handed over on paper")] = None


class ClaimCodeQuery(ListQuery):
    """Which codes to list."""

    person_id: UUID | None = None
    organization_id: UUID | None = None
    state: Literal["active", "used", "revoked", "locked"] | None = None
