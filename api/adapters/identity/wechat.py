"""WeChat mini-programs: `wx.login`'s code becomes an openid, the code of a button a phone that WeChat vouches for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from api.adapters.identity.outside import AnswerOdd, Outside, patiently, text
from api.adapters.identity.tencent import AccessToken, checked, with_token
from api.domain.cell_values import UnreadableError
from api.domain.cell_values import phone as e164
from api.domain.ways_in import Claimed
from api.settings import ProviderSettings

ADDRESS = "https://api.weixin.qq.com"


class _StableToken(AccessToken):
    async def fetch(self, *, force: bool) -> dict[str, Any]:
        app = self._outside.settings
        body = {
            "grant_type": "client_credential", "appid": app.client_id,
            "secret": app.client_secret.get_secret_value(), "force_refresh": force,
        }  # fmt: skip
        return (await self._outside.ask("POST", "/cgi-bin/stable_token", json=body))[1]


class WeChat:
    """One mini-program. The session key that comes along with an openid is dropped where it arrives."""

    kind = "wechat"

    def __init__(self, settings: ProviderSettings, clock: Callable[[], datetime], transport: Any = None):
        self.code, self.tenant = settings.code, settings.tenant
        self._app, self._outside = settings, Outside(settings, settings.base_url or ADDRESS, transport)
        self._token = _StableToken(self._outside, clock)

    async def identify(self, code: str, **more: str | None) -> Claimed:
        """Return the openid behind `wx.login`'s code, and the phone behind `phone_code` where one is given.

        Both codes are good for one use and five minutes.
        """
        return await self._outside.within_time(lambda: self._identified(code, more.get("phone_code")))

    async def close(self) -> None:
        """Let the connections go."""
        await self._outside.close()

    async def _identified(self, code: str, phone_code: str | None) -> Claimed:
        session = await patiently(lambda: self._session(code))
        openid = text(session, "openid", 128)
        phone = None if phone_code is None else await self._phone(phone_code)
        return Claimed(self.code, self.tenant, openid, phone)

    async def _session(self, code: str) -> dict[str, Any]:
        asked = {
            "appid": self._app.client_id, "secret": self._app.client_secret.get_secret_value(), "js_code": code,
            "grant_type": "authorization_code",
        }  # fmt: skip
        return checked((await self._outside.ask("GET", "/sns/jscode2session", params=asked))[1])

    async def _phone(self, code: str) -> str:
        async def ask(token: str) -> dict[str, Any]:
            address, given = "/wxa/business/getuserphonenumber", {"access_token": token}
            return (await self._outside.ask("POST", address, params=given, json={"code": code}))[1]

        info = (await with_token(self._token, ask, "/phoneCode")).get("phone_info")
        mark = info.get("watermark") if isinstance(info, dict) else None
        if not isinstance(info, dict) or not isinstance(mark, dict) or mark.get("appid") != self._app.client_id:
            raise AnswerOdd("phone of another app")
        country = info.get("countryCode")  # documented as a text, seen as a number
        if type(country) is int:
            country = str(country)
        if not isinstance(country, str) or not country.isascii() or not country.isdecimal() or len(country) > 4:
            raise AnswerOdd("no usable countryCode")
        try:
            return e164(f"+{country}{text(info, 'purePhoneNumber', 20)}")
        except UnreadableError:
            raise AnswerOdd("no usable phone") from None
