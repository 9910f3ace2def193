"""Communities, streets and branches over HTTP: what follows an appeal, and what they tell of themselves for a rule."""

from __future__ import annotations

import pytest

from api.domain.facts import BY_STEPS
from api.domain.rulebook.shipped import shipped_text
from api.services import audit_judged, organizations, people
from tests.support import appealing
from tests.support.appealing import all_of, appealed, decided, got, missed, opened, posted, ruled, worked
from tests.support.world import LONG_AGO

MEMBERS, UNITS = 12, 2


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), MEMBERS, UNITS)
    built.run(_branches, built)
    built.run(appealing.street_officers, built)
    yield built
    built.close()


def _branches(session, actor, world):
    """Two branches of six, by turns."""
    for letter in range(2):
        node = {"axis": "party", "kind": "branch", "name": f"第{letter}党支部"}
        at = world.places[f"branch{letter}"] = organizations.create(session, actor, node, world.places["party"])
        for person in world.year.people[letter::2]:
            people.affiliate(session, actor, person, at, "party_relation", since=LONG_AGO)
        name = f"secretary{letter}"
        world.people[name] = people.add(session, actor, {"name": f"书记{letter}"}, since=LONG_AGO)
        people.grant(session, actor, world.people[name], "work_committee_officer", at, since=LONG_AGO)


async def adopted(world, result, by="city_officer"):
    path = f"/recomputations/{result['recomputationId']}"
    effects = (await got(world, "district_officer", path))["effects"]
    await posted(world, by, f"{path}/adopt")
    return effects


async def test_branch_and_street_follow_a_members_appeal_and_nobody_else_does(world):
    cycle = await opened(world, more=(("branch", "basic-branch"), ("street", "basic-street")))
    before = await all_of(world, cycle)
    case = await appealed(world, cycle, "m002")
    await decided(world, case["id"], "upheld")
    await branch_appeals(world, cycle)
    missed(world, 2)
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    assert [result[kind] for kind in ("members", "units", "branches", "places")] == [1, 1, 1, 1]
    effects = await adopted(world, result)
    shown = [(line["subjectKind"], line["subjectKey"], line["named"]) for line in effects["results"]]
    mine = "考核单位0:R002"
    assert shown == [
        ("branch", "第0党支部", True), ("member", mine, True), ("street", "桃园街道", False),
        ("unit", "考核单位0", False),
    ]  # fmt: skip
    assert effects["unchanged"] == len(before) - 4
    after = await all_of(world, cycle)
    assert {key for key in before if after[key] != before[key]} == {key for _, key, _ in shown}
    # member 2 served twice for 90 minutes and now once more for 240, in the street; what others did counts as before
    for key, minutes in ((mine, 180), ("第0党支部", None), ("桃园街道", None)):
        assert after[key]["minutes"] == before[key]["minutes"] + 240
        assert minutes in (None, before[key]["minutes"])
    (branch,) = [row for row in (before, after)[1].values() if row["subjectKey"] == "第0党支部"]
    bundle = (await got(world, "district_officer", f"/assessments/{branch['id']}/explanation"))["bundle"]
    grades = {line["key"]: line["grade"] for line in bundle["members"]}
    assert grades == {
        key: row["grade"] for key, row in after.items()
        if row["subjectKind"] == "member" and key in {f"考核单位0:R{n:03d}" for n in range(0, MEMBERS, 2)}
    }  # fmt: skip
    assert bundle["denominators"] == {"members": 6, "exempt_members": 0, "eligible_members": 6}
    for key, told in ((mine, "申诉成立，按更正后的记录"), ("考核单位0", "所含对象申诉成立"), ("第0党支部", "申诉成立")):
        stands = after[key]["standing"]
        assert (stands["basisLabels"]["zh"], stands["recomputationId"]) == ("申诉后更正", result["recomputationId"])
        assert stands["decisionLabels"]["zh"].startswith(told)
        assert stands["decidedAt"] is not None
    with world.house.engines.look() as session:
        for check in (audit_judged.assessments_reproduce, audit_judged.assessed_minutes_are_folds):
            assert list(check(session, world.operator.tenant_id)) == []


