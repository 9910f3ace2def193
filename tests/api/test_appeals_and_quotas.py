"""A successful appeal under a quota: nobody else falls by it, and the proposal says whom arithmetic would move."""

from __future__ import annotations

import pytest

from api.domain.rulebook.shipped import shipped_text
from api.services import people
from tests.support import appealing, assessed
from tests.support import world as worlds
from tests.support.appealing import all_of, appealed, decided, got, opened, posted, worked

QUOTA = """
quotas:
  - id: one_in_nine
    labels: {zh: 优秀不超过九分之一, en: At most one in nine excellent}
    grade: excellent
    atMost: 1/9
    within: unit
    rank: points
    instead: qualified
"""
RIVAL, MINE = "考核单位0:R010", "考核单位0:R008"  # 35 points, the one seat; 24, and 36 with what was not recorded


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), 18, 2)
    yield built
    built.close()


async def test_whom_arithmetic_would_lower_keeps_the_grade_and_is_shown(world):
    member = shipped_text("basic-member").replace("id: basic-member", "id: nine", 1).rstrip() + QUOTA
    cycle = await opened(world, (member, "basic-unit"))
    before = await all_of(world, cycle)
    assert [before[key]["standing"]["grade"] for key in (RIVAL, MINE)] == ["excellent", "qualified"]
    case = (await appealed(world, cycle, "m008"))["id"]
    await decided(world, case, "partly")
    for shift in (9, 10, 11):
        world.run(assessed.post, world.year.accounts[8], 240, world.year.shifts[shift], world.year.units[0])
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    path = f"/recomputations/{result['recomputationId']}"
    effects = (await got(world, "district_officer", path))["effects"]
    assert (effects["results"][0]["after"]["stands"], effects["results"][0]["after"]["basis"]) == (
        "excellent",
        "appeal",
    )
    assert effects["others"] == [
        {"subjectKind": "member", "subjectKey": RIVAL, "quota": "one_in_nine", "stands": "excellent",
         "arithmetic": "qualified", "decision": "lowered"}
    ]  # fmt: skip
    assert (effects["seats"], effects["rule"]["code"]) == ([], "others_keep")
    office = ("district_officer", world.places["district"])
    world.run(lambda session, actor: people.grant(session, actor, world.people["m008"], *office, since=worlds.LONG_AGO))
    assert (await got(world, "m008", path))["allowedActions"] == ["recomputation.drop"]
    assert (await posted(world, "m008", f"{path}/adopt", status=403))["code"] == "own_judgement"
    await posted(world, "city_officer", f"{path}/adopt")
    after = await all_of(world, cycle)
    assert after[RIVAL] == before[RIVAL]
    assert (after[MINE]["standing"]["grade"], after[MINE]["standing"]["basis"]) == ("excellent", "appeal")
    await decided_once_more(world, cycle, case)
    await taken_back_once_reopened(world, cycle)


async def decided_once_more(world, cycle, case):
    """What is upheld again after its recomputation waits for another one."""
    shown = await got(world, "district_officer", f"/cycles/{cycle}")
    assert "cycle.recompute" not in shown["allowedActions"]
    await posted(world, "m008", f"/cases/{case}/reopen", {"reason": "还有一次未记"})
    office = ("district_officer", world.places["district"])
    world.run(lambda session, actor: people.grant(session, actor, world.people["m001"], *office, since=worlds.LONG_AGO))
    await posted(world, "m001", f"/cases/{case}/assign", {})
    await posted(world, "m001", f"/cases/{case}/answer", {"answer": "经再次核实", "outcome": "upheld"})
    shown = await got(world, "district_officer", f"/cycles/{cycle}")
    assert "cycle.recompute" in shown["allowedActions"]
    appealing.over(world)
    owed = await posted(world, "district_officer", f"/cycles/{cycle}/finalize", status=409)
    assert (owed["code"], owed["owed"]) == ("appeals_undecided", 1)


async def taken_back_once_reopened(world, cycle):
    """A decided appeal that is reopened and taken back stays decided, and what was upheld stays owed."""
    world.house.clock.forward(days=-40)
    case = (await appealed(world, cycle, "m010"))["id"]
    await decided(world, case, "upheld")
    await posted(world, "m010", f"/cases/{case}/reopen", {"reason": "请再核"})
    await posted(world, "m010", f"/cases/{case}/withdraw")
    again = await posted(world, "m010", f"/cycles/{cycle}/appeals", {"ground": "other", "reason": "三诉"}, 409)
    assert again["code"] == "appeal_decided"
    appealing.over(world)
    owed = await posted(world, "district_officer", f"/cycles/{cycle}/finalize", status=409)
    assert (owed["code"], owed["owed"]) == ("appeals_undecided", 2)
