"""征求意见 over HTTP: a person heard by Party organisations, a unit's honour deliberated by a roster."""

from __future__ import annotations

import json

import pytest

from api.services import own_data, sealer
from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.hearing import RESIDENTS, asked, furnish, said, send
from tests.support.service_calls import served


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 200)
    built.run(furnish, built)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _morning(time):
    time.set(START)


def code(answer):
    return answer.status_code, answer.json().get("code")


def sealed(world):
    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


async def due(world, name):
    """Return the opinions that wait for the voice of somebody."""
    items = (await send(world, name, "/inbox?limit=100")).json()["items"]
    return [item["id"] for item in items if item["kind"] == "opinion"]


async def verified(world, number):
    async with world.client() as anybody:
        return await anybody.get(f"/verify/{number}", headers={"Accept": "application/json"})


async def test_a_person_is_heard_told_and_answers_before_the_paper_goes_to_who_asked(world, time):
    await served(world, time, "member")
    sealed(world)
    named = [{"personId": str(world.people["committee"])}]
    first = await asked(world, readers=named)
    assert first.status_code == 201, first.text
    opinion, path = first.json(), f"/opinions/{first.json()['id']}"
    assert (opinion["state"], opinion["dueOn"], opinion["organizationName"]) == ("asked", "2026-03-23", "桃园街道")
    assert [each["organizationName"] for each in opinion["heard"]] == ["桃园社区", "桃园街道"]
    assert code(await asked(world)) == (409, "opinion_asked_already")
    assert code(await asked(world, personId=str(world.people["member3"]))) == (404, "not_found")
    assert code(await asked(world, personId=str(world.people["liaison"]))) == (409, "own_opinion")
    assert (await asked(world, by="member")).status_code == 403
    for stranger in ("worker2", "street_officer", "district_officer", "auditor", "colleague", "committee", "member"):
        assert (await send(world, stranger, path)).status_code == 404, stranger
    case = (await send(world, "street_officer", f"/cases/{opinion['caseId']}")).json()
    assert (case["reason"], case["subjectId"]) == ("member_development", opinion["id"])
    await _organisations_speak_once(world, opinion["id"], path)
    await _the_person_replies_before_it_is_issued(world, path)
    issued = await send(world, "party", f"{path}/issue", {"text": "同意发展，建议继续培养"})
    assert (issued.status_code, issued.json()["state"]) == (200, "issued"), issued.text
    await _the_paper_is_for_the_named(world, issued.json())


async def _organisations_speak_once(world, opinion, path):
    assert code(await send(world, "party", f"{path}/draft", {"conclusion": "supports", "text": "同意"})) == (
        409, "not_all_heard",
    )  # fmt: skip
    assert (await said(world, "worker", opinion, "street")).status_code == 403
    assert await due(world, "worker") == [opinion]
    assert (await said(world, "worker", opinion, "community")).status_code == 200
    assert [await due(world, name) for name in ("worker", "party", "liaison", "member")] == [[], [opinion], [], []]
    assert code(await said(world, "worker", opinion, "community")) == (409, "spoken_already")
    assert (await said(world, "party", opinion, "street", "agrees_with_remarks", "希望多参加")).status_code == 200
    seen = (await send(world, "liaison", path)).json()
    assert [(each["spoken"], each["stance"]) for each in seen["heard"]] == [(True, None), (True, None)]


async def _the_person_replies_before_it_is_issued(world, path):
    drafted = await send(world, "party", f"{path}/draft", {"conclusion": "supports", "text": "拟同意发展"})
    assert drafted.status_code == 200, drafted.text
    assert len(await due(world, "member")) == 1
    own = (await send(world, "member", path)).json()
    assert (own["draft"]["text"], own["replyUntil"], own["allowedActions"]) == (
        "拟同意发展", "2026-03-09", ["opinion.reply"],
    )  # fmt: skip
    assert [line["value"]["zh"] for line in own["draft"]["record"]] == ["1小时0分钟", "1 项，1 天", "0小时0分钟", "无"]
    assert (await send(world, "liaison", path)).json()["draft"] is None
    assert code(await send(world, "party", f"{path}/issue", {})) == (409, "reply_open")
    assert (await send(world, "member", f"{path}/reply", {"text": "愿意继续服务"})).status_code == 200
    assert await due(world, "member") == []
    assert code(await send(world, "member", f"{path}/reply", {"text": "再说"})) == (409, "spoken_already")


