"""监督检查 over HTTP: who sees what was changed and who looked, what leaves as a list, and when the log is dropped."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from pydantic import ValidationError

from api.jobs.loop import run_due
from api.models import AccessLog, AccessLogSubject, Event
from api.services import inspection
from api.settings import Settings
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.registering import accepted


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    with_one = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield with_one
    with_one.close()


async def get(world, name, path):
    async with world.client(name) as client:
        return await client.get(f"/api/v1{path}")


async def a_need(world):
    async with world.client("worker") as client:
        community = str(world.places["community"])
        body = {"communityId": community, "kind": "micro_wish", "title": "修路灯", "category": "environment"}
        answer = await client.post("/api/v1/needs", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


async def test_offices_and_auditors_find_a_change_and_others_do_not(world):
    need = await a_need(world)
    for name in ("street_officer", "district_officer", "city_officer", "auditor"):
        (event,) = (await get(world, name, f"/events?subjectId={need}")).json()["items"]
        assert (event["kind"], event["subjectKind"]) == ("need.create", "need")
        assert event["actorId"] == str(world.people["worker"])
        assert event["organizationId"] == str(world.places["community"])
    assert (await get(world, "member", f"/events?subjectId={need}")).status_code == 403
    assert (await get(world, "liaison", f"/events?subjectId={need}")).status_code == 403
    assert (await get(world, "far_worker", "/events")).status_code == 403


async def test_events_are_searched_by_step_actor_place_and_period(world):
    await a_need(world)
    moment = world.house.clock()
    later = (moment + dt.timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    for query, found in (
        ("step=need.create", True),
        ("step=need.publish", False),
        (f"actorId={world.people['worker']}", True),
        (f"actorId={world.people['worker2']}", False),
        (f"organizationId={world.places['community']}", True),
        (f"organizationId={world.places['far_community']}&step=need.create", False),
        (f"until={later}&step=need.create", True),
        (f"since={later}", False),
    ):
        items = (await get(world, "auditor", f"/events?{query}")).json()["items"]
        assert bool(items) is found, query


async def test_everybody_sees_who_looked_at_them_and_why(world):
    await get(world, "liaison", f"/people/{world.people['member']}")
    (look, *_) = (await get(world, "member", "/me/access-log")).json()["items"]
    assert (look["step"], look["purpose"], look["role"]) == ("person.read", "roster", "liaison")
    assert look["organizationName"] == "测试市第一中学"
    assert look["fields"] == ["name", "political_status"]
    assert look["purposeLabel"]["zh"] == "名册管理"
    assert "个人信息保护法" in look["ground"]["zh"]
    assert (await get(world, "member3", "/me/access-log")).json()["items"] == []


async def test_the_log_of_who_looked_is_for_auditor_and_security_within_their_reach(world):
    await get(world, "worker", "/people")  # nobody is registered there: nothing is opened
    signed = world.places["community"]
    world.run(
        lambda session, actor: session.look([world.people["member"]], ["name"], "service", organization_id=signed)
    )
    items = (await get(world, "auditor", f"/access-log?personId={world.people['member']}")).json()["items"]
    assert [item["organizationId"] for item in items] == [str(signed)]  # the unit's liaison is outside the city's tree
    for name in ("district_officer", "worker", "liaison", "member"):
        assert (await get(world, name, "/access-log")).status_code == 403
    none = (await get(world, "auditor", f"/access-log?personId={world.people['member3']}")).json()["items"]
    assert none == []


async def test_a_list_of_both_leaves_with_its_manifest(world):
    await a_need(world)
    world.run(lambda session, actor: session.look([world.people["member"]], ["name"], "service",
                                                  organization_id=world.places["community"]))  # fmt: skip
    for path, form in (("/events/export", "csv"), ("/events/export", "xlsx"), ("/access-log/export", "xlsx")):
        async with world.client("auditor") as client:
            asked = {"format": form, "ground": "年度审计通知〔2026〕3号"}
            job = (await client.post(f"/api/v1{path}", json=asked)).json()
            run_due(world.house)
            done = (await client.get(job["location"])).json()
            assert done["state"] == "done", done
            archive = zipfile.ZipFile(io.BytesIO((await client.get(done["result"]["location"])).content))
        manifest = json.loads(archive.read("manifest.json"))
        (name,) = (each for each in archive.namelist() if each != "manifest.json")
        table = archive.read(name)
        assert manifest["sha256"] == hashlib.sha256(table).hexdigest()
        assert (manifest["ground"], manifest["takenBy"]) == (asked["ground"], str(world.people["auditor"]))
        assert len(rows_of(table, form)) == manifest["rows"] + 1 > 1


def rows_of(table, form):
    if form == "csv":
        return list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))
    return list(load_workbook(io.BytesIO(table), read_only=True).active.iter_rows(values_only=True))


async def test_a_list_without_a_ground_does_not_leave(world):
    async with world.client("auditor") as client:
        for body in ({"format": "csv"}, {"format": "csv", "ground": " "}):
            assert (await client.post("/api/v1/events/export", json=body)).status_code == 422


def test_whole_months_go_after_retention_and_no_event_does(world):
    def counts(session, _actor):
        tables = (AccessLog, AccessLogSubject, Event)
        return [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]

    world.run(lambda session, actor: session.look([world.people["member"]], ["name"], "service"))
    clock = world.house.clock
    logs, _, events = world.run(counts)
    began = clock()
    assert logs >= 1
    clock.set(began.replace(year=began.year + 1, day=28))  # twelve months later the same month is still kept whole
    assert world.run(inspection.drop_expired) == 0
    clock.set(began.replace(year=began.year + 1, month=began.month + 1, day=1) + dt.timedelta(days=1))
    assert world.run(inspection.drop_expired) == logs
    assert world.run(counts) == [0, 0, events]
    assert world.run(inspection.drop_expired) == 0
    clock.set(began)


def test_retention_cannot_be_set_below_six_months():
    assert Settings(access_log_months=6).access_log_months == 6
    with pytest.raises(ValidationError):
        Settings(access_log_months=5)


async def test_who_reads_a_document_that_names_somebody_is_logged(world):
    await accepted(world, "member2")
    (receipt, *_) = (await get(world, "liaison", "/documents?kind=receipt")).json()["items"]
    for path in ("", "/file?format=json"):
        assert (await get(world, "liaison", f"/documents/{receipt['id']}{path}")).status_code == 200
    looks = (await get(world, "member2", "/me/access-log")).json()["items"]
    told = [(look["step"], look["purpose"], look["fields"]) for look in looks if look["purpose"] == "document"]
    assert told == [("document.export", "document", ["name"]), ("document.read", "document", ["name"])]
