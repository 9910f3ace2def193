"""S5: every hostile form at every route, on both databases."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from api import route
from benchmarks.fill import KINDS, empty, now
from benchmarks.harness import Row
from tests.support.asgi import Answer, send
from tests.support.contract import Operation
from tests.support.hostile import bodies, queries, wrong
from tests.support.stage import Stage

FORMS = {"small": 10, "normal": 100, "full": 100_000}
Call = tuple[str, bool, dict[str, Any]]


def rows(size: str, seed: int) -> list[Row]:
    """Send the forms; count answers that break, tell too much, or leave something behind."""
    found: list[Row] = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, _):
            stage = Stage(url, var_dir, now)
            try:
                calls = _calls(stage, FORMS[size], random.Random(seed))
                faults = asyncio.run(_sent(stage, calls))
                caught = _control(stage, calls[:20])
            finally:
                stage.close()
        told = (
            f"{len(calls)} requests, seed {seed}; control: faults shown, {caught} of 20 seen; {'; '.join(faults[:3])}"
        )
        found.append(
            Row(f"S5 hostile, {kind}", len(faults), "0", "wrong answers", not faults and caught == 20, told, "")
        )
    return found


def _calls(stage: Stage, forms: int, dice: random.Random) -> list[Call]:
    found: list[Call] = []
    for operation in stage.operations:
        who = dict(stage.headers(stage.who_may(operation)))
        if operation.schema is not None:
            headers = {**who, "content-type": "application/json"}
            for name, body in _some(list(bodies(stage.body(operation))), forms, dice):
                found.append(_call(stage, operation, name, headers=headers, body=body))
        elif operation.method == "GET":
            for name, query in _some(list(queries([one["name"] for one in operation.query])), forms, dice):
                found.append(_call(stage, operation, name, headers=who, query=query))
    return found


def _some(forms: list[tuple[str, bytes]], count: int, dice: random.Random) -> list[tuple[str, bytes]]:
    return dice.sample(forms, min(count, len(forms)))


def _call(stage: Stage, operation: Operation, name: str, **more: Any) -> Call:
    return (
        f"{operation}, {name}",
        operation.is_page,
        {"method": operation.method, "path": stage.path(operation), **more},
    )


async def _sent(stage: Stage, calls: list[Call]) -> list[str]:
    faults, standing = [], stage.rows()
    for name, page, arguments in calls:
        answer = await send(stage.world.app, **arguments)
        why = wrong(answer, page=page)
        if why:
            faults.append(f"{name}: {why}")
        if answer.status < 300 and arguments["method"] != "GET":
            standing = await asyncio.to_thread(stage.rows)
    return faults if stage.rows() == standing else [*faults, "a refused request left something behind"]


def _control(stage: Stage, calls: list[Call]) -> int:
    """Return how many of these answers are found wrong when the routes show their faults."""

    async def careless(_self: Any, scope: Any, receive: Any, send_back: Callable[..., Any]) -> None:
        fault = b'{"detail": "Traceback: sqlalchemy.exc.StatementError: [SQL: INSERT INTO needs"}'
        await send_back({"type": "http.response.start", "status": 422, "headers": []})
        await send_back({"type": "http.response.body", "body": fault})

    async def asked() -> list[Answer]:
        return [await send(stage.world.app, **arguments) for _, _, arguments in calls]

    kept, route.Doors.handle = route.Doors.handle, careless  # type: ignore[method-assign]
    try:
        return sum(wrong(answer, page=True) is not None for answer in asyncio.run(asked()))
    finally:
        route.Doors.handle = kept  # type: ignore[method-assign]
