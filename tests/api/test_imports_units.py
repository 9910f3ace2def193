"""Imports of units and branches over HTTP: each row is written, left as it stands, or refused with its reason."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from api.models import Event, Organization, OrganizationCode, OrganizationCount, OrganizationLink
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import count, imported

DEMO = Path(__file__).resolve().parents[2] / "api" / "data" / "demo_units.csv"


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    yield built
    built.close()


def everything(world):
    """Return how many rows each table of structure holds, and every organisation by what a list says of it."""
    tables = (Organization, OrganizationCode, OrganizationCount, OrganizationLink)
    shown = sa.select(Organization.name, Organization.kind, Organization.version, Organization.state)
    rows = world.run(lambda session, _actor: sorted(map(tuple, session.rows(shown))))
    return [count(world, table) for table in tables], rows


UNITS = """单位名称,统一社会信用代码,单位类型,驻区社区,在职党员数,上级单位
浙江大学,12100000470095016Q,事业单位,桃园社区,120,
测试市教育局,,机关,柳林社区,46,
测试市第九中学,,事业单位,无此社区,30,测试市教育局
县第一小学、县第二小学,,,,12,
"""


async def test_units_are_imported_with_code_count_place_and_superior(world):
    job = await imported(world, "committee", "units", UNITS.encode())
    assert job["state"] == "done", job
    result = job["result"]
    assert result["counts"] == {
        "given": 4, "accepted": 4, "unchanged": 0, "changed": 0, "refused": 0, "flagged": 2,
    }  # fmt: skip
    said = {(flag["row"], flag["code"]) for flag in result["flagged"]}
    assert {(4, "community_unknown"), (5, "several_units_in_one_cell")} <= said
    assert result["parts"] == [
        {"row": 5, "units": [{"name": "县第一小学", "members": None}, {"name": "县第二小学", "members": None}]}
    ]

    def stands(session, _actor):
        shown = sa.select(Organization.name, Organization.state, Organization.path, Organization.kind)
        return {row.name: row for row in session.rows(shown.where(Organization.axis == "employer"))}

    units = world.run(stands)
    assert units["县第一小学、县第二小学"].state == "in_review"
    assert units["测试市第九中学"].path.startswith(units["测试市教育局"].path)
    assert units["浙江大学"].kind == "public_institution"
    assert count(world, OrganizationCode, OrganizationCode.code == "12100000470095016Q") == 1
    assert count(world, OrganizationLink, OrganizationLink.kind == "located_in") == 2
    assert count(world, OrganizationCount, OrganizationCount.value == 46) == 1
    assert count(world, Event, Event.kind == "unit.import") == 1


async def test_the_same_file_twice_changes_nothing(world):
    await imported(world, "committee", "units", UNITS.encode())
    before, events = everything(world), count(world, Event, Event.subject_kind == "organization")
    again = await imported(world, "committee", "units", UNITS.encode(), mode="all_or_nothing")
    assert again["result"]["counts"]["unchanged"] == 4, again["result"]["counts"]
    assert everything(world) == before
    assert count(world, Event, Event.subject_kind == "organization") == events
    assert count(world, Event, Event.kind == "unit.import") == 1


async def test_what_differs_is_changed_with_one_event_each(world):
    await imported(world, "committee", "units", UNITS.encode())
    newer = UNITS.replace("浙江大学,", "浙江大学（新名）,").replace(",46,", ",47,").replace("无此社区", "桃园社区")
    job = await imported(world, "committee", "units", newer.encode())
    counts = job["result"]["counts"]
    assert (counts["changed"], counts["unchanged"], counts["accepted"]) == (3, 1, 0)
    assert count(world, Event, Event.kind == "organization.edit") == 3
    assert count(world, Organization, Organization.name == "浙江大学（新名）", Organization.version == 2) == 1
    assert count(world, OrganizationCount, OrganizationCount.value == 47) == 1


BAD = """单位名称,统一社会信用代码,在职党员数,上级单位
好单位中心,,3,
坏代码中心,12100000470095016X,3,
坏人数中心,,三成,
没有上级中心,,,无此上级
"""


async def test_every_refused_row_has_row_column_and_reason(world):
    job = await imported(world, "committee", "units", BAD.encode())
    refused = {error["row"]: error for error in job["result"]["refused"]}
    assert {row: (e["column"], e["code"]) for row, e in refused.items()} == {
        3: ("credit_code", "credit_code_check_sign"),
        4: ("in_service_members", "not_a_count"),
        5: ("superior", "superior_unknown"),
    }
    assert "上级" in refused[5]["detail"]["zh"]
    assert refused[5]["detail"]["en"].isascii() or "无此上级" in refused[5]["detail"]["en"]
    assert job["result"]["counts"]["accepted"] == 1
    async with world.client("committee") as client:
        report = await client.get(f"/api/v1/files/{job['result']['reportFileId']}")
    lines = report.content.decode("utf-8-sig").splitlines()
    assert len([line for line in lines if line.startswith("refused,")]) == 3


async def test_all_or_nothing_writes_nothing_where_one_row_is_refused(world):
    before = everything(world)
    job = await imported(world, "committee", "units", BAD.encode(), mode="all_or_nothing")
    assert (job["state"], job["result"]["problem"]["code"]) == ("failed", "rows_refused")
    assert [error["row"] for error in job["result"]["refused"]] == [3, 4, 5]
    assert everything(world) == before
    # control: the same rows without the bad ones do change something
    await imported(world, "committee", "units", "\n".join(BAD.splitlines()[:2]).encode(), mode="all_or_nothing")
    assert everything(world) != before


async def test_branches_are_known_by_name_superior_and_unit(world):
    content = """党组织名称,党组织类型,上级党组织,覆盖单位