async def _the_paper_is_for_the_named(world, issued):
    number, paper = issued["number"], f"/documents/{issued['documentId']}"
    content = (await send(world, "liaison", paper)).json()["content"]
    assert (number[:2], content["opinion"]["text"]["zh"]) == ("YJ", "同意发展，建议继续培养")
    assert content["opinion"]["reply"]["zh"] == "愿意继续服务"
    assert [voice["stance"]["code"] for voice in content["heard"]] == ["agrees", "agrees_with_remarks"]
    assert content["votes"] is None
    assert not any(f"测{name}" in json.dumps(content, ensure_ascii=False) for name in ("worker", "party"))
    deliveries = (await send(world, "liaison", "/deliveries?kind=opinion")).json()["items"]
    assert (await send(world, "liaison", f"/deliveries/{deliveries[0]['id']}/acknowledge", {})).status_code == 200
    assert "测member" not in json.dumps(deliveries, ensure_ascii=False)
    for stranger in ("colleague", "street_officer", "auditor", "member2"):
        assert (await send(world, stranger, paper)).status_code == 404, stranger
    assert (await send(world, "committee", paper)).status_code == 200
    assert code(await send(world, "committee", f"{paper}/file")) == (403, "export_without_ground")
    for reader in ("member", "liaison", "party"):
        assert (await send(world, reader, f"{paper}/file?format=xlsx")).content.startswith(b"PK"), reader
    looked = (await send(world, "member", "/me/access-log")).json()["items"]
    assert "opinion" in {item["purpose"] for item in looked}
    assert _copied(world, "member") == {"opinions": 1, "reviews": 3, "disclosures": 8}
    shown = await verified(world, number)
    assert (shown.json()["state"], shown.json()["kind"], "测member" in shown.text) == ("issued", "opinion", False)
    case = (await send(world, "liaison", f"/cases/{issued['caseId']}")).json()
    assert (case["state"], case["allowedActions"]) == ("answered", [])

    why = {"reason": "事实有误"}
    assert code(await send(world, "party", f"{paper}/revoke", why)) == (409, "revocation_not_proposed")
    assert (await send(world, "party", f"{paper}/propose-revocation", why)).status_code == 200
    assert code(await send(world, "party", f"{paper}/revoke", why)) == (403, "needs_second_person")
    assert (await send(world, "party2", f"{paper}/revoke", why)).status_code == 200
    assert (await verified(world, number)).json()["state"] == "revoked"


async def test_what_is_heard_in_confidence_reaches_the_person_by_no_way(world, time):
    until = f"{time():%Y-%m-%d}"
    first = (await asked(world, procedure="cadre_promotion", personId=str(world.people["member2"]), until=until)).json()
    path = f"/opinions/{first['id']}"
    assert (await said(world, "worker", first["id"], "community", "knows_nothing", "不了解")).status_code == 200
    time.forward(days=14)  # the street says nothing in its seven working days
    late = (await send(world, "liaison", f"/cases/{first['caseId']}")).json()
    assert (late["late"], late["allowedActions"]) == (False, ["case.withdraw"])
    time.forward(days=2)
    escalated = await send(world, "liaison", f"/cases/{first['caseId']}/escalate", {})
    assert (escalated.status_code, escalated.json()["state"]) == (200, "escalated"), escalated.text
    assert code(await send(world, "party", f"{path}/issue", {})) == (422, "wrong_opinion_conclusion")
    assert code(await send(world, "party", f"{path}/issue", {"conclusion": "supports"})) == (
        422, "opinion_text_missing",
    )  # fmt: skip
    body = {"conclusion": "supports_with_remarks", "text": "未发现不良反映"}
    issued = await send(world, "party", f"{path}/issue", body)
    assert (issued.status_code, issued.json()["state"]) == (200, "issued"), issued.text
    content = (await send(world, "liaison", f"/documents/{issued.json()['documentId']}")).json()["content"]
    assert [voice["stance"]["code"] for voice in content["heard"]] == ["knows_nothing", "silent"]
    assert "不告知本人" in content["notes"][0]["zh"]
    for place in (path, f"/documents/{issued.json()['documentId']}"):
        assert (await send(world, "member2", place)).status_code == 404
    log = (await send(world, "member2", "/me/access-log")).json()["items"]
    assert [item for item in log if item["purpose"].startswith("opinion")] == []
    assert _copied(world, "member2") == {"opinions": 0, "reviews": 0, "disclosures": 0}
    rest = await asked(world, procedure="cadre_promotion", personId=str(world.people["member2"]), until=until)
    new = f"/opinions/{rest.json()['id']}"
    body["supersedesId"] = issued.json()["documentId"]
    for by, at in (("worker", "community"), ("party", "street")):
        assert (await said(world, by, rest.json()["id"], at)).status_code == 200
    assert code(await send(world, "party", f"{new}/issue", body)) == (403, "needs_second_person")
    assert (await send(world, "party2", f"{new}/issue", body)).status_code == 200
    assert (await verified(world, issued.json()["number"])).json()["state"] == "superseded"


def _copied(world, name):
    """Return how many rows of each table the copy of a person's own data would hold."""
    from api.access import acting

    def count(session, actor):
        own = acting(session, actor.tenant_id, world.people[name], "data_export.create")
        tables = {table.name: table for table in own_data.tables()}
        return {
            each: len(own_data.of_table(session, own, tables[each])) for each in ("opinions", "reviews", "disclosures")
        }

    return world.run(count)


