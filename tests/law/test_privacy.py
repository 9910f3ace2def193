"""个人信息保护法: minimum, consent and its withdrawal, sensitive data, and the rights of the person, as buttons."""

from __future__ import annotations

import json

import sqlalchemy as sa

from api.access import acting
from api.jobs.loop import run_due
from api.models import Person
from api.services import cycles, people
from tests.support import assessed
from tests.support.contract import Contract
from tests.support.law import article
from tests.support.service_calls import planned, served
from tests.support.world import LONG_AGO

PIPL = "个人信息保护法"
ME = "/api/v1/me"


@article(
    PIPL,
    "第六条",
    "最小必要：身份证号可不填，位置不保存",
    "The minimum: an ID number is optional, no position is stored",
)
def test_nothing_asks_for_an_id_number_or_keeps_a_position(world):
    from sqlmodel import SQLModel

    columns = {str(column) for table in SQLModel.metadata.sorted_tables for column in table.columns}
    assert [name for name in columns if any(word in name for word in ("latitude", "longitude", "_lng", "photo"))] == []
    assert Person.__table__.c.id_number.nullable
    person = world.run(lambda session, actor: people.add(session, actor, {"name": "无号码"}, since=LONG_AGO))
    assert person is not None


@article(PIPL, "第七条、第十七条", "处理规则公开：持有什么、为何、多久", "What is held, why and for how long is public")
@article(PIPL, "第十九条", "保存期限写明", "How long each kind is kept is stated")
async def test_anybody_reads_what_is_held_for_what_on_what_ground_and_how_long(world):
    async with world.client() as anybody:
        answer = await anybody.get("/api/v1/privacy/registry")
    assert answer.status_code == 200, answer.text
    told = json.dumps(answer.json(), ensure_ascii=False)
    assert "phone" in told
    assert "十年" in told or "10" in told


@article(
    PIPL, "第十四条、第二十三条", "向用人单位提供明细需单独同意", "Details go to the employer only on separate consent"
)
@article(PIPL, "第十五条", "同意可随时撤回", "Consent is withdrawn as easily as it was given")
@article(PIPL, "第十六条", "不同意不得拒绝提供服务", "Nothing is refused for want of consent")
async def test_consent_is_separate_withdrawn_at_once_and_nothing_hangs_on_it(world, time):
    unit = str(world.places["unit"])
    body = {"purpose": "employer_details", "recipientId": unit, "version": 1}
    async with world.client("member") as member:

        def of_details(answer):
            purposes = {one["purpose"]: one for one in answer.json()["purposes"]}
            return purposes["employer_details"]["holds"]

        assert of_details(await member.get(f"{ME}/consents")) == [{"recipientId": unit, "holds": False}]
        given = (await member.post(f"{ME}/consents", json=body)).json()
        assert of_details(await member.get(f"{ME}/consents")) == [{"recipientId": unit, "holds": True}]
        ended = await member.post(f"{ME}/consents/{given['id']}/withdraw")
        assert ended.json()["state"] == "withdrawn"
        assert of_details(await member.get(f"{ME}/consents")) == [{"recipientId": unit, "holds": False}]
        shift = await planned(world, time)
        assert (await member.post(f"/api/v1/shifts/{shift}/signups")).status_code == 201


@article(
    PIPL,
    "第二十八条、第二十九条",
    "党员身份属敏感信息，居民和其他单位看不到",
    "Party membership is hidden from residents and other employers",
)
async def test_party_membership_is_seen_by_nobody_who_need_not_know(world, time):
    member = world.people["member"]
    for name in ("member2", "member3", "liaison2"):
        async with world.client(name) as client:
            answer = await client.get(f"/api/v1/people/{member}")
            assert answer.status_code in (403, 404)
    shift = await planned(world, time)
    async with world.client("member") as client:
        await client.post(f"/api/v1/shifts/{shift}/signups")
    async with world.client("member3") as resident:
        for path in (f"/api/v1/shifts/{shift}", f"/api/v1/shifts/{shift}/signups", "/api/v1/activities"):
            assert "political" not in (await resident.get(path)).text


@article(PIPL, "第四十四条、第四十八条", "知情与解释：谁看过我的信息", "To know: who looked at my data, and why")
async def test_a_person_sees_who_opened_their_data_and_for_what(world):
    async with world.client("liaison") as liaison:
        body = {"fields": ["name"], "purpose": "roster"}
        opened = await liaison.post(f"/api/v1/people/{world.people['member']}/unmask", json=body)
        assert opened.status_code == 200, opened.text
    async with world.client("member") as member:
        looks = (await member.get(f"{ME}/access-log")).json()["items"]
    assert [one for one in looks if one["purpose"] == "roster"]


