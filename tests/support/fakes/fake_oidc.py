"""An OpenID provider that really signs: discovery, a code flow with PKCE, RS256 and ES256 keys that rotate."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.fakes.odd import Moody


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


@lru_cache
def _made(algorithm: str, _kid: str) -> Any:
    """Make a key once for all fakes of a run: primes take their time."""
    return rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())


class SigningKey:
    """A key of one algorithm, made here and signing here, with nothing of the product in between."""

    def __init__(self, algorithm: str, kid: str):
        self.algorithm, self.kid = algorithm, kid
        self.private = _made(algorithm, kid)

    def jwk(self) -> dict[str, str]:
        public = self.private.public_key().public_numbers()
        about = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "RS256":
            return {"kty": "RSA", "n": number(public.n), "e": number(public.e), **about}
        return {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32), **about}

    def sign(self, content: bytes) -> bytes:
        if self.algorithm == "RS256":
            return self.private.sign(content, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.private.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def token_of(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Return a JWS of these members, whatever they say."""
    content = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{content}.{b64(sign(content.encode()))}"


class FakeOidc(Moody):
    """`authorise` does what the browser and the user do; `altered` changes the next id_token before it is signed."""

    def __init__(
        self, issuer: str = "https://id.test", client: str = "dualreport", secret: str = "c" * 32,
        redirect: str = "https://app.test/back", now: Callable[[], float] = time.time,
    ):  # fmt: skip
        super().__init__()
        self.issuer, self.client, self.secret, self.redirect, self._now = issuer, client, secret, redirect, now
        self.keys = [SigningKey("RS256", f"{client}-rsa-1"), SigningKey("ES256", f"{client}-ec-1")]
        self.algorithm = "RS256"
        self.metadata: dict[str, Any] = {}
        self.altered: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.make: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
        self._codes: dict[str, dict[str, Any]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.served(self._discovery)),
                Route("/authorize", self._ask),
                Route("/token", self.served(self._token), methods=["POST"]),
                Route("/jwks", self.served(self._jwks)),
            ]
        )

    def rotate(self) -> None:
        """Sign with new keys from now on; the old ones are told no more."""
        names = (f"{key.kid.rsplit('-', 1)[0]}-{int(key.kid.rsplit('-', 1)[1]) + 1}" for key in self.keys)
        self.keys = [SigningKey(key.algorithm, name) for key, name in zip(self.keys, list(names), strict=True)]

    def authorise(self, address: str, subject: str, **claims: Any) -> dict[str, str]:
        """Sign a user in at the address that a browser was sent to; return what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert (asked["client_id"], asked["redirect_uri"]) == (self.client, self.redirect)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(24)
        self._codes[code] = {"asked": asked, "subject": subject, "claims": claims}
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def key(self) -> SigningKey:
        return next(key for key in self.keys if key.algorithm == self.algorithm)

    async def _discovery(self, _request: Request) -> Response:
        told = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"], **self.metadata,
        }  # fmt: skip
        return JSONResponse(told)

    async def _ask(self, request: Request) -> Response:
        """Sign in by hand: the user is who `login_hint` says, or `somebody`."""
        back = self.authorise(str(request.url), request.query_params.get("login_hint", "somebody"))
        return RedirectResponse(f"{self.redirect}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        client, _, secret = base64.b64decode(told).decode().partition(":") if kind == "Basic" else ("", "", "")
        if (unquote_plus(client), unquote_plus(secret)) != (self.client, self.secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        known = self._codes.pop(form.get("code", ""), None)
        proven = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if known is None or form.get("redirect_uri") != self.redirect or proven != known["asked"]["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        at = int(self._now())
        claims = {
            "iss": self.issuer, "aud": self.client, "sub": known["subject"], "nonce": known["asked"]["nonce"],
            "iat": at, "exp": at + 300, **known["claims"], **self.altered,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.key()
        header = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid, **self.header}
        header = {name: value for name, value in header.items() if value is not None}
        token = self.make(header, claims) if self.make else token_of(header, claims, key.sign)
        return JSONResponse({"access_token": "unused", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [key.jwk() for key in self.keys]})
