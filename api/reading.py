"""Reading a request: bytes, parameters and headers become values or a problem that never echoes what was sent."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser
from starlette.types import Receive

from api.errors import Invalid, Malformed, Problem, TooLarge, TooSlow, UnsupportedMedia

_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_TAG = re.compile(r'"v(\d{1,9})"')

# The first prefix of pydantic's error type that fits gives the words; what was sent is never repeated.
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("缺少此项", "is required"),
    "extra_forbidden": ("没有此项参数", "is not known here"),
    "json": ("不是有效的 JSON", "is not valid JSON"),
    "string_too_long": ("文字过长", "is too long"),
    "string_too_short": ("文字过短", "is too short"),
    "string_pattern": ("格式不正确", "has the wrong form"),
    "string": ("应为文字", "must be text"),
    "bool": ("应为 true 或 false", "must be true or false"),
    "int": ("应为整数", "must be a whole number"),
    "float": ("应为数字", "must be a number"),
    "finite": ("应为有限数字", "must be a finite number"),
    "greater": ("数值过小", "is too small"),
    "less": ("数值过大", "is too large"),
    "uuid": ("编号格式不正确", "is not an id"),
    "timezone": ("时间须带时区", "needs a time zone"),
    "datetime": ("应为带时区的时间", "must be a time with its zone"),
    "date": ("应为日期（年-月-日）", "must be a date (yyyy-mm-dd)"),
    "literal": ("不在可选范围内", "is not one of the choices"),
    "enum": ("不在可选范围内", "is not one of the choices"),
    "list": ("应为列表", "must be a list"),
    "tuple": ("应为列表", "must be a list"),
    "too_long": ("项数过多", "has too many items"),
    "too_short": ("项数过少", "has too few items"),
    "dict": ("应为对象", "must be an object"),
    "model": ("应为对象", "must be an object"),
    "value_error": ("内容不合规定", "is not allowed"),
    "recursion": ("嵌套过深", "is nested too deeply"),
}


async def body_parts(receive: Receive, declared: str | None, limit: int, seconds: float) -> AsyncGenerator[bytes]:
    """Yield the body as it comes; TooLarge past `limit` bytes, TooSlow when it is not all there after `seconds`."""
    if declared is not None and (not declared.isdecimal() or int(declared[:20]) > limit):
        raise TooLarge(limit=limit)
    deadline, size, more = asyncio.get_running_loop().time() + seconds, 0, True
    while more:
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError as why:
            raise TooSlow from why
        if message["type"] == "http.disconnect":
            raise Malformed
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > limit:
            raise TooLarge(limit=limit)
        yield part


async def read_body(receive: Receive, declared: str | None, limit: int, seconds: float) -> bytes:
    """Return the body; TooLarge past `limit` bytes, TooSlow when it is not there after `seconds`."""
    return b"".join([part async for part in body_parts(receive, declared, limit, seconds)])


class _InMemory(MultiPartParser):
    """Keeps what people bring in memory, up to the route's limit: no disk holds it in plain text."""

    spool_max_size = 0


