"""A WeChat server: one-use codes, a rotating token, JSON as text/plain, and each error that a client has to know."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.support.fakes.odd import Moody

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
SCENE = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$&'()*+,/:;=?@-._~")
LIFE = 300  # seconds that a code holds


def told(answer: dict[str, Any]) -> Response:
    """Return JSON as WeChat does: as text/plain, also where it is an error."""
    return PlainTextResponse(json.dumps(answer))


def error(code: int, words: str = "rid: 0") -> Response:
    return told({"errcode": code, "errmsg": words})


class FakeWeChat(Moody):
    """`login` and `phone_button` do what the phone does; `errors` are told once each before anything is looked at."""

    def __init__(self, appid: str = "wx0000000000000001", secret: str = "a" * 32, now: Callable[[], float] = time.time):
        super().__init__()
        self.appid, self.secret, self._now = appid, secret, now
        self._codes: dict[str, tuple[str, str, float]] = {}
        self.used: set[str] = set()
        self.errors: list[int] = []
        self.token, self.refused_tokens = "", set()
        self.consents: dict[str, int] = {}
        self.session_keys: list[str] = []
        self.country: Any = "86"
        self.more: dict[str, Any] = {}
        self.app = Starlette(
            routes=[
                Route("/sns/jscode2session", self.served(self._session)),
                Route("/cgi-bin/stable_token", self.served(self._stable_token), methods=["POST"]),
                Route("/wxa/business/getuserphonenumber", self.served(self._phone), methods=["POST"]),
                Route("/wxa/getwxacodeunlimit", self.served(self._picture), methods=["POST"]),
                Route("/cgi-bin/message/subscribe/send", self.served(self._send), methods=["POST"]),
                Route("/wxa/msg_sec_check", self.served(self._check), methods=["POST"]),
                Route("/_fake/login", self._by_hand, methods=["POST"]),
            ]
        )

    def login(self, openid: str) -> str:
        """Return the code that `wx.login` gives to somebody."""
        return self._code("login", openid)

    def phone_button(self, number: str) -> str:
        """Return the code that the phone button gives, for a national number."""
        return self._code("phone", number)

    def rotate(self) -> None:
        """Let the token end before its time, as when another system fetched one with force."""
        self.refused_tokens.add(self.token)

    def _code(self, kind: str, of: str) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = (kind, of, self._now() + LIFE)
        return code

    def _spent(self, kind: str, code: Any) -> str | Response:
        if self.errors:
            return error(self.errors.pop(0))
        known = self._codes.get(code) if isinstance(code, str) else None
        if known is None or known[0] != kind or known[2] <= self._now():
            return error(40029, "invalid code")
        if code in self.used:
            return error(40163, "code been used")
        self.used.add(code)
        return known[1]

    async def _session(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("appid") != self.appid:
            return error(40013, "invalid appid")
        if asked.get("secret") != self.secret:
            return error(40125, "invalid appsecret")
        openid = self._spent("login", asked.get("js_code"))
        if isinstance(openid, Response):
            return openid
        self.session_keys.append(secrets.token_urlsafe(16))
        return told({"openid": openid, "session_key": self.session_keys[-1], **self.more})

    async def _stable_token(self, request: Request) -> Response:
        asked = await request.json()
        if (asked.get("appid"), asked.get("secret")) != (self.appid, self.secret):
            return error(40125, "invalid appsecret")
        if not self.token or asked.get("force_refresh"):
            self.token = secrets.token_urlsafe(48)
        return told({"access_token": self.token, "expires_in": 7200})

    def _wrong_token(self, request: Request) -> Response | None:
        token = request.query_params.get("access_token")
        if token != self.token:
            return error(40001, "invalid credential")
        return error(42001, "access_token expired") if token in self.refused_tokens else None

    async def _phone(self, request: Request) -> Response:
        wrong = self._wrong_token(request)
        number = wrong or self._spent("phone", (await request.json()).get("code"))
        if isinstance(number, Response):
            return number
        info = {
            "phoneNumber": f"+{self.country}{number}", "purePhoneNumber": number, "countryCode": self.country,
            "watermark": {"timestamp": int(self._now()), "appid": self.appid}, **self.more,
        }  # fmt: skip
        return told({"errcode": 0, "errmsg": "ok", "phone_info": info})

    async def _picture(self, request: Request) -> Response:
        """Answer with a picture, or with JSON where something is wrong: only the first byte tells."""
        wrong = self._wrong_token(request)
        if wrong:
            return wrong
        scene = (await request.json()).get("scene", "")
        if not 0 < len(scene) <= 32 or not set(scene) <= SCENE:
            return error(40169, "invalid length for scene, or the data is not json string")
        return error(self.errors.pop(0)) if self.errors else Response(PNG, media_type="image/jpeg")

    async def _send(self, request: Request) -> Response:
        wrong = self._wrong_token(request)
        if wrong:
            return wrong
        to = (await request.json()).get("touser", "")
        if self.consents.get(to, 0) < 1:
            return error(43101, "user refuse to accept the msg")
        self.consents[to] -= 1
        return error(0, "ok")

    async def _check(self, request: Request) -> Response:
        wrong = self._wrong_token(request)
        if wrong:
            return wrong
        asked = await request.json()
        if asked.get("version") != 2:
            return error(40097, "invalid args")
        suggest = "risky" if "违法" in asked.get("content", "") else "pass"
        label = 100 if suggest == "pass" else 20006
        return told({"errcode": 0, "errmsg": "ok", "result": {"suggest": suggest, "label": label}})

    async def _by_hand(self, request: Request) -> Response:
        """Give codes to who tries by hand: `{"openid": …, "phone": …}`."""
        asked = await request.json()
        codes = {"code": self.login(asked["openid"])}
        if asked.get("phone"):
            codes["phoneCode"] = self.phone_button(asked["phone"])
        return told(codes)
