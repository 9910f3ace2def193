"""The composition root: settings and clock in, the application out."""

from __future__ import annotations

import importlib
import json
import pkgutil
from asyncio import to_thread
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from api import problems, routers
from api.adapters.identity import providers_of
from api.adapters.render import CHECKPOINTS, checkpoints_shown
from api.calls import House
from api.contract import describe
from api.db import Clock, new_id
from api.errors import NotFound, Problem
from api.jobs import erasures
from api.jobs.loop import JobLoop
from api.jobs.sealing import Sealing
from api.logs import keep_words_out
from api.reading import preferred_language
from api.route import DoorRoute, Doors
from api.services import proofs
from api.settings import Settings
from api.wall import HOUSE

# The first page runs no script and loads nothing but its own style sheet and icon.
HOME_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def now() -> datetime:
    """Return the time of this machine; the only clock outside of tests."""
    return datetime.now(UTC)


def all_routes() -> list[DoorRoute]:
    """Return the routes of every module in `api.routers`."""
    found: list[DoorRoute] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(routers.__path__)):
        router = getattr(importlib.import_module(f"api.routers.{module}"), "router", None)
        found += [route for route in (router.routes if router else ()) if isinstance(route, DoorRoute)]
    return found


def create_app(
    settings: Settings | None = None, clock: Clock = now, transports: Mapping[str, Any] | None = None
) -> FastAPI:
    """Build the application on its own engines; they close when its lifespan ends.

    `transports` stand in for the network towards identity providers, each by the code of its provider.
    """
    settings = settings or Settings()
    keep_words_out()
    house = House(settings, clock, providers_of(settings, clock, transports))

    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        threads = [JobLoop(house), Sealing(house)] if house.settings.jobs else []
        if threads:  # before anybody is served: a restored backup brings nobody back who was erased
            await to_thread(erasures.reapply_all, house)
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for thread in threads:
                thread.stop()
            for provider in house.providers.values():
                await provider.close()
            house.close()

    app = FastAPI(
        title="双报到 Dual reporting", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
        lifespan=living,
    )  # fmt: skip
    app.state.house = house
    doors = Doors(all_routes())
    app.router.routes.insert(0, doors)
    app.router.routes += pages(doors)
    app.add_exception_handler(HTTPException, _unknown)
    return app


def pages(doors: Doors) -> list[BaseRoute]:
    """Return what a browser opens: a first page, the contract and a page that shows it; all come with the server."""
    static = Path(__file__).parent / "static"

    @cache
    def contract() -> bytes:  # at the first request: it costs more than all else of a start
        return json.dumps(describe(doors.routes), ensure_ascii=False).encode()

    async def document(_request: Request) -> Response:
        return Response(await to_thread(contract), media_type="application/json")

    async def shown(_request: Request) -> Response:
        return FileResponse(static / "swagger-ui" / "index.html")

    async def first(request: Request) -> Response:
        house: House = request.app.state.house
        try:
            kept = await to_thread(house.read_now, HOUSE, proofs.published)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError):  # the page opens while the database is away
            kept = []
        page = (static / "index.html").read_text(encoding="utf-8").replace(CHECKPOINTS, checkpoints_shown(kept))
        return Response(page, headers={"Content-Security-Policy": HOME_CSP}, media_type="text/html")

    async def asked(request: Request) -> Response:
        number = request.query_params.get("number", "").strip()
        return RedirectResponse(f"/verify/{quote(number, safe='')}" if number else "/", 303)

    return [
        Route("/", first),
        Route("/verify", asked),
        Route("/openapi.json", document),
        Route("/docs", shown),
        Mount("/static", StaticFiles(directory=static)),
    ]


async def _unknown(request: Request, why: Any) -> Response:
    allow = (why.headers or {}).get("Allow", "")
    problem: Problem = problems.MethodNotAllowed(allow=allow) if why.status_code == 405 else NotFound()
    return problems.answer(problem, preferred_language(request.headers.get("accept-language")), str(new_id()))
