"""What the platform hands out sealed and takes back soon after: text that nobody else can read, make or alter."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from cryptography.exceptions import InvalidTag

from api.security.vault import Vault
from api.settings import Misconfigured


def hand_out(vault: Vault, purpose: str, tenant_id: UUID, row_id: UUID, plain: bytes) -> str:
    """Return `plain` sealed for one purpose, tenant and row, as text in the letters of base64url; each call another."""
    return _written(vault.seal_value(purpose, tenant_id, row_id, plain))


def take_back(vault: Vault, purpose: str, tenant_id: UUID, row_id: UUID, text: str) -> bytes | None:
    """Return what was sealed for the same purpose, tenant and row; None for whatever else `text` is."""
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if _written(sealed) != text:  # of the ways to write the same bytes one is ours
            return None
        return vault.open_value(purpose, tenant_id, row_id, sealed)
    except (binascii.Error, ValueError, InvalidTag, Misconfigured):  # the last: a root key that never was
        return None


def _written(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
