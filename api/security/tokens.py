"""Access tokens: strict, because python-jose alone accepts too much (docs/adr/strict-tokens.md)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from jose import jws

from api.errors import Unauthenticated
from api.security.signing import key_ring
from api.settings import Settings

AUDIENCE = "dualreport-api"
# A client's whole scope stands in its token: every step of a role that it may hold.
_SHAPE = re.compile(r"[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,7600}\.[A-Za-z0-9_-]{86}", re.ASCII)
_HEADER = {"alg", "typ", "kid"}
_CLAIMS = {"exp", "iat", "sub", "jti", "iss", "aud", "tid", "sid"}
# The order of P-256: of the two values of s that verify, only the lower is ours, so that a token has one form.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_OF_CLIENT = _CLAIMS | {"scope"}


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a valid token speaks for, and the sign-in that it came from.

    A client's token has a `scope`, its own id as `person_id` and that of its key as `sign_in_id`; a person's has none.
    """

    person_id: UUID
    tenant_id: UUID
    token_id: str
    expires: int
    sign_in_id: UUID
    scope: frozenset[str] | None = None


class Tokens:
    """Signs and reads ES256 tokens."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]):
        ring = key_ring(settings)
        self.kid, self.jwks, self._private, self._keys = ring.kid, ring.jwks, ring.private, ring.verifying
        self._minutes, self._issuer, self._clock = settings.token_minutes, settings.issuer, clock
        self._seen: OrderedDict[str, Claims] = OrderedDict()

    def issue(
        self,
        person_id: UUID,
        tenant_id: UUID,
        sign_in_id: UUID,
        *,
        until: datetime | None = None,
        scope: str | None = None,
    ) -> tuple[str, int]:
        """Return a new token of a sign-in and its life in seconds: the minutes of the settings, not beyond `until`.

        With a `scope` (steps with spaces between) it is the token of a client and its key.
        """
        now = self._clock()
        ends = now + timedelta(minutes=self._minutes)
        ends = min(ends, until) if until is not None else ends
        issued, expires = int(now.timestamp()), int(ends.timestamp())
        claims = {
            "iss": self._issuer, "aud": AUDIENCE, "sub": str(person_id), "tid": str(tenant_id), "jti": str(uuid4()),
            "sid": str(sign_in_id), "iat": issued, "exp": expires,
        } | ({} if scope is None else {"scope": scope})  # fmt: skip
        return self._signed(claims), expires - issued

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

    def _signed(self, claims: dict[str, object]) -> str:
        token = jws.sign(claims, self._private, headers={"kid": self.kid}, algorithm="ES256")
        content, _, signature = token.rpartition(".")
        numbers = _unpadded(signature)
        if not _is_low(numbers):
            numbers = numbers[:32] + (_ORDER - int.from_bytes(numbers[32:])).to_bytes(32)
        return f"{content}.{_padless(numbers)}"

    def _verified(self, token: str) -> Claims:
        if not _SHAPE.fullmatch(token):
            raise ValueError("not a token's shape")
        head, _, signature = token.split(".")
        numbers = _unpadded(signature)
        if _padless(numbers) != signature or not _is_low(numbers):
            raise ValueError("not the one way to write this signature")
        header = _object(_unpadded(head))
        if set(header) != _HEADER or header["alg"] != "ES256" or header["typ"] != "JWT":
            raise ValueError("not our header")
        claims = _object(jws.verify(token, self._keys[header["kid"]], ["ES256"]))
        if set(claims) not in (_CLAIMS, _OF_CLIENT) or claims["iss"] != self._issuer or claims["aud"] != AUDIENCE:
            raise ValueError("not our claims")
        issued, expires = claims["iat"], claims["exp"]
        if type(issued) is not int or type(expires) is not int or issued > self._clock().timestamp() + 60:
            raise ValueError("not a time")
        person, tenant, token_id, sign_in = (UUID(claims[name]) for name in ("sub", "tid", "jti", "sid"))
        scope = frozenset(claims["scope"].split()) if "scope" in claims else None
        return Claims(person, tenant, str(token_id), expires, sign_in, scope)


def _object(text: bytes) -> dict[str, object]:
    """Return a JSON object whose names are unique: of two, readers would disagree which one counts."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    found = json.loads(text, object_pairs_hook=once)
    if type(found) is not dict:
        raise ValueError("not an object")
    return found


def _is_low(signature: bytes) -> bool:
    return int.from_bytes(signature[32:]) <= _ORDER // 2


def _padless(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as why:
        raise ValueError("not base64url") from why
