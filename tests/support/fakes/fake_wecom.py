"""A WeCom (or 政务微信) server under any address: a directory of members, one-use codes, tokens that end."""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fakes.odd import Moody


class FakeWeCom(Moody):
    """`login` gives a code for a member or a visitor; `phones` is what the directory holds by userid."""

    def __init__(self, corpid: str = "ww0000000000000001", secret: str = "b" * 43, prefix: str = ""):
        super().__init__()
        self.corpid, self.secret = corpid, secret
        self.phones: dict[str, str] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._tickets: dict[str, str] = {}
        self.token, self.errors = "", []
        self.app = Starlette(
            routes=[
                Route(f"{prefix}/cgi-bin/gettoken", self.served(self._gettoken)),
                Route(f"{prefix}/cgi-bin/auth/getuserinfo", self.served(self._info)),
                Route(f"{prefix}/cgi-bin/auth/getuserdetail", self.served(self._detail), methods=["POST"]),
                Route("/_fake/login", self._by_hand, methods=["POST"]),
            ]
        )

    def login(self, userid: str | None, openid: str = "visitor") -> str:
        """Return the code that the browser comes back with; without `userid` somebody who is not of the directory."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = {"openid": openid} if userid is None else {"userid": userid}
        return code

    def rotate(self) -> None:
        """Let the token end before its time."""
        self.token = ""

    async def _gettoken(self, request: Request) -> Response:
        asked = request.query_params
        if (asked.get("corpid"), asked.get("corpsecret")) != (self.corpid, self.secret):
            return _error(40001, "invalid credential")
        self.token = self.token or secrets.token_urlsafe(48)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "access_token": self.token, "expires_in": 7200})

    def _wrong(self, request: Request) -> Response | None:
        if self.errors:
            return _error(self.errors.pop(0))
        token = request.query_params.get("access_token")
        return None if token and token == self.token else _error(40014, "invalid access_token")

    async def _info(self, request: Request) -> Response:
        wrong = self._wrong(request)
        if wrong:
            return wrong
        who = self._codes.pop(request.query_params.get("code", ""), None)
        if who is None:
            return _error(40029, "invalid code")
        told: dict[str, Any] = {"errcode": 0, "errmsg": "ok", **who}
        if who.get("userid") in self.phones:
            told["user_ticket"] = secrets.token_urlsafe(24)
            self._tickets[told["user_ticket"]] = who["userid"]
        return JSONResponse(told)

    async def _detail(self, request: Request) -> Response:
        wrong = self._wrong(request)
        if wrong:
            return wrong
        userid = self._tickets.pop((await request.json()).get("user_ticket"), None)
        if userid is None:
            return _error(40029, "invalid user_ticket")
        return JSONResponse({"errcode": 0, "errmsg": "ok", "userid": userid, "mobile": self.phones[userid]})

    async def _by_hand(self, request: Request) -> Response:
        """Give a code to who tries by hand: `{"userid": …, "mobile": …}`."""
        asked = json.loads(await request.body())
        if asked.get("mobile"):
            self.phones[asked["userid"]] = asked["mobile"]
        return JSONResponse({"code": self.login(asked.get("userid"))})


def _error(code: int, words: str = "hint: 0") -> Response:
    return JSONResponse({"errcode": code, "errmsg": words})
