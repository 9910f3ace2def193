"""Points against the best of one's unit: computed in two passes, tried, and followed when the best changes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from api.domain.rulebook.values import text as written
from tests.support import appealing, assessed
from tests.support.appealing import all_of, appealed, decided, got, opened, posted, ruled, worked

BOOK = """
format: 1
id: against-the-best
version: "1"
labels: {zh: 与本单位最高者相比, en: Against the best of the unit}
source: modelled on published rules
subject: member
effective: {since: 2020-01-01}
measures:
  - {id: minutes, labels: {zh: 服务分钟, en: Minutes}, source: entries, where: {unit: [volunteer_minutes]}}
figures:
  - {id: top, labels: {zh: 单位最高, en: Best of the unit}, of: minutes, take: best, within: unit}
scores:
  - {id: share, labels: {zh: 占比, en: Share}, op: ratio, of: minutes, over: top}
totals:
  - {id: points, labels: {zh: 得分, en: Points}, op: rate, of: share, points: 40}
final: points
grades:
  - {id: good, labels: {zh: 好, en: Good}, band: {atLeast: 20}}
  - {id: fair, labels: {zh: 中, en: Fair}, band: {lessThan: 20}}
"""
MEMBERS = 18
MINE, BEST = 8, 10  # of the first unit, where the members with even numbers are


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), MEMBERS, 2)
    yield built
    built.close()


def expected(minutes):
    """Return each member's score by roster number, worked out from the minutes alone."""
    best = [max(minutes[unit::2]) for unit in (0, 1)]
    return {
        f"考核单位{n % 2}:R{n:03d}": written(Fraction(40 * served, best[n % 2])) for n, served in enumerate(minutes)
    }


def scores(found):
    return {key: row["points"] for key, row in found.items() if row["subjectKind"] == "member"}


async def test_who_changes_the_best_of_a_unit_changes_everybodys_share_and_that_is_shown(world):
    at = str(world.places["district"])
    minutes = [sum(served) for served in world.year.minutes]
    body = {
        "title": "比较", "organizationId": at, "periodStart": "2025-01-01", "periodEnd": "2026-01-01",
        "cutOff": "2025-12-31", "memberRulebookId": await ruled(world, BOOK),
    }  # fmt: skip
    assert (await posted(world, "district_officer", "/cycles", body, 409))["code"] == "switched_off"
    chosen = {"organizationId": at, "mode": "on", "basis": "东区组〔2026〕7号"}
    await posted(world, "district_officer", "/switches/points_ranking", chosen)
    cycle = await opened(world, (BOOK, "basic-unit"))
    before = await all_of(world, cycle)
    assert scores(before) == expected(minutes)
    await a_trial_says_the_same(world, body, minutes)
    await who_asks_how_they_stand_is_told_what_nobody_knows_yet(world, cycle)
    await decided(world, (await appealed(world, cycle, f"m{MINE:03d}"))["id"], "upheld")
    for shift in (9, 10, 11):
        world.run(assessed.post, world.year.accounts[MINE], 240, world.year.shifts[shift], world.year.units[0])
    minutes[MINE] += 3 * 240
    assert minutes[MINE] > minutes[BEST]
    result = await worked(world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "补录后复算"})
    path = f"/recomputations/{result['recomputationId']}"
    effects = (await got(world, "district_officer", path))["effects"]
    then, own = expected(minutes), f"考核单位0:R{MINE:03d}"
    (mine,) = [each for each in effects["results"] if each["subjectKey"] == own]
    assert (mine["after"]["points"], then[own]) == ("40", "40")
    moved = {row["subjectKey"]: (row["pointsBefore"], row["points"]) for row in effects["compared"]}
    assert moved == {
        key: (was["points"], then[key])
        for key, was in before.items()
        if key in then and key != own and was["points"] != then[key]
    }
    assert len(moved) == 6  # of nine in the unit one is named, and two served nothing
    await posted(world, "city_officer", f"{path}/adopt")
    after = await all_of(world, cycle)
    assert scores(after) == {**scores(before), own: "40"}  # what stands for the others stays


async def who_asks_how_they_stand_is_told_what_nobody_knows_yet(world, cycle):
    told = await posted(world, f"m{MINE:03d}", f"/cycles/{cycle}/what-if", {})
    assert (told["now"]["score"], [note["code"] for note in told["notes"]]) == (None, ["figures_unknown"])
    assert told["now"]["lines"]["zh"][1].startswith("结果公布前不知道全组数字")
    assert told["now"]["lines"]["zh"][1].endswith("单位最高")


async def a_trial_says_the_same(world, body, minutes):
    asked = {name: body[name] for name in ("organizationId", "periodStart", "periodEnd")}
    tried = await worked(world, "district_officer", f"/rulebooks/{body['memberRulebookId']}/simulations", asked)
    good = sum(Fraction(score) >= 20 for score in expected(minutes).values())
    counts = {row["grade"]: row["members"] for row in tried["rules"][0]["spread"] if row["members"]}
    assert counts == {"good": good, "fair": MEMBERS - good}