@article(PIPL, "第四十五条", "查阅、复制本人信息", "A copy of everything about oneself")
async def test_a_copy_of_everything_is_fetched_by_the_person_alone(world):
    async with world.client("member") as member, world.client("member2") as other:
        assert (await member.post(f"{ME}/data-export")).status_code == 202
        run_due(world.house)
        copy = (await member.get(f"{ME}/data-export")).json()["items"][0]
        assert (await other.post(f"{ME}/data-export/{copy['id']}/fetch")).status_code == 404
        assert (await member.post(f"{ME}/data-export/{copy['id']}/fetch")).content[:2] == b"PK"


@article(PIPL, "第四十六条", "更正、补充", "Correction, with an answer")
@article(PIPL, "第五十条", "受理个人行使权利的申请，说明理由", "Requests have a clock and a reasoned answer")
async def test_a_correction_is_a_case_with_a_clock_and_an_answer(world):
    async with world.client("member") as member, world.client("liaison") as liaison:
        body = {"field": "phone", "value": "13800138000", "reason": "换号"}
        case = (await member.post(f"{ME}/corrections", json=body)).json()
        assert case["dueOn"]
        await liaison.post(f"/api/v1/cases/{case['id']}/assign", json={})
        answer = {"answer": "已核对", "outcome": "accepted"}
        assert (await liaison.post(f"/api/v1/cases/{case['id']}/answer", json=answer)).status_code == 200
        shown = (await member.get(f"/api/v1/cases/{case['id']}")).json()
    assert (shown["state"], shown["answer"]) == ("answered", "已核对")


@article(PIPL, "第四十七条", "删除：没有依据的立即删除", "Deletion: what has no ground to be kept goes at once")
async def test_who_asks_to_be_erased_can_no_longer_be_read(world, time):
    await served(world, time, "member2")
    async with world.client("member2") as member:
        word = (await member.get(f"{ME}/erasure")).json()["confirm"]
        answer = await member.post(f"{ME}/erasure", json={"confirm": word})
        assert answer.status_code == 201, answer.text
        assert (await member.get("/api/v1/me")).status_code == 401
    with world.house.engines.look() as session:
        row = session.first(sa.select(Person.phone, Person.state).where(Person.id == world.people["member2"]))
    assert row.phone is None
    assert row.state != "active"


@article(
    PIPL,
    "第二十四条",
    "自动化决策须能说明，并可要求人工处理",
    "A computed result is explained, and a human decides on objection",
)
async def test_a_computed_grade_opens_down_to_its_rule_and_a_person_may_object(world):
    year = world.run(assessed.build_year, world, 6, 1)
    officer = acting_as(world, "district_officer")
    cycle = world.run(assessed.open_cycle, world, actor=officer)
    assessed.computed(world, officer, cycle)
    for step in ("open_self_review", "open_public_review", "publish"):
        world.run(getattr(cycles, step), cycle, actor=officer)
    world.people["judged"] = year.people[3]
    async with world.client("judged") as judged:
        mine = (await judged.get("/api/v1/assessments", params={"cycleId": str(cycle)})).json()["items"][0]
        opened = await judged.get(f"/api/v1/assessments/{mine['id']}/explanation")
        assert opened.status_code == 200, opened.text
        assert "规则" in opened.text or "分" in opened.text
        appeal = {
            "kind": "appeal", "organizationId": str(world.places["district"]), "subjectKind": "assessment",
            "subjectId": mine["id"], "reason": "漏算一次服务",
        }  # fmt: skip
        asked = await judged.post("/api/v1/cases", json=appeal)
    assert (asked.status_code, asked.json()["state"]) == (201, "open")


@article(PIPL, "第五十四条", "合规审计：谁查看了敏感信息可查可导出", "Looks at sensitive data can be audited")
async def test_an_auditor_sees_who_looked_and_changes_nothing(world):
    async with world.client("auditor") as auditor:
        looks = await auditor.get("/api/v1/access-log")
        assert looks.status_code == 200, looks.text
        assert (await auditor.post("/api/v1/needs", json={})).status_code in (403, 422)


def acting_as(world, name):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people[name], "test.step")


@article(PIPL, "第五十一条", "加密：数据库中没有明文姓名", "Encrypted: no name stands in the database in plain")
def test_a_name_does_not_stand_in_the_database(world):
    with world.house.engines.look() as session:
        kept = session.scalar(sa.select(Person.name).where(Person.id == world.people["member"]))
    assert "测member".encode() not in bytes(kept)


@article(PIPL, "第五十一条", "权限：每个操作都须有权限", "Authority: every operation has a door")
def test_every_operation_names_its_step_and_few_need_no_sign_in():
    from api.roles import STEPS_OF_ROLE, roles_of

    operations = Contract().operations()
    assert all(roles_of(one.step) for one in operations)
    public = {one.step for one in operations if one.step in STEPS_OF_ROLE["anyone"]}
    assert not {step for step in public if step.split(".")[0] in ("person", "entry", "fact", "document")} - {
        "document.verify"
    }
