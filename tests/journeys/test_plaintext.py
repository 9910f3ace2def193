"""P1: canary people go through everything; no file, dump, log or temporary file holds one of them in plain."""

from __future__ import annotations

import io
import json
import logging
import os
import tempfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from api.access import acting
from api.jobs.loop import run_due
from api.models import Affiliation, Event, File, Job, Person
from tests.support import assessed, canaries, papers
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import imported

PEOPLE = int(os.environ.get("CANARIES", "200"))  # of at most 5 000, which the soak sends
HEADER = "工号,姓名,手机号,身份证号,政治面貌,在职状态,居住社区\n"
SAID = f"{canaries.TOLD}：{canaries.canary(1).name}，电话{canaries.canary(1).phone}，{canaries.canary(1).id_number}"


@pytest.fixture
def logged():
    """Everything that any logger says meanwhile, at every level."""
    told, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(told), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield told
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files in which nothing is ever deleted, so that what was there for a moment is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    for name in ("unlink", "remove"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda path, *a, real=real, **k: None if _in(path, folder) else real(path, *a, **k)
        )
    return folder


def _in(path, folder):
    return str(path).startswith(str(folder))


async def through_everything(world):
    """Let the canaries be imported, refused, reported in, served by a case and a need, judged, written on papers."""
    flock = [canaries.canary(n) for n in range(PEOPLE)]
    roster = HEADER + "".join(
        f"{one.roster_number},{one.name},{one.phone},{one.id_number},中共党员,在职,桃园社区\n" for one in flock
    )
    job = await imported(world, "liaison", "people", roster, name=f"{canaries.NAME}名册.csv")
    assert job["result"]["counts"]["accepted"] == PEOPLE, job["result"]
    twice = HEADER + f"{flock[0].roster_number},{flock[0].name},坏号码{flock[0].phone},,,,\n" * 2
    failed = await imported(world, "liaison2", "people", twice, mode="all_or_nothing", name="again.csv")
    assert failed["state"] == "failed"
    world.people |= _canaries(world)
    at = str(world.places["community"])
    async with world.client("canary0") as own, world.client("worker") as worker, world.client("liaison") as liaison:
        asked = await own.post("/api/v1/registrations", json={"communityId": at})
        assert asked.status_code == 201, asked.text
        await worker.post(f"/api/v1/registrations/{asked.json()['id']}/accept", json={})
        case = {"kind": "data_request", "organizationId": at, "reason": SAID}
        opened = (await own.post("/api/v1/cases", json=case)).json()
        await worker.post(f"/api/v1/cases/{opened['id']}/assign", json={})
        answered = await worker.post(f"/api/v1/cases/{opened['id']}/answer", json={"answer": SAID})
        assert answered.status_code == 200, answered.text
        need = {"kind": "micro_wish", "title": SAID, "description": SAID, "category": "other", "communityId": at}
        wished = await own.post("/api/v1/needs", json=need)
        assert wished.status_code == 201, wished.text
        unmask = {"fields": ["phone", "id_number"], "purpose": "identity"}
        plain = await liaison.post(f"/api/v1/people/{world.people['canary0']}/unmask", json=unmask)
        assert plain.json()["phone"].endswith(flock[0].phone)
        await own.post("/api/v1/cases", json={**case, "kind": SAID, SAID: SAID})
        await own.get(f"/api/v1/people?name={flock[0].name}&phone={flock[0].phone}")
        await own.get(f"/api/v1/{flock[0].name}/{flock[0].phone}")
    await _papers(world)
    _judged(world)
    _fails(world)


def _canaries(world):
    numbers = sa.select(Affiliation.person_id, Affiliation.roster_number).where(Affiliation.kind == "employment")
    held = world.house.read_now(world.operator, lambda session, _: session.rows(numbers))
    return {
        f"canary{int(row.roster_number[-4:])}": row.person_id
        for row in held
        if row.roster_number.startswith(canaries.ROSTER)
    }


