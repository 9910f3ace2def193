"""Records for the national system: of who agreed, with the layout's fields alone; brought in again they add nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

import openpyxl
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api import cli
from api.domain.record_layouts import LAYOUTS, written_columns
from api.jobs.loop import run_due
from api.models import AccessLog, Entry, Event
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import count, imported, rows
from tests.support.service_calls import served
from tests.support.volunteers import file_of, id_number, record, volunteer

PERIOD = {"since": "2026-01-01", "until": "2027-01-01", "ground": "月度报送"}


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    for number in range(3):
        built.people[f"v{number}"] = built.run(volunteer, built, number)
    yield built
    built.close()


def sealed(world):
    from api.services import sealer

    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


async def agree(world, name):
    async with world.client(name) as client:
        given = await client.post("/api/v1/me/consents", json={"purpose": "national_record", "version": 1})
        assert given.status_code == 201, given.text
        return given.json()["id"]


async def exported(world, name="district_officer", at="district", form="csv"):
    """Return the job, the table's bytes and the manifest that came with them."""
    body = {"organizationId": str(world.places[at]), "format": form, **PERIOD}
    async with world.client(name) as client:
        asked = await client.post("/api/v1/records/export", json=body)
        assert asked.status_code == 202, asked.text
        run_due(world.house)
        job = (await client.get(asked.headers["location"])).json()
        assert job["state"] == "done", job
        data = (await client.get(job["result"]["location"])).content
    archive = zipfile.ZipFile(io.BytesIO(data))
    table = next(each for each in archive.namelist() if each != "manifest.json")
    return job, archive.read(table), json.loads(archive.read("manifest.json"))


def lines(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))


async def test_only_who_agreed_is_told_of_and_the_manifest_counts_who_is_left_out(world, time):
    await served(world, time, "v0")
    await served(world, time, "v1")
    await served(world, time, "member")  # who agrees, and has neither ID number nor national number
    await imported(
        world, "worker", "records", file_of(record(0, "G1", "2026-02-10 09:00", "2026-02-10 10:00", 60)),
        platform="national",
    )  # fmt: skip
    sealed(world)
    _, table, manifest = await exported(world)
    assert (lines(table), manifest["rows"], manifest["people"]) == ([], 0, 0)
    assert manifest["peopleLeftOut"] == {"withheld": 3, "unidentified": 0}
    for name in ("v0", "member"):
        await agree(world, name)
    job, table, manifest = await exported(world)
    told = lines(table)
    assert [line["证件号码"] for line in told] == [id_number(0)]  # what came from elsewhere is not told again
    assert (told[0]["活动名称"], told[0]["服务时长分钟"], told[0]["组织单位"]) == ("陪诊服务", "60", "桃园社区")
    assert list(told[0]) == [column.headers[0] for column in written_columns(LAYOUTS["national"])]
    assert (manifest["rows"], manifest["people"], manifest["minutes"]) == (1, 1, 60)
    assert manifest["peopleLeftOut"] == {"withheld": 1, "unidentified": 1}
    assert manifest["sha256"] == hashlib.sha256(table).hexdigest()
    assert (manifest["ground"], manifest["columns"]) == ("月度报送", list(told[0]))
    assert job["result"]["manifest"] == manifest
    events = rows(world, sa.select(Event.id, Event.tenant_id, Event.details).where(Event.kind == "record.export"))
    assert {event[2].get("rows") for event in events} == {0, 1}
    assert count(world, AccessLog, AccessLog.step == "record.export") > 0


async def test_the_workbook_keeps_every_sign_of_an_id_number_as_text(world):
    _, table, _ = await exported(world, form="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(table)).active
    (headings, line) = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert dict(zip(headings, line, strict=True))["证件号码"] == id_number(0)


async def test_what_was_exported_adds_nothing_when_it_comes_back(world, time):
    before = count(world, Entry)
    _, table, _ = await exported(world)
    job = await imported(world, "worker", "records", table, platform="national")
    assert (job["result"]["counts"]["accepted"], job["result"]["counts"]["unchanged"]) == (0, 1)
    assert [row["code"] for row in job["result"]["flagged"]] == ["own_export"]
    renumbered = table.decode("utf-8-sig").replace(lines(table)[0]["服务记录编号"], "G-NEW-1")
    again = await imported(world, "worker", "records", renumbered, platform="national")
    assert (again["result"]["totals"]["creditedMinutes"], again["result"]["totals"]["coveredMinutes"]) == (0, 60)
    assert count(world, Entry) == before


async def test_who_withdraws_is_told_of_no_more_at_once(world):
    consent = await agree(world, "v0")
    async with world.client("v0") as client:
        assert (await client.post(f"/api/v1/me/consents/{consent}/withdraw")).status_code == 200
    _, table, manifest = await exported(world)
    assert (lines(table), manifest["peopleLeftOut"]["withheld"]) == ([], 2)


async def test_offices_export_within_their_reach_and_others_not_at_all(world):
    body = {"organizationId": str(world.places["city"]), **PERIOD}
    async with world.client("district_officer") as officer:
        beyond = await officer.post("/api/v1/records/export", json=body)
        backwards = await officer.post(
            "/api/v1/records/export",
            json={**body, "organizationId": str(world.places["district"]), "until": "2026-01-01"},
        )
    assert (beyond.status_code, backwards.status_code) == (403, 422)
    for name in ("worker", "liaison", "member"):
        async with world.client(name) as client:
            assert (await client.post("/api/v1/records/export", json=body)).status_code == 403


def test_the_commands_bring_in_and_write_out_as_the_requests_do(world, tmp_path, monkeypatch):
    settings = world.house.settings
    monkeypatch.setenv("DUALREPORT_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DUALREPORT_VAR_DIR", str(settings.var_dir))
    brought, out = tmp_path / "records.csv", tmp_path / "out.zip"
    brought.write_text(file_of(record(2, "C1", "2026-02-20 09:00", "2026-02-20 10:00", 60)), encoding="utf-8")
    options = ["--options", json.dumps({"platform": "national", "communityId": str(world.places["community"])})]
    done = CliRunner().invoke(cli.app, ["import", "records", str(brought), *options])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["totals"]["creditedMinutes"] == 60
    period = ["--since", "2026-01-01", "--until", "2027-01-01", "--ground", "月度报送"]
    done = CliRunner().invoke(cli.app, ["export", "records", str(out), *period])
    assert done.exit_code == 0, done.output
    manifest = json.loads(zipfile.ZipFile(out).read("manifest.json"))
    assert json.loads(done.stdout) == manifest
    assert (manifest["rows"], manifest["ground"]) == (0, "月度报送")
