"""The one route class: limits, strict reading, the door, and problem answers, with FastAPI's signatures and OpenAPI.

It does not run FastAPI's dependency solver, which cost more than everything else (docs/adr/one-route-class.md). An
endpoint may take path parameters, one body, one query model, one upload and `who`.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, UploadFile
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api import problems
from api.access import Ask
from api.calls import Answer, Caller, House
from api.db import new_id
from api.errors import NotFound, Problem
from api.reading import (
    body_parts,
    expected_version,
    idempotency,
    is_form,
    parse_form,
    parse_json,
    parse_query,
    preferred_language,
    read_body,
    read_upload,
)
from api.roles import STEPS_OF_ROLE, roles_of
from api.security import Claims

log = logging.getLogger("api")
_bearer = HTTPBearer(auto_error=False, description="an access token (ES256)", bearerFormat="JWT")


def _never_run() -> Caller:
    raise AssertionError("the route class hands the caller in")


def _with_token(_token: Annotated[Any, Depends(_bearer)]) -> Caller:
    return _never_run()


Who = Annotated[Caller, Depends(_with_token)]  # somebody who signed in
Anyone = Annotated[Caller, Depends(_never_run)]  # also without a token

_WANTED = {
    b"authorization": "authorization",
    b"content-type": "content_type",
    b"content-length": "content_length",
    b"idempotency-key": "idempotency_key",
    b"accept": "accept",
    b"accept-language": "accept_language",
    b"if-match": "if_match",
    b"x-request-id": "request_id",
}
_SAY = {
    400: "malformed", 401: "not signed in", 403: "not permitted", 404: "not there", 409: "not in this state",
    412: "stale", 413: "too large", 415: "wrong media type", 422: "not valid",
    429: "too many", 500: "our fault", 503: "busy",
}  # fmt: skip


def problem_responses(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """Return what the contract says of these refusals; routes add those that their door does not imply."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        status: {"description": _SAY[status], "content": {problems.MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


