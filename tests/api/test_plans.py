"""联系安排 and 报到 of units over HTTP, on both databases."""

import io
from uuid import UUID

import pytest
import sqlalchemy as sa
from openpyxl import Workbook, load_workbook

from api.models import Document, OrganizationLink
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def first_world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(first_world, request):
    """A tenant of its own for each test: plans in force would meet those of others."""
    return worlds.another(first_world, request.node.name)


async def send(world, by, method, path, body=None, status=200, **more):
    async with world.client(by) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body, **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def row(world, unit, community, **more):
    return {"unitId": str(world.places[unit]), "communityId": str(world.places[community]), **more}


def plan(world, *rows, **more):
    return {
        "issuerId": str(world.places["employers"]),
        "title": "2026年度在职党员报到联系安排",
        "reference": "测工委〔2026〕3号",
        "startsOn": "2026-01-01",
        "endsOn": "2027-01-01",
        "rows": list(rows),
        **more,
    }


async def issued(world, *rows, **more):
    draft = await send(world, "committee", "POST", "/plans", plan(world, *rows, **more), 201)
    return await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {})


async def report_in(world, unit="unit", community="community", by="liaison", status=201):
    return await send(world, by, "POST", "/registrations", row(world, unit, community), status)


def states(world):
    def read(session, actor):
        columns = (
            OrganizationLink.from_id,
            OrganizationLink.to_id,
            OrganizationLink.state,
            OrganizationLink.document_id,
        )
        names = {place: name for name, place in world.places.items()}
        mine = (OrganizationLink.kind == "registration", OrganizationLink.tenant_id == actor.tenant_id)
        found = session.rows(sa.select(*columns).where(*mine))
        return sorted((names[link.from_id], names[link.to_id], link.state, str(link.document_id)) for link in found)

    return world.run(read)


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
    refused = await send(world, "worker", "POST", f"{path}/transfer", row_of(world, "community2"), 409)
    assert refused["code"] == "unit_follows_plan"
    ended = await send(world, "liaison", "POST", f"{path}/end", {"reason": "单位撤并"})
    assert ended["state"] == "ended"


def row_of(world, community):
    return {"communityId": str(world.places[community])}


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
    member = await send(world, "member", "POST", "/registrations", row_of(world, "community"), 201)
    await send(world, "worker", "POST", f"/registrations/{member['id']}/accept", {})
    (receipt,) = (await send(world, "liaison", "GET", "/documents", params={"kind": "receipt"}))["items"]
    content = (await send(world, "liaison", "GET", f"/documents/{receipt['id']}"))["content"]
    assert (content["outcomes"][0]["name"], content["outcomes"][0]["reference"]) == ("（不予披露）", "A001")


async def test_over_capacity_is_previewed_refused_rebalanced_and_remembered(world):
    capacities = [
        {"communityId": str(world.places[name]), "capacity": 1} for name in ("community", "community2", "far_community")
    ]
    body = plan(world, row(world, "unit", "community"), row(world, "unit2", "community"), capacities=capacities)
    draft = await send(world, "committee", "POST", "/plans", body, 201)
    use = {use["communityName"]: use for use in draft["uses"]}
    assert (use["桃园社区"]["peak"], use["桃园社区"]["capacity"], use["桃园社区"]["over"]) == (2, 1, 1)
    path = f"/plans/{draft['id']}"
    refused = await send(world, "committee", "POST", f"{path}/issue", {}, 409)
    assert (refused["code"], refused["communities"]) == ("plan_over_capacity", ["桃园社区"])
    balanced = await send(world, "committee", "POST", f"{path}/rebalance")
    assert sorted(line["communityName"] for line in balanced["rows"]) == ["柳林社区", "桃园社区"]
    assert (balanced["version"], [use["over"] for use in balanced["uses"]]) == (2, [0, 0, 0])
    await send(world, "committee", "POST", f"{path}/issue", {})
    told = (await send(world, "committee", "GET", f"{path}/history"))["items"]
    assert [change["step"] for change in told] == ["document.create", "document.rebalance", "document.issue"]
    (move,) = told[1]["moves"]
    assert (move["fromId"], move["toId"]) == (str(world.places["community"]), str(world.places["community2"]))
    assert "超过承接能力" in move["words"]["zh"]


