"""S5: hostile bodies, queries and paths at every route: a clear no, no trace, no statement, nothing stored."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time

import pytest

from api import route
from tests.support.asgi import Answer, send
from tests.support.clock import Clock
from tests.support.hostile import PARTS, bodies, queries, wrong
from tests.support.stage import Stage

SEED = int(os.environ.get("SEED", "2026"))
FORMS = int(os.environ.get("FORMS", "30"))  # of each route's 400 and more; the soak sends them all
PAGE = "page: "  # begins the name of a call whose answer a browser shows
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def stage(database, tmp_path_factory):
    built = Stage(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def sampled(name, forms):
    """Choose some of the forms by the printed seed, others for each route."""
    forms = list(forms)
    return random.Random(f"{SEED} {name}").sample(forms, min(FORMS, len(forms)))


async def refused(stage, calls):
    """Send calls; return what was wrong, and what was stored by those that were refused."""
    found, standing = [], stage.rows()
    for name, arguments in calls:
        answer = await send(stage.world.app, **arguments)
        why = wrong(answer, page=name.startswith(PAGE))
        if why:
            found.append(f"{name}: {why}: {answer.body[:300]!r}")
        if answer.status < 300:
            standing = await asyncio.to_thread(stage.rows)
    assert stage.rows() == standing
    return found


def body_calls(stage, choose):
    for operation in stage.operations:
        if operation.schema is not None:
            who = stage.headers(stage.who_may(operation))
            for name, body in choose(operation, bodies(stage.body(operation))):
                more = {"path": stage.path(operation), "headers": {**who, **JSON}, "body": body}
                yield f"seed {SEED}, {operation}, {name}", {"method": operation.method, **more}


def test_every_body_route_has_at_least_400_forms(stage):
    routes = [operation for operation in stage.operations if operation.schema is not None]
    assert routes
    assert min(len(list(bodies(stage.body(operation)))) for operation in routes) >= 400


async def test_hostile_bodies_are_refused(stage):
    calls = list(body_calls(stage, sampled))
    assert await refused(stage, calls) == []


async def test_hostile_queries_are_refused(stage):
    calls = []
    for operation in stage.operations:
        who = stage.headers(stage.who_may(operation))
        if operation.method == "GET":
            for name, query in sampled(operation, queries([one["name"] for one in operation.query])):
                arguments = {"method": "GET", "path": stage.path(operation), "query": query, "headers": who}
                calls.append((f"{PAGE if operation.is_page else ''}seed {SEED}, {operation}, {name}", arguments))
    assert await refused(stage, calls) == []


async def test_hostile_paths_find_nothing(stage):
    calls = []
    for operation in stage.operations:
        who = stage.headers(stage.who_may(operation))
        for part in PARTS if operation.identifiers and operation.method == "GET" else ():
            path = operation.path
            for name in operation.identifiers:
                path = path.replace(f"{{{name}}}", part)
            name = f"{PAGE if operation.is_page else ''}{operation}, {part[:20]}"
            calls.append((name, {"method": "GET", "path": path, "headers": who}))
    assert await refused(stage, calls) == []


@pytest.mark.parametrize("header", ["content-type", "idempotency-key", "if-match", "accept-language", "authorization"])
async def test_hostile_headers_are_refused(stage, header):
    calls = []
    for operation in stage.operations:
        if operation.schema is not None:
            for part in (
                "",
                "\x7f",
                "é",
                "a" * 9000,
                '"v1',
                "v99999999999",
                "text/plain",
                "Bearer",
                "Bearer x",
                "Bearer a.b.c",
                "W/*",
                ";;",
            ):
                headers = {**stage.headers(stage.who_may(operation)), **JSON, header: part}
                more = {"path": stage.path(operation), "headers": headers, "body": b"[]"}
                calls.append((f"{operation}, {header}: {part[:20]}", {"method": operation.method, **more}))
    assert await refused(stage, calls) == []


async def test_ten_megabytes_are_too_large(stage):
    for operation in stage.operations:
        if operation.schema is not None:
            headers = {**stage.headers(stage.who_may(operation)), **JSON}
            arguments = {"method": operation.method, "path": stage.path(operation), "headers": headers}
            assert (await send(stage.world.app, **arguments, body=b" " * 10_000_000)).status == 413
            assert (
                await send(
                    stage.world.app,
                    **{**arguments, "headers": {**headers, "content-length": "3"}},
                    body=b" " * 10_000_000,
                )
            ).status == 413


async def test_a_route_that_shows_its_faults_is_seen(stage, monkeypatch):
    """Control: when an exception's own words reach the answer, the check turns red."""

    async def careless(scope, receive, send_back):
        fault = b'{"detail": "Traceback: sqlalchemy.exc.StatementError: [SQL: INSERT INTO needs"}'
        await send_back({"type": "http.response.start", "status": 500, "headers": []})
        await send_back({"type": "http.response.body", "body": fault})

    monkeypatch.setattr(route.Doors, "handle", lambda _self, *hands: careless(*hands))
    calls = list(body_calls(stage, lambda _operation, forms: list(forms)[:1]))
    assert len(await refused(stage, calls)) == len(calls)
    assert wrong(Answer(422, {"content-type": "application/problem+json"}, b'{"detail": "h0stile"}'))
    assert wrong(Answer(404, {"content-type": "text/html"}, b""))


def test_a_half_sent_body_is_not_waited_for(database, tmp_path):
    """A client that stops in the middle of its body loses its connection after `body_seconds`."""
    from tests.support.server import running

    environment = {
        "DUALREPORT_DATABASE_URL": database,
        "DUALREPORT_VAR_DIR": str(tmp_path),
        "DUALREPORT_BODY_SECONDS": "1",
    }
    with running(environment) as port, socket.create_connection(("127.0.0.1", port)) as half:
        half.settimeout(10)
        lines = (
            "POST /api/v1/auth/demo HTTP/1.1",
            "Host: test",
            "Content-Type: application/json",
            "Content-Length: 50",
        )
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        begun = time.monotonic()
        half.sendall(head + b'{"account": "')
        answer = b""
        while part := half.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert time.monotonic() - begun < 5