async def _papers(world):
    content = papers.a_receipt(canaries.canary(0).name)
    document = papers.issued(world, content, source="canary", title=SAID)
    async with world.client("liaison") as liaison:
        for form in ("json", "pdf", "xlsx"):
            shown = await liaison.get(f"/api/v1/documents/{document}/file", params={"format": form})
            assert shown.status_code == 200, shown.text


def _judged(world):
    tenant, officer = world.operator.tenant_id, world.people["district_officer"]
    with world.house.engines.look(tenant) as session:
        actor = acting(session, tenant, officer, "cycle.compute")
    cycle = world.run(assessed.open_cycle, world, actor=actor)
    assert assessed.computed(world, actor, cycle)["digest"]


def _fails(world):
    """Let a job and a call fail whose faults say what nobody may read."""

    def broken(_session, _actor):
        raise ValueError(SAID)

    with pytest.raises(ValueError, match=canaries.NAME):
        world.run(broken)
    try:
        world.run(broken)
    except ValueError:
        logging.getLogger("api.jobs").exception("fault")


def plain_column(session, _actor):
    """The control: one column left in plain."""
    session.execute(sa.text("UPDATE organizations SET community_class = :name WHERE kind = 'city'"), {"name": SAID})


def lying_about(world, folder):
    """Return every mark in what the database leaves on the disk, and how many bytes were searched."""
    url = sa.make_url(world.house.settings.database_url)
    if url.get_backend_name() == "sqlite":
        files = Path(url.database).parent
        size = sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
        return canaries.hits_below(files), size
    dumped = folder / "dump"
    dumped.mkdir(parents=True, exist_ok=True)
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres", autocommit=True) as session:
        session.execute("CHECKPOINT")
        tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with session.cursor().copy(f'COPY "{table}" TO STDOUT'.encode()) as rows:  # what pg_dump writes
                (dumped / table).write_bytes(b"".join(bytes(row) for row in rows))
        (number,) = session.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        (data,) = session.execute("SHOW data_directory").fetchone()
    found = canaries.hits_below(dumped)
    on_disk = [Path(data) / "base" / str(number), Path(data) / "pg_wal"]
    found += [hit for place in on_disk for hit in canaries.hits_below(place)]
    found += [("server log", *hit) for hit in canaries.hits((Path(url.query["host"]) / "log").read_bytes())]
    places = [dumped, *on_disk]
    return found, sum(path.stat().st_size for place in places for path in place.rglob("*") if path.is_file())


async def test_no_canary_lies_anywhere_in_plain(fresh_database, tmp_path, logged, temporary):
    world = worlds.build(fresh_database, tmp_path / "var", Clock())
    try:
        await through_everything(world)
        run_due(world.house)
        found, size = lying_about(world, tmp_path / "work")
        found += [("log", *hit) for hit in canaries.hits(logged.getvalue().encode())]
        found += canaries.hits_below(temporary) + canaries.hits_below(tmp_path / "var")
        told = world.house.read_now(world.operator, _told)  # sealed on the disk, and to say nothing personal even so
        found += [("event", *hit) for hit in canaries.hits(told.encode())]
        assert '"attempt": 1' in told  # the control: events do say something
        kept = [world.house.read_now(world.operator, _count, table) for table in (Person, File, Job)]
        world.run(plain_column)
        control, _ = lying_about(world, tmp_path / "work")
        print(
            f"P1 plaintext, {world.house.engines.dialect}: {PEOPLE} canaries, {kept} people, files and jobs, "
            f"{size / 1e6:.1f} MB of database, dump and WAL, {len(logged.getvalue())} signs of log, "
            f"{len(canaries.PATTERNS)} forms, {len(found)} hits; control: one plain column, {len(control)} hits"
        )
        assert found == []
        assert {kind for _, kind, _ in control} >= {"name", "phone", "id_number", "free_text"}
        assert kept[0] > PEOPLE
    finally:
        world.close()


def _told(session, _actor):
    """Return what all events say, opened."""
    return json.dumps([list(row) for row in session.rows(sa.select(Event.kind, Event.details))], ensure_ascii=False)


def _count(session, _actor, table):
    return session.scalar(sa.select(sa.func.count()).select_from(table))
