"""Imports of lists and past services over HTTP: history is taken over as the list says it, every minute counted."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.models import Activity, Case, Entry, Event, Fact, Need, Project, ProjectParty, Resource, Shift
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import count, imported, rows

DATA = Path(__file__).resolve().parents[2] / "api" / "data"
NEEDS = """id,community,title,description,category,target_group,headcount,time,status,claimed_by
N1,桃园社区,安装扶手,六处,养老,老年人,2,2026-04-11,已发布,
N2,桃园社区,家电维修,,,,,,已认领,测试市供水公司
N3,远方社区,义诊,,医疗,,,,已完成,省级医院
N4,桃园社区,心愿,,,,,,,
"""
RECORDS = """page_id,activity_no,title,area,place,group,credited_hours,start,end,participants,flags,note
1,2026000001,清扫楼道,桃园街道,楼道,测试市供水公司,2,2026-01-10 09:00:00,2026-01-10 11:00:00,5,,
2,2026000002,值班,桃园街道,活动室,无名志愿队,6.5,2026-01-11 19:00:00,2026-01-19 18:00:00,,,
3,2026000003,清雪,桃园街道,楼道,测试市供水公司,2.1,2026-01-12 09:00:00,2026-01-12 11:05:00,4,,
4,2026000004,帮厨,桃园街道,食堂,测试市供水公司,,2026-01-13 09:00:00,2026-01-13 11:00:00,4,,
5,2026000005,搬运,无此街道,食堂,测试市供水公司,1,2026-01-13 09:00:00,2026-01-13 10:00:00,4,,
6,2026000006,没有时间,桃园街道,食堂,测试市供水公司,1,昨天,今天,4,,
"""


@pytest.fixture
def world(fresh_database, tmp_path):
    built = worlds.build(fresh_database, tmp_path, Clock())
    yield built
    built.close()


def everything(world):
    tables = (Need, Resource, Project, ProjectParty, Activity, Shift, Case, Fact, Entry)
    versions = [sorted(rows(world, sa.select(table.id, table.version))) for table in (Need, Resource, Project, Case)]
    return [count(world, table) for table in tables], versions


async def test_needs_stand_in_the_state_of_the_list_and_what_it_does_not_say_is_unknown(world):
    mapping = {"远方社区": str(world.places["community"])}
    job = await imported(world, "worker", "needs", NEEDS, communities=mapping)
    assert job["result"]["counts"]["accepted"] == 4, job
    told = {row["name"]: row["organization"] for row in job["result"]["communities"]}
    assert told == {"桃园社区": "桃园社区", "远方社区": "桃园社区"}
    shown = sa.select(Need.title, Need.state, Need.headcount, Need.when_text, Need.asked_by, Need.published_at)
    needs = {row[0]: row[1:] for row in rows(world, shown)}
    assert needs["安装扶手"] == ("published", 2, "2026-04-11", None, None)
    assert needs["家电维修"] == ("matched", None, None, None, None)
    assert (needs["义诊"][0], needs["心愿"][0]) == ("done", "submitted")
    flags = {(flag["row"], flag["code"]) for flag in job["result"]["flagged"]}
    assert {(5, "state_not_said"), (5, "category_not_said"), (4, "unit_unknown")} <= flags
    claims = rows(world, sa.select(Project.title, Project.state, Project.reasons).order_by(Project.title))
    assert claims == [
        ("义诊", "delivered", [{"code": "claimed_by", "text": "省级医院"}]),
        ("家电维修", "agreed", [{"code": "claimed_by", "text": "测试市供水公司"}]),
    ]
    offers = sa.select(ProjectParty.organization_id).where(ProjectParty.side == "offers")
    assert rows(world, offers) == [(world.places["unit2"],)]
    assert count(world, Event, Event.kind == "list.import") == 1


async def test_the_same_list_twice_changes_nothing_and_a_newer_one_what_differs(world):
    mapping = {"远方社区": str(world.places["community"])}
    await imported(world, "worker", "needs", NEEDS, communities=mapping)
    before = everything(world)
    again = await imported(world, "worker", "needs", NEEDS, communities=mapping, mode="all_or_nothing")
    assert again["result"]["counts"]["unchanged"] == 4
    assert everything(world) == before
    newer = NEEDS.replace("六处", "八处").replace("N2,桃园社区,家电维修", "N2,桃园社区,另一件事")
    job = await imported(world, "worker", "needs", newer, communities=mapping)
    assert (job["result"]["counts"]["changed"], job["result"]["counts"]["unchanged"]) == (1, 2)
    assert [(e["row"], e["code"]) for e in job["result"]["refused"]] == [(3, "key_of_another")]


async def test_a_place_that_nobody_knows_or_that_is_not_ones_own_is_refused(world):
    content = "id,community,title\n1,无此社区,甲\n2,远山社区,乙\n3,桃园社区,丙\n"
    job = await imported(world, "worker", "needs", content)
    assert [(e["row"], e["column"], e["code"]) for e in job["result"]["refused"]] == [
        (2, "place", "place_unknown"),
        (3, "place", "place_unknown"),
    ]
    assert count(world, Need) == 1
    job = await imported(world, "worker", "needs", content, communityId=str(world.places["community"]))
    flags = {(flag["row"], flag["code"]) for flag in job["result"]["flagged"]}
    assert {(2, "place_by_default"), (3, "place_by_default")} <= flags
    assert count(world, Need, Need.community_id == world.places["far_community"]) == 0


@pytest.mark.parametrize(
    ("kind", "file", "table", "conditions"),
    [
        ("needs", "demo_needs.csv", Need, (Need.kind == "need",)),
        ("micro_wishes", "demo_wishes.csv", Need, (Need.kind == "micro_wish",)),
        ("resources", "demo_resources.csv", Resource, ()),
        ("projects", "demo_projects.csv", Project, (Project.kind == "project", Project.need_id.is_(None))),
        ("posts", "demo_posts.csv", Project, (Project.kind == "duty_post", Project.state == "open")),
    ],
)
async def test_the_shipped_lists_import_whole_and_twice_alike(world, kind, file, table, conditions):
    content = (DATA / file).read_bytes()
    job = await imported(world, "worker", kind, content, communityId=str(world.places["community"]))
    counts = job["result"]["counts"]
    assert counts["accepted"] == counts["given"] == count(world, table, *conditions) > 0, job["result"]
    before = everything(world)
    again = await imported(world, "worker", kind, content, communityId=str(world.places["community"]))
    assert again["result"]["counts"]["unchanged"] == counts["given"]
    assert everything(world) == before


async def test_past_services_are_accepted_or_reviewed_and_every_minute_is_accounted_for(world):
    mapping = {"桃园街道": str(world.places["community"])}
    job = await imported(world, "worker", "past_services", RECORDS, communities=mapping)
    totals = job["result"]["totals"]
    # 2 h stand; 6.5 h, a window of days, and a record without hours are reviewed; of 2.1 h 125 minutes stand and 1 does
    # not; 1 h belongs to no community. The sixth has no time and is no record.
    assert {name: totals[name] for name in totals if name.endswith("Minutes")} == {
        "statedMinutes": "696", "acceptedMinutes": 245, "reviewedMinutes": "391", "refusedMinutes": "60",
    }  # fmt: skip
    assert (totals["acceptedRecords"], totals["partlyRecords"], totals["reviewedRecords"]) == (1, 1, 2)
    stated = totals["acceptedMinutes"] + Fraction(totals["reviewedMinutes"]) + Fraction(totals["refusedMinutes"])
    assert stated == Fraction(totals["statedMinutes"])
    assert [(e["row"], e["code"]) for e in job["result"]["refused"]] == [
        (6, "place_unknown"), (7, "not_a_time"), (7, "not_a_time"),
    ]  # fmt: skip
    posted = sa.select(Entry.account_id, Entry.amount, Entry.unit, Entry.kind, Entry.provenance).order_by(Entry.amount)
    unit = world.places["unit2"]
    assert rows(world, posted) == [
        (unit, 120, "participation", "supplementary", "imported"),
        (unit, 125, "participation", "supplementary", "imported"),
    ]
    assert count(world, Activity, Activity.state == "completed") == count(world, Shift, Shift.imported) == 2
    async with world.client("worker") as worker:
        inbox = (await worker.get("/api/v1/cases", params={"kind": "odd_fact"})).json()["items"]
    told = {case["facts"]["title"]: case for case in inbox}
    assert set(told) == {"值班", "清雪", "帮厨"}
    assert told["值班"]["reason"] == "multi_day_window,head_count_missing"
    assert told["值班"]["facts"]["reasons"][1] == {
        "code": "head_count_missing", "zh": "缺少参加人数", "en": "the head-count is missing",
    }  # fmt: skip
    assert told["值班"]["facts"]["group"] == "无名志愿队"


async def test_a_record_of_several_days_posts_each_day_once(world):
    days = (
        RECORDS.splitlines()[0]
        + "\n7,2026000007,图书整理,桃园街道,图书室,测试市供水公司,2.7,2026-01-12 09:40:00,2026-01-16 15:40:00,3,,\n"
    )
    mapping = {"桃园街道": str(world.places["community"])}
    for _ in range(2):
        job = await imported(world, "worker", "past_services", days, communities=mapping)
        assert [verdict["outcome"] for verdict in job["result"]["verdicts"]] == ["split"]
    posted = rows(world, sa.select(Entry.served_on, Entry.amount).order_by(Entry.served_on))
    assert posted == [(date(2026, 1, 12 + number), minutes) for number, minutes in enumerate((33, 33, 32, 32, 32))]
    assert (count(world, Activity), count(world, Shift), count(world, Case)) == (1, 5, 0)


async def test_past_services_twice_post_once(world):
    mapping = {"桃园街道": str(world.places["community"])}
    await imported(world, "worker", "past_services", RECORDS, communities=mapping)
    before = everything(world)
    again = await imported(world, "worker", "past_services", RECORDS, communities=mapping)
    assert again["result"]["counts"]["unchanged"] == 4
    assert everything(world) == before


async def test_who_may_not_post_hours_may_not_bring_them_in(world):
    async with world.client("liaison") as liaison:
        file = {"file": ("a.csv", RECORDS.encode(), "text/csv")}
        own = (await liaison.post("/api/v1/files", files=file)).json()["id"]
        refused = await liaison.post("/api/v1/imports", json={"kind": "past_services", "fileId": own})
    assert refused.status_code == 403


async def test_a_thousand_needs_with_thirty_bad_rows_name_each_and_can_be_run_again(world):
    def listed(bad):
        lines = [f"N{n},桃园社区,修理门锁 {n}" for n in range(1000)]
        for n in range(0, 300, 10):
            broken = (f"N{n},桃园社区,", f"N{n},无此社区,修理门锁 {n}", f"N{n},桃园社区,修理\x07门锁 {n}")
            lines[n] = broken[n // 10 % 3] if bad else lines[n]
        return "id,community,title\n" + "\n".join(lines) + "\n"

    columns = ("title", "place", "title")
    wanted = [(n + 2, columns[n // 10 % 3]) for n in range(0, 300, 10)]
    job = await imported(world, "worker", "needs", listed(True), mode="all_or_nothing")
    assert sorted((each["row"], each["column"]) for each in job["result"]["refused"]) == wanted
    assert count(world, Need) == 0
    job = await imported(world, "worker", "needs", listed(True), mode="good_rows")
    assert sorted((each["row"], each["column"]) for each in job["result"]["refused"]) == wanted
    assert (job["result"]["counts"]["accepted"], count(world, Need)) == (970, 970)
    job = await imported(world, "worker", "needs", listed(False), mode="all_or_nothing")
    assert (job["result"]["counts"]["accepted"], job["result"]["counts"]["unchanged"]) == (30, 970)
    assert count(world, Need) == 1000
