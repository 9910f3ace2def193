"""Signed checkpoints of the ledger: small enough to print, kept by who is outside, and signed by them in their turn."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey

from api.domain.witnessing import SignatureRefused
from api.security.foreign import decoded, once_each
from api.security.signing import key_ring
from api.settings import Settings

TYPE, WITNESS_TYPE = "checkpoint+jws", "witness+jws"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{20,600}\.[A-Za-z0-9_-]{86}", re.ASCII)


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


def witness_key(x: str, y: str) -> dict[str, Any]:
    """Return the public key of a witness (RFC 7517), its `kid` the hash of its point; SignatureRefused off P-256."""
    try:
        point = _point({"x": x, "y": y})
    except Exception as why:  # libraries raise many kinds; none of them is more than "no"
        raise SignatureRefused from why
    halves = [number.to_bytes(32) for number in (point.public_numbers().x, point.public_numbers().y)]
    kid = hashlib.sha256(b"\x04" + b"".join(halves)).hexdigest()[:16]
    written = [base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in halves]
    return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": written[0], "y": written[1]}


def witnessed(token: str, jwk: dict[str, Any]) -> dict[str, Any]:
    """Return what a witness signed by this key, or raise SignatureRefused whatever is wrong."""
    return _said(token, jwk, WITNESS_TYPE)


def notarised(token: str, jwk: dict[str, Any]) -> dict[str, Any]:
    """Return what our own signature says by this key, or raise SignatureRefused whatever is wrong."""
    return _said(token, jwk, TYPE)


def _said(token: str, jwk: dict[str, Any], kind: str) -> dict[str, Any]:
    try:
        if not _SHAPE.fullmatch(token):
            raise ValueError("not a signature's shape")
        header = json.loads(decoded(token.split(".", 1)[0]), object_pairs_hook=once_each)
        if header != {"alg": "ES256", "typ": kind, "kid": jwk["kid"]}:
            raise ValueError("not our header")
        payload = jws.verify(token, CryptographyECKey(_point(jwk), "ES256"), ["ES256"])
        said = json.loads(payload, object_pairs_hook=once_each)
        if not isinstance(said, dict):
            raise ValueError("not an object")
    except Exception as why:  # libraries raise many kinds; none of them is more than "no"
        raise SignatureRefused from why
    return said


def _point(jwk: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(decoded(jwk[name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
