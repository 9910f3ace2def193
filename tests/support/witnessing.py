"""A witness outside: an EC key of its own, and what it signs, made past the product."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def padless(content: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Outsider:
    """Somebody with a key of their own who signs what they saw."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    def key(self) -> dict[str, str]:
        """Return the public key as it is registered."""
        numbers = self.private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": padless(numbers.x.to_bytes(32)), "y": padless(numbers.y.to_bytes(32))}

    def sign(self, said: dict[str, Any], key_id: str, **header: Any) -> str:
        """Return a compact JWS (RFC 7515) over what they say."""
        head = padless(json.dumps({"alg": "ES256", "typ": "witness+jws", "kid": key_id, **header}).encode())
        content = f"{head}.{padless(json.dumps(said).encode())}"
        r, s = decode_dss_signature(self.private.sign(content.encode(), ec.ECDSA(SHA256())))
        return f"{content}.{padless(r.to_bytes(32) + s.to_bytes(32))}"
