"""国办函〔2026〕12号 and the rules of 2023–24: no compulsory check-in, ranking, photos or likes; an ear for all."""

from __future__ import annotations

import copy

import pytest

from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped
from api.domain.tenancy import BelowCounty
from api.services import tenants
from tests.support.law import article
from tests.support.service_calls import code_of, planned, present, signed_up

NOTICE = "国办函〔2026〕12号"


async def switches(world):
    async with world.client("member") as member:
        answer = await member.get("/api/v1/switches", params={"organizationId": str(world.places["community"])})
    return {one["code"]: one for one in answer.json()["items"]}


@article(
    NOTICE,
    "强制打卡",
    "定位签到默认关闭，且从不是唯一方式",
    "Check-in by location is off unless chosen, and never the only way",
)
async def test_nobody_has_to_tell_where_they_are(world, time):
    assert (await switches(world))["location_check_in"]["on"] is False
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    time.forward(hours=1)
    here = {"latitude": 31.3, "longitude": 120.6, "accuracyMeters": 20, "system": "gcj02"}
    located = {"direction": "check_in", "code": await code_of(world, shift), "location": here}
    async with world.client("member") as member:
        refused = await member.put(f"/api/v1/shifts/{shift}/presences/me", json=located)
    assert (refused.status_code, refused.json()["code"]) == (409, "switched_off")
    assert (await present(world, "member", shift, "check_in")).status_code == 200


@article(
    NOTICE,
    "积分排名、强制留痕",
    "积分排名和照片佐证默认关闭",
    "Ranking by points and photo evidence are off unless chosen",
)
async def test_ranking_and_photos_are_off_and_say_which_rule_bounds_them(world):
    shown = await switches(world)
    for code in ("points_ranking", "photo_evidence"):
        assert shown[code]["on"] is False
        assert NOTICE in shown[code]["reason"]["zh"]
        assert shown[code]["otherwise"]["zh"]


@article(NOTICE, "县级以下不得决定", "开关由区县及以上决定", "Bodies below county level do not decide on them")
async def test_a_street_does_not_switch_anything_on(world):
    body = {"organizationId": str(world.places["street"]), "mode": "on", "basis": "街道通知"}
    for name in ("street_officer", "worker", "liaison"):
        async with world.client(name) as client:
            assert (await client.post("/api/v1/switches/photo_evidence", json=body)).status_code in (403, 422)


@article(
    NOTICE,
    "点赞、登录、在线时长",
    "以登录、点赞、在线时长计分的规则会被指出",
    "Rules that count log-ins, likes or online time are flagged",
)
@pytest.mark.parametrize("measured", ["log_in", "likes", "online_minutes", "photo", "track"])
def test_a_rulebook_that_counts_log_ins_or_likes_is_flagged(measured):
    document = copy.deepcopy(shipped("basic-member").document())
    found = "forced_trace" if measured in ("photo", "track") else "formalism"
    assert found not in {finding.code for finding in lint(read(document))}
    document["measures"][2]["where"]["kind"] = [measured]
    assert found in {finding.code for finding in lint(read(document))}


@article(NOTICE, "政务应用由县级以上开办", "租户须为区县及以上", "A tenant is a district, county or above")
def test_a_street_cannot_become_a_tenant(world):
    with pytest.raises(BelowCounty):
        world.run(lambda session, _: tenants.found_tenant(session, "taoyuan", "桃园街道"))


@article(NOTICE, "数据只报一次", "同一事项重复报送只记一次", "Each fact is asked for once; told again, it stands once")
async def test_the_same_fact_told_twice_stands_once(world, time):
    fact = {
        "kind": "lecture", "organizationId": str(world.places["unit"]), "communityId": str(world.places["community"]),
        "occurredOn": time().date().isoformat(), "amount": 1,
    }  # fmt: skip
    async with world.client("worker") as worker:
        headers = {"Idempotency-Key": "lecture-of-today"}
        told = [await worker.post("/api/v1/facts", json=fact, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in told} == {201}
    assert len({answer.json()["fact"]["id"] for answer in told}) == 1


@article(
    NOTICE,
    "意见渠道",
    "任何人可以投诉、提建议，有时限、有答复",
    "Anybody may complain or suggest, with a clock and an answer",
)
async def test_a_stranger_complains_follows_it_and_is_answered(world):
    complaint = {"kind": "suggestion", "text": "希望周末开放", "organizationId": str(world.places["community"])}
    async with world.client() as anybody:
        told = (await anybody.post("/api/v1/complaints", json=complaint)).json()
        assert told["dueOn"] is not None
    async with world.client("worker") as worker:
        case = (await worker.get("/api/v1/cases", params={"kind": "suggestion"})).json()["items"][0]
        await worker.post(f"/api/v1/cases/{case['id']}/assign", json={})
        answer = {"answer": "下月起周末开放", "outcome": "accepted"}
        assert (await worker.post(f"/api/v1/cases/{case['id']}/answer", json=answer)).status_code == 200
    async with world.client() as anybody:
        follow = {"number": told["number"], "secret": told["secret"]}
        shown = (await anybody.post("/api/v1/complaints/track", json=follow)).json()
    assert (shown["state"], shown["answer"]) == ("answered", "下月起周末开放")


@article(
    NOTICE,
    "应急例外",
    "应急状态有法律依据、两人决定、自动结束",
    "The emergency exception has a basis, two people and an end",
)
async def test_an_emergency_needs_two_people_and_ends_within_thirty_days(world, time):
    from datetime import timedelta

    body = {
        "organizationId": str(world.places["district"]), "title": "防汛应急", "basis": "emergency_response_law",
        "decisionNumber": "东防汛〔2026〕1号", "permits": ["compulsory_check_in"],
    }  # fmt: skip
    async with world.client("district_officer") as officer:
        long = {**body, "endsAt": (time() + timedelta(days=31)).isoformat()}
        refused = await officer.post("/api/v1/emergencies", json=long)
        made = await officer.post(
            "/api/v1/emergencies", json={**body, "endsAt": (time() + timedelta(days=3)).isoformat()}
        )
        alone = await officer.post(f"/api/v1/emergencies/{made.json()['id']}/confirm")
    assert refused.json()["code"] == "emergency_too_long"
    assert (alone.status_code, alone.json()["code"]) == (403, "needs_second_person")
