"""Who judges communities over HTTP: people of their own street take every step, the offices above read."""

from __future__ import annotations

from functools import partial

import pytest

from api.services import people
from tests.support import appealing
from tests.support.appealing import all_of, decided, got, opened_by_street, posted, street_body, worked
from tests.support.world import LONG_AGO

STREET, ABOVE = ("street_officer", "street_officer2", "street_officer3"), ("district_officer", "city_officer")


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = appealing.build(database, tmp_path_factory.mktemp("var"), 2, 1)
    built.run(appealing.street_officers, built)
    yield built
    built.close()


async def refused(world, path, body=None, by=ABOVE[:1]):
    """Let an office above try a step of the street's cycle: it is told whose it is."""
    for name in by:
        told = await posted(world, name, path, body, 403)
        assert told["code"] == "judged_by_own_street"
        assert "社区只由其街道考核" in told["detail"]


async def actions(world, path):
    """Return what each of the street's and the district's officers is offered."""
    return [set((await got(world, name, path))["allowedActions"]) for name in (STREET[0], STREET[1], ABOVE[0])]


async def grades(world, cycle):
    return {key: row["standing"]["grade"] for key, row in (await all_of(world, cycle, "street_officer")).items()}


async def test_every_step_up_to_publication_is_the_streets_own(world):
    await refused(world, "/cycles", await street_body(world), by=ABOVE)
    cycle = await opened_by_street(world, "open-self-review")
    path = f"/cycles/{cycle}"
    mine, other, above = await actions(world, path)
    assert {"cycle.open_public_review", "cycle.set_calendar"} <= mine
    assert (mine, above & {"cycle.open_public_review", "cycle.set_calendar"}) == (other, set())
    for step in ("compute", "open-public-review", "deliver"):
        await refused(world, f"{path}/{step}")
    assert (await got(world, "district_officer", path))["state"] == "self_review"  # the office above reads
    await posted(world, "street_officer2", f"{path}/open-public-review")
    await refused(world, f"{path}/tally")
    await worked(world, "street_officer2", f"{path}/tally")
    await overridden(world, cycle)
    await refused(world, f"{path}/publish")
    assert (await posted(world, "street_officer3", f"{path}/publish"))["state"] == "published"


async def overridden(world, cycle):
    """Let two people of the street set a community's grade; nobody above proposes, confirms or declines."""
    rows = await all_of(world, cycle, "street_officer")
    row = rows["柳林社区"]
    (wanted,) = {"fulfilled", "not_fulfilled"} - {row["grade"]}
    body = {"assessmentId": row["id"], "kind": "override", "grade": wanted, "reason": "记录之外另有情况"}
    await refused(world, f"/cycles/{cycle}/rulings", body)
    ruling = await posted(world, "street_officer", f"/cycles/{cycle}/rulings", body, 201)
    path = f"/rulings/{ruling['id']}"
    await refused(world, f"{path}/confirm")
    await refused(world, f"{path}/decline")
    assert (await posted(world, "street_officer", f"{path}/confirm", None, 403))["code"] == "needs_second_person"
    mine, other, above = await actions(world, path)
    assert ("ruling.confirm" in mine, "ruling.confirm" in other, above) == (False, True, set())
    for name, waits in (("street_officer2", True), ("district_officer", False)):
        items = (await got(world, name, "/inbox", limit=100))["items"]
        assert (ruling["id"] in {item["id"] for item in items}) is waits
    await posted(world, "street_officer2", f"{path}/confirm")
    assert (await grades(world, cycle))["柳林社区"] == wanted


