"""The limit of a list page: its printed statement on the bare driver, its rows as JSON, nothing between."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.wall import house_address


def create() -> Starlette:
    """Serve the statement in the environment (`RAW_STATEMENT`) with the values of the query's `cursor`."""
    url, statement = os.environ["DUALREPORT_DATABASE_URL"], os.environ["RAW_STATEMENT"]
    if url.startswith("sqlite"):
        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)
    else:
        connection = psycopg.connect(house_address(url).replace("postgresql+psycopg", "postgresql"), autocommit=True)

    async def page(request: Request) -> Response:
        cursor = connection.cursor()
        cursor.execute(statement, (request.query_params["tenant"], request.query_params["before"]))
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.close()
        return Response(json.dumps(rows, default=str, ensure_ascii=False).encode(), media_type="application/json")

    return Starlette(routes=[Route("/page", page)])
