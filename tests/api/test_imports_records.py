"""Records of the national system and of other platforms: only what is not credited yet counts, and each record once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from api.models import Case, Entry, Fact, OutsideRecord, Profile
from tests.support import volunteers
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import count, imported, rows
from tests.support.service_calls import planned, present, signed_up
from tests.support.volunteers import credited, file_of, record, volunteer

OWN = 7  # of the volunteer who serves here too


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    for number in range(8):
        built.people[f"v{number}"] = built.run(volunteer, built, number)
    built.people["far"] = built.run(volunteer, built, 8, "far_community")
    yield built
    built.close()


async def taken_over(world, *records, mode="good_rows", **options):
    return await imported(world, "worker", "records", file_of(*records), mode=mode, platform="national", **options)


def of(world, name):
    statement = sa.select(
        OutsideRecord.id, OutsideRecord.tenant_id, OutsideRecord.record_number, OutsideRecord.state,
        OutsideRecord.stated_minutes, OutsideRecord.credited_minutes,
    ).where(OutsideRecord.person_id == world.people[name])  # fmt: skip
    return sorted(row[2:] for row in rows(world, statement))


async def test_a_record_counts_from_its_start_for_the_minutes_that_it_states(world):
    job = await taken_over(world, record(0, "G1", "2026-02-02 09:00", "2026-02-02 11:00", 90))
    assert job["result"]["counts"] | {"flagged": 0} == {
        "given": 1, "accepted": 1, "unchanged": 0, "changed": 0, "refused": 0, "flagged": 0,
    }  # fmt: skip
    start = datetime(2026, 2, 2, 9, tzinfo=job_zone())
    assert credited(world, world.people["v0"]) == [(start, start + timedelta(minutes=90), 90)]
    assert job["result"]["totals"] == {
        "records": 1, "people": 1, "statedMinutes": 90, "creditedMinutes": 90, "coveredMinutes": 0, "reviewedMinutes": 0
    }  # fmt: skip
    assert [(row["row"], row["code"]) for row in job["result"]["flagged"]] == [(2, "less_than_window")]
    posted = sa.select(Entry.provenance, Entry.nature, Entry.unit, Entry.community_id).where(Entry.amount == 90)
    community = world.places["community"]
    assert rows(world, posted) == [("imported", "volunteer_service", "volunteer_minutes", community)]


def job_zone():
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Shanghai")


async def test_the_same_file_again_and_the_same_record_in_another_file_change_nothing(world):
    one = record(1, "H1", "2026-02-03 09:00", "2026-02-03 10:00", 60)
    first = await taken_over(world, one, one)
    assert first["result"]["counts"]["accepted"] == 1
    assert {row["code"] for row in first["result"]["flagged"]} == {"same_record"}
    before = (count(world, Entry), count(world, Fact), count(world, OutsideRecord), count(world, Case))
    again = await taken_over(world, one, mode="all_or_nothing")
    assert (again["result"]["counts"]["accepted"], again["result"]["counts"]["unchanged"]) == (0, 1)
    assert again["result"]["totals"] == first["result"]["totals"]
    assert before == (count(world, Entry), count(world, Fact), count(world, OutsideRecord), count(world, Case))


async def test_what_is_credited_here_is_not_credited_again(world, time):
    world.people["own"] = world.people[f"v{OWN}"]
    shift = await planned(world, time, hours=2)
    await signed_up(world, "own", shift)
    time.forward(hours=1)
    came = time()
    await present(world, "own", shift, "check_in")
    time.forward(hours=1)
    await present(world, "own", shift, "check_out")
    assert [row[2] for row in credited(world, world.people["own"])] == [60]
    here = came.astimezone(job_zone())
    clock = [f"{here + timedelta(minutes=each):%Y-%m-%d %H:%M}" for each in (-30, 0, 30, 60, 90)]
    time.forward(hours=2)
    job = await taken_over(
        world,
        record(OWN, "O1", clock[0], clock[4], 120),  # half an hour before and half an hour after are free
        record(OWN, "O2", clock[1], clock[3], 60),  # nothing is
        record(OWN, "O3", clock[3], clock[4], 30),  # the first of these records has it already
    )
    assert of(world, "own") == [("O1", "credited", 120, 60), ("O2", "covered", 60, 0), ("O3", "covered", 30, 0)]
    assert {(row["row"], row["code"]) for row in job["result"]["flagged"]} == {
        (2, "partly_covered"), (3, "time_covered"), (4, "time_covered"),
    }  # fmt: skip
    assert [row[2] for row in credited(world, world.people["own"])] == [30, 60, 30]
    totals = job["result"]["totals"]
    assert (totals["statedMinutes"], totals["creditedMinutes"], totals["coveredMinutes"]) == (210, 60, 150)


async def test_what_cannot_be_taken_waits_for_a_person_with_its_reasons(world):
    job = await taken_over(
        world,
        record(2, "R1", "2026-02-04", "2026-02-04", 60),
        record(2, "R2", "2026-02-05 09:00", "2026-02-05 10:00", 90),
        record(2, "R3", "2026-02-06 08:00", "2026-02-06 18:00", 540),
        record(2, "R4", "2026-02-07 09:00", "2026-02-06 18:00", 60),
        record(2, "R5", "2026-02-08 09:00", "2026-02-08 10:00", "若干"),
    )
    reasons = {
        tuple(case[2]["reasons"][number]["code"] for number in range(len(case[2]["reasons"])))
        for case in rows(world, sa.select(Case.id, Case.tenant_id, Case.facts).where(Case.kind == "odd_fact"))
    }
    assert reasons == {
        ("times_missing",), ("more_than_window",), ("over_day_tier",), ("ends_before_start",), ("duration_unreadable",),
    }  # fmt: skip
    assert credited(world, world.people["v2"]) == []
    assert {state for _, state, _, _ in of(world, "v2")} == {"in_review"}
    assert job["result"]["totals"]["reviewedMinutes"] == 60 + 90 + 540 + 60
    changed = await taken_over(world, record(2, "R1", "2026-02-04 09:00", "2026-02-04 10:00", 60))
    assert [row["code"] for row in changed["result"]["flagged"]] == ["record_changed"]
    assert credited(world, world.people["v2"]) == []


async def test_a_row_of_nobody_or_of_somebody_else_is_refused_with_row_and_column_and_without_its_number(world):
    stranger = record(9, "P1", "2026-02-09 09:00", "2026-02-09 10:00", 60)
    other_name = record(3, "P2", "2026-02-09 09:00", "2026-02-09 10:00", 60, 姓名="测别人")
    far = record(8, "P3", "2026-02-09 09:00", "2026-02-09 10:00", 60)
    unnamed = record(3, "P4", "2026-02-09 09:00", "2026-02-09 10:00", 60, 证件号码="")
    broken = record(3, "P5", "2026-02-09 09:00", "2026-02-09 10:00", 60, 证件号码="123")
    good = record(3, "P6", "2026-02-09 09:00", "2026-02-09 10:00", 60)
    job = await taken_over(world, stranger, other_name, far, unnamed, broken, good)
    assert [(row["row"], row["column"], row["code"]) for row in job["result"]["refused"]] == [
        (2, "id_number", "person_unknown"), (3, "name", "person_differs"), (4, "id_number", "person_unknown"),
        (5, "id_number", "person_not_named"), (6, "id_number", "id_number_length"),
    ]  # fmt: skip
    assert all("value" not in row for row in job["result"]["refused"])
    assert of(world, "v3") == [("P6", "credited", 60, 60)]
    all_or_nothing = await taken_over(
        world, record(3, "P7", "2026-02-10 09:00", "2026-02-10 10:00"), far, mode="all_or_nothing"
    )
    assert (all_or_nothing["state"], len(of(world, "v3"))) == ("failed", 1)


async def test_late_records_are_flagged_by_the_chinese_calendar(world):
    # Spring Festival 2026 is free from 15 to 23 February and worked on the 14th and the 28th: the tenth working day
    # after Monday 9 February is Saturday 28 February.
    job = await taken_over(
        world,
        record(4, "L1", "2026-02-09 09:00", "2026-02-09 10:00", 60, 记录日期="2026-02-28"),
        record(4, "L2", "2026-02-09 10:00", "2026-02-09 11:00", 60, 记录日期="2026-03-02"),
    )
    assert [(row["row"], row["code"]) for row in job["result"]["flagged"]] == [(3, "recorded_late")]


async def test_the_national_number_is_kept_from_the_first_record_and_finds_the_person_later(world):
    await taken_over(world, record(5, "N1", "2026-02-11 09:00", "2026-02-11 10:00", 60, 志愿者编号="TEST-0005"))
    by_number = record(5, "N2", "2026-02-12 09:00", "2026-02-12 10:00", 60, 志愿者编号="TEST-0005", 证件号码="")
    another = record(6, "N3", "2026-02-12 09:00", "2026-02-12 10:00", 60, 志愿者编号="TEST-0005")
    changed = record(5, "N4", "2026-02-13 09:00", "2026-02-13 10:00", 60, 志愿者编号="TEST-9999")
    job = await taken_over(world, by_number, another, changed)
    assert [(row["row"], row["column"], row["code"]) for row in job["result"]["refused"]] == [
        (3, "national_number", "person_differs")
    ]
    assert [(row["row"], row["code"]) for row in job["result"]["flagged"]] == [(4, "national_number_differs")]
    assert [number for number, *_ in of(world, "v5")] == ["N1", "N2", "N4"]
    kept = sa.select(Profile.id, Profile.tenant_id, Profile.national_number)
    assert [row[2] for row in rows(world, kept)] == ["TEST-0005"]


async def test_another_platform_names_itself_in_each_row_and_the_source_has_to_be_told(world):
    content = (
        "平台名称,姓名,证件号码,编号,项目名称,开始时间,结束时间,工时\n"
        f"某志愿平台,测志愿庚,{volunteers.id_number(6)},T1,清洁家园,2026/2/14 9:00,2026/2/14 11:30,2.5\n"
    )
    job = await imported(world, "worker", "records", content, platform="other")
    assert job["result"]["totals"]["creditedMinutes"] == 150
    platform = sa.select(OutsideRecord.platform).where(OutsideRecord.person_id == world.people["v6"])
    assert rows(world, platform) == [("某志愿平台",)]
    async with world.client("worker") as worker:
        kept = await worker.post("/api/v1/files", files={"file": ("a.csv", content.encode(), "text/csv")})
        refused = await worker.post("/api/v1/imports", json={"kind": "records", "fileId": kept.json()["id"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_layout")


async def test_nobody_takes_over_records_of_their_own_and_members_none_at_all(world):
    world.people["self"] = world.run(volunteer, world, 9)
    world.run(_as_worker, world)
    content = file_of(record(9, "S1", "2026-02-15 09:00", "2026-02-15 10:00", 60))
    job = await imported(world, "self", "records", content, platform="national")
    assert [(row["column"], row["code"]) for row in job["result"]["refused"]] == [("id_number", "own_hours")]
    async with world.client("member") as member:
        kept = await member.post("/api/v1/files", files={"file": ("a.csv", b"x", "text/csv")})
        body = {"kind": "records", "fileId": kept.json()["id"], "options": {"platform": "national"}}
        assert (await member.post("/api/v1/imports", json=body)).status_code == 403


def _as_worker(session, actor, world):
    from api.services import people

    people.grant(session, actor, world.people["self"], "community_worker", world.places["community"])


async def test_time_that_a_record_gives_back_goes_to_who_was_here(world, time):
    shift = await planned(world, time, hours=2)
    await signed_up(world, "v4", shift)
    time.forward(hours=1)
    came = time().astimezone(job_zone())
    await present(world, "v4", shift, "check_in")
    time.forward(hours=1)
    clock = [f"{came + timedelta(minutes=each):%Y-%m-%d %H:%M}" for each in (0, 30)]
    await taken_over(world, record(4, "B1", *clock, 30))
    await present(world, "v4", shift, "check_out")
    today = {"servedFrom": f"{came:%Y-%m-%d}", "unit": "volunteer_minutes"}
    async with world.client("v4") as client:
        posted = (await client.get("/api/v1/entries", params=today)).json()["items"]
    assert {(row["provenance"], row["amount"]) for row in posted} == {("imported", 30), ("code", 30)}
    record_id = next(row["id"] for row in posted if row["provenance"] == "imported")
    async with world.client("district_officer") as officer:
        undone = await officer.post(f"/api/v1/entries/{record_id}/reverse", json={"reason": "wrong_time"})
        assert undone.status_code == 200, undone.text
    assert [row[2] for row in credited(world, world.people["v4"])][-1] == 60


def test_the_ledger_is_clean(world):
    from api.services import audit, sealer

    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))
    assert world.run(lambda session, actor: audit.verify(session, actor.tenant_id)) == []
