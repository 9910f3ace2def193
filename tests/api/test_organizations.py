"""Organisations over HTTP: created, found, counted, moved, related, ended; by those who may."""

from __future__ import annotations

import pytest

from tests.support import world as worlds
from tests.support.clock import Clock

BASE = "/api/v1/organizations"
LINKS = "/api/v1/organization-links"


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def new(world, name="新桥社区", above="street", **more):
    return {
        "axis": "territory", "kind": "community", "name": name, "parentId": str(world.places[above]), **more,
    }  # fmt: skip


async def made(client, world, name, above="street", **more):
    answer = await client.post(BASE, json=new(world, name, above, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_organisation_is_created_under_another_and_found(world):
    async with world.client("city_officer") as officer, world.client("member") as member:
        node = await made(officer, world, "新桥社区", capacity=30)
        assert [link["kind"] for link in node["links"]] == ["part_of"]
        assert node["links"][0]["toId"] == str(world.places["street"])
        for params in (
            {"name": "桥社"}, {"namePrefix": "新桥"}, {"parentId": str(world.places["street"])},
            {"within": str(world.places["district"]), "kind": "community"},
        ):  # fmt: skip
            page = (await member.get(BASE, params=params)).json()
            assert node["id"] in [item["id"] for item in page["items"]], params
        for params in ({"name": "桥_社"}, {"namePrefix": "桥社"}, {"within": str(world.places["far_street"])}):
            page = (await member.get(BASE, params=params)).json()
            assert node["id"] not in [item["id"] for item in page["items"]], params


async def test_only_who_governs_the_parent_creates(world):
    async with world.client("member") as member, world.client("district_officer") as officer:
        assert (await member.post(BASE, json=new(world))).status_code == 403
        assert (await officer.post(BASE, json=new(world, above="city"))).status_code == 403
        wrong = await officer.post(BASE, json=new(world, axis="party"))
        assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_organization_kind")
        unknown = {**new(world), "parentId": "00000000-0000-7000-8000-000000000000"}
        assert (await officer.post(BASE, json=unknown)).status_code == 404


async def test_an_edit_wants_the_version_that_was_read(world):
    async with world.client("city_officer") as officer:
        node = await made(officer, world, "改名社区")
        body = {"kind": "community", "name": "更名社区", "communityClass": "old_estate", "capacity": 12}
        edited = await officer.put(f"{BASE}/{node['id']}", json=body, headers={"If-Match": '"v1"'})
        assert edited.status_code == 200, edited.text
        assert (edited.json()["name"], edited.headers["etag"]) == ("更名社区", '"v2"')
        assert (await officer.put(f"{BASE}/{node['id']}", json=body, headers={"If-Match": '"v1"'})).status_code == 412


async def test_head_counts_are_dated_and_the_newest_is_shown(world):
    async with world.client("district_officer") as officer:
        node = await made(officer, world, "计数社区")
        path = f"{BASE}/{node['id']}/counts"
        for day, value in (("2026-01-01", 900), ("2025-01-01", 800), ("2026-01-01", 950)):
            counts = [{"kind": "households", "asOf": day, "value": value}]
            answer = await officer.put(path, json={"source": "台账", "counts": counts})
            assert answer.status_code == 200, answer.text
        shown = [(item["asOf"], item["value"]) for item in answer.json()["counts"]]
        assert shown == [("2026-01-01", 950)]
        for value in (-1, 1.5, "7"):
            counts = [{"kind": "households", "asOf": "2026-01-01", "value": value}]
            assert (await officer.put(path, json={"source": "台账", "counts": counts})).status_code == 422


async def test_a_moved_organisation_takes_its_parts_along(world):
    async with world.client("city_officer") as officer, world.client("street_officer") as stranger:
        node = await made(officer, world, "搬迁社区")
        part = {**new(world, "搬迁网格"), "kind": "grid", "parentId": node["id"]}
        grid = (await officer.post(BASE, json=part)).json()
        target = {"parentId": str(world.places["far_street"])}
        assert (await stranger.post(f"{BASE}/{node['id']}/move", json=target)).status_code == 403
        moved = await officer.post(f"{BASE}/{node['id']}/move", json=target)
        assert moved.status_code == 200, moved.text
        for street, there in (("far_street", True), ("street", False)):
            page = (await officer.get(BASE, params={"within": str(world.places[street])})).json()
            assert ({node["id"], grid["id"]} <= {item["id"] for item in page["items"]}) is there
        links = (await officer.get(LINKS, params={"organizationId": node["id"], "kind": "part_of"})).json()["items"]
        ends = {link["toId"]: link["state"] for link in links if link["fromId"] == node["id"]}
        assert ends == {str(world.places["street"]): "ended", str(world.places["far_street"]): "active"}
        circle = await officer.post(f"{BASE}/{node['id']}/move", json={"parentId": grid["id"]})
        assert (circle.status_code, circle.json()["code"]) == (422, "organization_part_of_itself")


async def test_an_organisation_ends_after_its_parts(world):
    async with world.client("city_officer") as officer:
        node = await made(officer, world, "撤销街道", above="district")
        part = (await officer.post(BASE, json={**new(world, "撤销社区"), "parentId": node["id"]})).json()
        reason = {"reason": "区划调整"}
        refused = await officer.post(f"{BASE}/{node['id']}/end", json=reason)
        assert (refused.status_code, refused.json()["code"]) == (409, "organization_has_parts")
        assert (
            "organization.end"
            not in (await officer.get(refused.url.path.removesuffix("/end"))).json()["allowedActions"]
        )
        for ended in (part, node):
            answer = await officer.post(f"{BASE}/{ended['id']}/end", json=reason)
            assert (answer.status_code, answer.json()["state"]) == (200, "ended")
        again = await officer.post(f"{BASE}/{node['id']}/end", json=reason)
        assert (again.status_code, again.json()["allowedActions"]) == (409, [])
        under = await officer.post(BASE, json={**new(world), "parentId": node["id"]})
        assert (under.status_code, under.json()["code"]) == (422, "organization_not_in_service")


async def test_a_relation_is_made_by_who_governs_where_it_points(world):
    unit, community = str(world.places["unit"]), str(world.places["community"])
    body = {"kind": "located_in", "fromId": unit, "toId": community, "basis": "驻区单位"}
    async with world.client("city_officer") as officer, world.client("admin") as admin:
        assert (await admin.post(LINKS, json=body)).status_code == 403
        created = await officer.post(LINKS, json=body)
        assert created.status_code == 201, created.text
        assert created.json()["allowedActions"] == ["organization_link.end"]
        double = await officer.post(LINKS, json=body)
        assert (double.status_code, double.json()["code"]) == (409, "organization_link_stands")
        itself = await officer.post(LINKS, json={**body, "fromId": community})
        assert itself.status_code == 422
        backwards = {**body, "fromId": community, "toId": unit, "kind": "covers"}
        assert (await officer.post(LINKS, json=backwards)).status_code == 403
        path = f"{LINKS}/{created.json()['id']}/end"
        early = await officer.post(path, json={"validTo": "2020-01-01"})
        assert (early.status_code, early.json()["code"]) == (422, "ends_before_it_begins")
        assert (await officer.post(path, json={})).json()["validTo"] == "2026-03-02"
        assert (await officer.post(path, json={})).status_code == 409


async def test_bad_input_is_a_clear_problem(world):
    async with world.client("city_officer") as officer:
        for params in ({"kind": "x" * 99}, {"colour": "red"}, {"within": "no"}, {"name": "\0"}, {"limit": "0"}):
            answer = await officer.get(BASE, params=params)
            assert answer.status_code in (404, 422), (params, answer.text)
        for wrong in ({"name": "\u0007"}, {"capacity": True}, {"axis": "sea"}, {"extra": 1}, {"name": " "}):
            assert (await officer.post(BASE, json={**new(world), **wrong})).status_code == 422, wrong
