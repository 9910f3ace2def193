"""Invariant 8: every change that an operation makes leaves at least one row that is only ever appended.

What an event says besides is no personal data: neither what is kept of a person nor what somebody wrote of one.
"""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from api.models import Affiliation, Entry, Event, Fact, Person, SpentTicket
from api.services import changes
from tests.support import contract
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


KEPT, WRITTEN = "鑫錾QA7", "鑫錾之愿QA8"  # what is kept of people, and what is written in each free field of a request
OF_PLACES = {"organization.count", "organization.end"}  # whence a count of an organisation comes, and why one ended


@pytest.fixture(scope="module")
def stage(database, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contract, "WORDS", (WRITTEN, *contract.WORDS))
        built = Stage(database, tmp_path_factory.mktemp("var"), Clock())
        built.world.run(marked)
        yield built
        built.close()


def marked(session, actor):
    """Let the canary stand in the name, phone and ID number of every person and in the number of every employment."""
    for number, row in enumerate(session.rows(sa.select(Person.id, Person.wrapped_key).order_by(Person.id))):
        plain = {name: f"{KEPT}-{name}-{number}" for name in ("name", "phone", "id_number")}
        sealed = {name: session.vault.seal(row.wrapped_key, row.id, name, text) for name, text in plain.items()}
        session.execute(sa.update(Person).where(Person.id == row.id).values(**sealed))
    for number, row in enumerate(session.rows(sa.select(Affiliation.id, Affiliation.tenant_id))):
        values = session.sealed(Affiliation, {"roster_number": f"{KEPT}-{number}"}, row.id, row.tenant_id)
        session.execute(sa.update(Affiliation).where(Affiliation.id == row.id).values(**values))


def telling(stage):
    """Return how many events say something, and each kind of those that say what nobody may read there."""
    with stage.world.house.engines.look() as session:
        rows = session.rows(sa.select(Event.kind, Event.details))
    said = [(kind, json.dumps(details, ensure_ascii=False)) for kind, details in rows if details]
    wrong = {f"{kind}: {text}" for kind, text in said if KEPT in text or WRITTEN in text if kind not in OF_PLACES}
    return len(said), sorted(wrong)


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


def test_no_event_tells_what_is_personal(stage):
    """After the sweep, which wrote a canary into everything that takes words."""
    count, wrong = telling(stage)
    print(f"events that say something: {count}, personal: {len(wrong)}")
    assert wrong == []
    assert count >= 10


def test_an_event_that_repeats_what_was_written_is_seen(stage):
    """Control: two events more, one with a name and one with what somebody wrote."""
    for text in (f"{KEPT}-name-1", WRITTEN):
        told = {"reason": text}
        stage.world.run(lambda session, actor, told=told: changes.record(
            session, actor, "person.edit", "person", stage.world.people["member"], at=None, details=told
        ))  # fmt: skip
    assert len(telling(stage)[1]) == 2
