"""Witnesses and what they signed, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Line, ListQuery, Subject, View

Coordinate = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class WitnessKey(Body):
    """The public key that a witness signs with: a point of P-256 as a JWK (RFC 7518, 6.2)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate


class NewWitness(Body):
    """A body outside that keeps checkpoints, the organisation that answers for it, and its public key."""

    name: Line
    organization_id: UUID
    key: WitnessKey


class Witness(Subject):
    """A registered witness; `jwk` verifies what it signed."""

    name: str
    organization_id: UUID
    organization_name: str
    jwk: dict[str, Any]
    created_at: datetime


class Countersignature(Body):
    """A compact JWS (ES256, type `witness+jws`, the key's `kid`) of `{tenant, size, root}`, no other members."""

    signed: Annotated[str, Field(min_length=100, max_length=1000, pattern=r"^[A-Za-z0-9_.-]+$")]


class Witnessed(View):
    """What a witness signed that it saw; `signed` verifies with `jwk`."""

    id: UUID
    witness_id: UUID
    witness: str
    size: int
    root: str
    signed: str
    jwk: dict[str, Any]
    created_at: datetime


class WitnessedQuery(ListQuery):
    """Whose checkpoints: the tenant's code; with `since` only those of more positions."""

    tenant: Code
    since: Annotated[int, Field(ge=0, le=2**53)] | None = None
