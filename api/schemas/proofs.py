"""Proofs on the wire: checkpoints, paths, and what a leaf commits to; hashes in hexadecimal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.base import Code, ListQuery, Query, View

Size = Annotated[int, Field(ge=1, le=2**53)]


class Checkpoint(View):
    """The root over the first `size` positions; `signed` is a compact JWS (ES256) that `jwk` verifies."""

    id: UUID
    size: int
    root: str
    signed: str
    jwk: dict[str, Any]
    created_at: datetime


class CheckpointQuery(ListQuery):
    """Whose checkpoints to list: the tenant's code; with `since` only those of more positions."""

    tenant: Code
    since: Annotated[int, Field(ge=0, le=2**53)] | None = None


class Comparison(Query):
    """Two sizes of a tenant's tree, the smaller first."""

    tenant: Code
    first: Size
    second: Size


class Consistency(View):
    """The proof of RFC 9162, 2.1.4, that one tree begins another."""

    first: int
    second: int
    first_root: str
    second_root: str
    path: list[str]


class Proof(View):
    """That `document` stands at `position`: its leaf is SHA-256(0x00 ‖ RFC 8785 bytes), `path` leads to the root."""

    position: int
    document: dict[str, Any]
    leaf: str
    path: list[str]
    checkpoint: Checkpoint
