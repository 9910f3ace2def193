"""S2: each tenant's personal data is a token of its own; no answer, export or log line holds a foreign one."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from api.jobs.loop import run_due
from api.models import File, Person
from tests.support.asgi import send
from tests.support.clock import Clock
from tests.support.stage import Stage

OURS, THEIRS = "鹊𠮷甲QA7", "鸦𠮷乙KB9"
PRINCIPALS = (
    "member", "member3", "worker", "far_worker", "liaison", "street_officer", "district_officer", "city_officer",
    "committee", "admin", "auditor", "guard", "handler",
)  # fmt: skip
BOUNDARY = 'Content-Disposition: form-data; name="%s"; filename="a.csv"\r\nContent-Type: text/csv'


@pytest.fixture(scope="module")
def stages(database, tmp_path_factory):
    ours = Stage(database, tmp_path_factory.mktemp("var"), Clock(), OURS)
    theirs = Stage.beside(ours, "canaries", THEIRS)
    for stage in (ours, theirs):
        stage.world.run(renamed, stage)
    yield ours, theirs
    ours.close()


def renamed(session, actor, stage):
    """Give every person of a tenant a name, phone and ID number that hold its token."""
    people = sa.select(Person.id, Person.wrapped_key).where(Person.tenant_id == actor.tenant_id)
    for number, row in enumerate(session.rows(people.order_by(Person.id))):
        plain = {name: f"{stage.mark}-{name}-{number}" for name in ("name", "phone", "id_number")}
        sealed = {name: session.vault.seal(row.wrapped_key, row.id, name, text) for name, text in plain.items()}
        session.execute(sa.update(Person).where(Person.id == row.id).values(**sealed))


def readable(content: bytes) -> str:
    """Return what a body says, escapes and packed files opened."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    text = content.decode("utf-8", "replace")
    return text + json.dumps(json.loads(text), ensure_ascii=False) if text[:1] in ("{", "[") else text


async def asked(stage, objects, operation, principal):
    """Send an operation as a person of one stage about an object of another."""
    headers, body = dict(stage.headers(principal)), b""
    if operation.schema is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(objects.body(operation)).encode()
    if operation.upload:
        headers["content-type"] = "multipart/form-data; boundary=b"
        body = f"--b\r\n{BOUNDARY % operation.upload}\r\n\r\na,b\r\n--b--\r\n".encode()
    needed = [one for one in operation.query if one["required"]]
    query = urlencode({one["name"]: objects.contract.sample(one["schema"], objects.ids["near"]) for one in needed})
    return await send(stage.world.app, operation.method, objects.path(operation), query.encode(), headers, body)


async def swept(asking, others, mark, reads=True, nouns=None, in_turn=True):
    """Return how many answers were read, and every operation whose answer to `asking` held a token of `others`.

    What is told is decided by one code: on PostgreSQL, whose own wall has tests of its own, people read in turn.
    """
    count, found = 0, []
    everybody = [None, *PRINCIPALS]
    turns = 5 if in_turn and asking.world.house.settings.database_url.startswith("postgresql") else 1
    for operation in asking.operations:
        if (operation.method == "GET") is not reads or (nouns and operation.step.split(".")[0] not in nouns):
            continue
        principals = everybody[len(operation.path) % turns :: turns] if reads else [asking.who_may(operation)]
        names_one = operation.identifiers or operation.schema is not None
        for principal in principals:
            for objects in (asking, others) if names_one else (asking,):
                answer = await asked(asking, objects, operation, principal)
                count += 1
                text = readable(answer.body) + str(answer.headers)
                if mark in text:
                    found.append(f"{operation} by {principal}: {answer.status}")
    return count, found


def files_of(stage):
    """Return the name and content of every file that this tenant's work left, opened."""

    def opened(session, actor):
        rows = session.rows(sa.select(File.id, File.tenant_id, File.name, File.content))
        return [f"{row.name}{readable(row.content)}" for row in rows if row.tenant_id == actor.tenant_id]

    return stage.world.house.read_now(stage.world.operator, opened)


async def test_no_answer_file_or_log_line_holds_what_is_another_tenants(stages, caplog, capsys):
    ours, theirs = stages
    caplog.set_level(logging.DEBUG)
    total, wrong = 0, []
    for asking, others in ((ours, theirs), (theirs, ours)):
        for reads in (True, False):
            count, found = await swept(asking, others, others.mark, reads)
            total, wrong = total + count, wrong + found
    run_due(ours.world.house)
    files = {stage.mark: files_of(stage) for stage in stages}
    wrong += [one[:200] for one in files[OURS] if THEIRS in one] + [one[:200] for one in files[THEIRS] if OURS in one]
    logged = [record.getMessage() for record in caplog.records]
    kept = sum(map(len, files.values()))
    with capsys.disabled():
        print(f"\nS2: {total} answers, {kept} files, {len(logged)} log lines; foreign: {len(wrong)}")
    assert wrong == []
    assert [line for line in logged if OURS in line or THEIRS in line] == []


async def test_strangers_see_nobodys_token(stages):
    ours, _ = stages
    for operation in ours.operations:
        if operation.method == "GET":
            answer = await asked(ours, ours, operation, None)
            assert f"{OURS}-" not in readable(answer.body), operation


async def test_a_token_that_crosses_is_seen(stages):
    """Control: with one of our needs named after their token, the sweep finds it."""
    ours, theirs = stages
    need = ours.objects["near"]["need_id"]

    def crossed(session, actor):
        from api.models import Need

        values = session.sealed(Need, {"title": f"{THEIRS}-need"}, need, actor.tenant_id)
        session.execute(sa.update(Need).where(Need.id == need).values(**values))

    ours.world.run(crossed)
    _, found = await swept(ours, theirs, THEIRS, nouns={"need"}, in_turn=False)
    assert found