async def test_a_plan_over_capacity_is_issued_only_expressly(world):
    capacities = [{"communityId": str(world.places["community"]), "capacity": 0}]
    draft = await send(
        world, "committee", "POST", "/plans", plan(world, row(world, "unit", "community"), capacities=capacities), 201
    )
    await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {}, 409)
    assert states(world) == []
    await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {"overCapacity": True})
    assert [link[2] for link in states(world)] == ["proposed"]


async def test_members_can_be_what_a_plan_measures(world):
    from datetime import date

    from api.db import new_id
    from api.models import Organization, OrganizationCount

    rows = (row(world, "unit", "community"), row(world, "unit2", "community", members=3))
    refused = await send(world, "committee", "POST", "/plans", plan(world, *rows, measure="members"), 422)
    assert [(place["pointer"], place["code"]) for place in refused["errors"]] == [("/rows/0", "members_missing")]

    def count(session, actor):
        session.insert(
            OrganizationCount,
            [
                {
                    "id": new_id(), "tenant_id": actor.tenant_id, "organization_id": world.places["unit"],
                    "kind": "in_service_members", "as_of": date(2026, 1, 1), "value": 40, "source": "test",
                }
            ],
        )  # fmt: skip
        session.execute(sa.update(Organization).where(Organization.id == world.places["community"]).values(capacity=42))

    world.run(count)
    draft = await send(world, "committee", "POST", "/plans", plan(world, *rows, measure="members"), 201)
    (use,) = draft["uses"]
    assert (use["peak"], use["capacity"], use["over"]) == (43, 42, 1)


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


def edit_of(world, *rows):
    body = plan(world, *rows)
    del body["issuerId"]
    return body


async def test_a_new_edition_without_rows_begins_with_those_that_stand(world):
    first = await issued(world, row(world, "unit", "community"), row(world, "unit2", "community2"))
    body = plan(world, supersedesId=first["id"]) | {"rows": None}
    draft = await send(world, "committee", "POST", "/plans", body, 201)
    assert sorted(line["unitName"] for line in draft["rows"]) == ["测试市供水公司", "测试市第一中学"]


async def test_two_plans_in_force_do_not_arrange_the_same(world):
    await issued(world, row(world, "unit", "community"))
    draft = await send(world, "committee", "POST", "/plans", plan(world, row(world, "unit", "community")), 201)
    refused = await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {}, 409)
    assert refused["code"] == "plan_arranged_elsewhere"


async def test_issuing_twice_with_one_key_is_one_plan_and_a_stale_edit_is_refused(world):
    draft = await send(world, "committee", "POST", "/plans", plan(world, row(world, "unit", "community")), 201)
    path = f"/plans/{draft['id']}"
    await send(
        world,
        "committee",
        "PUT",
        path,
        edit_of(world, row(world, "unit", "community")),
        412,
        headers={"If-Match": '"v7"'},
    )
    headers = {"Idempotency-Key": "issue-1"}
    first = await send(world, "committee", "POST", f"{path}/issue", {}, headers=headers)
    again = await send(world, "committee", "POST", f"{path}/issue", {}, headers=headers)
    assert (again["number"], len(states(world))) == (first["number"], 1)
    await send(world, "committee", "POST", f"{path}/issue", {}, 409)


async def test_the_issued_plan_is_frozen_named_and_exported(world):
    published = await issued(world, row(world, "unit", "community", members=5))

    def content(session, _actor):
        return session.scalar(sa.select(Document.content).where(Document.id == UUID(published["id"])))

    kept = world.run(content)
    assert "arrangement" not in kept
    assert kept["reference"] == "测工委〔2026〕3号"
    assert kept["rows"][0]["street"] == "桃园街道"
    async with world.client("liaison2") as client:
        answer = await client.get(f"/api/v1/documents/{published['id']}/file", params={"format": "xlsx"})
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.content))
    cells = {str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line}
    assert {"测试市第一中学", "桃园社区"} <= cells


def table(*rows):
    book = Workbook()
    for line in (("单位", "统一社会信用代码", "街道", "社区", "开始日期", "截止日期", "在职党员数"), *rows):
        book.active.append(line)
    held = io.BytesIO()
    book.save(held)
    return {"file": ("plan.xlsx", held.getvalue())}