async def test_an_asking_can_be_declined_or_withdrawn_and_nobody_else_answers_it(world):
    first = (await asked(world, procedure="recommendation")).json()
    assert first["organizationName"] == "桃园社区"
    case = f"/cases/{first['caseId']}"
    assert (await send(world, "worker", f"{case}/assign", {})).status_code == 200
    answer = {"answer": "依据不足，请补充", "outcome": "accepted"}
    assert code(await send(world, "worker", f"{case}/answer", answer)) == (422, "outcome_unfit")
    assert (await send(world, "worker", f"{case}/answer", {**answer, "outcome": "declined"})).status_code == 200
    assert (await send(world, "liaison", f"/opinions/{first['id']}")).json()["state"] == "declined"
    assert code(await send(world, "liaison", f"{case}/reopen", {"reason": "补充"})) == (409, "ask_anew")
    second = (await asked(world, procedure="recommendation")).json()
    back = f"/cases/{second['caseId']}/withdraw"
    assert (await send(world, "worker", back, {})).status_code == 403
    assert (await send(world, "liaison", back, {})).json()["state"] == "closed"
    assert (await send(world, "liaison", f"/opinions/{second['id']}")).json()["state"] == "withdrawn"
    assert code(await said(world, "worker", second["id"], "community")) == (409, "step_not_allowed")


async def of_unit(world, unit, by):
    more = {"unitId": str(world.places[unit]), "askerId": str(world.places[unit]), "purpose": "参评文明单位"}
    return await asked(world, by, procedure="unit_honour", personId=None, **more)


async def test_a_units_honour_is_issued_where_enough_of_the_roster_voted(world):
    first = await of_unit(world, "unit", "liaison")
    assert first.status_code == 201, first.text
    opinion, path = first.json(), f"/opinions/{first.json()['id']}"
    assert code(await send(world, "worker", f"{path}/issue", {"text": "同意"})) == (409, "not_all_heard")
    assert (await said(world, "worker", opinion["id"], "community")).status_code == 200
    assert code(await send(world, "worker", f"{path}/issue", {"text": "同意"})) == (409, "no_panel")

    def ids(*names):
        return {"personIds": [str(world.people[name]) for name in names]}

    assert code(await send(world, "worker", f"{path}/convene", ids(*RESIDENTS[:4]))) == (422, "roster_too_small")
    assert code(await send(world, "worker", f"{path}/convene", ids(*RESIDENTS[:4], "member"))) == (409, "own_opinion")
    assert (await send(world, "worker2", f"{path}/convene", ids(*RESIDENTS))).status_code == 404
    called = await send(world, "worker", f"{path}/convene", ids(*RESIDENTS))
    assert (called.status_code, called.json()["votes"]["quorum"]) == (200, 4), called.text
    assert (await send(world, "liaison", f"{path}/vote", {"choice": "for"})).status_code == 403
    assert await due(world, RESIDENTS[0]) == [opinion["id"]]
    for name, choice in zip(RESIDENTS, ("for", "for", "for", "against", "abstain"), strict=False):
        voted = await send(world, name, f"{path}/vote", {"choice": choice, "reason": f"理由{choice}"})
        assert (voted.status_code, voted.json()["votes"]["counts"]) == (200, None), voted.text
    assert code(await send(world, RESIDENTS[0], f"{path}/vote", {"choice": "against"})) == (409, "spoken_already")
    assert code(await send(world, "worker", f"{path}/issue", {"text": "同意"})) == (409, "votes_open")
    assert (await send(world, RESIDENTS[5], f"{path}/vote", {"choice": "for"})).status_code == 200
    decided = {"text": "同意参评", "conclusion": "does_not_support"}
    assert code(await send(world, "worker", f"{path}/issue", decided)) == (422, "wrong_opinion_conclusion")
    issued = await send(world, "worker", f"{path}/issue", {"text": "同意参评"})
    assert (issued.status_code, issued.json()["state"]) == (200, "issued"), issued.text
    assert issued.json()["votes"]["counts"] == {"for": 4, "against": 1, "abstain": 1}
    paper = (await send(world, "liaison", f"/documents/{issued.json()['documentId']}")).json()["content"]
    assert (paper["opinion"]["conclusion"]["code"], len(paper["votes"]["reasons"])) == ("supports", 5)
    assert not any(f"测{name}" in json.dumps(paper, ensure_ascii=False) for name in RESIDENTS)


async def test_too_few_votes_are_no_opinion(world, time):
    first = (await of_unit(world, "unit2", "liaison2")).json()
    path = f"/opinions/{first['id']}"
    await said(world, "worker", first["id"], "community")
    roster = {"personIds": [str(world.people[name]) for name in RESIDENTS]}
    assert (await send(world, "worker", f"{path}/convene", roster)).status_code == 200
    for name in RESIDENTS[:3]:  # of six four have to vote
        await send(world, name, f"{path}/vote", {"choice": "for"})
    time.forward(days=30)
    assert code(await send(world, RESIDENTS[3], f"{path}/vote", {"choice": "for"})) == (409, "votes_over")
    ended = await send(world, "worker", f"{path}/issue", {"text": "同意参评"})
    assert (ended.status_code, ended.json()["state"], ended.json()["number"]) == (200, "not_quorate", None), ended.text
    case = (await send(world, "liaison2", f"/cases/{first['caseId']}")).json()
    assert (case["state"], case["answer"]) == ("answered", "参加投票人数未达规定，不出具意见。")