async def branch_appeals(world, cycle):
    """Let who holds office at a branch appeal for it; nobody above it speaks for it, nor another's secretary."""
    mine = {"ground": "wrong_record", "reason": "支部所含党员有漏记", "organizationId": str(world.places["branch0"])}
    for name in ("secretary1", "committee", "liaison-0", "m002"):
        refused = await posted(world, name, f"/cycles/{cycle}/appeals", mine, 403)
        assert refused["code"] == "not_the_subject"
    theirs = await posted(world, "secretary0", f"/cycles/{cycle}/appeals", mine, 201)
    assert theirs["facts"]["appeal"]["subjectKind"] == "branch"
    await decided(world, theirs["id"], "upheld")


async def test_a_community_appeals_against_its_street_and_the_street_does_not_appeal_for_it(world):
    community = str(world.places["community"])
    cycle = await appealing.opened_by_street(world)
    before = await all_of(world, cycle, "street_officer")
    mine = {"ground": "wrong_record", "reason": "十二月的活动未计入", "organizationId": community}
    for name in ("street_officer", "liaison-0", "m001"):
        refused = await posted(world, name, f"/cycles/{cycle}/appeals", mine, 403)
        assert refused["code"] == "not_the_subject"
    case = await posted(world, "worker", f"/cycles/{cycle}/appeals", mine, 201)
    assert (case["facts"]["appeal"]["subjectKind"], case["organizationName"]) == ("community", "桃园街道")
    missed(world, 4, 60)
    await decided(world, case["id"], "upheld", by="street_officer2")
    result = await worked(world, "street_officer2", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    effects = await adopted(world, result, by="street_officer")
    assert [(line["subjectKey"], line["named"]) for line in effects["results"]] == [("桃园社区", True)]
    after = await all_of(world, cycle, "street_officer")
    assert after["桃园社区"]["minutes"] == before["桃园社区"]["minutes"] + 60
    assert after["柳林社区"] == before["柳林社区"]


async def test_an_appeal_brings_its_evidence_and_a_late_one_comes_to_the_offices_above(world):
    cycle = await opened(world)
    async with world.client("m004") as mine:
        kept = await mine.post("/api/v1/files", files={"file": ("签到表.pdf", b"%PDF-1.7 sheet", "application/pdf")})
        assert kept.status_code == 201, kept.text
    async with world.client("m005") as other:  # nobody appeals with somebody else's file
        body = {"ground": "other", "reason": "误", "fileId": kept.json()["id"]}
        assert (await other.post(f"/api/v1/cycles/{cycle}/appeals", json=body)).status_code == 404
    case = await appealed(world, cycle, "m004", fileId=kept.json()["id"])
    for name, status in (("city_officer", 200), ("m004", 200), ("m005", 404), ("worker", 404)):
        async with world.client(name) as client:
            shown = await client.get(f"/api/v1/cases/{case['id']}/evidence")
        assert (shown.status_code, shown.content == b"%PDF-1.7 sheet") == (status, status == 200), name
    early = await posted(world, "m004", f"/cases/{case['id']}/escalate", {}, 409)
    assert early["code"] == "not_late"
    appealing.over(world)
    late = await posted(world, "m004", f"/cases/{case['id']}/escalate", {})
    assert (late["state"], late["late"]) == ("escalated", True)
    waits = {item["id"]: item for item in (await got(world, "city_officer", "/inbox", limit=100))["items"]}
    assert (waits[case["id"]]["kind"], waits[case["id"]]["late"]) == ("case", True)
    assert "case.answer" not in (await got(world, "district_officer", f"/cases/{case['id']}"))["allowedActions"]
    answer = {"answer": "经核不成立", "outcome": "dismissed"}
    closed = await posted(world, "city_officer", f"/cases/{case['id']}/answer", answer)
    assert closed["facts"]["outcome"] == "dismissed"
    assert (await posted(world, "district_officer", f"/cycles/{cycle}/finalize"))["state"] == "final"


async def test_a_version_activated_in_the_middle_of_a_cycle_changes_nothing_of_it(world):
    first = shipped_text("basic-member").replace("id: basic-member", "id: mid-member", 1)
    second = first.replace('version: "3"', 'version: "4"')
    second = second.replace("{value: points, atLeast: 30}", "{value: points, atLeast: 11}")
    assert second != first
    cycle = await opened(world, (first, "basic-unit"), through="open-public-review")
    before = (await all_of(world, cycle), (await got(world, "district_officer", f"/cycles/{cycle}"))["digest"])
    old = (await got(world, "district_officer", f"/cycles/{cycle}"))["memberRulebookId"]
    await posted(world, "district_officer", f"/rulebooks/{old}/retire")
    new = await ruled(world, second)
    await worked(world, "district_officer", f"/cycles/{cycle}/tally")
    shown = await got(world, "district_officer", f"/cycles/{cycle}")
    assert (shown["memberRulebookId"], shown["digest"]) == (old, before[1])
    after = await all_of(world, cycle)
    assert {key: row["judgementHash"] for key, row in after.items()} == {
        key: row["judgementHash"] for key, row in before[0].items()
    }
    body = {
        "title": "下一次", "organizationId": str(world.places["district"]), "periodStart": "2025-01-01",
        "periodEnd": "2026-01-01", "cutOff": "2025-12-31",
    }  # fmt: skip
    refused = await posted(world, "district_officer", "/cycles", {**body, "memberRulebookId": old}, 409)
    assert refused["code"] == "rulebook_does_not_fit"
    await posted(world, "district_officer", "/cycles", {**body, "memberRulebookId": new}, 201)


async def told(world, kind, day, status=201, place="community", by="worker"):
    at = str(world.places[place])
    body = {"kind": kind, "occurredOn": day, "organizationId": at, "communityId": at}
    return await posted(world, by, "/facts", body, status)


async def confirmed(world, kind, day):
    """Let the community tell a fact of itself and its street confirm it."""
    asked = await told(world, kind, day)
    assert asked["fact"] is None
    path = f"/cases/{asked['case']['id']}"
    await posted(world, "worker", f"{path}/assign", {}, 403)
    await posted(world, "street_officer", f"{path}/assign", {})
    return await posted(world, "street_officer", f"{path}/answer", {"answer": "属实", "outcome": "accepted"})


async def published(world, title):
    body = {"title": title, "category": "care", "communityId": str(world.places["community"])}
    need = (await posted(world, "member", "/needs", body, 201))["id"]
    await posted(world, "member", f"/needs/{need}/submit")
    await posted(world, "worker", f"/needs/{need}/publish")


async def test_a_community_is_judged_by_lists_feedback_and_bulletins_that_its_street_confirmed(world):
    """Modelled on R-09, over May and June: a list and feedback each month, a bulletin in the pair of months."""
    clock = world.house.clock
    refused = await told(world, "feedback_sent", "2026-03-02", 422)
    assert refused["code"] == "wrong_fact_kind"  # no rulebook in force asks for it
    book = await ruled(world, "r09-lishu")
    for month in (5, 6):
        clock.set(clock.instant.replace(year=2026, month=month, day=10))
        await published(world, f"{month + 1}月清单")
        await confirmed(world, "feedback_sent", f"2026-0{month}-08")
    assert (await told(world, "check_in", "2026-06-01", 422))["code"] == "wrong_fact_kind"
    assert (await told(world, "bulletin", "2026-06-09", 403, by="street_officer"))["code"] == "forbidden"
    await confirmed(world, "bulletin", "2026-06-09")
    clock.set(clock.instant.replace(month=7, day=2))
    body = {
        "title": "五六月", "organizationId": str(world.places["street"]), "periodStart": "2026-05-01",
        "periodEnd": "2026-07-01", "cutOff": "2026-06-30",
        "rulebooks": [{"subject": "community", "rulebookId": book}],
    }  # fmt: skip
    cycle = (await posted(world, "street_officer", "/cycles", body, 201))["id"]
    await worked(world, "street_officer", f"/cycles/{cycle}/compute")
    judged = await all_of(world, cycle, "street_officer")
    assert {key: row["grade"] for key, row in judged.items()} == {"桃园社区": "fulfilled", "柳林社区": "not_fulfilled"}
    missed_there = {}
    for key, row in judged.items():
        shown = await got(world, "street_officer", f"/assessments/{row['id']}")
        numbers = shown["judgement"]["numbers"]
        missed_there[key] = {line["rule"]: line["missed"] for line in numbers if line.get("missed") is not None}
    assert missed_there["柳林社区"] == {"lists": 2, "feedback": 2, "bulletins": 1}
    assert missed_there["桃园社区"] == {"lists": 0, "feedback": 0, "bulletins": 0}


async def test_each_session_of_a_unit_is_marked_by_its_community_and_the_year_is_their_mean(world):
    """Modelled on R-11: two marks a session, recorded by the community when it was held, taken back where wrong."""
    unit = str(world.year.units[0])
    await ruled(world, "r11-qishan")

    async def marked(day, by="worker", **marks):
        at = {"organizationId": unit, "communityId": str(world.places["community"]), "occurredOn": day}
        bodies = [{"kind": f"session_{name}", "value": mark, **at} for name, mark in marks.items()]
        return [await posted(world, by, "/facts", body, 201) for body in bodies]

    await marked("2025-03-08", order="excellent", effect="fair")
    await marked("2025-06-14", order="fair", effect="good")
    (wrong,) = await marked("2025-06-14", order="poor")  # of another session that day, and by mistake
    await posted(world, "worker", f"/facts/{wrong['fact']['id']}/reverse", {"reason": "recorded_by_mistake"}, 201)
    (claimed,) = await marked("2025-09-13", by="liaison-0", order="excellent")
    assert (claimed["fact"], claimed["case"]["organizationName"]) == (None, "桃园社区")  # nobody marks themselves
    cycle = await opened(world, ("basic-member", "r11-qishan"), through="open-self-review")
    judged = await all_of(world, cycle)
    numbers = {}
    for name in ("考核单位0", "考核单位1"):
        shown = await got(world, "district_officer", f"/assessments/{judged[name]['id']}")
        told = {line["rule"]: line["value"] for line in shown["judgement"]["numbers"]}
        numbers[name] = (told["order"], told["effect"], told["average"])
    assert numbers == {"考核单位0": ("40", "35", "75"), "考核单位1": (None,) * 3}  # none: unknown, not nought


async def test_a_units_team_is_a_share_of_all_its_staff_and_unknown_where_nobody_counted(world):
    """Modelled on R-13: a team of at least a fifth of the staff in units of more than 50."""
    counts = {"source": "单位年报", "counts": [{"kind": "staff", "asOf": "2025-06-01", "value": 60}]}
    async with world.client("admin") as admin:
        unit = world.year.units[0]
        assert (await admin.put(f"/api/v1/organizations/{unit}/counts", json=counts)).status_code == 200
    cycle = await opened(world, ("r13-shishi-member", "r13-shishi-unit"), through="open-self-review")
    judged = await all_of(world, cycle)
    first, second = (judged[f"考核单位{n}"] for n in range(2))
    shown = await got(world, "district_officer", f"/assessments/{first['id']}")
    numbers = {line["rule"]: line["value"] for line in shown["judgement"]["numbers"]}
    assert (numbers["staff"], numbers["volunteers"], numbers["team_share"]) == ("60", "6", "0.1")
    assert (first["grade"], first["outcome"]) == ("unmet", "graded")
    other = (await got(world, "district_officer", f"/assessments/{second['id']}"))["judgement"]
    assert {line["rule"]: line["value"] for line in other["numbers"]}["staff"] is None
    assert "denominators:staff" in str(other)


def test_what_has_steps_of_its_own_is_recorded_by_nobodys_hand():
    assert {"check_in", "check_out", "complaint_finding", "needs_list_published"} <= BY_STEPS
    assert not {"absence", "award", "feedback_sent", "bulletin"} & BY_STEPS
