"""The keys that sign and verify tokens: one that signs, and others that verify while tokens of theirs are alive."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose.backends.cryptography_backend import CryptographyECKey

from api.security.kept import kept, replace_kept
from api.settings import Misconfigured, Settings

_PRIVATE, _OTHERS = "signing_key.pem", "verifying_keys.pem"
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----")
_REMEMBERED = 3  # earlier keys that a kept ring still verifies with


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that signs, by its `kid`, all keys that verify, and what is published of them (RFC 7517)."""

    kid: str
    private: CryptographyECKey
    verifying: dict[str, CryptographyECKey]
    jwks: dict[str, Any]


def key_ring(settings: Settings) -> KeyRing:
    """Return the keys of the settings, or those kept under `var_dir`, made at first start; Misconfigured otherwise."""
    pem = settings.signing_key or kept(settings, _PRIVATE, _new_key)
    others = settings.verifying_keys
    if not settings.signing_key:
        others += kept(settings, _OTHERS, str)
    points = dict([_public(_private(pem).public_key()), *(_public(key) for key in _listed(others))])
    kid = next(iter(points))
    verifying = {one: CryptographyECKey(_pem(key), "ES256") for one, key in points.items()}
    return KeyRing(kid, CryptographyECKey(pem, "ES256"), verifying, {"keys": [_jwk(*one) for one in points.items()]})


def rotate_kept(settings: Settings, *, distrust: bool = False) -> tuple[str, list[str]]:
    """Make a new signing key in place of the kept one; return its `kid` and those of the earlier ones that still count.

    The earlier key goes on verifying, so that nobody is logged out; with `distrust` no earlier key does, as when one
    has leaked. It counts from the next start. Misconfigured where the key comes from the settings.
    """
    if settings.signing_key:
        raise Misconfigured("the signing key comes from the environment: change it there")
    before = _private(kept(settings, _PRIVATE, _new_key)).public_key()
    earlier = [] if distrust else [before, *_listed(kept(settings, _OTHERS, str))][:_REMEMBERED]
    # First what goes on verifying: a stop in between loses nothing.
    replace_kept(settings, _OTHERS, "".join(map(_pem, earlier)))
    fresh = _new_key()
    replace_kept(settings, _PRIVATE, fresh)
    return _public(_private(fresh).public_key())[0], [_public(key)[0] for key in earlier]


def new_signing_key() -> tuple[str, str]:
    """Return a new key for the settings: the private key in PEM, and the public one that others verify by."""
    fresh = _new_key()
    return fresh, _pem(_private(fresh).public_key())


def _private(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as why:
        raise Misconfigured("the signing key is no private key in PEM") from why
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise Misconfigured("the signing key must be an EC key on P-256")
    return key


def _listed(pems: str) -> list[ec.EllipticCurvePublicKey]:
    found = []
    if _PEM.sub("", pems).strip():
        raise Misconfigured("the verifying keys must be public keys in PEM, one after the other")
    for pem in _PEM.findall(pems):
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise Misconfigured("a verifying key must be an EC key on P-256")
        found.append(key)
    return found


def _public(key: ec.EllipticCurvePublicKey) -> tuple[str, ec.EllipticCurvePublicKey]:
    return hashlib.sha256(_point(key)).hexdigest()[:16], key


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _pem(key: ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _jwk(kid: str, key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    point = _point(key)
    x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in (point[1:33], point[33:65]))
    return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y}


def _new_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
