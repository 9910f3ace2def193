"""联系安排 over HTTP, on both databases: drafted, balanced, issued, superseded."""

import io
from uuid import UUID

import pytest
import sqlalchemy as sa
from openpyxl import Workbook, load_workbook

from api.models import Document
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.planning import edit_of, issued, plan, row, send, states


@pytest.fixture(scope="module")
def first_world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(first_world, request):
    """A tenant of its own for each test: plans in force would meet those of others."""
    return worlds.another(first_world, request.node.name)


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
