"""The record of service as a paper: from the ledger alone, once for the same record, verifiable, revocable."""

from __future__ import annotations

import pytest

from api.adapters.render import render
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import HOUR, planned, present, served, signed_up, so_far
from tests.support.world import LONG_AGO


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    built.run(_at_home, built)
    yield built
    built.close()


def _at_home(session, actor, world):
    from api.services import people

    more = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
    people.affiliate(session, actor, world.people["member"], world.places["community"], "registration", **more)


def sealed(world):
    from api.services import sealer

    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


async def certified(world, name="member", **period):
    async with world.client(name) as client:
        return await client.post(
            "/api/v1/documents/certificates",
            json={**so_far(world), **period},
        )


async def test_nothing_served_is_no_paper(world):
    answer = await certified(world, "member3")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_served")
    later = await certified(world, until="2031-01-01")
    assert (later.status_code, later.json()["code"]) == (422, "not_yet_over")
    backwards = await certified(world, since="2026-02-01", until="2026-02-01")
    assert (backwards.status_code, backwards.json()["code"]) == (422, "ends_before_it_begins")


async def test_a_certificate_states_time_content_and_recorder_and_is_verified_by_anybody(world, time):
    await served(world, time, "member")
    duty = await planned(world, time, nature="party_duty")
    await signed_up(world, "member", duty)
    for direction in ("check_in", "check_out"):
        time.forward(hours=1)
        assert (await present(world, "member", duty, direction)).status_code == 200
    sealed(world)
    answer = await certified(world)
    assert answer.status_code == 201, answer.text
    paper = answer.json()
    content = paper["content"]
    assert content["title"]["zh"] == "志愿服务记录（平台服务记录）"
    assert (content["holder"]["name"], content["holder"]["idNumber"]) == ("测member", None)
    assert (content["minutes"], content["count"], content["duration"]["zh"]) == (60, 1, "1小时0分钟")
    line = content["services"][0]
    assert (line["activity"], line["community"]["name"], line["minutes"], line["late"]) == (
        "陪诊服务",
        "桃园社区",
        60,
        False,
    )
    assert line["provenance"]["code"] == "code"
    assert (await certified(world)).json()["number"] == paper["number"]
    async with world.client() as anybody:
        shown = await anybody.get(f"/verify/{paper['number']}", headers={"Accept": "application/json"})
    assert shown.json()["state"] == "issued"
    assert "测member" not in shown.text
    async with world.client("member2") as other:
        assert (await other.get(f"/api/v1/documents/{paper['id']}")).status_code == 404
    async with world.client("member") as member:
        file = await member.get(f"/api/v1/documents/{paper['id']}/file", params={"format": "pdf"})
    assert file.content.startswith(b"%PDF")


async def test_a_reversed_entry_leaves_the_next_paper(world, time):
    await served(world, time, "member2")
    await served(world, time, "member2")
    sealed(world)
    first = (await certified(world, "member2")).json()
    assert first["content"]["minutes"] == 120
    async with world.client("member2") as member:
        entries = (await member.get("/api/v1/entries", params={"mine": True})).json()["items"]
    async with world.client("district_officer") as officer:
        mistake = {"reason": "recorded_by_mistake"}
        undone = await officer.post(f"/api/v1/entries/{entries[0]['id']}/reverse", json=mistake)
        assert undone.status_code == 200, undone.text
    sealed(world)
    second = (await certified(world, "member2")).json()
    assert (second["content"]["minutes"], second["number"] == first["number"]) == (60, False)


async def test_a_paper_whose_entry_was_taken_back_is_superseded_at_once_and_names_the_next_one(world, time):
    await served(world, time, "member")
    await served(world, time, "member")
    sealed(world)
    first = (await certified(world)).json()
    async with world.client("member") as member:
        entries = (await member.get("/api/v1/entries", params={"mine": True, "unit": "volunteer_minutes"})).json()
    async with world.client("district_officer") as officer:
        undone = await officer.post(
            f"/api/v1/entries/{entries['items'][0]['id']}/reverse", json={"reason": "duplicate"}
        )
        assert undone.status_code == 200, undone.text
    shown = await verified(world, first)
    assert (shown["state"], shown["changedOn"], shown["supersededBy"]) == (
        "superseded", f"{time() + 8 * HOUR:%Y-%m-%d}", None,
    )  # fmt: skip
    async with world.client("member") as member:
        again = (await member.get(f"/api/v1/documents/{first['id']}")).json()
        assert (again["state"], again["allowedActions"]) == ("superseded", [])
    sealed(world)
    second = (await certified(world)).json()
    assert second["content"]["minutes"] == first["content"]["minutes"] - 60
    assert (await verified(world, first))["supersededBy"] == second["number"]
    assert (await verified(world, second))["state"] == "issued"


