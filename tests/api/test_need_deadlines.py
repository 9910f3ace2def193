"""Needs in time over HTTP: checked by a day, answered by a day, told to who asked, and listed a month ahead."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from PIL import Image

from api.jobs.sealing import do_due
from tests.support import world as worlds
from tests.support.clock import START, Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), token_minutes=60 * 24 * 60)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def monday(world):
    world.house.clock.set(START)


async def asked(world, *, publish=True, at="community", worker="worker", **more):
    body = {"title": "独居老人需要理发", "category": "elderly_care", "communityId": str(world.places[at]), **more}
    async with world.client("member") as member, world.client(worker) as office:
        created = await member.post("/api/v1/needs", json=body)
        assert created.status_code == 201, created.text
        path = f"/api/v1/needs/{created.json()['id']}"
        await member.post(f"{path}/submit")
        if publish:
            assert (await office.post(f"{path}/publish")).status_code == 200
    return path


async def waits(world, name, path):
    async with world.client(name) as who:
        items = (await who.get("/api/v1/inbox", params={"limit": 100})).json()["items"]
    return [item for item in items if item["link"] == path]


async def test_what_a_community_does_not_check_in_five_working_days_waits_for_its_street_as_well(world):
    path = await asked(world, publish=False)
    (here,) = await waits(world, "worker", path)
    assert (here["kind"], here["dueOn"], here["late"]) == ("need", "2026-03-09", False)  # Tuesday to Monday
    world.house.clock.set(START + timedelta(days=7))
    do_due(world.house)
    assert await waits(world, "street_officer", path) == []
    world.house.clock.set(START + timedelta(days=8))
    do_due(world.house)
    (above,) = await waits(world, "street_officer", path)
    assert (above["late"], "need.publish" in above["allowedActions"]) == (True, True)
    async with world.client("street_officer") as street:
        assert (await street.post(f"{path}/publish")).json()["state"] == "published"
    assert do_due(world.house) == 0


async def test_what_nobody_answers_is_prolonged_or_answered_and_who_asked_is_told(world):
    path = await asked(world, replyBy="2026-03-06", expiresOn="2026-03-31")
    async with world.client("worker") as worker, world.client("member") as member:
        assert await waits(world, "worker", path) == []
        world.house.clock.set(START + timedelta(days=5))
        (due,) = await waits(world, "worker", path)
        assert (due["kind"], due["late"]) == ("need_due", True)
        early = await worker.post(f"{path}/prolong", json={"replyBy": "2026-03-01"})
        assert (early.status_code, early.json()["code"]) == (422, "expiry_past")
        beyond = await worker.post(f"{path}/prolong", json={"replyBy": "2026-03-31"})
        assert beyond.json()["code"] == "reply_after_expiry"
        assert (await worker.post(f"{path}/prolong", json={"replyBy": "2026-03-20"})).json()["replyBy"] == "2026-03-20"
        assert await waits(world, "worker", path) == []
        assert (await member.post(f"{path}/answer", json={"reason": "无"})).status_code == 403
        told = (await worker.post(f"{path}/answer", json={"reason": "附近没有会理发的志愿者"})).json()
        assert (told["state"], told["reason"]) == ("expired", "附近没有会理发的志愿者")
        assert (await member.get(path)).json()["reason"] == "附近没有会理发的志愿者"
    (mine,) = await waits(world, "member", path)
    assert mine["kind"] == "need_told"


async def test_what_expires_is_told_to_who_asked_for_a_while(world):
    path = await asked(world, expiresOn="2026-03-10")
    world.house.clock.set(START + timedelta(days=7))
    do_due(world.house)
    assert await waits(world, "member", path) == []
    world.house.clock.set(START + timedelta(days=8))
    do_due(world.house)
    (mine,) = await waits(world, "member", path)
    assert (mine["kind"], mine["state"]) == ("need_told", "expired")
    world.house.clock.set(START + timedelta(days=39))
    assert await waits(world, "member", path) == []


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"expiresOn": "2026-03-02"}, 422, "expiry_past", "/expiresOn"),
        ({"replyBy": "2026-03-01"}, 422, "expiry_past", "/replyBy"),
        ({"replyBy": "2026-03-05", "expiresOn": "2026-03-05"}, 422, "reply_after_expiry", "/replyBy"),
        ({"budgetFen": -1}, 422, None, "/budgetFen"),
        ({"headcount": 0}, 422, None, "/headcount"),
        ({"gates": {"ageFrom": 60, "ageTo": 18}}, 422, "ages_contradict", "/gates/ageTo"),
        ({"gates": {"groups": ["nobility"]}}, 422, None, "/gates/groups/0"),
        ({"attachments": ["01a2039c-471f-73cb-83b3-581a9e8a8ee6"]}, 422, "not_an_attachment", "/attachments/0"),
        (
            {"windows": [{"startsAt": "2026-03-07T11:00:00+08:00", "endsAt": "2026-03-07T09:00:00+08:00"}]},
            422, "window_contradicts", "/windows/0",
        ),
        (
            {
                "windows": [{"startsAt": "2026-03-07T09:00:00+08:00", "endsAt": "2026-03-07T11:00:00+08:00"}],
                "expiresOn": "2026-03-07",
            },
            422, "window_after_expiry", "/windows/0",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_where_it_stands(world, more, status, code, pointer):
    body = {"title": "事", "category": "general", "communityId": str(world.places["community"]), **more}
    async with world.client("member") as member:
        refused = await member.post("/api/v1/needs", json=body)
    assert refused.status_code == status, refused.text
    assert code in (None, refused.json()["code"])
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert any("一" <= sign <= "鿿" for sign in refused.json()["detail"])


async def test_a_picture_on_a_need_has_lost_where_it_was_taken_and_nobody_attaches_what_is_anothers(world):
    exif = Image.Exif()
    exif[0x010F] = "Canary Phone"
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 17.0, 56.4)})
    taken = io.BytesIO()
    Image.new("RGB", (30, 10), "green").save(taken, "JPEG", exif=exif)
    assert b"Canary" in taken.getvalue()
    body = {"title": "墙面渗水", "category": "infrastructure", "communityId": str(world.places["community"])}
    async with world.client("member") as member, world.client("member2") as other, world.client("worker") as worker:
        sent = {"file": ("墙.jpg", taken.getvalue(), "image/jpeg")}
        kept = (await member.post("/api/v1/files", files=sent)).json()
        text = await member.post("/api/v1/files", files={"file": ("a.txt", b"text", "text/plain")})
        refused = await member.post("/api/v1/needs", json={**body, "attachments": [text.json()["id"]]})
        assert refused.json()["code"] == "not_an_attachment"
        stolen = await other.post("/api/v1/needs", json={**body, "attachments": [kept["id"]]})
        assert stolen.json()["code"] == "not_an_attachment"
        broken = await member.post("/api/v1/files", files={"file": ("a.jpg", b"\xff\xd8\xff no", "image/jpeg")})
        assert (broken.status_code, broken.json()["code"]) == (422, "picture_unreadable")
        need = (await member.post("/api/v1/needs", json={**body, "attachments": [kept["id"]]})).json()
        path = f"/api/v1/needs/{need['id']}"
        assert (await other.get(f"{path}/attachments/{kept['id']}")).status_code == 404
        await member.post(f"{path}/submit")
        await worker.post(f"{path}/publish")
        seen = await other.get(f"{path}/attachments/{kept['id']}")
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
        assert b"Canary" not in seen.content
        assert b"Exif" not in seen.content
        assert (await other.get(f"{path}/attachments/{need['id']}")).status_code == 404


async def test_where_a_district_wants_it_next_months_needs_are_frozen_on_a_day_and_later_ones_are_supplements(world):
    async with world.client("district_officer") as district, world.client("member2") as reader:
        rule = {"organizationId": str(world.places["district"]), "basis": "R-09", "terms": {"listDay": 20}}
        assert (await district.post("/api/v1/match-rules", json=rule)).status_code == 201
        window = {"startsAt": "2026-04-04T09:00:00+08:00", "endsAt": "2026-04-04T11:00:00+08:00", "every": "week"}
        first = await asked(world, at="community2", worker="worker2", windows=[window], headcount=3)
        soon = {"startsAt": "2026-03-28T09:00:00+08:00", "endsAt": "2026-03-28T11:00:00+08:00"}
        late = await asked(world, at="community2", worker="worker2", windows=[soon])
        world.house.clock.set(START + timedelta(days=17))
        do_due(world.house)
        assert await notices(reader) == []
        world.house.clock.set(START + timedelta(days=18))
        do_due(world.house)
        (notice,) = await notices(reader)
        assert (notice["title"], notice["circle"]) == ("2026年4月需求清单", "public")
        document = f"/api/v1/documents/{notice['id']}"
        (line,) = (await reader.get(document)).json()["content"]["needs"]
        assert (line["headcount"], line["when"]) == (3, "2026-04-04 09:00–11:00，每周")
        assert (await reader.get(f"{document}/file", params={"format": "xlsx"})).status_code == 200
        more = await asked(world, at="community2", worker="worker2")
        do_due(world.house)
        assert len(await notices(reader)) == 1
        told = [(await reader.get(path)).json() for path in (first, late, more)]
        assert [(each["forMonth"], "supplement" in each["flags"]) for each in told] == [
            ("2026-04-01", False), ("2026-03-01", True), ("2026-04-01", True),
        ]  # fmt: skip
        listed = (await reader.get("/api/v1/needs", params={"forMonth": str(date(2026, 4, 1))})).json()["items"]
        assert {f"/api/v1/needs/{each['id']}" for each in listed} == {first, more}


async def notices(reader):
    return (await reader.get("/api/v1/documents", params={"kind": "notice"})).json()["items"]
