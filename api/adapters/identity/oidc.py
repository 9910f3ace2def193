"""OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 3.1, RFC 7636, 9207)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from api.adapters.identity.outside import AnswerOdd, Outside
from api.domain.cell_values import UnreadableError
from api.domain.cell_values import phone as e164
from api.domain.ways_in import Claimed, CodeRefused, TokenRefused
from api.security import foreign
from api.settings import ProviderSettings

KNOWN_FOR = timedelta(hours=1)  # what the provider says of itself is asked again after that
KEYS_AT_MOST_EVERY = timedelta(seconds=30)  # an unknown `kid` cannot make us ask without end
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Oidc:
    """One client at one issuer. Only the issuer's own signed word counts; its access token is not even looked at."""

    kind = "oidc"

    def __init__(self, settings: ProviderSettings, clock: Callable[[], datetime], transport: Any = None):
        self.code, self.tenant = settings.code, settings.tenant
        self._client, self._clock = settings, clock
        self._outside = Outside(settings, "", transport)
        self._known: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, list[Any]] | None = None

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser; it comes back to the redirect address of the settings, never another."""
        endpoint = (await self._outside.within_time(self._metadata))["authorization_endpoint"]
        asked = {
            "response_type": "code", "client_id": self._client.client_id, "redirect_uri": self._client.redirect_uri,
            "scope": self._client.scope, "state": state, "nonce": nonce, "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def identify(self, code: str, **more: str | None) -> Claimed:
        """Return who signed in at the issuer: `code` of one use, with this log-in's `verifier` and `nonce`.

        `issuer` is what the browser brought back as `iss`; where the provider sends one it must be its own, so that
        the code of one provider is never shown to another.
        """
        return await self._outside.within_time(lambda: self._identified(code, more))

    async def close(self) -> None:
        """Let the connections go."""
        await self._outside.close()

    async def _identified(self, code: str, more: dict[str, str | None]) -> Claimed:
        metadata = await self._metadata()
        came_from = more.get("issuer")
        must_say = metadata.get("authorization_response_iss_parameter_supported") is True
        if came_from != self._client.base_url and (must_say or came_from is not None):
            raise TokenRefused(pointer="/iss")
        token = await self._exchanged(metadata["token_endpoint"], code, more.get("verifier") or "")
        expected = foreign.Expected(
            self._client.algorithms, self._client.base_url, self._client.client_id, more.get("nonce") or ""
        )
        keys = await self._keys_with(metadata["jwks_uri"], foreign.key_id(token))
        claims = foreign.id_token(token, keys, expected, self._clock())
        return Claimed(self.code, self.tenant, claims["sub"], _vouched_phone(claims))

    async def _exchanged(self, endpoint: str, code: str, verifier: str) -> str:
        asked = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._client.redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        ours = (quote_plus(self._client.client_id), quote_plus(self._client.client_secret.get_secret_value()))
        status, answer = await self._outside.ask("POST", endpoint, data=asked, auth=ours)
        if status == 400 and answer.get("error") == "invalid_grant":
            raise CodeRefused(pointer="/code")
        if status != 200 or not isinstance(answer.get("id_token"), str):
            raise AnswerOdd(f"no id_token, status {status}")
        return answer["id_token"]

    async def _metadata(self) -> dict[str, Any]:
        if self._known is None or self._clock() >= self._known[0] + KNOWN_FOR:
            address = f"{self._client.base_url.rstrip('/')}/.well-known/openid-configuration"
            status, metadata = await self._outside.ask("GET", address)
            if status != 200 or metadata.get("issuer") != self._client.base_url:
                raise AnswerOdd(f"another issuer's discovery, status {status}")
            secure = urlsplit(self._client.base_url).scheme == "https"
            for name in ENDPOINTS:
                parts = urlsplit(str(metadata.get(name)))
                if parts.scheme not in ({"https"} if secure else {"http", "https"}) or not parts.hostname:
                    raise AnswerOdd(f"no usable {name}")
            self._known = (self._clock(), metadata)
        return self._known[1]

    async def _keys_with(self, address: str, kid: str | None) -> list[Any]:
        """Return the provider's keys; asked again where none goes by this `kid`, as after a rotation."""
        now = self._clock()
        if self._keys is not None and now < self._keys[0] + KNOWN_FOR:
            there = kid is None or any(isinstance(key, dict) and key.get("kid") == kid for key in self._keys[1])
            if there or now < self._keys[0] + KEYS_AT_MOST_EVERY:
                return self._keys[1]
        status, answer = await self._outside.ask("GET", address)
        keys = answer.get("keys")
        if status != 200 or not isinstance(keys, list):
            raise AnswerOdd(f"no keys, status {status}")
        self._keys = (now, keys)
        return keys


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _vouched_phone(claims: dict[str, Any]) -> str | None:
    """Return the phone where the issuer says that it verified it; what the user merely wrote there does not count."""
    told = claims.get("phone_number")
    if claims.get("phone_number_verified") is not True or not isinstance(told, str):
        return None
    try:
        return e164(told)
    except UnreadableError:
        return None
