"""The encryption of personal data at rest, and the blind index by which it is found (docs/adr/vault.md).

Two kinds of keys wrap nothing but data: one for each person, kept wrapped in the person's row, and the root, kept
wrapped in `vault_keys`, from which each tenant's keys are derived. What wraps both is the key-encryption key, which
no database ever sees.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from api.security.wrapping import KeyWrapper, embedded
from api.settings import Misconfigured, Settings

VERSION = b"\x01"
_REMEMBERED = 4096  # keys of people that stay unwrapped in memory, the least used leaving first
_NO_TENANT = UUID(int=0)


class NoRoot(Misconfigured):
    """The database has no root key: it was not migrated, or nobody could write to it."""


class Vault:
    """Seals and opens: AES-256-GCM, each value bound to table, column and row, with a version byte and a key's id."""

    def __init__(self, settings: Settings, wrapper: KeyWrapper | None = None):
        self.wrapper: KeyWrapper = wrapper or embedded(settings)
        self.find_roots: Callable[[], None] = _nothing
        self._roots: dict[int, bytes] = {}
        self._people: OrderedDict[tuple[UUID, bytes], AESGCM] = OrderedDict()
        self._cipher = lru_cache(maxsize=4096)(self._derive_cipher)
        self._index_key = lru_cache(maxsize=4096)(self._derive_index_key)

    def new_key(self, person_id: UUID) -> bytes:
        """Return a new key for a person, wrapped."""
        return self.wrapper.wrap(AESGCM.generate_key(256), person_id.bytes)

    def rewrapped(self, wrapped: bytes, person_id: UUID) -> bytes:
        """Return a person's key wrapped by the current key-encryption key; the key itself stays."""
        return self.wrapper.wrap(self.wrapper.unwrap(wrapped, person_id.bytes), person_id.bytes)

    def seal(self, wrapped: bytes, person_id: UUID, column: str, text: str) -> bytes:
        """Encrypt one column of a person's row under the person's key."""
        nonce = os.urandom(12)
        sealed = self._person(wrapped, person_id).encrypt(nonce, text.encode(), _of_person(column, person_id))
        return VERSION + nonce + sealed

    def open(self, wrapped: bytes | None, person_id: UUID, column: str, sealed: bytes | None) -> str | None:
        """Decrypt one column of a person's row; None where nothing stands or the key was shredded."""
        if wrapped is None or sealed is None:
            return None
        _check(sealed)
        key = self._person(wrapped, person_id)
        return key.decrypt(sealed[1:13], sealed[13:], _of_person(column, person_id)).decode()

    def index(self, tenant_id: UUID, column: str, text: str) -> str:
        """Return the blind index (128 bits) under which a value of a column is found by equality within a tenant."""
        return hmac.new(self._index_key(tenant_id, column), text.encode(), hashlib.sha256).hexdigest()[:32]

    def seal_value(self, name: str, tenant_id: UUID, row_id: UUID, plain: bytes) -> bytes:
        """Encrypt one value of the column `table.column` of one row under its tenant's key."""
        return self.sealer(name, tenant_id)(row_id.bytes, plain)

    def sealer(self, name: str, tenant_id: UUID) -> Callable[[bytes, bytes], bytes]:
        """Return `seal_value` for the rows of one tenant, as a function of the bytes of a row's id and of the value."""
        number = self._newest()
        head, encrypt = VERSION + number.to_bytes(2, "big"), self._cipher(number, tenant_id).encrypt

        def seal(row_id: bytes, plain: bytes) -> bytes:
            nonce = os.urandom(12)
            return head + nonce + encrypt(nonce, plain, _of_row(head, name, row_id))

        return seal

    def open_value(self, name: str, tenant_id: UUID, row_id: UUID, sealed: bytes) -> bytes:
        """Decrypt what `seal_value` made for the same column and row; any other raises InvalidTag."""
        return self.open_of(name, tenant_id, row_id.bytes, sealed)

    def open_of(self, name: str, tenant_id: UUID, row_id: bytes, sealed: bytes) -> bytes:
        """Decrypt as `open_value` does, given the bytes of the row's id."""
        _check(sealed)
        head, nonce = sealed[:3], sealed[3:15]
        cipher = self._cipher(int.from_bytes(head[1:], "big"), tenant_id)
        return cipher.decrypt(nonce, sealed[15:], _of_row(head, name, row_id))

    def seal_bytes(self, purpose: str, content: bytes) -> bytes:
        """Encrypt what belongs to no column, such as a secret of the installation, bound to its purpose."""
        return self.seal_value(purpose, _NO_TENANT, _NO_TENANT, content)

    def open_bytes(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made for the same purpose."""
        return self.open_value(purpose, _NO_TENANT, _NO_TENANT, sealed)

    def new_root(self, number: int) -> bytes:
        """Return a new root key, wrapped; it is used once `learn` has heard of it."""
        return self.wrapper.wrap(AESGCM.generate_key(256), _of_root(number))

    def rewrapped_root(self, wrapped: bytes, number: int) -> bytes:
        """Return a root key wrapped by the current key-encryption key."""
        return self.wrapper.wrap(self.wrapper.unwrap(wrapped, _of_root(number)), _of_root(number))

    def learn(self, wrapped: Iterable[tuple[int, bytes]]) -> None:
        """Take in the root keys of the database, as (number, wrapped); KeyUnknown where one cannot be unwrapped."""
        for number, root in wrapped:
            if number not in self._roots:
                self._roots[number] = self.wrapper.unwrap(root, _of_root(number))

    def _newest(self) -> int:
        if not self._roots:
            self._root(1)
        return max(self._roots)

    def _root(self, number: int) -> bytes:
        if number not in self._roots:
            self.find_roots()
        if number not in self._roots:
            raise NoRoot("the database has no such root key; run `dualreport migrate`")
        return self._roots[number]

    def _derive_cipher(self, number: int, tenant_id: UUID) -> AESGCM:
        return AESGCM(_expanded(self._root(number), b"seal:" + tenant_id.bytes))

    def _derive_index_key(self, tenant_id: UUID, column: str) -> bytes:
        # Always of the first root: an index has to find what was written before a second one came.
        return _expanded(self._root(1), b"index:" + tenant_id.bytes + column.encode())

    def _person(self, wrapped: bytes, person_id: UUID) -> AESGCM:
        known = (person_id, wrapped)
        key = self._people.pop(known, None)
        if key is None:
            key = AESGCM(self.wrapper.unwrap(wrapped, person_id.bytes))
        self._people[known] = key
        if len(self._people) > _REMEMBERED:
            try:
                self._people.popitem(last=False)
            except KeyError:  # another thread has emptied it meanwhile
                pass
        return key


def _check(sealed: bytes) -> None:
    if sealed[:1] != VERSION:
        raise ValueError("not sealed by this vault")


def _of_person(column: str, person_id: UUID) -> bytes:
    return VERSION + f"people.{column}:".encode() + person_id.bytes


def _of_row(head: bytes, name: str, row_id: bytes) -> bytes:
    return head + f"{name}:".encode() + row_id


def _of_root(number: int) -> bytes:
    return f"root:{number}".encode()


def _expanded(root: bytes, info: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), 32, info).derive(root)


def _nothing() -> None:
    return None