class DoorRoute(APIRoute):
    """A route whose operation id is the step it takes; without a role for that step the server does not start."""

    def __init__(self, path: str, endpoint: Callable[..., Awaitable[Any]], **options: Any):
        step = options.get("operation_id")
        if not step:
            raise LookupError(f"{path} has no door: name its step as operation_id")
        roles_of(step)
        hints = get_type_hints(endpoint, include_extras=True)
        methods = options.get("methods") or {"GET"}
        options["responses"] = self._statuses(path, step, hints, methods) | (options.get("responses") or {})
        super().__init__(path, endpoint, **options)
        self.step, self.method = step, next(iter(methods))
        self._public = step in STEPS_OF_ROLE["anyone"]
        names = set(self.param_convertors)
        self._path = {name: TypeAdapter(hints[name]) for name in names}
        self._body = self._query = self._upload = None
        self._takes_form, self._needs_body = False, True
        for name, parameter in inspect.signature(endpoint).parameters.items():
            if name in names or name == "who":
                continue
            kind = hints[name].__origin__ if hasattr(hints[name], "__metadata__") else hints[name]
            if kind is UploadFile:
                self._upload = name
            elif isinstance(kind, type) and issubclass(kind, BaseModel) and hasattr(hints[name], "__metadata__"):
                self._query = (name, TypeAdapter(kind))
            else:
                self._body = (name, TypeAdapter(kind))
                self._needs_body = parameter.default is inspect.Parameter.empty
                self._takes_form = getattr(kind, "takes_form", False)
        shown = hints.get("return")
        raw = isinstance(shown, type) and issubclass(shown, Response)
        self._shown = None if shown is None or raw else TypeAdapter(shown)
        self._status = options.get("status_code") or 200
        self.app = self.serve

    @staticmethod
    def _statuses(
        path: str, step: str, hints: dict[str, Any], methods: Iterable[str]
    ) -> dict[int | str, dict[str, Any]]:
        statuses = {422, 500, 503}
        if step not in STEPS_OF_ROLE["anyone"]:
            statuses |= {401, 403}
        if "{" in path:
            statuses.add(404)
        if set(methods) & {"POST", "PUT", "DELETE"}:
            statuses |= {400, 404, 409, 412, 413, 415}
        else:
            statuses.add(400)
        return problem_responses(sorted(statuses))

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, the answer is the endpoint's or a problem."""
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            wanted = _WANTED.get(name)
            if wanted is not None:
                headers[wanted] = value.decode("latin-1")
        language = preferred_language(headers.get("accept_language"))
        request_id = str(new_id())
        try:
            response = await self._respond(scope, receive, headers, language, request_id)
        except Problem as why:
            response = problems.answer(why, language, request_id)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("fault", extra={"request_id": request_id, "step": self.step})
            response = problems.answer(problems.Fault(), language, request_id)
        await response(scope, receive, send)

    async def _respond(
        self, scope: Scope, receive: Receive, headers: dict[str, str], language: str, request_id: str
    ) -> Response:
        house: House = scope["app"].state.house
        arguments: dict[str, Any] = {}
        claims = self._claims(house, headers.get("authorization"))
        body = b""
        declared, settings = headers.get("content_length"), house.settings
        if self._upload is not None:
            parts = body_parts(receive, declared, settings.upload_limit, settings.upload_seconds)
            upload = arguments[self._upload] = await read_upload(parts, headers.get("content_type"), self._upload)
            body = await upload.read()  # the same key with another file is another request
            await upload.seek(0)
        elif self._body is not None or self.method != "GET":
            body = await read_body(receive, declared, settings.body_limit, settings.body_seconds)
        for name, adapter in self._path.items():
            try:
                arguments[name] = adapter.validate_strings(scope["path_params"][name])
            except ValidationError:
                raise NotFound from None
        if self._query is not None:
            arguments[self._query[0]] = parse_query(self._query[1], scope["query_string"])
        elif scope["query_string"]:
            parse_query(None, scope["query_string"])
        if self._body is not None and (body or self._needs_body):
            parse = parse_form if self._takes_form and is_form(headers.get("content_type")) else parse_json
            arguments[self._body[0]] = parse(self._body[1], body, headers.get("content_type"))
        key, fingerprint = idempotency(headers.get("idempotency_key"), self.method, scope["path"], body)
        ask = Ask(self.step, claims, key, fingerprint, expected_version(headers.get("if_match")))
        address = (scope.get("client") or ("",))[0]
        arguments["who"] = Caller(
            house, ask, language, request_id, headers.get("accept"), headers.get("authorization"), address
        )
        return self._answer(await self.endpoint(**arguments), request_id)

    def _claims(self, house: House, authorization: str | None) -> Claims | None:
        if authorization is None or self._public:
            return None
        kind, _, token = authorization.partition(" ")
        return house.tokens.read(token if kind.lower() == "bearer" else "")

    def _answer(self, content: Any, request_id: str) -> Response:
        headers = {"Cache-Control": "no-store", "X-Request-Id": request_id, "X-Content-Type-Options": "nosniff"}
        if isinstance(content, Answer):
            content, headers["Idempotent-Replay"] = content.content, "true"
        if isinstance(content, Response):
            content.headers.update(headers)
            return content
        if self._shown is None:
            return Response(status_code=204, headers=headers)
        if isinstance(content, dict):
            if "version" in content:
                headers["ETag"] = f'"v{content["version"]}"'
            if "location" in content:
                headers["Location"] = content["location"]
        shown = self._shown.dump_json(self._shown.validate_python(content), by_alias=True)
        return Response(shown, self._status, headers, "application/json")


class Doors(BaseRoute):
    """All routes behind one table: a look-up by method, length and resource instead of a walk over every pattern."""

    def __init__(self, routes: Iterable[DoorRoute]):
        self.routes = list(routes)
        self._table: dict[tuple[int, str], list[DoorRoute]] = {}
        for route in sorted(self.routes, key=lambda route: route.path.count("{")):
            self._table.setdefault(self._key(route.path), []).append(route)

    @staticmethod
    def _key(path: str) -> tuple[int, str]:
        parts = path.split("/")
        return len(parts), parts[3] if path.startswith("/api/") and len(parts) > 3 else parts[1]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Find the route for a request; a path that only other methods take is a partial match."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        others: set[str] = set()
        for route in self._table.get(self._key(path), ()):
            found = route.path_regex.match(path)
            if found is None:
                continue
            if route.method == scope["method"]:
                return Match.FULL, {"door": route, "path_params": found.groupdict(), "endpoint": route.endpoint}
            others.add(route.method)
        return (Match.PARTIAL, {"door": None, "others": others}) if others else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request through its route."""
        door: DoorRoute | None = scope["door"]
        if door is None:
            language = preferred_language(dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1"))
            problem = problems.MethodNotAllowed(allow=", ".join(sorted(scope["others"])))
            await problems.answer(problem, language, str(new_id()))(scope, receive, send)
            return
        await door.serve(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Addresses are written out where they are used, so none is looked up by name."""
        raise LookupError(f"addresses are written out: {name}")
