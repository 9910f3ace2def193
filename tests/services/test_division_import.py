"""Lists of divisions: every entry becomes a node, a newer list renames by code, a killed import goes on."""

from __future__ import annotations

import csv
import gzip
import io
import signal
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.jobs import divisions as division_job
from api.jobs.loop import run_due
from api.models import Event, Organization, OrganizationCode, OrganizationLink
from api.services import divisions, files, jobs
from api.services.organizations import end
from tests.support import processes
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.guards import ROOT

SUZHOU = (ROOT / "api/data/divisions_suzhou.csv.gz").read_bytes()
SMALL = """code,name,level,parent_code,kind
91,甲省,1,,
9101,乙市,2,91,
910101,丙区,3,9101,
910101001,丁街道,4,910101,街道
910101001001,戊社区居委会,5,910101001,居委会
910101001002,己社区居委会,5,910101001,居委会
"""


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    yield built
    built.close()


def queued(world, content, year=2023, mode="all_or_nothing", name="list.csv") -> UUID:
    data = content if isinstance(content, bytes) else content.encode()
    file_id = world.run(files.keep, name, "text/csv", data)
    return world.run(divisions.request, file_id, "nbs", year, mode)


def state(world, job_id):
    return world.house.read_now(world.operator, jobs.one, job_id)


def imported(world, content, **more):
    job_id = queued(world, content, **more)
    run_due(world.house)
    return state(world, job_id)


def content_of(world):
    """Return all that an import has to do with, without ids and other signs of chance."""
    above = sa.orm.aliased(Organization)
    first = sa.orm.aliased(OrganizationCode)
    nodes = sa.select(
        OrganizationCode.code, OrganizationCode.year, OrganizationCode.level, Organization.name, Organization.kind,
        Organization.flags, Organization.version, Organization.state, first.code.label("parent"),
        (Organization.path == sa.func.coalesce(above.path, "") + Organization.short_code + "/").label("in_place"),
    ).join(Organization, Organization.id == OrganizationCode.organization_id)  # fmt: skip
    nodes = nodes.outerjoin(above, above.id == Organization.parent_id)
    nodes = nodes.outerjoin(first, sa.and_(first.organization_id == above.id, first.year == OrganizationCode.year))

    def look(session, _actor):
        links = session.rows(
            sa.select(OrganizationCode.code).join(
                OrganizationLink, OrganizationLink.from_id == OrganizationCode.organization_id
            )
        )
        events = session.rows(
            sa.select(Event.kind, Event.details).where(Event.kind.in_(("organization.import", "organization.edit")))
        )
        return {
            "nodes": sorted(tuple(map(str, row)) for row in session.rows(nodes)),
            "links": sorted(code for (code,) in links),
            "events": sorted(map(str, events)),
        }

    return world.house.read_now(world.operator, look)


def test_every_entry_of_a_list_becomes_a_node_in_its_place(world):
    stood = imported(world, SUZHOU, name="suzhou.csv.gz")
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(SUZHOU).decode("utf-8-sig"))))
    levels = Counter(str({2: 1, 4: 2, 6: 3, 9: 4, 12: 5}[len(row["code"])]) for row in rows)
    assert stood["state"] == "done", stood
    assert (stood["result"]["created"], stood["result"]["levels"]) == (len(rows), dict(sorted(levels.items())))
    content = content_of(world)
    assert [(node[0], node[3]) for node in content["nodes"]] == sorted((row["code"], row["name"]) for row in rows)
    assert {node[-1] for node in content["nodes"]} <= {"True", "1"}
    assert {node[0]: node[8] for node in content["nodes"] if node[8] != "None"} == {
        row["code"]: row["parent_code"] for row in rows if row["parent_code"]
    }
    assert len(content["links"]) == len(rows) - 1
    assert stood["result"]["flags"]["virtual"] == sum("虚拟" in row["name"] for row in rows) > 0
    assert len(content["events"]) == 1


