"""The archive: all that somebody served here and elsewhere with the order's fields, as JSON, xlsx and PDF."""

from __future__ import annotations

import io

import openpyxl
import pytest

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import imported
from tests.support.service_calls import served, so_far
from tests.support.volunteers import file_of, id_number, record, volunteer


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    built.people["volunteer"] = built.run(volunteer, built, 0)
    yield built
    built.close()


def sealed(world):
    from api.services import sealer

    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


async def archive(world, name="volunteer"):
    async with world.client(name) as client:
        answer = await client.get("/api/v1/me/archive")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_empty_archive_is_one_and_no_community_issues_it(world):
    shown = await archive(world, "member3")
    assert (shown["services"], shown["count"], shown["minutes"], shown["issuable"]) == ([], 0, 0, False)
    async with world.client("member3") as member:
        refused = await member.post("/api/v1/me/archive")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_issuer")


async def a_year(world, time):
    """Let the volunteer serve here and elsewhere, be trained and honoured, and tell of themselves."""
    await served(world, time, "volunteer")
    lines = (
        record(0, "G1", "2026-02-10 09:00", "2026-02-10 10:30", 90, 志愿者编号="TEST-0001"),
        record(0, "G2", "2026-01-10 22:00", "2026-01-11 00:30", 150, 记录日期="2026-02-20"),
    )
    await imported(world, "worker", "records", file_of(*lines), platform="national")
    community = str(world.places["community"])
    async with world.client("worker") as worker:
        for kind, more in (("training", {"code": "first_aid", "until": "2028-01-01"}), ("award", {})):
            noted = {
                "kind": kind, "personId": str(world.people["volunteer"]), "communityId": community,
                "occurredOn": "2026-02-01", **more,
            }  # fmt: skip
            assert (await worker.post("/api/v1/facts", json=noted)).status_code == 201
    async with world.client("volunteer") as client:
        await client.post("/api/v1/me/consents", json={"purpose": "volunteer_profile", "version": 1})
        await client.put("/api/v1/me/profile", json={"sex": "male", "residence": "桃园街道", "skills": ["急救"]})
    sealed(world)


async def test_it_tells_of_services_here_and_elsewhere_of_training_and_awards_with_the_orders_fields(world, time):
    await a_year(world, time)
    shown = await archive(world)
    assert (shown["count"], shown["minutes"], shown["duration"]["en"]) == (3, 60 + 90 + 150, "5 h 0 min")
    holder = shown["holder"]
    assert (holder["name"], holder["idNumber"], holder["nationalNumber"], holder["home"]["name"]) == (
        "测志愿甲", f"**************{id_number(0)[-4:]}", "TEST-0001", "桃园社区",
    )  # fmt: skip
    assert (holder["sex"]["zh"], holder["residence"], holder["skills"]) == ("男", "桃园街道", "急救")
    night, elsewhere, here = shown["services"]
    fields = ("activity", "place", "content", "leader", "times", "minutes", "late")
    assert {name: elsewhere[name] for name in fields} == {
        "activity": "社区义诊", "place": "卫生站", "content": "量血压", "leader": "测负责人", "times": "09:00–10:30",
        "minutes": 90, "late": False,
    }  # fmt: skip
    assert elsewhere["source"] == "全国志愿服务信息系统 G1（市志愿者协会）"
    assert (elsewhere["organizer"]["name"], elsewhere["provenance"]["code"]) == ("市红十字会", "imported")
    assert (night["servedOn"], night["times"], night["late"]) == ("2026-01-10", "22:00–00:30", True)
    assert (here["activity"], here["source"], here["confirmed"], here["late"]) == ("陪诊服务", None, False, False)
    assert [(one["kind"]["code"], one["code"], one["until"]) for one in shown["noted"]] == [
        ("award", None, None), ("training", "first_aid", "2028-01-01"),
    ]  # fmt: skip
    assert [(one["provenance"]["code"], one["minutes"]) for one in shown["classes"]] == [
        ("code", 60),
        ("imported", 240),
    ]


async def test_the_paper_is_numbered_verified_by_anybody_and_comes_as_json_xlsx_and_pdf(world):
    async with world.client("volunteer") as client:
        paper = (await client.post("/api/v1/me/archive")).json()
        assert (await client.post("/api/v1/me/archive")).json()["number"] == paper["number"]
        assert paper["number"].startswith("DA-")
        files = {
            form: (await client.get(f"/api/v1/documents/{paper['id']}/file", params={"format": form})).content
            for form in ("json", "xlsx", "pdf")
        }
    assert files["pdf"].startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    rows = [[cell.value for cell in row] for row in book["服务情况"].iter_rows()]
    assert rows[0] == [
        "日期", "时间", "活动", "内容", "地点", "社区", "组织单位", "负责人", "分钟", "记录方式", "对象确认", "逾期",
        "来源记录",
    ]  # fmt: skip
    assert [row[8] for row in rows[1:]] == [150, 90, 60]
    summary = {row[0].value: row[1].value for row in book["概要"].iter_rows(max_col=2) if row[0].value}
    assert (summary["性别"], summary["技能"], summary["服务时长"]) == ("男", "急救", "5小时0分钟")
    assert summary["文书编号"] == paper["number"]
    async with world.client() as anybody:
        shown = await anybody.get(f"/verify/{paper['number']}", headers={"Accept": "application/json"})
    assert (shown.json()["state"], shown.json()["kind"]) == ("issued", "archive")
    assert not {"测志愿甲", "急救", "桃园街道"} & set(shown.text)


async def test_a_certificate_tells_of_services_taken_over_in_the_words_of_their_platform(world):
    async with world.client("volunteer") as client:
        paper = (await client.post("/api/v1/documents/certificates", json=so_far(world))).json()
    assert paper["content"]["minutes"] == 300
    assert [one["source"] for one in paper["content"]["services"]].count(None) == 1
    assert paper["content"]["holder"]["nationalNumber"] == "TEST-0001"
    assert "residence" not in paper["content"]["holder"]
