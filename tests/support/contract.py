"""Requests made from the contract: a valid body for every operation, drawn from its schema and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from api.contract import describe
from api.main import all_routes

WORDS = (
    "text", "A1B2C3D4", "a1b2c3d4", "1234567890", "2026-H1", "DR-2026-000001", "91320500MA1MTEST0X", "12345678",
    "abc", "2026", '"v1"', "1", "0" * 64, "2026-01", "2026-03-02", "ABCDEFGHIJKLMNOP", "08:30",
    "A" * 43, "a" * 100,
)  # fmt: skip
FORMATS = {"date": "2026-03-02", "date-time": "2026-03-02T09:00:00+08:00", "uri": "http://test/", "binary": "text"}


# Bodies of which a rule between their members takes only some at once.
ONLY = {
    "NewNeed": ("kind", "title", "description", "category", "whenText", "communityId"),
    "NewRulebook": ("shipped", "organizationId"), "EditedRulebook": ("shipped",),
    "NewFact": ("kind", "organizationId", "communityId", "occurredOn"),
    "CaseAnswer": ("answer",), "NewCase": ("kind", "organizationId", "subjectKind", "subjectId", "reason"),
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation of the contract; `schema` is that of its JSON body, None where it takes none."""

    method: str
    path: str
    step: str
    roles: frozenset[str]
    schema: dict[str, Any] | None
    upload: str | None = None
    parameters: tuple[dict[str, Any], ...] = ()
    is_page: bool = False  # its answers are for a browser

    @property
    def identifiers(self) -> list[str]:
        """The names in braces of its path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def query(self) -> list[dict[str, Any]]:
        """Its query parameters as the contract describes them."""
        return [parameter for parameter in self.parameters if parameter["in"] == "query"]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def described() -> dict[str, Any]:
    """Return the document of the code's own routes, for all to read; it takes seconds, once in a process."""
    return json.loads(json.dumps(describe(all_routes())))


@dataclass(frozen=True)
class Contract:
    """The document of the code's own routes, and values that fit its schemas."""

    document: dict[str, Any] = field(default_factory=described)

    def operations(self) -> list[Operation]:
        """Return every operation, in the order of the document."""
        return list(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                content = operation.get("requestBody", {}).get("content", {})
                multipart = content.get("multipart/form-data", {}).get("schema")
                yield Operation(
                    method.upper(), path, operation["operationId"], frozenset(operation["x-roles"]),
                    content.get("application/json", {}).get("schema"),
                    next(iter(self.resolved(multipart)["properties"])) if multipart else None,
                    tuple(operation.get("parameters", ())),
                    "text/html" in operation["responses"].get("200", {}).get("content", {}),
                )  # fmt: skip

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references until something stands there itself."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def sample(self, schema: dict[str, Any], ids: Mapping[str, UUID] | None = None, name: str = "") -> Any:
        """Return a value that fits a schema; a UUID under a name that stands in `ids` is that one."""
        schema = self.resolved(schema)
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return self.sample(choices[0], ids, name)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type", "object")
        if kind == "object":
            members = schema.get("properties", {})
            wanted = ONLY.get(schema.get("title", ""), members)
            return {key: self.sample(members[key], ids, key) for key in wanted}
        if kind == "array":
            return [self.sample(schema.get("items", {}), ids, name) for _ in range(max(1, schema.get("minItems", 1)))]
        if kind == "string":
            return self._text(schema, ids or {}, name)
        if kind in ("integer", "number"):
            return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
        return {"boolean": False, "null": None}[kind]

    @staticmethod
    def _text(schema: dict[str, Any], ids: Mapping[str, UUID], name: str) -> str:
        if schema.get("format") == "uuid":
            return str(ids.get(name) or uuid4())
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
        for word in WORDS:
            if least <= len(word) <= most and re.search(schema.get("pattern", ""), word):
                return word
        raise LookupError(f"no word fits {schema}: add one to WORDS")
