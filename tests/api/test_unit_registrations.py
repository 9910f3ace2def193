"""报到 of units over HTTP, on both databases: only against a published plan."""

import pytest
import sqlalchemy as sa

from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.planning import edit_of, issued, place_of, plan, report_in, row, send, states


@pytest.fixture(scope="module")
def first_world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(first_world, request):
    """A tenant of its own for each test: plans in force would meet those of others."""
    return worlds.another(first_world, request.node.name)


async def test_a_unit_reports_in_only_against_a_published_plan(world):
    refused = await report_in(world, status=409)
    assert refused["code"] == "no_published_plan"
    draft = await send(world, "committee", "POST", "/plans", plan(world, row(world, "unit", "community")), 201)
    assert (draft["state"], draft["number"], draft["rows"][0]["unitName"]) == ("drafted", None, "测试市第一中学")
    assert (await report_in(world, status=409))["code"] == "no_published_plan"
    published = await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {})
    assert published["state"] == "issued"
    assert published["number"].startswith("AP-2026-")
    assert published["rows"][0]["registrationState"] == "proposed"
    assert (await report_in(world, community="community2", status=409))["code"] == "not_in_plan"
    asked = await report_in(world)
    assert (asked["state"], asked["subject"], asked["planId"]) == ("submitted", "unit", published["id"])
    taken = await send(world, "worker", "POST", f"/registrations/{asked['id']}/accept", {})
    assert (taken["state"], taken["validFrom"], taken["validTo"]) == ("accepted", "2026-01-01", "2027-01-01")
    again = await report_in(world, status=409)
    assert again["code"] == "step_not_allowed"


async def test_only_the_units_own_liaison_reports_it_in_and_only_the_community_accepts(world):
    await issued(world, row(world, "unit", "community"))
    await report_in(world, by="liaison2", status=403)
    asked = await report_in(world)
    path = f"/registrations/{asked['id']}"
    assert "registration.transfer" not in asked["allowedActions"]
    for name, status in (("worker2", 404), ("liaison2", 403), ("liaison", 403), ("committee", 403)):
        await send(world, name, "POST", f"{path}/accept", {}, status)
    await send(world, "worker", "POST", f"{path}/accept", {})
    refused = await send(world, "worker", "POST", f"{path}/transfer", place_of(world, "community2"), 409)
    assert refused["code"] == "unit_follows_plan"
    ended = await send(world, "liaison", "POST", f"{path}/end", {"reason": "单位撤并"})
    assert ended["state"] == "ended"


async def test_the_receipt_of_a_unit_and_of_a_member_reaches_the_liaison(world):
    await issued(world, row(world, "unit", "community"))
    asked = await report_in(world)
    await send(world, "worker", "POST", f"/registrations/{asked['id']}/accept", {})
    member = await send(world, "member", "POST", "/registrations", {}, 201)
    assert (member["basis"], member["communityName"]) == ("paired_fallback", "桃园社区")
    await send(world, "worker", "POST", f"/registrations/{member['id']}/accept", {})
    listed = await send(world, "liaison", "GET", "/documents", params={"kind": "receipt", "box": "received"})
    assert len(listed["items"]) == 2
    newest = await send(world, "liaison", "GET", f"/documents/{listed['items'][0]['id']}")
    (outcome,) = newest["content"]["outcomes"]
    assert (outcome["name"], outcome["reference"], outcome["state"]["code"]) == ("测member", "A001", "accepted")
    await send(world, "liaison2", "GET", f"/documents/{listed['items'][0]['id']}", status=404)


async def test_who_lives_outside_reports_only_to_a_community_of_the_unit(world):
    await issued(world, row(world, "unit", "community"))
    asked = await report_in(world)
    await send(world, "worker", "POST", f"/registrations/{asked['id']}/accept", {})
    body = {"communityId": str(world.places["community2"]), "basis": "paired_fallback"}
    refused = await send(world, "member", "POST", "/registrations", body, 409)
    assert refused["code"] == "not_paired"
    refused = await send(world, "member3", "POST", "/registrations", {}, 409)
    assert refused["code"] == "no_paired_community"


async def test_a_pseudonymous_unit_reads_no_name_in_its_receipt(world):
    from api.models import Organization

    def hide(session, _actor):
        session.execute(
            sa.update(Organization).where(Organization.id == world.places["unit"]).values(disclosure="pseudonymous")
        )

    world.run(hide)
    member = await send(world, "member", "POST", "/registrations", place_of(world, "community"), 201)
    await send(world, "worker", "POST", f"/registrations/{member['id']}/accept", {})
    (receipt,) = (await send(world, "liaison", "GET", "/documents", params={"kind": "receipt"}))["items"]
    content = (await send(world, "liaison", "GET", f"/documents/{receipt['id']}"))["content"]
    assert (content["outcomes"][0]["name"], content["outcomes"][0]["reference"]) == ("（不予披露）", "A001")


async def test_a_new_edition_keeps_what_stands_and_withdraws_the_rest(world):
    first = await issued(world, row(world, "unit", "community"), row(world, "unit2", "community"))
    asked = await report_in(world)
    await send(world, "worker", "POST", f"/registrations/{asked['id']}/accept", {})
    edited = await send(world, "committee", "PUT", f"/plans/{first['id']}", edit_of(world), 409)
    assert edited["code"] == "step_not_allowed"
    without = plan(world, row(world, "unit2", "community2"), supersedesId=first["id"])
    draft = await send(world, "committee", "POST", "/plans", without, 201)
    refused = await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {}, 409)
    assert (refused["code"], refused["units"]) == ("plan_drops_registration", [str(world.places["unit"])])
    body = edit_of(world, row(world, "unit", "community"), row(world, "unit2", "community2"))
    await send(world, "committee", "PUT", f"/plans/{draft['id']}", body)
    second = await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {})
    assert states(world) == [
        ("unit", "community", "accepted", second["id"]),
        ("unit2", "community", "withdrawn", first["id"]),
        ("unit2", "community2", "proposed", second["id"]),
    ]
    assert (await send(world, "committee", "GET", f"/plans/{first['id']}"))["state"] == "superseded"
    assert (await report_in(world, "unit2", "community", "liaison2", 409))["code"] == "not_in_plan"
    await report_in(world, "unit2", "community2", "liaison2")
    told = (await send(world, "committee", "GET", f"/plans/{second['id']}/history"))["items"]
    assert {change["planId"] for change in told} == {first["id"], second["id"]}
    assert "document.supersede" in [change["step"] for change in told]


async def test_a_revoked_plan_takes_its_proposals_along_and_leaves_who_reported_in(world):
    rows = [row(world, "unit", "community"), row(world, "unit2", "community2")]
    first = await issued(world, *rows)
    await report_in(world)
    await send(world, "committee", "POST", f"/documents/{first['id']}/revoke", {"reason": "编号有误"})
    assert states(world) == [
        ("unit", "community", "submitted", first["id"]),
        ("unit2", "community2", "withdrawn", first["id"]),
    ]
    again = await issued(world, rows[1])
    assert again["rows"][0]["registrationState"] == "proposed"
