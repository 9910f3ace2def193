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
    document = {"kind": kind, "row": {name: _plain(value) for name, value in row.items()}}
    return sha256(b"\x00" + canonical_bytes(document)).digest()


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
