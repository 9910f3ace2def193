"""民政部令第67号; GB/T 40143: the time actually given, in time, corrected on request, certified free of charge."""

from __future__ import annotations

from datetime import date

from api.domain.documents import Head, Label, Party, Served, certificate
from api.domain.documents.certificates import Holder
from api.domain.workdays import WorkCalendar, add_workdays
from tests.support.law import article
from tests.support.service_calls import planned, present, served, signed_up, so_far

ORDER = "民政部令第67号"


def sealed(world):
    from api.services import sealer

    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


@article(ORDER, "服务时间", "按实际付出的时间记录", "Hours are the time actually given")
async def test_minutes_are_those_between_coming_and_leaving(world, time):
    shift = await planned(world, time, hours=4)
    await signed_up(world, "member", shift)
    time.forward(hours=1)
    await present(world, "member", shift, "check_in")
    time.forward(minutes=37)
    left = await present(world, "member", shift, "check_out")
    assert (left.json()["minutes"], left.json()["unit"]) == (37, "volunteer_minutes")


@article(ORDER, "记录范围", "非志愿服务不予记录", "What is no voluntary service is not recorded as such")
async def test_party_duty_and_meetings_stand_on_no_certificate(world, time):
    for nature in ("party_duty", "organizational_life", "training", "paid_work"):
        shift = await planned(world, time, nature=nature)
        await signed_up(world, "member3", shift)
        for direction in ("check_in", "check_out"):
            time.forward(hours=1)
            assert (await present(world, "member3", shift, direction)).status_code == 200
    sealed(world)
    async with world.client("member3") as member:
        answer = await member.post("/api/v1/documents/certificates", json=so_far(world))
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_served")


@article(
    ORDER,
    "记录时限",
    "活动结束后10个工作日内完成记录，逾期标明",
    "Recorded within ten working days, else flagged as late",
)
def test_ten_working_days_go_by_the_chinese_calendar():
    # 国庆 2026: 1–7 October are free, Saturday the 10th is worked: 28–30 September, 8–10 and 12–15 October.
    assert add_workdays(date(2026, 9, 25), 10, WorkCalendar()) == date(2026, 10, 15)
    head = Head(Party("桃园社区"), None, date(2026, 1, 1), date(2027, 1, 1))
    late = Served(
        date(2026, 3, 2), "义诊", "", Party("桃园社区"), None, None, 60, Label("supplementary", "补录", "s"), True
    )
    assert certificate(head, holder=Holder("甲"), served=[late], position=1)["services"][0]["late"] is True


@article(
    ORDER,
    "更正",
    "志愿者指出错误，组织核实后更正，原记录不删",
    "Errors pointed out are verified and corrected; nothing is deleted",
)
async def test_an_error_pointed_out_is_answered_and_corrected_by_a_reversal(world, time):
    shift = await served(world, time, "member")
    async with world.client("member") as member:
        entry = (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"][0]
        objection = {
            "kind": "objection", "organizationId": str(world.places["community"]), "subjectKind": "entry",
            "subjectId": entry["id"], "reason": "时间记错了",
        }  # fmt: skip
        case = (await member.post("/api/v1/cases", json=objection)).json()
        assert case["dueOn"]
    async with world.client("district_officer") as officer:
        undone = await officer.post(f"/api/v1/entries/{entry['id']}/reverse", json={"reason": "wrong_time"})
        assert undone.status_code == 200, undone.text
    async with world.client("worker") as worker:
        await worker.post(f"/api/v1/cases/{case['id']}/assign", json={})
        answered = await worker.post(
            f"/api/v1/cases/{case['id']}/answer", json={"answer": "已更正", "outcome": "accepted"}
        )
        assert answered.status_code == 200, answered.text
    async with world.client("member") as member:
        rows = (await member.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
    assert sorted(row["amount"] for row in rows) == [-60, 60]


@article(
    ORDER,
    "证明",
    "无偿出具，载明时间、内容、记录单位，有编号可核验",
    "A certificate is free, states time, content and recorder, and can be verified",
)
@article(
    ORDER, "证明名称", "接入全国系统前称“平台服务记录”", "Until connected to the national system it says 平台服务记录"
)
async def test_the_certificate_states_what_the_order_asks_and_is_verified_by_anybody(world, time):
    await served(world, time, "member2")
    sealed(world)
    async with world.client("member2") as member:
        paper = (await member.post("/api/v1/documents/certificates", json=so_far(world))).json()
    content, line = paper["content"], paper["content"]["services"][0]
    assert "平台服务记录" in content["title"]["zh"]
    assert "官方" not in content["title"]["zh"]
    assert {"servedOn", "activity", "place", "organizer", "leader", "minutes", "provenance"} <= set(line)
    assert (content["holder"]["name"], content["issuer"]["name"]) == ("测member2", "桃园社区")
    async with world.client() as anybody:
        shown = (await anybody.get(f"/verify/{paper['number']}", headers={"Accept": "application/json"})).json()
    assert (shown["state"], shown["sha256"]) == ("issued", paper["contentHash"])


@article(ORDER, "保存", "服务记录保存十年", "Records of service are kept for ten years")
def test_the_record_of_who_asks_to_be_erased_is_kept_ten_years():
    from api.domain.erasing import kept_until

    assert kept_until(date(2026, 3, 1)) == date(2036, 3, 1)
