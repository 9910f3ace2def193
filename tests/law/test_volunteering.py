"""志愿服务条例: voluntary, informed, safe, truthfully recorded, with a way to complain."""

from __future__ import annotations

from tests.support.contract import Contract
from tests.support.law import article
from tests.support.service_calls import planned, present, served, signed_up, so_far

REGULATIONS = "志愿服务条例"


@article(REGULATIONS, "第三条", "志愿服务遵循自愿原则：报名只能由本人作出", "Sign-up is the volunteer's own act")
@article(REGULATIONS, "第二十五条", "任何组织和个人不得强行指派志愿者", "Nobody may be assigned by force")
async def test_nobody_can_sign_up_another_person(world, time):
    shift = await planned(world, time)
    other = {"personId": str(world.people["member"])}
    for name in ("worker", "liaison", "street_officer", "district_officer", "admin"):
        async with world.client(name) as client:
            answer = await client.post(f"/api/v1/shifts/{shift}/signups", json=other)
            assert answer.json().get("personId") in (None, str(world.people[name])), answer.text
            seen = (await client.get(f"/api/v1/shifts/{shift}/signups")).json()["items"]
        assert str(world.people["member"]) not in {one["personId"] for one in seen}
    ways = [one for one in Contract().operations() if one.step.startswith("signup.") and one.method != "GET"]
    assert {one.step for one in ways} == {"signup.create", "signup.cancel", "signup.confirm"}
    assert all("person" not in str(one.schema).lower() for one in ways)


@article(
    REGULATIONS,
    "第二十五条",
    "不参加、取消报名不产生任何不利记录",
    "Declining or cancelling leaves no mark and costs nothing",
)
async def test_who_cancels_in_time_has_the_record_of_who_never_signed_up(world, time):
    shift = await planned(world, time, starts=48)
    await signed_up(world, "member3", shift)
    async with world.client("member3") as member:
        assert (await member.post(f"/api/v1/shifts/{shift}/signups/me/cancel")).json()["state"] == "cancelled"
        record = (await member.get("/api/v1/me/record")).json()
        facts = (await member.get("/api/v1/facts", params={"mine": True})).json()["items"]
    assert (record["totals"], record["months"], facts) == ([], [], [])


@article(REGULATIONS, "第三条", "志愿服务无偿：有偿工作不计入志愿服务时长", "Paid work posts no volunteer minutes")
async def test_paid_work_is_no_voluntary_service(world, time):
    shift = await planned(world, time, nature="paid_work")
    await signed_up(world, "member2", shift)
    for direction in ("check_in", "check_out"):
        time.forward(hours=1)
        assert (await present(world, "member2", shift, direction)).status_code == 200
    async with world.client("member2") as member:
        units = {
            one["unit"] for one in (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
        }
    assert "volunteer_minutes" not in units


@article(REGULATIONS, "第十二条", "招募时说明可能发生的风险", "Risks are told to whom an activity asks to come")
@article(REGULATIONS, "第十七条", "可能发生人身危险的，事前购买保险", "Bodily danger is insured before publication")
async def test_a_dangerous_activity_is_published_only_with_its_risks_and_insurance(world):
    here = str(world.places["community"])
    draft = {"title": "防汛巡堤", "communityId": here, "organizerId": here, "policy": {"safety": {"danger": True}}}
    told = []
    async with world.client("worker") as worker:
        path = f"/api/v1/activities/{(await worker.post('/api/v1/activities', json=draft)).json()['id']}"
        told.append((await worker.post(f"{path}/publish")).json().get("code"))
        await worker.put(path, json={**draft, "risks": "涉水、夜间作业"})
        told.append((await worker.post(f"{path}/publish")).json().get("code"))
        safe = {"safety": {"danger": True, "insurance": "人身意外伤害保险 2026-001"}}
        await worker.put(path, json={**draft, "risks": "涉水、夜间作业", "policy": safe})
        published = (await worker.post(f"{path}/publish")).json()
    assert told == ["risks_not_stated", "not_insured"]
    assert (published["state"], published["risks"]) == ("published", "涉水、夜间作业")


@article(
    REGULATIONS,
    "第十六条",
    "有职业资格要求的，志愿者应当具备资格",
    "Where a qualification is asked for, sign-up needs it on record",
)
async def test_sign_up_asks_for_the_qualification_that_the_task_needs(world, time):
    shift = await planned(world, time, policy={"safety": {"qualifications": ["electrician"]}})
    async with world.client("member") as member:
        refused = await member.post(f"/api/v1/shifts/{shift}/signups")
    assert (refused.status_code, refused.json()["code"]) == (409, "qualification_missing")


@article(
    REGULATIONS,
    "第十九条",
    "如实记录；无偿出具志愿服务记录证明",
    "Service is recorded as it was; the record is given free of charge",
)
async def test_the_record_of_service_is_given_on_request_and_says_what_the_ledger_says(world, time):
    await served(world, time, "member2")
    _seal(world)
    async with world.client("member2") as member:
        paper = await member.post("/api/v1/documents/certificates", json=so_far(world))
        record = (await member.get("/api/v1/me/record")).json()
    assert paper.status_code == 201, paper.text
    minutes = {one["unit"]: one["amount"] for one in record["totals"]}["volunteer_minutes"]
    assert (paper.json()["content"]["minutes"], minutes) == (60, 60)


@article(
    REGULATIONS,
    "第二十条",
    "未经本人同意不得公开、泄露志愿者信息",
    "A volunteer's data is not disclosed without consent",
)
async def test_other_volunteers_see_nobody_but_themselves_among_the_sign_ups(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    await signed_up(world, "member2", shift)
    async with world.client("member2") as member:
        seen = (await member.get(f"/api/v1/shifts/{shift}/signups")).json()["items"]
        hidden = await member.get(f"/api/v1/people/{world.people['member']}")
    assert [one["personId"] for one in seen] == [str(world.people["member2"])]
    assert hidden.status_code in (403, 404)


@article(REGULATIONS, "第二十一条", "尊重服务对象，不得侵害其隐私", "Who asks for help is hidden from who offers it")
async def test_a_published_need_does_not_say_who_asks(world):
    need = {
        "kind": "micro_wish", "title": "一双棉鞋", "category": "care", "communityId": str(world.places["community"]),
    }  # fmt: skip
    async with world.client("member") as asking, world.client("worker") as worker:
        made = (await asking.post("/api/v1/needs", json=need)).json()
        await asking.post(f"/api/v1/needs/{made['id']}/submit")
        assert (await worker.post(f"/api/v1/needs/{made['id']}/publish")).json()["state"] == "published"
    async with world.client("liaison2") as stranger:
        shown = await stranger.get(f"/api/v1/needs/{made['id']}")
    assert shown.status_code == 200
    assert str(world.people["member"]) not in shown.text
    assert "测member" not in shown.text


def _seal(world):
    from api.services import sealer

    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))
