"""Micro-wishes over HTTP: claimed by one at a time, let go at no cost, seen through once under way, thanked for."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.errors import Problem
from api.models import AccessLogSubject, Event
from api.services import changes, need_claims
from tests.support import offering
from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.matching import proposed

DOOR = "桃园里 3 幢 201 室"
CROWD = 100


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), token_minutes=60 * 24 * 60)
    yield built
    built.close()


async def wished(world, *, publish=True, by="member", **more):
    body = {
        "kind": "micro_wish", "title": "一台收音机", "category": "elderly_care", "place": DOOR,
        "recipient": "陈奶奶 13900000000", "communityId": str(world.places["community"]), **more,
    }  # fmt: skip
    async with world.client(by) as asker, world.client("worker") as worker:
        answer = await asker.post("/api/v1/needs", json=body)
        assert answer.status_code == 201, answer.text
        path = f"/api/v1/needs/{answer.json()['id']}"
        assert (await asker.post(f"{path}/submit")).status_code == 200
        if publish:
            shown = await worker.post(f"{path}/publish")
            assert shown.status_code == 200, shown.text
    return path


async def test_a_wish_is_claimed_let_go_claimed_again_brought_confirmed_and_thanked_for(world):
    path = await wished(world)
    async with world.client("member2") as one, world.client("member3") as two, world.client("member") as asker:
        shown = await one.get(path)
        assert [each for each in (DOOR, "陈奶奶") if each in shown.text] == []
        assert shown.json()["allowedActions"] == ["need.claim"]
        assert (await one.get(f"{path}/contact")).status_code == 403
        assert (await asker.post(f"{path}/claim", json={})).json()["code"] == "own_wish"
        claimed = (await one.post(f"{path}/claim", json={})).json()
        assert (claimed["state"], claimed["claimedByMe"]) == ("matched", True)
        assert claimed["allowedActions"] == ["need.start", "need.release"]
        assert (await two.get(path)).json()["claimedByMe"] is False
        assert (await two.post(f"{path}/claim", json={})).json()["code"] == "need_not_open"
        assert (await two.post(f"{path}/start")).status_code == 403
        told = (await one.get(f"{path}/contact")).json()
        assert (told["place"], told["recipient"]) == (DOOR, "陈奶奶 13900000000")
        released = (await one.post(f"{path}/release", json={})).json()
        assert (released["state"], released["claimedByMe"]) == ("published", False)
        assert (await one.get(f"{path}/contact")).status_code == 403
        assert (await two.post(f"{path}/claim", json={})).status_code == 200
        mine = (await two.get("/api/v1/needs", params={"claimed": "me"})).json()["items"]
        assert [f"/api/v1/needs/{each['id']}" for each in mine] == [path]
        assert (await two.post(f"{path}/start")).json()["state"] == "in_progress"
        refused = await two.post(f"{path}/release", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "under_way")
        assert (await two.post(f"{path}/complete")).json()["state"] == "done"
        assert (await two.get(f"{path}/contact")).status_code == 403
        assert (await two.post(f"{path}/confirm")).status_code == 403
        waiting = (await asker.get("/api/v1/inbox")).json()["items"]
        assert [each["kind"] for each in waiting if path in each["link"]] == ["need_told"]
        assert (await asker.post(f"{path}/confirm")).json()["state"] == "confirmed"
        assert (await one.post(f"{path}/thank", json={"thanks": "不是我的"})).status_code == 403
        assert (await asker.post(f"{path}/thank", json={"thanks": "谢谢您！"})).json()["thanks"] == "谢谢您！"
        assert (await two.get(path)).json()["thanks"] == "谢谢您！"
        assert (await one.get(path)).json()["thanks"] is None
    with world.house.engines.look(world.operator.tenant_id) as session:
        looked = session.rows(
            sa.select(AccessLogSubject.fields).where(AccessLogSubject.person_id == world.people["member"])
        )
    assert [row.fields for row in looked] == ["place,recipient"]


async def test_a_unit_claims_for_itself_and_the_community_takes_back_what_somebody_who_vanished_holds(world):
    path = await wished(world, gates={"groups": ["unit"]})
    unit = {"organizationId": str(world.places["unit"])}
    async with world.client("member2") as member, world.client("liaison") as liaison, world.client("worker") as worker:
        refused = await member.post(f"{path}/claim", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_of_the_group")
        offered = [(await client.get(path)).json()["allowedActions"] for client in (member, liaison)]
        assert offered == [[], ["need.claim"]]
        assert (await member.post(f"{path}/claim", json=unit)).status_code == 403
        other = {"organizationId": str(world.places["unit2"])}
        assert (await liaison.post(f"{path}/claim", json=other)).status_code == 403
        claimed = (await liaison.post(f"{path}/claim", json=unit)).json()
        assert (claimed["claimedFor"], claimed["claimedByMe"]) == (str(world.places["unit"]), True)
        assert (await liaison.get(f"{path}/contact")).json()["place"] == DOOR
        await liaison.post(f"{path}/start")
        world.house.clock.forward(days=15)
        assert (await worker.post(f"{path}/release", json={})).json()["code"] == "reason_needed"
        waiting = (await worker.get("/api/v1/inbox")).json()["items"]
        assert [each["kind"] for each in waiting if path in each["link"]] == ["need_due"]
        assert (await worker.post(f"{path}/release", json={"reason": "两周未送达"})).json()["state"] == "published"
        assert (await liaison.get(f"{path}/contact")).status_code == 403
        assert (await member.get(path)).json()["reason"] is None
        project = await proposed(world, needId=(await member.get(path)).json()["id"])
        for side in (liaison, worker):
            await side.post(f"/api/v1/projects/{project['id']}/accept")
        matched = (await member.get(path)).json()
        assert (matched["state"], matched["reason"]) == ("matched", None)
        assert (await worker.get(path)).json()["reason"] == "两周未送达"
    world.house.clock.set(START)


@pytest.mark.parametrize(
    ("gates", "code", "words"),
    [
        ({"qualifications": ["electrician"]}, "qualification_missing", "electrician"),
        ({"insurance": True}, "insurance_missing", "意外伤害保险"),
        ({"groups": ["retired", "team"]}, "not_of_the_group", "retired"),
    ],
)
async def test_who_does_not_pass_a_gate_is_told_which(world, gates, code, words):
    path = await wished(world, gates=gates)
    async with world.client("member2") as member:
        assert (await member.get(path)).json()["allowedActions"] == []  # nor is it offered
        refused = await member.post(f"{path}/claim", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert words in refused.json()["detail"]


async def test_only_wishes_are_claimed_and_only_while_answers_are_taken(world):
    path = await wished(world, kind="need")
    late = await wished(world, replyBy="2026-03-05", expiresOn="2026-03-20")
    async with world.client("member2") as member:
        assert (await member.post(f"{path}/claim", json={})).json()["code"] == "claimed_by_project"
        world.house.clock.set(START + timedelta(days=4))
        assert (await member.get(late)).json()["allowedActions"] == []
        assert (await member.post(f"{late}/claim", json={})).json()["code"] == "reply_over"
    world.house.clock.set(START)


def claimed_at_once(world, need_id, people):
    def one(person):
        try:
            return world.house.write_now(person, need_claims.claim, need_id, None)
        except Problem as why:
            return why

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(one, people))


@pytest.fixture(scope="module")
def crowd(world):
    return offering.crowd(world, CROWD)


def claims(world, need_id):
    with world.house.engines.look(world.operator.tenant_id) as session:
        told = session.rows(sa.select(Event.id).where(Event.subject_id == need_id, Event.kind == "need.claim"))
    return len(told)


async def test_of_a_hundred_who_claim_at_once_one_has_it(world, crowd):
    path = await wished(world)
    need_id = _id(path)
    outcomes = claimed_at_once(world, need_id, crowd)
    said = Counter("yes" if not isinstance(each, Problem) else each.code for each in outcomes)
    assert said == Counter(yes=1, need_not_open=CROWD - 1)
    assert claims(world, need_id) == 1


async def test_without_the_state_and_the_version_in_the_way_a_wish_has_many_claims(world, crowd, monkeypatch):
    """Control."""
    path = await wished(world)

    def taken(session, actor, table, row, step, values, *, at, grant=None):
        session.execute(sa.update(table).where(table.id == row.id).values(claimed_by=values["claimed_by"]))
        changes.record(session, actor, step, "need", row.id, at=at, grant=grant)

    monkeypatch.setattr(need_claims.changes, "take", taken)
    claimed_at_once(world, _id(path), crowd[:20])
    assert claims(world, _id(path)) > 1


def _id(path):
    return UUID(path.rsplit("/", 1)[1])


async def met(world, path, by="member3"):
    async with world.client(by) as other:
        for step, body in (("claim", {}), ("start", None), ("complete", None)):
            answer = await other.post(f"{path}/{step}", json=body)
            assert answer.status_code == 200, answer.text
    return path


async def test_a_story_is_read_by_others_only_when_both_sides_agreed_and_the_community_published_it(world):
    path = await met(world, await wished(world))
    async with (
        world.client("member") as asker, world.client("member3") as giver, world.client("member2") as reader,
        world.client("worker") as worker,
    ):  # fmt: skip
        words = {"title": "一台收音机", "text": "老人又听上了评弹"}
        assert (await reader.post(f"{path}/stories", json=words)).status_code == 403
        told = (await asker.post(f"{path}/stories", json=words)).json()
        assert (told["state"], told["waitsFor"], told["allowedActions"]) == ("told", 1, ["story.retract"])
        story = f"/api/v1/stories/{told['id']}"
        assert (await giver.post(f"{path}/stories", json=words)).json()["code"] == "story_told_already"
        assert (await reader.get(story)).status_code == 404
        refused = await worker.post(f"{story}/publish")
        assert (refused.status_code, refused.json()["code"]) == (409, "voices_missing")
        assert "1位" in refused.json()["detail"]
        assert (await giver.get(story)).json()["allowedActions"] == ["story.agree", "story.retract"]
        assert (await giver.post(f"{story}/agree")).json()["waitsFor"] == 0
        assert (await reader.get("/api/v1/stories", params={"text": "评弹"})).json()["items"] == []
        assert (await worker.post(f"{story}/publish")).json()["state"] == "published"
        (seen,) = (await reader.get("/api/v1/stories", params={"text": "评弹"})).json()["items"]
        assert (seen["id"], seen["waitsFor"], seen["allowedActions"]) == (told["id"], None, [])
        assert (await reader.post(f"{story}/retract")).status_code == 403
        assert (await giver.post(f"{story}/retract")).json()["text"] == ""
        assert (await reader.get("/api/v1/stories", params={"text": "评弹"})).json()["items"] == []
        assert (await reader.get(story)).status_code == 404
        again = (await giver.post(f"{path}/stories", json=words)).json()
        declined = await worker.post(f"/api/v1/stories/{again['id']}/decline", json={"reason": "请改用化名"})
        assert (declined.json()["state"], declined.json()["reason"]) == ("declined", "请改用化名")
