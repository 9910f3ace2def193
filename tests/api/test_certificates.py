"""The record of service as a paper: from the ledger alone, once for the same record, verifiable, revocable."""

from __future__ import annotations

import pytest

from api.adapters.render import render
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import planned, present, served, signed_up, so_far
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
