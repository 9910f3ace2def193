"""What the one route class says of itself is what FastAPI's own route would say."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Query, Response, UploadFile
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.route import Anyone, DoorRoute, Who
from api.schemas.base import Page
from api.schemas.needs import Need, NeedQuery, NewNeed


async def listed(query: Annotated[NeedQuery, Query()], who: Who) -> Page[Need]:
    """List."""
    raise AssertionError


async def create(body: NewNeed, who: Who) -> Need:
    """Create."""
    raise AssertionError


async def many(need_id: UUID, body: list[NewNeed], who: Who) -> list[Need]:
    """Change many."""
    raise AssertionError


async def bring(file: UploadFile, who: Who) -> Need:
    """Bring a file."""
    raise AssertionError


async def ends(need_id: UUID, number: str, who: Who) -> None:
    """End."""


async def bytes_of(need_id: UUID, who: Anyone) -> Response:
    """Fetch."""
    raise AssertionError


SAMPLES: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("GET", "/needs", listed, {"operation_id": "need.list"}),
    ("POST", "/needs", create, {"operation_id": "need.create", "status_code": 201}),
    ("PUT", "/needs/{need_id}/many", many, {"operation_id": "need.edit"}),
    ("POST", "/files", bring, {"operation_id": "file.create", "status_code": 201}),
    ("DELETE", "/needs/{need_id}/{number}", ends, {"operation_id": "need.withdraw", "status_code": 204}),
    ("GET", "/needs/{need_id}/file", bytes_of, {"operation_id": "document.verify"}),
]


def described(route_class: type[APIRoute], samples: list[Any]) -> dict[str, Any]:
    router = APIRouter(route_class=route_class)
    for method, path, endpoint, options in samples:
        router.add_api_route(path, endpoint, methods=[method], **options)
    return get_openapi(title="x", version="1", routes=router.routes)


def without_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without the answers that the route class adds, and the 422 that it replaces."""
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"] = {
                status: answer for status, answer in operation["responses"].items() if status < "400"
            }
    schemas = document.get("components", {}).pop("schemas", {})
    needed = {name: schema for name, schema in schemas.items() if not name.endswith("ValidationError")}
    return {**document, "components": document.get("components", {}), "schemas": needed}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample[3]["operation_id"])
def test_a_route_describes_itself_as_fastapis_own_would(sample: Any) -> None:
    ours, stock = (without_problems(described(kind, [sample])) for kind in (DoorRoute, APIRoute))
    assert ours == stock
    assert ours["paths"]


def test_a_difference_is_seen() -> None:
    method, path, endpoint, options = SAMPLES[0]
    other = (method, path, endpoint, {**options, "status_code": 202})
    assert without_problems(described(DoorRoute, [other])) != without_problems(described(APIRoute, [SAMPLES[0]]))