def test_the_same_list_again_changes_nothing(world):
    imported(world, SMALL)
    before = content_of(world)
    again = imported(world, SMALL)
    assert (again["result"]["created"], again["result"]["renamed"], again["result"]["unchanged"]) == (0, 0, 6)
    after = content_of(world)
    assert (after["nodes"], after["links"]) == (before["nodes"], before["links"])


def test_a_newer_list_renames_by_code_and_adds_its_year(world):
    imported(world, SMALL)
    newer = imported(world, SMALL.replace("丁街道", "丁丁街道").replace("己社区", "己己社区"), year=2024)
    assert {name: newer["result"][name] for name in ("created", "renamed", "coded", "review")} == {
        "created": 0, "renamed": 2, "coded": 6, "review": 0,
    }  # fmt: skip
    content = content_of(world)
    assert Counter(node[1] for node in content["nodes"]) == {"2023": 6, "2024": 6}
    assert {node[3] for node in content["nodes"] if node[0] == "910101001"} == {"丁丁街道"}
    assert {node[6] for node in content["nodes"] if node[0] == "910101001"} == {"2"}
    assert len([event for event in content["events"] if "organization.edit" in event]) == 2
    older = imported(world, SMALL, year=2022)
    assert (older["result"]["renamed"], older["result"]["coded"]) == (0, 6)


def test_a_list_never_moves_a_node_nor_brings_one_back(world):
    imported(world, SMALL)
    ended = world.run(
        lambda session, _actor: session.scalar(
            sa.select(OrganizationCode.organization_id).where(OrganizationCode.code == "910101001002")
        )
    )
    world.run(end, ended, "撤销")
    moved = SMALL.replace("910101001001,戊社区居委会,5,910101001", "910101001001,戊社区居委会,5,910101002")
    moved += "910101002,庚街道,4,910101,街道\n"
    stood = imported(world, moved)
    reviews = {(row["code"], row["value"][:12]) for row in stood["result"]["reviewRows"]}
    assert reviews == {("moved", "910101001001"), ("ended", "910101001002")}
    content = content_of(world)
    assert {node[8] for node in content["nodes"] if node[0] == "910101001001"} == {"910101001"}
    assert {node[7] for node in content["nodes"] if node[0] == "910101001002"} == {"ended"}
    assert stood["result"]["created"] == 1


BAD = (
    SMALL
    + "9101010010,短码,5,910101001,\n910199001,孤街道,4,910199,\n910101001003,,5,910101001,\n=1+1,公式,5,910101001,\n"
)


def test_all_or_nothing_writes_nothing_and_says_why(world):
    before = content_of(world)
    stood = imported(world, BAD)
    assert (stood["state"], stood["result"]["problem"]["code"]) == ("failed", "rows_refused")
    assert stood["result"]["problem"]["facts"] == {"refused": 4}
    assert content_of(world) == before
    report = world.house.read_now(world.operator, files.content, UUID(stood["result"]["reportFileId"]))
    lines = list(csv.reader(io.StringIO(report.decode("utf-8-sig"))))
    assert [(line[0], line[2]) for line in lines[1:]] == [
        ("8", "bad_code_shape"), ("9", "parent_missing"), ("10", "missing_value"), ("11", "bad_code_shape"),
    ]  # fmt: skip
    assert lines[4][5] == "'=1+1"


def test_good_rows_stand_and_bad_ones_are_reported(world):
    stood = imported(world, BAD, mode="good_rows")
    assert (stood["state"], stood["result"]["created"], stood["result"]["refused"]) == ("done", 6, 4)
    assert [(row["row"], row["column"]) for row in stood["result"]["refusedRows"]] == [
        (8, "code"), (9, "parent_code"), (10, "name"), (11, "code"),
    ]  # fmt: skip


def test_files_of_one_list_come_one_after_the_other(world):
    lines = SMALL.splitlines(keepends=True)
    parts = (lines[:4], lines[:1] + lines[4:5], lines[:1] + lines[5:])
    assert [imported(world, "".join(part))["result"]["created"] for part in parts] == [3, 1, 2]
    assert {node[-1] for node in content_of(world)["nodes"]} <= {"True", "1"}


