"""The encryption of personal data, and the blind index by which it is found."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.security.kept import kept
from api.settings import Settings


class Vault:
    """Encrypts personal columns: AES-256-GCM, a key a person, wrapped by the master key, bound to column and row."""

    def __init__(self, settings: Settings):
        master = base64.b64decode(settings.master_key or kept(settings, "master_key", _new_master_key), validate=True)
        if len(master) != 32:
            raise ValueError("the master key must have 32 bytes")
        self._wrap = AESGCM(_derived(master, "wrap"))
        self._store = AESGCM(_derived(master, "store"))
        self._index = _derived(master, "index")

    def new_key(self, person_id: UUID) -> bytes:
        """Return a new key for a person, wrapped."""
        nonce = os.urandom(12)
        return nonce + self._wrap.encrypt(nonce, AESGCM.generate_key(256), person_id.bytes)

    def seal(self, wrapped: bytes, person_id: UUID, column: str, text: str) -> bytes:
        """Encrypt one column of a person's row."""
        nonce = os.urandom(12)
        return nonce + self._opened(wrapped, person_id).encrypt(nonce, text.encode(), _bound(column, person_id))

    def open(self, wrapped: bytes | None, person_id: UUID, column: str, sealed: bytes | None) -> str | None:
        """Decrypt one column of a person's row; None where nothing stands or the key was shredded."""
        if wrapped is None or sealed is None:
            return None
        plain = self._opened(wrapped, person_id).decrypt(sealed[:12], sealed[12:], _bound(column, person_id))
        return plain.decode()

    def index(self, tenant_id: UUID, column: str, text: str) -> str:
        """Return the blind index under which a value of a column is found by equality within a tenant."""
        return hmac.new(self._index, f"{tenant_id.hex}:{column}:{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def seal_bytes(self, purpose: str, content: bytes) -> bytes:
        """Encrypt a file or a job's input, bound to its purpose."""
        nonce = os.urandom(12)
        return nonce + self._store.encrypt(nonce, content, purpose.encode())

    def open_bytes(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made for the same purpose."""
        return self._store.decrypt(sealed[:12], sealed[12:], purpose.encode())

    def _opened(self, wrapped: bytes, person_id: UUID) -> AESGCM:
        return AESGCM(self._wrap.decrypt(wrapped[:12], wrapped[12:], person_id.bytes))


def _bound(column: str, person_id: UUID) -> bytes:
    return f"people.{column}:{person_id.hex}".encode()


def _derived(master: bytes, purpose: str) -> bytes:
    return hmac.new(master, purpose.encode(), hashlib.sha256).digest()


def _new_master_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
