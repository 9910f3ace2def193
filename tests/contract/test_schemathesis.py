"""S4, small: schemathesis draws requests from the contract; every answer is one that the contract tells of."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup

from tests.support.clock import Clock
from tests.support.server import free_port, wait_for
from tests.support.stage import Stage

SEED = int(os.environ.get("SEED", "2026"))
CASES = int(os.environ.get("CASES", "1"))  # for each operation, for objects that exist and in each mode
# Signing in and methods that are not there have tests of their own. That a request which fits the schema is accepted is
# more than a schema can say: a shift ends after it starts, an id is that of a community.
LEFT_OUT = {"ignored_auth", "unsupported_method", "positive_data_acceptance"}


@pytest.fixture(scope="module")
def stage(database, tmp_path_factory):
    built = Stage(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture(scope="module")
def address(stage):
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(stage.world.app, port=port, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(port)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


def failures(stage: Stage, address: str, cases: int) -> list[str]:
    """Send cases for every operation of the contract; return what schemathesis finds wrong.

    The door and the shape of answers are one code: on PostgreSQL every third operation is asked.
    """
    load_all_checks()
    left_out = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in LEFT_OUT]
    session, found = requests.Session(), []
    turns = 3 if stage.world.house.settings.database_url.startswith("postgresql") else 1
    ours = {operation.step: operation for operation in stage.operations}
    drawn = schemathesis.openapi.from_dict(stage.contract.document).get_all_operations()
    for operation in (result.ok() for number, result in enumerate(drawn) if number % turns == 0):
        known = ours[operation.definition.raw["operationId"]]
        more = {"session": session, "headers": dict(stage.headers(stage.who_may(known))), "excluded_checks": left_out}
        there = {name: str(stage.objects["near"][name]) for name in known.identifiers}
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            some = {"path_parameters": there} if there and mode is GenerationMode.NEGATIVE else {}
            found += sent(operation.as_strategy(mode, **some), cases, base_url=address, **more)
    return found


def sent(strategy: Any, cases: int, **how: Any) -> list[str]:
    """Draw so many cases and send them; return the failures of all of them. What cannot be drawn is not sent."""
    found: list[str] = []

    @seeded(SEED)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def send(case: Any) -> None:
        try:
            case.call_and_validate(**how)
        except FailureGroup as group:
            found.extend(f"{case.method} {case.path}: {why}" for why in group.exceptions)

    try:
        send()
    except Unsatisfiable:
        return found
    return found


def test_every_answer_is_one_that_the_contract_tells_of(stage, address):
    assert failures(stage, address, CASES) == []


def test_an_answer_that_the_contract_does_not_tell_of_is_seen(stage, address, monkeypatch):
    """Control: when a status is taken out of the contract, it is missed."""
    kept = {"/api/v1/needs": {"get": json.loads(json.dumps(stage.contract.document["paths"]["/api/v1/needs"]["get"]))}}
    kept["/api/v1/needs"]["get"]["responses"] = {"503": {"description": "never"}}
    monkeypatch.setitem(stage.contract.document, "paths", kept)
    assert any("status code" in why.lower() for why in failures(stage, address, 2))
