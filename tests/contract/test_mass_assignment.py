"""S6: every column that is not in a write model, injected into every write: all refused, nothing changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pydantic.alias_generators import to_camel
from sqlmodel import SQLModel

from api import route
from tests.support.asgi import Answer, send
from tests.support.clock import Clock
from tests.support.contract import Contract, Operation
from tests.support.stage import Stage

AT_ONCE = 45  # an answer names fifty places at most


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of at most `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


@pytest.fixture(scope="module")
def stage(databases, tmp_path_factory):
    """One database is enough: what is refused here is refused before a database is asked."""
    with databases.migrated("sqlite") as url:
        built = Stage(url, tmp_path_factory.mktemp("var"), Clock())
        yield built
        built.close()


def columns() -> dict[str, Any]:
    """Return every column of every table by both of its spellings, with a value of its kind."""
    found: dict[str, Any] = {}
    for table in SQLModel.metadata.tables.values():
        for column in table.c:
            kind = column.type
            value: Any = "x"
            if isinstance(kind, sa.Uuid):
                value = str(uuid4())
            elif isinstance(kind, sa.Boolean):
                value = True
            elif isinstance(kind, sa.Integer):
                value = 1
            found |= {column.key: value, to_camel(column.key): value}
    return found


def places(contract: Contract, schema: dict[str, Any], value: Any, path: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield the path of each closed object in a body, with the members that its model declares."""
    schema = contract.resolved(schema)
    for choice in schema.get("anyOf", schema.get("oneOf", ()))[:1]:
        yield from places(contract, choice, value, path)
    if isinstance(value, list) and value:
        yield from places(contract, schema.get("items", {}), value[0], (*path, 0))
    if isinstance(value, dict) and "properties" in schema:
        yield path, set(schema["properties"])
        for name, inner in value.items():
            yield from places(contract, schema["properties"].get(name, {}), inner, (*path, name))


def injected(body: Any, path: tuple[Any, ...], more: dict[str, Any]) -> bytes:
    changed = copy.deepcopy(body)
    at = changed
    for step in path:
        at = at[step]
    at.update(more)
    return json.dumps(changed).encode()


def named(answer: Answer) -> set[str]:
    """Return the names that an answer refuses one by one."""
    errors = answer.json()["errors"] if answer.status == 422 else []
    return {each["pointer"].rsplit("/", 1)[-1] for each in errors if each["code"] == "extra_forbidden"}


async def attempts(stage: Stage, operations: list[Operation]) -> tuple[int, list[str]]:
    """Inject everything everywhere; return how often, and what was answered otherwise than by a 422.

    Many go at once, for an answer names the members that it refuses; what it does not name is sent by itself.
    """
    known, tried, passed = columns(), 0, []
    for operation in operations:
        if operation.schema is None:
            continue
        headers = {**stage.headers(stage.who_may(operation)), "content-type": "application/json"}
        body, path = stage.body(operation), stage.path(operation)
        for where, declared in places(stage.contract, operation.schema, body):
            foreign = {name: value for name, value in known.items() if name not in declared}
            tried += len(foreign)
            refused: set[str] = set()
            for some in batched(foreign.items(), AT_ONCE):
                content = injected(body, where, dict(some))
                refused |= named(await send(stage.world.app, operation.method, path, b"", headers, content))
            for name in foreign.keys() - refused:
                content = injected(body, where, {name: foreign[name]})
                answer = await send(stage.world.app, operation.method, path, b"", headers, content)
                if answer.status != 422:
                    passed.append(f"{operation} {where} {name}: {answer.status}")
    return tried, passed


async def test_no_column_that_a_write_model_lacks_can_be_written(stage, capsys):
    before = stage.rows()
    tried, passed = await attempts(stage, stage.operations)
    with capsys.disabled():
        print(f"\nS6: {tried} injections of {len(columns())} names, {len(passed)} accepted")
    assert passed == []
    assert stage.rows() == before
    assert tried > 10_000


async def test_a_model_that_lets_more_in_is_seen(stage, monkeypatch):
    """Control: where unknown members are dropped in silence, the injections pass."""
    strict = route.parse_json

    def lenient(adapter, content, media_type):
        known = {name for model in [adapter._type] for name in _aliases(model)}
        kept = {name: value for name, value in json.loads(content).items() if name in known}
        return strict(adapter, json.dumps(kept).encode(), media_type)

    monkeypatch.setattr(route, "parse_json", lenient)
    needs = [operation for operation in stage.operations if operation.step == "need.create"]
    _, passed = await attempts(stage, needs)
    assert len(passed) > 50


def _aliases(model: Any) -> Iterator[str]:
    for name, member in model.model_fields.items():
        yield member.alias or to_camel(name)
