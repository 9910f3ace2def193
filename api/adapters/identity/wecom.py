"""企业微信, and 政务微信 under an address of one's own: the code of a log-in becomes a member of the directory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from api.adapters.identity.outside import Outside, text
from api.adapters.identity.tencent import AccessToken, with_token
from api.domain.cell_values import UnreadableError
from api.domain.cell_values import phone as e164
from api.domain.ways_in import Claimed, SignInRefused
from api.settings import ProviderSettings

ADDRESS = "https://qyapi.weixin.qq.com"


class _CorporationToken(AccessToken):
    async def fetch(self, *, force: bool) -> dict[str, Any]:
        """Ask for the token; `gettoken` gives a new one by itself once the old one has ended."""
        app = self._outside.settings
        asked = {"corpid": app.client_id, "corpsecret": app.client_secret.get_secret_value()}
        return (await self._outside.ask("GET", "/cgi-bin/gettoken", params=asked))[1]


class WeCom:
    """One app of an organisation's directory. Only its members come in; the directory vouches for their phones."""

    kind = "wecom"

    def __init__(self, settings: ProviderSettings, clock: Callable[[], datetime], transport: Any = None):
        self.code, self.tenant = settings.code, settings.tenant
        self._outside = Outside(settings, settings.base_url or ADDRESS, transport)
        self._token = _CorporationToken(self._outside, clock)

    async def identify(self, code: str, **_more: str | None) -> Claimed:
        """Return the member behind a code, with the phone where the app may read it; SignInRefused for others."""
        return await self._outside.within_time(lambda: self._identified(code))

    async def close(self) -> None:
        """Let the connections go."""
        await self._outside.close()

    async def _identified(self, code: str) -> Claimed:
        async def who(token: str) -> dict[str, Any]:
            asked = {"access_token": token, "code": code}
            return (await self._outside.ask("GET", "/cgi-bin/auth/getuserinfo", params=asked))[1]

        info = await with_token(self._token, who)
        member = info.get("userid", info.get("UserId"))  # older 政务微信 write it so
        if member is None and ("openid" in info or "external_userid" in info or "OpenId" in info):
            raise SignInRefused  # a visitor, not of the directory
        subject = text({"userid": member}, "userid", 128).lower()  # a userid's case does not count
        phone = await self._phone(text(info, "user_ticket")) if info.get("user_ticket") else None
        return Claimed(self.code, self.tenant, subject, phone)

    async def _phone(self, ticket: str) -> str | None:
        async def detail(token: str) -> dict[str, Any]:
            address, given = "/cgi-bin/auth/getuserdetail", {"access_token": token}
            return (await self._outside.ask("POST", address, params=given, json={"user_ticket": ticket}))[1]

        mobile = (await with_token(self._token, detail)).get("mobile")
        if not isinstance(mobile, str) or not mobile:
            return None  # the member did not agree to show it, or the directory has none
        try:
            return e164(mobile)
        except UnreadableError:
            return None
