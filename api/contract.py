"""The contract: OpenAPI made from the routes, with the headers and problems that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi

from api.problems import ProblemBody
from api.roles import STEPS_OF_ROLE, roles_of
from api.route import DoorRoute

_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "A repeat with the same key and request presents the subject as it stands.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[\\x21-\\x7e]+$"},
}  # fmt: skip
_TAG = {
    "name": "If-Match", "in": "header", "required": False, "description": "The ETag of the version that is meant.",
    "schema": {"type": "string", "pattern": '^"v[0-9]{1,9}"$'},
}  # fmt: skip


def describe(routes: Sequence[DoorRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    document = get_openapi(
        title="双报到 Dual reporting",
        version="1",
        description="Members and units report in to communities, serve there, and are assessed explainably.",
        routes=routes,
        separate_input_output_schemas=False,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemBody"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for route in routes:
        operation = document["paths"][route.path][route.method.lower()]
        if route.method == "POST":
            operation.setdefault("parameters", []).append(_KEY)
        if route.method in ("PUT", "POST") and "{" in route.path:
            operation.setdefault("parameters", []).append(_TAG)
        operation["x-roles"] = sorted(roles_of(route.step))
        if route.step in STEPS_OF_ROLE["anyone"]:
            operation["security"] = []
    document["servers"] = [{"url": "/"}]
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    return document