async def test_an_appeal_is_decided_followed_and_sealed_in_the_street_while_somebody_had_no_part(world):
    cycle = await opened_by_street(world)
    mine = {"ground": "wrong_record", "reason": "未计入", "organizationId": str(world.places["community"])}
    case = await posted(world, "worker", f"/cycles/{cycle}/appeals", mine, 201)
    path = f"/cases/{case['id']}"
    first, second, above = await actions(world, path)
    assert ("case.assign" in second, above & {"case.assign", "case.answer"}) == (True, set())
    await refused(world, f"{path}/assign", {})
    to = {"personId": str(world.people["district_officer"])}
    assert (await posted(world, "street_officer2", f"{path}/assign", to, 422))["code"] == "not_a_handler"
    await posted(world, "street_officer2", f"{path}/assign", {})
    await refused(world, f"{path}/answer", {"answer": "经核", "outcome": "upheld"})
    first, second, above = await actions(world, path)
    assert ["case.answer" in each for each in (first, second, above)] == [False, True, False]
    # who comes to act for the community after the appeal is not offered what would be refused
    also = ("community_worker", world.places["community"])
    world.run(partial(people.grant, since=LONG_AGO), world.people["street_officer3"], *also)
    assert "case.answer" not in (await got(world, "street_officer3", path))["allowedActions"]
    answer = {"answer": "经核", "outcome": "upheld"}
    assert (await posted(world, "street_officer3", f"{path}/answer", answer, 409))["code"] == "decided_before"
    await decided(world, case["id"], "upheld", by="street_officer2")
    reason = {"reason": "补录后复算"}
    await refused(world, f"/cycles/{cycle}/recomputations", reason)
    result = await worked(world, "street_officer", f"/cycles/{cycle}/recomputations", reason)
    again = f"/recomputations/{result['recomputationId']}"
    for step in ("adopt", "drop"):
        await refused(world, f"{again}/{step}")
    first, second, above = await actions(world, again)
    assert ["recomputation.adopt" in each for each in (first, second)] == [False, True]
    assert above == set()
    await posted(world, "street_officer2", f"{again}/adopt")
    appealing.over(world)
    await refused(world, f"/cycles/{cycle}/finalize")
    assert (await posted(world, "street_officer", f"/cycles/{cycle}/finalize"))["state"] == "final"
    row = (await all_of(world, cycle, "street_officer"))["柳林社区"]
    amendment = {"reason": "核查发现漏记", "assessmentIds": [row["id"]]}
    await refused(world, f"/cycles/{cycle}/amendments", amendment)
    await worked(world, "street_officer", f"/cycles/{cycle}/amendments", amendment)


async def test_an_appeal_goes_to_the_office_above_where_all_of_the_street_had_a_part(world):
    """Control of the bar: with nobody left in the street the district takes the case, and still not the cycle."""
    cycle = await opened_by_street(world, "open-public-review")
    for name in ("street_officer2", "street_officer3"):
        await worked(world, name, f"/cycles/{cycle}/tally")
    for step in appealing.STEPS[2:]:
        await posted(world, "street_officer", f"/cycles/{cycle}/{step}")
    mine = {"ground": "wrong_record", "reason": "未计入", "organizationId": str(world.places["community2"])}
    case = await posted(world, "worker2", f"/cycles/{cycle}/appeals", mine, 201)
    assert "case.assign" in (await got(world, "district_officer", f"/cases/{case['id']}"))["allowedActions"]
    closed = await decided(world, case["id"], "dismissed", by="district_officer")
    assert closed["facts"]["outcome"] == "dismissed"
    appealing.over(world)
    await refused(world, f"/cycles/{cycle}/finalize")


async def test_a_street_is_assessed_by_its_district_as_before(world):
    street = await appealing.ruled(world, "basic-street")
    body = {**await street_body(world), "organizationId": str(world.places["district"])}
    body["rulebooks"] = [{"subject": "street", "rulebookId": street}]
    for name in STREET[:1]:
        assert (await posted(world, name, "/cycles", body, 403))["code"] == "forbidden"
    cycle = (await posted(world, "city_officer", "/cycles", body, 201))["id"]
    await worked(world, "district_officer", f"/cycles/{cycle}/compute")