async def test_rows_come_as_a_table_all_or_none(world):
    def second_community(session, actor):
        node = {"axis": "territory", "kind": "community", "name": "桃园社区"}
        organizations.create(session, actor, node, world.places["far_street"])

    world.run(second_community)
    draft = await send(world, "committee", "POST", "/plans", plan(world), 201)
    path = f"/plans/{draft['id']}/rows"
    bad = table(
        ("测试市第一中学", "", "", "桃园社区", "", "", 5),
        ("没有这个单位", "", "", "柳林社区", "", "", ""),
        ("测试市供水公司", "", "桃园街道", "柳林社区", "昨天", "", "若干"),
    )
    refused = await send(world, "committee", "POST", path, None, 422, files=bad)
    assert refused["code"] == "plan_table_refused"
    assert {(place["pointer"], place["code"]) for place in refused["errors"]} == {
        ("/rows/2/community", "ambiguous_community"),
        ("/rows/3/unit", "unknown_unit"),
        ("/rows/4/starts_on", "not_a_date"),
        ("/rows/4/members", "not_a_count"),
    }
    good = table(
        ("测试市第一中学", "", "桃园街道", "桃园社区", "2026-03-01", "2026-06-30", 5),
        ("测试市供水公司", "", "", "柳林社区", "", "", ""),
    )
    filled = await send(world, "committee", "POST", path, None, 200, files=good)
    lines = {line["unitName"]: line for line in filled["rows"]}
    assert (lines["测试市第一中学"]["startsOn"], lines["测试市第一中学"]["endsOn"]) == ("2026-03-01", "2026-07-01")
    assert lines["测试市供水公司"]["endsOn"] == "2027-01-01"


async def test_what_cannot_be_is_refused_and_nothing_stored(world):
    async def codes(body):
        answer = await send(world, "committee", "POST", "/plans", body, 422)
        return {(place["pointer"], place["code"]) for place in answer["errors"]} or answer["code"]

    swapped = {"unitId": str(world.places["community"]), "communityId": str(world.places["unit"])}
    assert await codes(plan(world, swapped)) == {("/rows/0", "unknown_community")}
    assert await codes(plan(world, row(world, "community", "community"))) == {("/rows/0", "unknown_unit")}
    backward = row(world, "unit", "community", startsOn="2026-05-01", endsOn="2026-05-01")
    assert await codes(plan(world, backward)) == {("/rows/0", "empty_period")}
    double = row(world, "unit", "community")
    assert await codes(plan(world, double, double)) == {("/rows/1", "repeated_link")}
    outside = row(world, "unit", "community", endsOn="2028-01-01")
    assert await codes(plan(world, outside)) == "invalid_document_content"
    assert await codes(plan(world) | {"endsOn": "2026-01-01"}) == "invalid_document_content"
    for name in ("liaison", "worker", "member"):
        await send(world, name, "POST", "/plans", plan(world, double), 403)
    draft = await send(world, "committee", "POST", "/plans", plan(world), 201)
    refused = await send(world, "committee", "POST", f"/plans/{draft['id']}/issue", {}, 409)
    assert refused["code"] == "plan_empty"
    await send(world, "liaison", "GET", f"/plans/{draft['id']}", status=404)


async def test_a_committee_arranges_only_units_within_its_reach(world):
    def appoint(session, actor):
        world.people["narrow"] = people.add(session, actor, {"name": "测窄"}, since=worlds.LONG_AGO)
        people.grant(
            session,
            actor,
            world.people["narrow"],
            "work_committee_officer",
            world.places["unit"],
            since=worlds.LONG_AGO,
        )

    world.run(appoint)
    own = {"issuerId": str(world.places["unit"])}
    body = plan(world, row(world, "unit2", "community")) | own
    refused = await send(world, "narrow", "POST", "/plans", body, 422)
    assert refused["errors"][0]["code"] == "unknown_unit"
    await send(world, "narrow", "POST", "/plans", plan(world, row(world, "unit", "community")) | own, 201)
    await send(world, "narrow", "POST", "/plans", plan(world), 403)
