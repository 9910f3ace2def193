"""Keys that wrap other keys: the interface a key service fills, and the embedded one that reads a key from settings."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.security.kept import kept
from api.settings import Misconfigured, Settings

_VERSION = b"\x01"


class KeyUnknown(Misconfigured):
    """A key was wrapped by a key-encryption key that this process was not given."""


class KeyWrapper(Protocol):
    """What wraps keys. A key service implements it by its own encrypt and decrypt; none is called in a transaction
    more often than once a key, because whoever asks keeps what was unwrapped for the moment.

    By `mark` rotation finds what is still to be done; `unwrap` knows earlier keys too.
    """

    @property
    def mark(self) -> bytes:
        """What all begins with that the current key has wrapped."""
        ...

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        """Return a key wrapped, bound to what it is for."""
        ...

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return the key that `wrap` was given; KeyUnknown where the wrapping key is not known."""
        ...


class EmbeddedWrapper:
    """Wraps with AES-256-GCM under the first of the keys it is given; the others are earlier ones and only unwrap."""

    def __init__(self, masters: list[bytes]):
        self.masters = masters
        self._keys = {_id(master): AESGCM(derived(master, "wrap")) for master in masters}
        self._mark = _VERSION + _id(masters[0])

    @property
    def mark(self) -> bytes:
        """Return the version byte and the id of the key that wraps now."""
        return self._mark

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        """Wrap a key: version, key id, nonce, ciphertext."""
        nonce = os.urandom(12)
        return self._mark + nonce + self._keys[self._mark[1:]].encrypt(nonce, key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Unwrap a key by the key that its id names; KeyUnknown where that one was not given."""
        key = self._keys.get(wrapped[1:5]) if wrapped[:1] == _VERSION else None
        if key is None:
            raise KeyUnknown(f"no master key with the id {wrapped[1:5].hex()} was given")
        return key.decrypt(wrapped[5:17], wrapped[17:], bound)


def embedded(settings: Settings) -> EmbeddedWrapper:
    """Return the wrapper of this installation's settings: from the environment, a file, or made at first start.

    Several keys stand one after the other, parted by spaces, commas or lines: the first wraps, the others are earlier.
    """
    text = settings.master_key
    if settings.master_key_file is not None:
        text = settings.master_key_file.read_text()
    keys = (text or kept(settings, "master_key", new_master_key)).replace(",", " ").split()
    try:
        masters = [base64.b64decode(key, validate=True) for key in keys]
    except binascii.Error as why:
        raise Misconfigured("a master key is not base64") from why
    if not masters or any(len(master) != 32 for master in masters):
        raise Misconfigured("each master key must have 32 bytes")
    return EmbeddedWrapper(masters)


def derived(master: bytes, purpose: str) -> bytes:
    """Return a key for one purpose, made from a master key."""
    return hmac.new(master, purpose.encode(), hashlib.sha256).digest()


def _id(master: bytes) -> bytes:
    return derived(master, "id")[:4]


def new_master_key() -> str:
    """Return a new master key: 32 random bytes, as base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()