async def read_upload(parts: AsyncGenerator[bytes], content_type: str | None, name: str) -> UploadFile:
    """Return the one file of a multipart body, in the part `name`; UnsupportedMedia, Malformed or Invalid otherwise."""
    kind = (content_type or "").split(";", 1)[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMedia
    try:
        form = await _InMemory(Headers({"Content-Type": content_type or ""}), parts, max_files=1, max_fields=0).parse()
    except Problem:
        raise
    except Exception as why:  # the parser raises many kinds for broken parts, or more than the one file
        raise Malformed from why
    upload = form.get(name)
    if not isinstance(upload, UploadFile):
        raise Invalid(pointer=f"/{name}")
    return upload


def parse_json(adapter: TypeAdapter[Any], body: bytes, content_type: str | None) -> Any:
    """Return the body as the declared type; UnsupportedMedia, Malformed or Invalid otherwise."""
    kind = (content_type or "").split(";", 1)[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMedia
    try:
        return adapter.validate_json(body)
    except ValidationError as why:
        problems = why.errors(include_url=False, include_context=False, include_input=False)
        if problems[0]["type"] == "json_invalid":
            raise Malformed(pointer="") from None
        raise Invalid(errors=[_place(found, "/") for found in problems[:50]]) from None
    except (RecursionError, UnicodeError, ValueError) as why:
        raise Malformed(pointer="") from why


def is_form(content_type: str | None) -> bool:
    """Say whether a body is an HTML form without files."""
    return (content_type or "").split(";", 1)[0].strip().lower() == "application/x-www-form-urlencoded"


def parse_form(adapter: TypeAdapter[Any], body: bytes, _content_type: str | None) -> Any:
    """Return a form as the declared type; unknown, doubled or unreadable members are Invalid."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=50)
    except (ValueError, UnicodeError) as why:
        raise Malformed(pointer="") from why
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            words = _both(("重复的参数", "is given twice"))
            raise Invalid(errors=[{"pointer": f"/{name[:40]}", "code": "doubled", "detail": words}])
        values[name] = value
    try:
        return adapter.validate_python(values)
    except ValidationError as why:
        found = why.errors(include_url=False, include_context=False, include_input=False)
        raise Invalid(errors=[_place(one, "/") for one in found[:50]]) from None


def parse_query(adapter: TypeAdapter[Any] | None, query_string: bytes) -> Any:
    """Return the parameters as the declared model; unknown, doubled or unreadable ones are Invalid."""
    values: dict[str, str] = {}
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except (ValueError, UnicodeError) as why:
        raise Malformed(pointer="?") from why
    for name, value in pairs:
        if name in values or adapter is None:
            code, words = ("doubled", ("重复的参数", "is given twice")) if name in values else _words("extra_forbidden")
            raise Invalid(errors=[{"pointer": f"?{name[:40]}", "code": code, "detail": _both(words)}])
        values[name] = value
    if adapter is None:
        return None
    try:
        return adapter.validate_strings(values)
    except ValidationError as why:
        found = why.errors(include_url=False, include_context=False, include_input=False)
        raise Invalid(errors=[_place(one, "?") for one in found[:50]]) from None


def idempotency(key: str | None, method: str, path: str, body: bytes) -> tuple[str | None, str | None]:
    """Return the key and a fingerprint of the request; Invalid for a key that is not 1 to 64 printable signs."""
    if key is None:
        return None, None
    if not _KEY.fullmatch(key):
        raise Invalid(
            errors=[{"pointer": ":Idempotency-Key", "code": "bad_key", "detail": _both(_WORDS["string_pattern"])}]
        )
    return key, hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def expected_version(tag: str | None) -> int | None:
    """Return the version that an If-Match header names, None without one; Invalid for a tag that is not ours."""
    if tag is None:
        return None
    match = _TAG.fullmatch(tag)
    if match is None:
        raise Invalid(errors=[{"pointer": ":If-Match", "code": "bad_tag", "detail": _both(_WORDS["string_pattern"])}])
    return int(match[1])


def preferred_language(header: str | None) -> str:
    """Return `en` where the caller asks for English before Chinese, else `zh`."""
    if not header:
        return "zh"
    first = header.lower()
    english, chinese = first.find("en"), first.find("zh")
    return "en" if english >= 0 and (chinese < 0 or english < chinese) else "zh"


def prefers_json(header: str | None) -> bool:
    """Say whether an Accept header asks for JSON rather than for a page; browsers ask for a page."""
    asked = (header or "").lower()
    return "application/json" in asked and "text/html" not in asked


def _place(found: Any, root: str) -> dict[str, Any]:
    code, words = _words(found["type"])
    steps = [str(step)[:60].replace("~", "~0").replace("/", "~1") for step in found["loc"]]
    pointer = "/" + "/".join(steps) if root == "/" and steps else "" if root == "/" else root + ".".join(steps)
    return {"pointer": pointer, "code": code, "detail": _both(words)}


def _words(code: str) -> tuple[str, tuple[str, str]]:
    best = max((prefix for prefix in _WORDS if code.startswith(prefix)), key=len, default="value_error")
    return code, _WORDS[best]


def _both(words: tuple[str, str]) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}
