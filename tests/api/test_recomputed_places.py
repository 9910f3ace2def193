"""What follows an appeal for Party branches, communities and streets, over HTTP, shown and adopted by two people."""

from __future__ import annotations

import pytest

from api.services import audit_judged, organizations, people
from tests.support import appealing
from tests.support.appealing import all_of, appealed, decided, got, missed, opened, posted, ruled, worked
from tests.support.world import LONG_AGO

MEMBERS, UNITS = 12, 2


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), MEMBERS, UNITS)
    built.run(_branches, built)
    yield built
    built.close()


def _branches(session, actor, world):
    """Two branches of six, by turns."""
    for letter in range(2):
        node = {"axis": "party", "kind": "branch", "name": f"第{letter}党支部"}
        at = world.places[f"branch{letter}"] = organizations.create(session, actor, node, world.places["party"])
        for person in world.year.people[letter::2]:
            people.affiliate(session, actor, person, at, "party_relation", since=LONG_AGO)


async def adopted(world, result):
    path = f"/recomputations/{result['recomputationId']}"
    effects = (await got(world, "district_officer", path))["effects"]
    await posted(world, "city_officer", f"{path}/adopt")
    return effects


async def test_branch_and_street_follow_a_members_appeal_and_nobody_else_does(world):
    cycle = await opened(world, more=(("branch", "basic-branch"), ("street", "basic-street")))
    before = await all_of(world, cycle)
    case = await appealed(world, cycle, "m002")
    await decided(world, case["id"], "upheld")
    missed(world, 2)
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    assert [result[kind] for kind in ("members", "units", "branches", "places")] == [1, 1, 1, 1]
    effects = await adopted(world, result)
    shown = [(line["subjectKind"], line["subjectKey"], line["named"]) for line in effects["results"]]
    mine = "考核单位0:R002"
    assert shown == [
        ("branch", "第0党支部", False), ("member", mine, True), ("street", "桃园街道", False),
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
    for key, told in ((mine, "申诉成立，按更正后的记录"), ("考核单位0", "所含对象申诉成立"), ("第0党支部", "所含对象")):
        stands = after[key]["standing"]
        assert (stands["basisLabels"]["zh"], stands["recomputationId"]) == (
            "申诉后更正",
            result["recomputationId"],
        )
        assert stands["decisionLabels"]["zh"].startswith(told)
        assert stands["decidedAt"] is not None
    with world.house.engines.look() as session:
        for check in (audit_judged.assessments_reproduce, audit_judged.assessed_minutes_are_folds):
            assert list(check(session, world.operator.tenant_id)) == []


async def test_a_community_appeals_against_its_street_and_the_street_does_not_appeal_for_it(world):
    community, street = str(world.places["community"]), str(world.places["street"])
    book = await ruled(world, "basic-community")
    body = {
        "title": "社区考核", "organizationId": street, "periodStart": "2025-01-01", "periodEnd": "2026-01-01",
        "cutOff": "2025-12-31", "calendar": {"appealDays": 10},
        "rulebooks": [{"subject": "community", "rulebookId": book}],
    }  # fmt: skip
    cycle = (await posted(world, "street_officer", "/cycles", body, 201))["id"]
    await worked(world, "street_officer", f"/cycles/{cycle}/compute")
    for step in appealing.STEPS:
        await posted(world, "street_officer", f"/cycles/{cycle}/{step}")
    before = await all_of(world, cycle, "street_officer")
    mine = {"ground": "wrong_record", "reason": "十二月的活动未计入", "organizationId": community}
    for name in ("street_officer", "liaison-0", "m001"):
        refused = await posted(world, name, f"/cycles/{cycle}/appeals", mine, 403)
        assert refused["code"] == "not_the_subject"
    case = await posted(world, "worker", f"/cycles/{cycle}/appeals", mine, 201)
    assert (case["facts"]["appeal"]["subjectKind"], case["organizationName"]) == ("community", "桃园街道")
    missed(world, 4, 60)
    await decided(world, case["id"], "upheld", by="district_officer")
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    effects = await adopted(world, result)
    assert [(line["subjectKey"], line["named"]) for line in effects["results"]] == [("桃园社区", True)]
    after = await all_of(world, cycle, "street_officer")
    assert after["桃园社区"]["minutes"] == before["桃园社区"]["minutes"] + 60
    assert after["柳林社区"] == before["柳林社区"]
