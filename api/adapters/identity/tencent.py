"""What WeChat and WeCom have in common: error codes in a 200, and an access token that is fetched and ends."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from api.adapters.identity.outside import AnswerOdd, Outside, TryAgain, number, patiently, text
from api.domain.ways_in import CodeRefused, SignInRefused

# Error codes of developers.weixin.qq.com and developer.work.weixin.qq.com.
BUSY = {-1, 45009, 45011}  # system busy; over the quota of the interface; over the quota of this user
STALE_TOKEN = {40001, 40014, 42001}
CODE_REFUSED = {40029, 40163, 42003}  # unknown; used; expired
RISK = {40226}  # WeChat blocks who it takes for a risk
EARLY = timedelta(minutes=5)  # a token is fetched anew before it ends


class TokenEnded(AnswerOdd):
    """The provider does not take the access token any more; where none was sent, the answer is merely odd."""


class AccessToken(ABC):
    """The token with which an app speaks for itself: fetched when needed, kept until shortly before it ends."""

    def __init__(self, outside: Outside, clock: Callable[[], datetime]):
        self._outside, self._clock = outside, clock
        self._text, self._until = "", clock()
        self._one_at_a_time = asyncio.Lock()

    @abstractmethod
    async def fetch(self, *, force: bool) -> dict[str, Any]:
        """Ask the provider for a token; with `force` for another than the one that it gave before."""

    async def current(self) -> str:
        """Return the token that is in force, fetched where there is none."""
        async with self._one_at_a_time:
            if self._clock() >= self._until:
                await self._renew(force=False)
            return self._text

    async def after(self, refused: str) -> str:
        """Return another token than the one that was refused; whoever comes first fetches it for all who wait."""
        async with self._one_at_a_time:
            if self._text == refused:
                await self._renew(force=False)
            if self._text == refused:  # the provider still gives the one that it refuses
                await self._renew(force=True)
            return self._text

    async def _renew(self, *, force: bool) -> None:
        answer = await patiently(lambda: self._fetched(force))
        seconds = number(answer, "expires_in")
        if not 0 < seconds <= 24 * 3600:
            raise AnswerOdd("no usable expires_in")
        self._text = text(answer, "access_token")
        self._until = self._clock() + max(timedelta(seconds=seconds) - EARLY, timedelta(seconds=seconds / 2))

    async def _fetched(self, force: bool) -> dict[str, Any]:
        answer = await self.fetch(force=force)
        try:
            return checked(answer)
        except (CodeRefused, SignInRefused):  # nobody's code stands in this request
            raise AnswerOdd(f"errcode {answer['errcode']} for a token") from None


def checked(answer: dict[str, Any], pointer: str = "/code") -> dict[str, Any]:
    """Return the answer where it says no error; raise what its error code means. The provider's words stay unread.

    `pointer` is the member of the client's request that a refused code stands in.
    """
    code = number(answer, "errcode", 0)
    if code == 0:
        return answer
    if code in BUSY:
        raise TryAgain
    if code in STALE_TOKEN:
        raise TokenEnded(f"errcode {code}")
    if code in CODE_REFUSED:
        raise CodeRefused(pointer=pointer)
    if code in RISK:
        raise SignInRefused
    raise AnswerOdd(f"errcode {code}")  # a wrong secret or address is for the operator, who finds it in the log


async def with_token(token: AccessToken, ask: Any, pointer: str = "/code") -> dict[str, Any]:
    """Ask with the app's token: again a little later where the provider is busy, once more where the token ended."""

    async def once(current: str) -> dict[str, Any]:
        return checked(await ask(current), pointer)

    current = await token.current()
    try:
        return await patiently(lambda: once(current))
    except TokenEnded:
        current = await token.after(current)
    try:
        return await patiently(lambda: once(current))
    except TokenEnded:
        raise AnswerOdd("refuses each of its tokens") from None
