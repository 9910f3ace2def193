"""Tokens: the only module that imports jose."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey

from api.errors import Unauthenticated
from api.security.kept import kept
from api.settings import Settings

AUDIENCE = "dualreport-api"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,1600}\.[A-Za-z0-9_-]{86}", re.ASCII)
_HEADER = {"alg", "typ", "kid"}
_CLAIMS = {"exp", "iat", "sub", "jti", "iss", "aud", "tid", "sid"}


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a valid token speaks for, and the sign-in that it came from."""

    person_id: UUID
    tenant_id: UUID
    token_id: str
    expires: int
    sign_in_id: UUID


class Tokens:
    """Signs and reads ES256 tokens. Strict, because python-jose alone accepts too much (docs/adr/strict-tokens.md)."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]):
        pem = settings.signing_key or kept(settings, "signing_key.pem", _new_signing_key)
        private = serialization.load_pem_private_key(pem.encode(), None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
            raise ValueError("the signing key must be an EC key on P-256")
        public = private.public_key()
        point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.kid = hashlib.sha256(point).hexdigest()[:16]
        self._private = CryptographyECKey(pem, "ES256")
        self._keys = {self.kid: self._private.public_key()}
        self.jwks = {"keys": [_jwk(self.kid, point)]}
        self._minutes, self._issuer, self._clock = settings.token_minutes, settings.issuer, clock
        self._seen: OrderedDict[str, Claims] = OrderedDict()

    def issue(
        self, person_id: UUID, tenant_id: UUID, sign_in_id: UUID, until: datetime | None = None
    ) -> tuple[str, int]:
        """Return a new token of a person's sign-in and its life in seconds: the minutes of the settings, or `until`."""
        now = self._clock()
        ends = now + timedelta(minutes=self._minutes)
        ends = min(ends, until) if until is not None else ends
        issued, expires = int(now.timestamp()), int(ends.timestamp())
        claims = {
            "iss": self._issuer, "aud": AUDIENCE, "sub": str(person_id), "tid": str(tenant_id), "jti": str(uuid4()),
            "sid": str(sign_in_id), "iat": issued, "exp": expires,
        }  # fmt: skip
        token = jws.sign(claims, self._private, headers={"kid": self.kid}, algorithm="ES256")
        return token, expires - issued

    def read(self, token: str) -> Claims:
        """Return the claims of a token, or raise Unauthenticated whatever is wrong with it.

        Verified tokens are remembered (at most 10 000); their expiry is checked at each use.
        """
        claims = self._seen.get(token)
        if claims is None:
            try:
                claims = self._verified(token)
            except Exception as why:  # the library raises many kinds; none of them is more than "no"
                raise Unauthenticated from why
            self._seen[token] = claims
            if len(self._seen) > 10_000:
                self._seen.popitem(last=False)
        if claims.expires <= self._clock().timestamp():
            self._seen.pop(token, None)
            raise Unauthenticated
        return claims

    def _verified(self, token: str) -> Claims:
        if len(token) > 2048 or not _SHAPE.fullmatch(token):
            raise ValueError("not a token's shape")
        header = json.loads(_unpadded(token.split(".", 1)[0]))
        if set(header) != _HEADER or header["alg"] != "ES256" or header["typ"] != "JWT":
            raise ValueError("not our header")
        claims = json.loads(jws.verify(token, self._keys[header["kid"]], ["ES256"]))
        if set(claims) != _CLAIMS or claims["iss"] != self._issuer or claims["aud"] != AUDIENCE:
            raise ValueError("not our claims")
        issued, expires = claims["iat"], claims["exp"]
        if type(issued) is not int or type(expires) is not int or issued > self._clock().timestamp() + 60:
            raise ValueError("not a time")
        return Claims(UUID(claims["sub"]), UUID(claims["tid"]), str(UUID(claims["jti"])), expires, UUID(claims["sid"]))


def _unpadded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as why:
        raise ValueError("not base64url") from why


def _jwk(kid: str, point: bytes) -> dict[str, str]:
    x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in (point[1:33], point[33:65]))
    return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y}


def _new_signing_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
