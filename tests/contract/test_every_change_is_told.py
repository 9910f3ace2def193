"""Invariant 8: every change that an operation makes leaves at least one row that is only ever appended."""

from __future__ import annotations

import json

import pytest
from sqlmodel import SQLModel

from api.models import Entry, Event, Fact, SpentTicket
from api.services import changes
from tests.support.asgi import send
from tests.support.clock import Clock
from tests.support.stage import PERSON_OF_ROLE, Stage, stored

APPENDED = {Event.__tablename__, Fact.__tablename__, Entry.__tablename__}
# What counts, remembers or seals, and is no change of anything that somebody wrote.
BESIDE = {"access_logs", "access_log_subjects", "trials", "vault_keys", SpentTicket.__tablename__}
TABLES = set(SQLModel.metadata.tables) - BESIDE - APPENDED
LAST = (
    "sign_in.",
    "erasure.",
    "grant.end",
    "affiliation.end",
    "person.merge",
    "credential.",
)  # they shut who calls out
HEAD = 'Content-Disposition: form-data; name="%s"; filename="a.csv"\r\nContent-Type: text/csv'


@pytest.fixture(scope="module")
def stage(database, tmp_path_factory):
    built = Stage(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def counted(rows):
    """Return what is stored of what can change, and how many rows there are of what is only appended."""
    return {name: rows[name] for name in TABLES}, sum(len(rows[name]) for name in APPENDED)


async def ask(stage, operation):
    """Send a valid request of everybody to whom the door opens, until one is done; return the last status."""
    headers, body = {}, b""
    if operation.schema is not None:
        headers["content-type"], body = "application/json", json.dumps(stage.body(operation)).encode()
    if operation.upload:
        headers["content-type"] = "multipart/form-data; boundary=b"
        body = f"--b\r\n{HEAD % operation.upload}\r\n\r\na,b\r\n--b--\r\n".encode()
    everybody = {PERSON_OF_ROLE[role]: None for role in sorted(operation.roles) if role in PERSON_OF_ROLE}
    status = 0
    for principal in everybody or {None: None}:
        sent = {**stage.headers(principal), **headers}
        status = (await send(stage.world.app, operation.method, stage.path(operation), b"", sent, body)).status
        if status < 300:
            break
    return status


async def silent(stage):
    """Take every step that writes; return those that changed a row and told of nothing, and how many changed any."""
    told_nothing, changed = [], 0
    before = counted(stored(stage.world))
    for operation in sorted(stage.operations, key=lambda one: one.step.startswith(LAST)):
        if operation.method == "GET" or operation.step == "session.demo" or await ask(stage, operation) >= 300:
            continue
        after = counted(stored(stage.world))
        if after[0] != before[0]:
            changed += 1
            if after[1] <= before[1]:
                told_nothing.append(str(operation))
        before = after
    return told_nothing, changed


async def test_a_change_that_nobody_tells_of_is_seen(stage, monkeypatch):
    """Control, before the sweep that ends much: where events are not written, silent operations are found."""
    monkeypatch.setattr(changes, "record", lambda *_, **__: None)
    two = [one for one in stage.operations if one.step in ("need.create", "case.create")]
    monkeypatch.setattr(stage, "operations", two)
    told_nothing, changed = await silent(stage)
    assert (len(told_nothing), changed) == (2, 2)


async def test_every_operation_that_changes_something_tells_of_it(stage):
    told_nothing, changed = await silent(stage)
    print(f"writing operations that changed something: {changed}")
    assert told_nothing == []
    assert changed >= 30
