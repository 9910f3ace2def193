"""Reads what another issuer signed: an OpenID provider's id_token, verified strictly or refused.

python-jose checks the signature alone, with a key object built here: it may not choose keys or algorithms, and does
not notice a missing audience (docs/adr/identity-providers.md).
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey, CryptographyRSAKey

from api.domain.ways_in import TokenRefused

_SHAPE = re.compile(r"[A-Za-z0-9_-]{10,1200}\.[A-Za-z0-9_-]{10,12000}\.[A-Za-z0-9_-]{80,700}", re.ASCII)
_HEADER = {"alg", "typ", "kid"}
LEEWAY = 60  # seconds that two clocks may differ
OLDEST = 600  # seconds since a token was made for a log-in that goes on now


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id_token must say to hold: the algorithms of this provider, its name, ours there, and this log-in's."""

    algorithms: Collection[str]
    issuer: str
    audience: str
    nonce: str


def key_id(token: str) -> str | None:
    """Return the `kid` of a token whose header holds, None where it names none; TokenRefused for any other header."""
    return _header(token).get("kid")


def id_token(token: str, keys: Sequence[Any], expected: Expected, now: datetime) -> dict[str, Any]:
    """Return the claims of an id_token (OpenID Connect Core 3.1.3.7), or raise TokenRefused whatever is wrong.

    `keys` are the provider's JWKs. Without a `kid` there must be one key alone that fits.
    """
    header = _header(token)
    try:
        if header["alg"] not in expected.algorithms:
            raise ValueError("not an algorithm of this provider")
        fitting = [key for key in keys if _fits(key, header)]
        if len(fitting) != 1:
            raise ValueError("no one key")
        payload = jws.verify(token, _KEY_OF[header["alg"]](fitting[0]), [header["alg"]])
        claims = json.loads(payload, object_pairs_hook=once_each)
        _check(claims, expected, int(now.timestamp()))
    except Exception as why:  # libraries raise many kinds; none of them is more than "no"
        raise TokenRefused from why
    return claims


def _header(token: Any) -> dict[str, Any]:
    try:
        if not isinstance(token, str) or not _SHAPE.fullmatch(token):
            raise ValueError("not a token's shape")
        header = json.loads(decoded(token.split(".", 1)[0]), object_pairs_hook=once_each)
        if not {"alg"} <= set(header) <= _HEADER or not all(isinstance(value, str) for value in header.values()):
            raise ValueError("not a header that we take: no keys, addresses or critical members in it")
        if header.get("typ", "JWT").upper() != "JWT" or header["alg"] not in _KEY_OF:
            raise ValueError("neither our algorithm nor our kind")
    except Exception as why:
        raise TokenRefused from why
    return header


def _check(claims: dict[str, Any], expected: Expected, now: int) -> None:
    audience, party = claims["aud"], claims.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or expected.audience not in audiences:
        raise ValueError("for another audience")
    if (len(audiences) > 1 or party is not None) and party != expected.audience:
        raise ValueError("for another party")
    if claims["iss"] != expected.issuer:
        raise ValueError("from another issuer")
    if not hmac.compare_digest(claims["nonce"].encode(), expected.nonce.encode()):
        raise ValueError("of another log-in")
    begins, issued, expires = claims.get("nbf", 0), claims["iat"], claims["exp"]
    if any(type(moment) is not int for moment in (begins, issued, expires)):
        raise ValueError("not a time")
    if expires <= now - LEEWAY or max(issued, begins) > now + LEEWAY or issued < now - OLDEST:
        raise ValueError("not now")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isascii():
        raise ValueError("nobody")


def _fits(key: Any, header: dict[str, Any]) -> bool:
    kind = "RSA" if header["alg"] == "RS256" else "EC"
    return (
        isinstance(key, dict) and key.get("kty") == kind and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"] and header.get("kid") in (None, key.get("kid"))
    )  # fmt: skip


def _rsa(key: dict[str, Any]) -> CryptographyRSAKey:
    modulus, exponent = (int.from_bytes(decoded(key[name])) for name in ("n", "e"))
    if not 2048 <= modulus.bit_length() <= 8192:
        raise ValueError("not a modulus that holds")
    return CryptographyRSAKey(rsa.RSAPublicNumbers(exponent, modulus).public_key(), "RS256")


def _ec(key: dict[str, Any]) -> CryptographyECKey:
    if key["crv"] != "P-256":
        raise ValueError("not the curve of ES256")
    x, y = (int.from_bytes(decoded(key[name])) for name in ("x", "y"))
    return CryptographyECKey(ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key(), "ES256")


_KEY_OF = {"RS256": _rsa, "ES256": _ec}


def decoded(text: str) -> bytes:
    """Return the bytes of unpadded base64url; ValueError for any other sign in it."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object whose names are unique: of two, readers would disagree which one counts."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members