async def verified(world, paper):
    async with world.client() as anybody:
        return (await anybody.get(f"/verify/{paper['number']}", headers={"Accept": "application/json"})).json()


async def test_a_certificate_is_revoked_by_two_with_a_reason_that_the_public_does_not_see(world, time):
    await served(world, time, "member")
    sealed(world)
    paper = (await certified(world)).json()
    path, why = f"/api/v1/documents/{paper['id']}", {"reason": "冒名领取的证明"}
    async with world.client("district_officer") as officer:
        alone = await officer.post(f"{path}/revoke", json=why)
        assert (alone.status_code, alone.json()["code"]) == (409, "revocation_not_proposed")
        assert (await officer.post(f"{path}/propose-revocation", json=why)).status_code == 200
        twice = await officer.post(f"{path}/propose-revocation", json=why)
        assert (twice.status_code, twice.json()["code"]) == (409, "revocation_proposed")
        own = await officer.post(f"{path}/revoke", json=why)
        assert (own.status_code, own.json()["code"]) == (403, "needs_second_person")
        assert (await officer.post(f"{path}/keep")).status_code == 200
        assert (await officer.post(f"{path}/keep")).json()["code"] == "revocation_not_proposed"
    assert (await verified(world, paper))["state"] == "issued"
    async with world.client("worker") as worker:
        assert (await worker.post(f"{path}/propose-revocation", json=why)).status_code == 200
        assert (await worker.post(f"{path}/revoke", json=why)).status_code == 403
    async with world.client("district_officer") as officer:
        gone = await officer.post(f"{path}/revoke", json=why)
        assert (gone.status_code, gone.json()["state"]) == (200, "revoked")
    async with world.client() as anybody:
        page = await anybody.get(f"/verify/{paper['number']}")
    assert "已撤销" in page.text
    assert why["reason"] not in page.text


async def test_it_is_called_a_certificate_only_once_the_district_says_by_what_basis_it_is_connected(world, time):
    async with world.client("district_officer") as officer:
        place = {"organizationId": str(world.places["district"]), "mode": "on"}
        without = await officer.post("/api/v1/switches/national_connection", json=place)
        assert without.status_code == 422
        basis = {**place, "basis": "测试接入函〔2026〕1号"}
        assert (await officer.post("/api/v1/switches/national_connection", json=basis)).status_code in (200, 201)
    await served(world, time, "member2")
    sealed(world)
    content = (await certified(world, "member2")).json()["content"]
    assert content["title"]["zh"] == "志愿服务记录证明"
    assert "测试接入函〔2026〕1号" in content["notes"][0]["zh"]
    assert "平台服务记录" not in content["notes"][0]["zh"]


def test_the_paper_calls_itself_a_record_of_the_platform_in_both_languages():
    from datetime import UTC, date, datetime

    from api.domain.documents import Head, Holder, Label, Party, Served, certificate, content_hash, document_number

    here = Party("桃园社区", "320508001001")
    one = Served(date(2026, 3, 1), "义诊", "", here, None, "丁", 95, Label("roll_call", "点名", "roll call"), late=True)
    content = certificate(
        Head(here, None, date(2026, 1, 1), date(2027, 1, 1)), holder=Holder("𠮷甲", "002X"), served=[one], position=7
    )
    issue = {
        "number": document_number("certificate", "320500", 2026, 1), "sha256": content_hash(content),
        "verify_url": "http://127.0.0.1/verify/x", "issued_at": datetime(2026, 4, 1, tzinfo=UTC),
    }  # fmt: skip
    for language in ("zh", "en"):
        assert render(content, **issue, form="pdf", language=language).startswith(b"%PDF")
    assert content["duration"] == {"zh": "1小时35分钟", "en": "1 h 35 min"}
    assert content["holder"]["idNumber"] == "**************002X"
    assert "平台服务记录" in content["notes"][0]["zh"]
