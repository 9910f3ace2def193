"""The committed contract is what the code says, and says what phones and gateways need to know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.contract import describe
from api.main import all_routes
from tests.support.guards import ROOT

Contract = dict[str, Any]


@pytest.fixture(scope="module")
def committed() -> Contract:
    return json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))


@pytest.fixture
def of_the_code() -> Contract:
    return json.loads(json.dumps(describe(all_routes())))


def operations(contract: Contract) -> Iterator[tuple[str, Contract]]:
    """Yield "get /path" and the operation, for each operation."""
    for path, item in contract["paths"].items():
        for method, operation in item.items():
            if method in {"get", "put", "post", "delete", "patch", "head", "options", "trace"}:
                yield f"{method} {path}", operation


def undocumented_errors(contract: Contract) -> list[str]:
    """Return each operation that has no 4xx answer, or one that is not a problem document."""
    found = []
    for name, operation in operations(contract):
        errors = {status: answer for status, answer in operation["responses"].items() if status.startswith("4")}
        problems = ["application/problem+json" in answer.get("content", {}) for answer in errors.values()]
        if not errors or not all(problems):
            found.append(name)
    return found


def test_the_committed_contract_is_what_the_code_says(committed: Contract, of_the_code: Contract) -> None:
    assert committed == of_the_code, "run `make openapi` and commit what changed"


def test_every_error_is_documented(committed: Contract) -> None:
    assert undocumented_errors(committed) == []


def test_an_undocumented_error_is_seen() -> None:
    def contract(responses: Contract) -> Contract:
        return {"paths": {"/x": {"get": {"responses": responses}}}}

    problem = {"content": {"application/problem+json": {}}}
    assert undocumented_errors(contract({"200": {}, "404": problem})) == []
    assert undocumented_errors(contract({"200": {}})) == ["get /x"]
    assert undocumented_errors(contract({"404": problem, "409": {"content": {"application/json": {}}}})) == ["get /x"]


def test_operations_have_names_of_their_own(committed: Contract) -> None:
    names = [operation["operationId"] for _, operation in operations(committed)]
    assert names
    assert len(names) == len(set(names))


def test_only_methods_that_phones_can_send_are_used(committed: Contract) -> None:
    used = {name.split(" ")[0] for name, _ in operations(committed)}
    assert used <= {"get", "post", "put", "delete"}
