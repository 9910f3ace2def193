"""One route of the product's class that reads a body and a token and answers without a database."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, FastAPI

from api.calls import House
from api.main import now
from api.route import Anyone, DoorRoute, Doors, Who
from api.schemas.base import View
from api.schemas.needs import NewNeed
from api.settings import Settings

router = APIRouter(prefix="/api/v1/echo", route_class=DoorRoute)


class Echo(View):
    """Some of what was sent."""

    title: str
    community_id: UUID


@router.post("", operation_id="need.create", status_code=201)
async def echo(body: NewNeed, who: Who) -> Echo:
    """Answer from the body alone."""
    return Echo(title=body.title, community_id=body.community_id)


@router.get("/hello", operation_id="platform.health")
async def hello(who: Anyone) -> dict[str, str]:
    """Answer like the bare hello beside it."""
    return {"hello": "world"}


def create() -> FastAPI:
    """Build an application with these routes alone."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.house = House(Settings(), now)
    app.router.routes.insert(0, Doors([route for route in router.routes if isinstance(route, DoorRoute)]))
    return app