@pytest.mark.parametrize("broken", [b"\xff\xfe\xff", b"a,b\n1,2\n", b"PK\x03\x04nothing"])
def test_a_file_that_is_no_list_fails_with_a_problem(world, broken):
    stood = imported(world, broken)
    assert stood["state"] == "failed"
    assert stood["result"]["problem"]["code"] in (
        "broken_encoding",
        "columns_missing",
        "broken_table",
        "empty_table",
        "broken_workbook",
    )


async def test_an_import_is_asked_for_and_followed_over_http(world):
    async with world.client("city_officer") as officer, world.client("worker") as worker:
        file = (await officer.post("/api/v1/files", files={"file": ("l.csv", SMALL.encode(), "text/csv")})).json()
        body = {"fileId": file["id"], "issuer": "nbs", "year": 2023}
        assert (await worker.post("/api/v1/organizations/import", json=body)).status_code == 403
        headers = {"Idempotency-Key": "import-1"}
        asked, again = [
            await officer.post("/api/v1/organizations/import", json=body, headers=headers) for _ in range(2)
        ]
        assert (asked.status_code, asked.headers["location"]) == (202, f"/api/v1/jobs/{asked.json()['id']}")
        assert again.json()["id"] == asked.json()["id"]
        run_due(world.house)
        job = (await officer.get(asked.headers["location"])).json()
        assert (job["state"], job["progress"], job["result"]["created"]) == ("done", 100, 6)
        found = (await officer.get("/api/v1/organizations", params={"code": "910101001001"})).json()["items"]
        assert [item["name"] for item in found] == ["戊社区居委会"]
        unknown = {**body, "fileId": "00000000-0000-7000-8000-000000000000"}
        assert (await officer.post("/api/v1/organizations/import", json=unknown)).status_code == 404


def died(world, tmp_path, url, seconds, statement, *more):
    return processes.run("tests.support.dying_import:main", url, tmp_path, seconds, statement, *more).returncode


def killed(world, tmp_path, url, statements, *more):
    """Import Suzhou in processes that are killed one after the other, the last one not; return what stands."""
    job_id = queued(world, SUZHOU, name="suzhou.csv.gz")
    for number, statement in enumerate(statements):
        code = died(world, tmp_path, url, number * 60, statement, *more)
        assert code == (-signal.SIGKILL if statement else 0), (number, code)
    return {**content_of(world), "job": _without_chance(state(world, job_id))}


def _without_chance(job):
    result = {name: value for name, value in job["result"].items() if name != "reportFileId"}
    return job["state"], job["progress"], job["counts"] | {"reportFileId": None}, result


def undisturbed(databases, kind, folder: Path, monkeypatch):
    monkeypatch.setattr(division_job, "CHUNK", 100)
    with databases.migrated(kind) as url:
        world = worlds.build(url, folder, Clock())
        job_id = queued(world, SUZHOU, name="suzhou.csv.gz")
        run_due(world.house)
        content = {**content_of(world), "job": _without_chance(state(world, job_id))}
        world.close()
    return content


def test_an_import_killed_on_the_way_gives_the_undisturbed_result(
    world, fresh_database, databases, tmp_path, monkeypatch
):
    kind = "sqlite" if fresh_database.startswith("sqlite") else "postgresql"
    expected = undisturbed(databases, kind, tmp_path / "calm", monkeypatch)
    assert expected["job"][0] == "done"
    assert killed(world, tmp_path, fresh_database, (25, 45, 0)) == expected


def test_the_kill_would_show_an_import_that_does_not_look_at_what_stands(world, fresh_database, tmp_path):
    content = killed(world, tmp_path, fresh_database, (40, 0), "blind")
    codes = Counter(node[0] for node in content["nodes"])
    assert max(codes.values()) > 1
