"""Asking a provider over HTTP: one deadline for all of it, bounded answers, nothing of it in the log."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from api.domain.ways_in import ProviderDown
from api.settings import ProviderSettings

log = logging.getLogger("api.identity")
# httpx writes each address into the log, and WeChat's carry the secret and the code of who signs in.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

LARGEST = 64 * 1024
TRIES = 3  # the first and two more
PAUSE = 0.1  # seconds before the second try, twice that before the third, up to half as much again by chance
_VISIBLE = re.compile(r"[\x21-\x7e]+")
Result = TypeVar("Result")


class AnswerOdd(Exception):
    """The answer is not what the provider's documentation says; `what` is safe to log."""

    def __init__(self, what: str):
        super().__init__(what)
        self.what = what


class TryAgain(Exception):
    """The provider asks to come again in a moment."""


class Outside:
    """One provider's address with its connections. `transport` stands in for the network where one is handed in."""

    def __init__(self, settings: ProviderSettings, base_url: str, transport: Any = None):
        self.settings, self._base_url, self._transport = settings, base_url, transport
        self._client: httpx.AsyncClient | None = None

    async def ask(self, method: str, address: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Send one request; return status and the JSON object of the answer, whatever media type it claims.

        Raises AnswerOdd for anything else, ProviderDown where nobody answers. Redirects are not followed.
        """
        try:
            async with self._connected().stream(method, address, **options) as answer:
                content = b""
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > LARGEST:
                        raise AnswerOdd("too large")
        except httpx.HTTPError as why:
            log.warning("provider %s does not answer: %s", self.settings.code, type(why).__name__)
            raise ProviderDown(provider=self.settings.code) from None  # its words may hold the address
        return answer.status_code, _object(content, answer.status_code)

    async def within_time(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do what may take several requests within the provider's seconds; what goes wrong outside is ProviderDown."""
        code = self.settings.code
        try:
            async with asyncio.timeout(self.settings.seconds):
                return await work()
        except TimeoutError:
            log.warning("provider %s is too slow", code)
        except AnswerOdd as why:
            log.warning("provider %s answered oddly: %s", code, why.what)
        except TryAgain:
            log.warning("provider %s is busy", code)
        raise ProviderDown(provider=code)

    async def close(self) -> None:
        """Let the connections go."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._base_url, transport=self._transport, timeout=self.settings.seconds, trust_env=False,
                follow_redirects=False, limits=httpx.Limits(max_connections=50),
            )  # fmt: skip
        return self._client


async def patiently(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do it again at most twice where the provider asks to come again, each time after a little longer."""
    for number in range(1, TRIES):
        try:
            return await work()
        except TryAgain:
            await asyncio.sleep(PAUSE * number * random.uniform(1, 1.5))  # noqa: S311 - not a secret
    return await work()


def text(answer: dict[str, Any], name: str, longest: int = 512) -> str:
    """Return a member that has to be a text without spaces and control characters; AnswerOdd where it is not."""
    value = answer.get(name)
    if not isinstance(value, str) or len(value) > longest or not _VISIBLE.fullmatch(value):
        raise AnswerOdd(f"no usable {name}")
    return value


def number(answer: dict[str, Any], name: str, default: int | None = None) -> int:
    """Return a member that has to be a whole number."""
    value = answer.get(name, default)
    if type(value) is not int:
        raise AnswerOdd(f"no usable {name}")
    return value


def _object(content: bytes, status: int) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise AnswerOdd(f"no JSON, status {status}") from None
    if not isinstance(answer, dict):
        raise AnswerOdd(f"no JSON object, status {status}")
    return answer
