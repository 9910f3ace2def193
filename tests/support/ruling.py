"""A rule by which a third of a unit may be excellent, ten members with a tie at the last seat, and a unit of two."""

from __future__ import annotations

from typing import Any

from api.jobs.loop import run_due
from api.services import organizations, people
from tests.support import assessed
from tests.support.world import LONG_AGO

HOURS = [100, 90, 80, 80, 70, 9, 8, 7, 6, 5]  # of ten members: five would be excellent, three may
PAIR = [50, 3]  # of a unit of two: a third of them is no seat
BOOK = """
format: 1
id: a-third-of-a-unit
version: "1"
labels: {zh: 优秀不超过三分之一, en: At most a third excellent}
source: modelled on R-14
subject: member
effective: {since: 2020-01-01}
measures:
  - {id: served, labels: {zh: 服务分钟, en: Minutes}, source: entries, where: {unit: [volunteer_minutes]}, result: sum}
scores:
  - {id: points, labels: {zh: 积分, en: Points}, op: rate, of: served, points: 1, per: 60}
final: points
grades:
  - {id: excellent, labels: {zh: 优秀, en: Excellent}, band: {atLeast: 10}}
  - {id: qualified, labels: {zh: 合格, en: Qualified}, band: {atLeast: 6, lessThan: 10}}
  - {id: unqualified, labels: {zh: 不合格, en: Unqualified}, band: {lessThan: 6}}
quotas:
  - id: a_third
    labels: {zh: 优秀不超过三分之一, en: At most a third excellent}
    grade: excellent
    atMost: 1/3
    within: unit
    rank: points
    instead: qualified
"""
UNIT_BOOK = """
format: 1
id: goods-of-a-unit
version: "1"
labels: {zh: 共建物资, en: Goods}
source: modelled on R-05
subject: unit
effective: {since: 2020-01-01}
measures:
  - {id: goods, labels: {zh: 捐赠次数, en: Donations}, source: facts, where: {kind: [goods]}, take: count}
final: goods
grades:
  - {id: qualified, labels: {zh: 合格, en: Qualified}, band: {atLeast: 1}}
  - {id: unqualified, labels: {zh: 不合格, en: Unqualified}, band: {lessThan: 1}}
"""
CALENDAR = {
    "selfReviewUntil": "2026-03-06",
    "publicReviewUntil": "2026-03-13",
    "publishBy": "2026-03-20",
    "appealDays": 5,
}


def populate(session: Any, actor: Any, world: Any) -> None:
    """Ten members in one unit and two in another; one of the ten is an officer too, and so is the unit's liaison."""
    world.shifts = assessed._shifts(session, actor, world.places["community"], 12)
    for unit, hours in (("ten", HOURS), ("pair", PAIR)):
        node = {"axis": "employer", "kind": "public_institution", "name": f"单位{unit}"}
        world.places[unit] = organizations.create(session, actor, node, world.places["employers"])
        for number, each in enumerate(hours):
            name = f"{unit}{number}"
            person = people.add(session, actor, {"name": name}, {"political_status": "full"}, since=LONG_AGO)
            people.affiliate(
                session, actor, person, world.places[unit], "employment", roster_number=f"{number:02}", since=LONG_AGO
            )
            home = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
            people.affiliate(session, actor, person, world.places["community"], "registration", **home)
            account = people.account_of(session, person)
            assessed.post(session, actor, account, each * 60, world.shifts[0], world.places[unit])
            world.people[name] = person
    people.grant(session, actor, world.people["ten9"], "district_officer", world.places["district"], since=LONG_AGO)
    for role, at in (("liaison", "ten"), ("district_officer", "district")):
        people.grant(session, actor, world.people["liaison2"], role, world.places[at], since=LONG_AGO)


async def opened(world: Any, officer: Any, title: str = "2025年度", text: str = BOOK) -> tuple[str, dict[str, Any]]:
    """Open and compute a cycle with the rule of a third; return its path and its assessments by roster number."""
    at = str(world.places["district"])
    books = [
        (await officer.post("/api/v1/rulebooks", json={"organizationId": at, **source})).json()["id"]
        for source in ({"text": text}, {"text": UNIT_BOOK})
    ]
    for book in books:
        await officer.post(f"/api/v1/rulebooks/{book}/activate")
    body = {
        "title": title, "organizationId": at, "periodStart": "2025-01-01", "periodEnd": "2026-01-01",
        "cutOff": "2025-12-31", "memberRulebookId": books[0], "unitRulebookId": books[1], "calendar": CALENDAR,
    }  # fmt: skip
    made = await officer.post("/api/v1/cycles", json=body)
    assert made.status_code == 201, made.text
    path = f"/api/v1/cycles/{made.json()['id']}"
    await take(officer, f"{path}/compute", 202)
    run_due(world.house)
    found = (await officer.get("/api/v1/assessments", params={"cycleId": made.json()["id"], "limit": 100})).json()
    return path, {each["subjectKey"]: each for each in found["items"] if each["subjectKind"] == "member"}


async def take(client: Any, path: str, expected: int = 200, body: Any = None) -> Any:
    """Take a step over HTTP; return its answer, which has to have this status."""
    answer = await client.post(path, json=body) if body is not None else await client.post(path)
    assert answer.status_code == expected, answer.text
    return answer.json()


async def propose(
    client: Any, path: str, assessment: Any, grade: str, kind: str = "quota_choice", expected: int = 201
) -> Any:
    """Propose a grade for a subject, or meet this refusal."""
    body = {"assessmentId": assessment["id"], "kind": kind, "grade": grade, "reason": "支部大会讨论决定"}
    return await take(client, f"{path}/rulings", expected, body)
