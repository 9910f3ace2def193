"""One error type: a `Problem` is a state of affairs, with a stable code, words in two languages and facts.

Domain and services raise problems; only `api.problems` knows which HTTP status a kind has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """What stands in the way. Facts given as keywords fill the sentences and become members of the answer.

    `pointer` is a JSON pointer into the request body (RFC 6901) when one place is to blame.
    `errors` lists several such places: `{"pointer", "code", "detail": {"zh", "en"}}`.
    """

    code: ClassVar[str] = "problem"
    zh: ClassVar[str] = "请求无法完成"
    en: ClassVar[str] = "The request cannot be done"

    def __init__(self, *, pointer: str | None = None, errors: list[dict[str, Any]] | None = None, **facts: Any):
        super().__init__(self.code)
        self.pointer = pointer
        self.errors = errors or []
        self.facts = facts

    def sentence(self, language: str, words: Mapping[str, str] | None = None) -> str:
        """Return the sentence in `zh` or `en` with the facts filled in; a missing fact stays visible as its name.

        `words` stand in the sentence in place of facts of the same name.
        """
        return (self.zh if language == "zh" else self.en).format_map(_Visible(self.facts | dict(words or {})))


class _Visible(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Malformed(Problem):
    """The bytes cannot be read as a request."""

    code, zh, en = "malformed", "请求内容无法解析", "The request cannot be parsed"


class TooSlow(Malformed):
    """The rest of the body did not come in time."""

    code, zh, en = "too_slow", "请求内容未在规定时间内送达", "The body did not arrive in time"


class Unauthenticated(Problem):
    """Nobody can be recognised."""

    code, zh, en = "unauthenticated", "请先登录", "Please sign in first"


class Forbidden(Problem):
    """The actor is known and may not take this step."""

    code, zh, en = "forbidden", "您没有权限进行此操作：{step}", "You may not take this step: {step}"


class NotFound(Problem):
    """There is no such thing, or the actor may not know of it."""

    code, zh, en = "not_found", "没有找到该内容", "There is no such thing"


class Conflict(Problem):
    """The present state does not allow it."""

    code, zh, en = "conflict", "当前状态不允许此操作", "The present state does not allow this"


class StepNotAllowed(Conflict):
    """A state table has no such step from the present state."""

    code = "step_not_allowed"
    zh = "当前状态（{state}）不能进行“{action}”，可以进行：{allowedActions}"
    en = "“{action}” is not possible in state {state}; possible: {allowedActions}"


class Stale(Problem):
    """Somebody else changed it since it was read."""

    code, zh, en = "stale", "内容已被他人修改，请刷新后重试", "It has been changed meanwhile; read it again"


class TooLarge(Problem):
    """The body is over the limit of the route."""

    code, zh, en = "too_large", "请求内容超过上限（{limit} 字节）", "The body is over the limit of {limit} bytes"


class UnsupportedMedia(Problem):
    """The body is not of a kind that the route takes."""

    code, zh, en = "unsupported_media_type", "不支持的内容类型", "This media type is not supported"


class Invalid(Problem):
    """The request can be read but says something that cannot be."""

    code, zh, en = "invalid", "提交的内容有误", "What was sent is not valid"


class KeyReused(Invalid):
    """An idempotency key came again with another request."""

    code = "idempotency_key_reused"
    zh, en = "同一幂等键已用于另一请求", "This Idempotency-Key was used for another request"


class TooMany(Problem):
    """Too many requests in too short a time."""

    code, zh, en = "too_many_requests", "请求过于频繁，请稍后再试", "Too many requests; try again later"


class Busy(Problem):
    """The server has all it can take; nothing was stored."""

    code, zh, en = "busy", "系统繁忙，请稍后重试", "The server is busy; try again shortly"
