"""How a server of somebody else can be wrong, whatever it was asked: down, slow, lying."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

# Answers by name; each is what some server really sends on some day.
ODD: dict[str, Callable[[], Response]] = {
    "html": lambda: HTMLResponse("<html><body>502 Bad Gateway</body></html>", 502),
    "html_200": lambda: HTMLResponse("<html><body>请先登录本网络</body></html>"),
    "empty": lambda: PlainTextResponse(""),
    "truncated": lambda: PlainTextResponse('{"openid": "o'),
    "list": lambda: PlainTextResponse("[]"),
    "null": lambda: PlainTextResponse("null"),
    "text": lambda: PlainTextResponse('"ok"'),
    "deep": lambda: PlainTextResponse("[" * 60_000),
    "huge": lambda: PlainTextResponse(json.dumps({"openid": "o" * 1_000_000})),
    "no_utf8": lambda: Response(b'{"openid": "\xff\xfe"}', media_type="application/json"),
    "nothing": lambda: PlainTextResponse("{}"),
    "redirect": lambda: RedirectResponse("https://elsewhere.test/"),
    "errcode_text": lambda: PlainTextResponse('{"errcode": "0", "openid": "oLie0000000000000001"}'),
    "errcode_true": lambda: PlainTextResponse('{"errcode": true}'),
    "unknown_error": lambda: PlainTextResponse('{"errcode": 99999, "errmsg": "?"}'),
    "server_error": lambda: PlainTextResponse("oops", 500),
}


class Down(httpx.AsyncBaseTransport):
    """A network behind which nobody answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)


class Sometimes(httpx.AsyncBaseTransport):
    """A transport whose network can be taken away: `down`."""

    def __init__(self, app: Any):
        self._app, self.down = httpx.ASGITransport(app), False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await (Down() if self.down else self._app).handle_async_request(request)


class Moody:
    """What all fakes share: `mood` makes every answer odd, `delay` makes it slow, `calls` counts by path."""

    def __init__(self) -> None:
        self.mood: str | None = None
        self.delay = 0.0
        self.calls: list[str] = []

    def served(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def moody(request: Request) -> Response:
            self.calls.append(request.url.path)
            if self.delay:
                await asyncio.sleep(self.delay)
            return ODD[self.mood]() if self.mood else await answer(request)

        return moody
