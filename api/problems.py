"""Where a problem becomes an HTTP answer: the only module that knows status codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api import errors
from api.domain.labels import state_label, step_label
from api.errors import Problem

MEDIA_TYPE = "application/problem+json"

# The first class in a problem's ancestry that stands here gives the status.
STATUS: dict[type[Problem], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Busy: 503,
}


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    code, zh, en = "method_not_allowed", "该地址不支持此方法", "This address does not take this method"


class Fault(Problem):
    """A mistake of ours; what happened stands in the log under the request's id."""

    code, zh, en = "fault", "系统内部错误，已记录", "An internal fault; it has been recorded"


STATUS[MethodNotAllowed] = 405
STATUS[Fault] = 500


class Place(BaseModel):
    """One place in the request that is to blame."""

    pointer: str = Field(description="JSON pointer into the body, or the name of a parameter after `?` or `:`")
    code: str
    detail: str
    line: int | None = Field(default=None, description="where the place lies in a text, counted from 1")
    column: int | None = None


class ProblemBody(BaseModel):
    """RFC 9457 problem details; facts of the problem follow as further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="the stable code as a URN")
    title: str
    status: int
    code: str
    detail: str
    errors: list[Place] = []
    requestId: str  # noqa: N815 - the member's name on the wire


def sentence(problem: Problem, language: str) -> str:
    """Return the problem's sentence in `zh` or `en` for people: steps and states by their labels, lists spelled out."""
    words: dict[str, str] = {}
    step = problem.facts.get("action") or problem.facts.get("step")
    noun = step.split(".")[0] if isinstance(step, str) else ""
    for name, fact in problem.facts.items():
        if name in ("action", "step") and isinstance(fact, str):
            words[name] = _step_words(fact, language)
        elif name == "state" and isinstance(fact, str):
            words[name] = _known(state_label, noun, fact).get(language, fact)
        elif isinstance(fact, list):
            each = (_step_words(str(one), language) if name == "allowedActions" else str(one) for one in fact)
            words[name] = ("、" if language == "zh" else ", ").join(each) or ("无" if language == "zh" else "nothing")
    return problem.sentence(language, words)


def as_row(problem: Problem) -> dict[str, Any]:
    """Return the problem as one outcome in a list or a job's result: code, both sentences, pointer and facts."""
    detail = {language: sentence(problem, language) for language in ("zh", "en")}
    row: dict[str, Any] = {"code": problem.code, "detail": detail}
    if problem.pointer is not None:
        row["pointer"] = problem.pointer
    if problem.facts:
        row["facts"] = problem.facts
    return row


def _step_words(step: str, language: str) -> str:
    return _known(step_label, step).get(language, step)


def _known(label: Callable[..., dict[str, str]], *keys: str) -> dict[str, str]:
    try:
        return label(*keys)
    except (KeyError, IndexError):
        return {}


def status_of(problem: Problem) -> int:
    """Return the HTTP status of a problem's kind."""
    return next((STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS), 422)


def body_of(problem: Problem, language: str, request_id: str) -> dict[str, Any]:
    """Return the problem as RFC 9457 members in `zh` or `en`."""
    status = status_of(problem)
    kind = next((kind for kind in type(problem).__mro__ if kind in STATUS), errors.Invalid)
    detail = sentence(problem, language)
    places = [_place(place, language) for place in problem.errors]
    if problem.pointer is not None:
        places.append({"pointer": problem.pointer, "code": problem.code, "detail": detail})
    body: dict[str, Any] = {
        "type": f"urn:dualreport:problem:{problem.code}",
        "title": kind.zh if language == "zh" else kind.en,
        "status": status,
        "code": problem.code,
        "detail": detail,
        "errors": places,
        "requestId": request_id,
    }
    body["title"] = body["title"].split("：")[0].split(": ")[0] if "{" in body["title"] else body["title"]
    for name, fact in problem.facts.items():
        body.setdefault(_camel(name), fact)
    return body


def _place(place: dict[str, Any], language: str) -> dict[str, Any]:
    detail = place.get("detail", "")
    said = detail.get(language, "") if isinstance(detail, dict) else detail
    within_text = {name: place[name] for name in ("line", "column") if name in place}
    return {"pointer": place["pointer"], "code": place["code"], "detail": said, **within_text}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def answer(problem: Problem, language: str, request_id: str) -> Response:
    """Return the HTTP answer for a problem."""
    status = status_of(problem)
    headers = {
        "Cache-Control": "no-store",
        "X-Request-Id": request_id,
        "Content-Language": "zh-CN" if language == "zh" else "en",
    }
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "allow" in problem.facts and status == 405:
        headers["Allow"] = problem.facts["allow"]
    if isinstance(problem, errors.TooSlow | errors.TooLarge):
        headers["Connection"] = "close"  # what is left of the body is not waited for
    if status in (429, 503):
        headers["Retry-After"] = str(problem.facts.get("retry_after", 1))
    if isinstance(problem, errors.TooMany):
        # draft-ietf-httpapi-ratelimit-headers: what was allowed, what is left, and in how many seconds there is more
        for name in ("limit", "remaining", "reset"):
            if name in problem.facts:
                headers[f"RateLimit-{name.title()}"] = str(problem.facts[name])
    content = json.dumps(body_of(problem, language, request_id), ensure_ascii=False, default=str).encode()
    return Response(content, status, headers, MEDIA_TYPE)
