"""The leaf of one append-only row: the hash that stands for it in the sealed order (RFC 6962)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from api.domain.canonical import canonical_bytes


def leaf(kind: str, row: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 leaf of a fact, entry or event: 0x00 and the canonical bytes of all its columns.

    The same row gives the same leaf on every database: times in UTC, ids and days as text.
    """
    return leaf_of(document(kind, row))


def document(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a leaf commits to, as plain JSON: kind and all columns of the row."""
    return {"kind": kind, "row": {name: _plain(value) for name, value in row.items()}}


def leaf_of(shown: Mapping[str, Any]) -> bytes:
    """Return the leaf of a document: the SHA-256 of 0x00 and its RFC 8785 bytes."""
    return sha256(b"\x00" + canonical_bytes(shown)).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID | date | float):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
