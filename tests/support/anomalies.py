"""A plugin of pytest: under the first success of each changing operation that tests ask for, fails the database.

`pytest -p tests.support.anomalies …` takes the first request of each operation that succeeds, fails every call of the
database that it makes, and leaves the rows as they were. `ANOMALIES` names the file for what was found and
`ANOMALIES_CALLS` says how many calls of each are failed, all where it is missing; `ANOMALIES_CARELESS` seeds a mistake.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from tests.support.contract import Contract
from tests.support.failing import SIDES, Anomalies, Failing, NotRepeatable, commit_by_halves

KEPT_HEADERS = ("authorization", "content-type", "if-match", "idempotency-key", "accept-language")


@dataclass
class Sweep:
    """What was tried and found in a run of tests."""

    most: int = int(os.environ.get("ANOMALIES_CALLS", "1000"))
    routes: list[tuple[str, re.Pattern[str], str]] = field(default_factory=list)
    tried: dict[str, int] = field(default_factory=dict)  # failed calls by operation
    left: set[str] = field(default_factory=set)  # operations of which a second request does something else
    wrong: list[str] = field(default_factory=list)
    flying: int = 0
    trying: bool = False
    failing: WeakKeyDictionary[Any, Failing] = field(default_factory=WeakKeyDictionary)

    def step_of(self, method: str, path: str) -> str | None:
        """Return the changing operation that a request asks for."""
        if not self.routes:
            for one in Contract().operations():
                pattern = re.compile(re.sub(r"{\w+}", "[^/]+", one.path) + "$")
                self.routes += [(one.method, pattern, one.step)] if one.method != "GET" else []
            self.routes.sort(key=lambda route: route[1].pattern.count("[^/]+"))  # a path's own name before any name
        return next((step for had, path_, step in self.routes if had == method and path_.match(path)), None)

    async def take(self, app: Any, request: httpx.Request) -> None:
        """Fail the calls of a request, if it is the first of its operation that succeeds."""
        path, _, query = request.url.raw_path.partition(b"?")
        step = self.step_of(request.method, path.decode())
        if step is None or step in self.tried or not hasattr(getattr(app, "state", None), "house"):
            return
        headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        headers.setdefault("idempotency-key", "anomaly")
        sent = {"path": path.decode(), "query": query, "headers": headers, "body": await request.aread()}
        if app not in self.failing:
            self.failing[app] = Failing(app.state.house.engines)
        anomalies = Anomalies(app, self.failing[app])
        try:
            usual = await anomalies.undisturbed(step, {"method": request.method, **sent})
            if usual.status < 300 and usual.tables:
                await self._each(anomalies, usual)
        except NotRepeatable:
            self.left.add(step)
        finally:
            anomalies.close()
            self.write()

    def write(self) -> None:
        """Write down what was found so far."""
        found = {"tried": self.tried, "left": sorted(self.left - self.tried.keys()), "wrong": self.wrong}
        Path(os.environ["ANOMALIES"]).write_text(json.dumps(found, ensure_ascii=False, indent=1))

    async def _each(self, anomalies: Anomalies, usual: Any) -> None:
        every = [(number, side) for number in range(len(usual.calls)) for side in SIDES]
        chosen = every if len(every) <= self.most else random.Random(usual.name).sample(every, self.most)
        self.tried[usual.name] = len(chosen)
        for number, side in chosen:
            self.wrong += await anomalies.disturbed(usual, number, side)


SWEEP = Sweep()
_handle = httpx.ASGITransport.handle_async_request


async def _handled(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
    while SWEEP.trying:  # noqa: ASYNC110 - an event belongs to one loop, and each test has its own
        await asyncio.sleep(0.01)
    SWEEP.flying += 1
    try:
        if SWEEP.flying == 1:  # what comes at once with others is another test
            SWEEP.trying = True
            try:
                await SWEEP.take(transport.app, request)
            finally:
                SWEEP.trying = False
        return await _handle(transport, request)
    finally:
        SWEEP.flying -= 1


def pytest_configure() -> None:
    """Stand between the tests and the application."""
    httpx.ASGITransport.handle_async_request = _handled  # type: ignore[method-assign]
    if "ANOMALIES_CARELESS" in os.environ:
        commit_by_halves()


def pytest_sessionfinish() -> None:
    """Write down what was found, also where nothing was tried."""
    SWEEP.write()
