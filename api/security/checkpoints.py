"""Signed checkpoints of the ledger: small enough to print, kept by who is outside, verified with the published keys."""

from __future__ import annotations

import json
from typing import Any

from jose import jws

from api.security.signing import key_ring
from api.settings import Settings

TYPE = "checkpoint+jws"


class Notary:
    """Signs what it is told; the type in the header keeps a checkpoint from passing as a token."""

    def __init__(self, settings: Settings):
        ring = key_ring(settings)
        self._kid, self._private = ring.kid, ring.private
        self.jwk: dict[str, Any] = next(key for key in ring.jwks["keys"] if key["kid"] == ring.kid)

    def sign(self, payload: dict[str, Any]) -> str:
        """Return a compact JWS over the payload's JSON, keys in order."""
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        return jws.sign(text, self._private, headers={"kid": self._kid, "typ": TYPE}, algorithm="ES256")