测试市教育系统党委,党委,,
第一党支部,党支部,测试市教育系统党委,测试市第一中学
第一党支部,党支部,测试市教育系统党委,测试市供水公司
联合党支部,党支部,测试市教育系统党委,测试市第一中学、测试市供水公司、无此单位
"""
    world.run(lambda s, a: _grant(world, s, a))
    job = await imported(world, "committee", "branches", content.encode())
    assert job["result"]["counts"]["accepted"] == 4, job
    assert {"row": 5, "code": "covered_unit_unknown"}.items() <= job["result"]["flagged"][-1].items()
    assert count(world, OrganizationLink, OrganizationLink.kind == "covers") == 4
    again = await imported(world, "committee", "branches", content.encode())
    assert again["result"]["counts"]["unchanged"] == 4
    assert count(world, Organization, Organization.name == "第一党支部") == 2


def _grant(world, session, actor):
    from api.services import people

    at = world.places["party"]
    people.grant(session, actor, world.people["committee"], "work_committee_officer", at, since=worlds.LONG_AGO)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (
            b"\xe5\x8d\x95\xe4\xbd\x8d\xe5\x90\x8d\xe7\xa7\xb0\n\xe5\x8d\x95\xe4\xbd\x8d\xff\xfe",
            "a.csv",
            "broken_encoding",
        ),
        ("电话\n123\n".encode(), "a.csv", "columns_missing"),
        (b"PK\x03\x04broken", "a.xlsx", "broken_workbook"),
        (b"\n\n", "a.csv", "empty_table"),
    ],
)
async def test_a_file_that_cannot_be_read_fails_with_its_reason_and_writes_nothing(world, content, name, code):
    before = everything(world)
    job = await imported(world, "committee", "units", content, name=name)
    assert (job["state"], job["result"]["problem"]["code"]) == ("failed", code)
    assert everything(world) == before


async def test_a_row_with_nul_is_refused_alone_and_ten_megabytes_are_read(world):
    nul = "单位名称\n甲中心\n乙\x00中心\n"
    job = await imported(world, "committee", "units", nul)
    assert [(e["row"], e["code"]) for e in job["result"]["refused"]] == [(3, "nul_character")]
    assert job["result"]["counts"]["accepted"] == 1
    big = ("单位名称,备注\n丙中心," + "长" * 3_600_000 + "\n").encode()
    assert len(big) > 10_000_000
    job = await imported(world, "committee", "units", big)
    assert job["state"] in ("done", "failed")
    assert job["result"].get("problem", {"code": "broken_table"})["code"] == "broken_table"


async def test_json_with_control_characters_is_refused_row_by_row(world):
    odd = [{"name": "甲中心", "x\x00y": "1"}, {"name": "乙\x00中心"}, {"name": "丙中心", "kind": "\x00"}]
    odd[0] |= {"kind": "机关"}
    job = await imported(world, "committee", "units", json.dumps(odd), name="a.json")
    assert job["state"] == "done", job
    assert [(e["row"], e["column"], e["code"]) for e in job["result"]["refused"]] == [
        (3, "name", "control_character"),
        (4, "kind", "unknown_kind"),
    ]
    assert (job["result"]["ignoredColumns"], job["result"]["counts"]["accepted"]) == ([], 1)


async def test_the_first_sheet_is_read_and_the_others_are_named(world):
    book = openpyxl.Workbook()
    book.active.title = "单位"
    for row in (("单位名称", "在职党员数"), ("丁中心", 5)):
        book.active.append(row)
    book.create_sheet("说明").append(("别的",))
    content = io.BytesIO()
    book.save(content)
    job = await imported(world, "committee", "units", content.getvalue(), name="a.xlsx")
    assert (job["result"]["counts"]["accepted"], job["result"]["otherSheets"]) == (1, ["说明"])
    assert job["result"]["file"]["sheet"] == "单位"


async def test_who_may_not_import_is_refused_before_anything_is_queued(world):
    async with world.client("committee") as committee, world.client("liaison") as liaison:
        file = {"file": ("a.csv", UNITS.encode(), "text/csv")}
        theirs = (await committee.post("/api/v1/files", files=file)).json()["id"]
        own = (await liaison.post("/api/v1/files", files=file)).json()["id"]
        refused = await liaison.post("/api/v1/imports", json={"kind": "units", "fileId": own})
        assert refused.status_code == 403
        missing = await liaison.post("/api/v1/imports", json={"kind": "people", "fileId": theirs})
        assert missing.status_code == 404
        unknown = await committee.post("/api/v1/imports", json={"kind": "cats", "fileId": theirs})
        assert unknown.status_code == 422


async def test_the_shipped_units_import_whole(world):
    job = await imported(world, "committee", "units", DEMO.read_bytes(), mode="all_or_nothing")
    assert job["state"] == "done", job["result"]
    assert job["result"]["counts"]["accepted"] == job["result"]["counts"]["given"] > 0


async def test_two_rows_for_one_unit_change_nothing_at_the_second_import(world):
    twice = "单位名称,在职党员数\n同名测试单位,3\n同名测试单位,5\n"
    first = await imported(world, "admin", "units", twice)
    assert (first["result"]["counts"]["accepted"], first["result"]["counts"]["flagged"]) == (1, 1)
    again = await imported(world, "admin", "units", twice)
    assert (again["result"]["counts"]["changed"], again["result"]["counts"]["unchanged"]) == (0, 2)
