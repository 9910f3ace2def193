"""Rulebooks over HTTP: drafts, findings, activation, and texts that cannot be read."""

from pathlib import Path

import pytest

from tests.support import world as worlds
from tests.support.clock import Clock

BASIC = (Path(__file__).parents[1] / "support" / "plain_member.yaml").read_text(encoding="utf-8")
GAP = BASIC.replace("band: {atLeast: 10, lessThan: 30}", "band: {atLeast: 12, lessThan: 30}")


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def draft(world, text, at="district"):
    return {"text": text, "organizationId": str(world.places[at])}


async def test_a_draft_is_activated_and_retired(world):
    text = BASIC.replace('version: "2"', 'version: "1-a"')
    async with world.client("district_officer") as officer, world.client("member") as member:
        created = await officer.post("/api/v1/rulebooks", json=draft(world, text))
        assert created.status_code == 201, created.text
        book = created.json()
        assert (book["state"], book["code"], book["findings"]) == ("draft", "plain-member", [])
        path = f"/api/v1/rulebooks/{book['id']}"
        assert (await officer.post("/api/v1/rulebooks", json=draft(world, text))).json()["id"] == book["id"]
        assert (await member.post(f"{path}/activate")).status_code == 403
        assert (await officer.post(f"{path}/activate")).json()["state"] == "active"
        assert (await officer.put(path, json={"text": BASIC})).status_code == 409
        assert (await member.get(path)).json()["contentHash"] == book["contentHash"]
        listed = (await member.get("/api/v1/rulebooks", params={"state": "active"})).json()["items"]
        assert [item["id"] for item in listed] == [book["id"]]
        assert (await officer.post(f"{path}/retire")).json()["state"] == "retired"


async def test_a_gap_in_the_bands_is_said_in_both_languages_and_never_becomes_active(world):
    text = GAP.replace('version: "2"', 'version: "1-gap"')
    async with world.client("district_officer") as officer, world.client("member") as member:
        book = (await officer.post("/api/v1/rulebooks", json=draft(world, text))).json()
        assert "gap" in [found["code"] for found in book["findings"]]
        assert "rulebook.activate" not in book["allowedActions"]
        path = f"/api/v1/rulebooks/{book['id']}"
        found = next(found for found in book["findings"] if found["code"] == "gap")
        line = text.split("\n")[found["line"] - 1]
        assert line[found["column"] - 1 :].startswith("{atLeast: 12"), "the place in the text that was sent"
        same = await officer.post("/api/v1/rulebooks/lint", json=draft(world, text.replace("1-gap", "1-tried")))
        assert (same.status_code, same.json()["findings"]) == (200, book["findings"])
        assert (await member.post("/api/v1/rulebooks/lint", json=draft(world, text))).status_code == 403
        said = (await officer.get(f"{path}/lint")).json()["findings"][0]
        assert said["detail"]["zh"] != said["detail"]["en"]
        refused = await officer.post(f"{path}/activate")
        assert (refused.status_code, refused.json()["code"]) == (409, "rulebook_has_errors")
        assert "没有等次" in refused.json()["detail"]
        english = await officer.post(f"{path}/activate", headers={"Accept-Language": "en"})
        assert "no grade" in english.json()["errors"][0]["detail"]
        assert (await officer.get(path)).json()["state"] == "draft"
        mended = await officer.put(path, json={"text": text.replace("atLeast: 12", "atLeast: 10")})
        assert (mended.status_code, mended.json()["findings"]) == (200, [])
        assert "rulebook.activate" in mended.json()["allowedActions"]
        assert (await officer.post(f"{path}/activate")).status_code == 200


async def test_a_text_that_is_no_rulebook_is_refused_with_line_and_column(world):
    async with world.client("district_officer") as officer:
        broken = await officer.post("/api/v1/rulebooks", json=draft(world, BASIC + "surprise: 1\n"))
        assert (broken.status_code, broken.json()["code"]) == (422, "rulebook_invalid")
        place = broken.json()["errors"][0]
        assert (place["pointer"], place["line"]) == ("/surprise", BASIC.count("\n") + 1)
        for text in ("{", "a: &x 1\nb: *x", "format: .nan", "\t"):
            refused = await officer.post("/api/v1/rulebooks", json=draft(world, text))
            assert refused.status_code == 422, text
        neither = await officer.post("/api/v1/rulebooks", json={"organizationId": str(world.places["district"])})
        assert neither.status_code == 422


async def test_another_text_under_the_same_version_is_refused(world):
    async with world.client("district_officer") as officer:
        text = BASIC.replace('version: "2"', 'version: "1-b"')
        assert (await officer.post("/api/v1/rulebooks", json=draft(world, text))).status_code == 201
        other = await officer.post("/api/v1/rulebooks", json=draft(world, text.replace("atMost: 3600", "atMost: 3000")))
        assert (other.status_code, other.json()["code"]) == (409, "rulebook_edition_taken")


async def test_nobody_writes_rules_outside_of_their_reach(world):
    async with world.client("district_officer") as officer, world.client("street_officer") as street:
        shipped = {"shipped": "basic-unit"}
        city = await officer.post("/api/v1/rulebooks", json={**shipped, "organizationId": str(world.places["city"])})
        assert city.status_code == 403
        for place, due in (("district", 403), ("street", 201)):
            body = {**shipped, "organizationId": str(world.places[place])}
            assert (await street.post("/api/v1/rulebooks", json=body)).status_code == due, place
        unknown = {"shipped": "no-such", "organizationId": str(world.places["district"])}
        assert (await officer.post("/api/v1/rulebooks", json=unknown)).status_code == 404


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("format: 1", "format: 1\nformat: 1", "duplicate_key"),
        ("subject: member", "subject: &who member", "alias"),
        ("subject: member", "subject: *who", "alias"),
        ("since: 2025-01-01", "since: 2025-01-01, until: 2019-01-01", "value_error"),
        ("atMost: 3600", "atMost: 1e999", "value_error"),
        ("atMost: 3600", "atMost: .nan", "value_error"),
        ("atMost: 3600", "atMost: " + "9" * 400, "value_error"),
        ("measures:", "measures: " + "[" * 40, "too_deep"),
    ],
)
async def test_a_broken_text_is_a_clear_problem_and_nothing_of_it_is_kept(world, old, new, code):
    assert old in BASIC
    async with world.client("district_officer") as officer:
        before = (await officer.get("/api/v1/rulebooks")).json()["items"]
        refused = await officer.post("/api/v1/rulebooks", json=draft(world, BASIC.replace(old, new, 1)))
        assert (refused.status_code, refused.json()["code"]) == (422, "rulebook_invalid")
        found = refused.json()["errors"][0]
        assert found["code"] == code
        assert found["line"] >= 1
        assert found["column"] >= 1
        assert "处错误，首处在第" in refused.json()["detail"]
        assert (await officer.get("/api/v1/rulebooks")).json()["items"] == before


async def test_a_text_over_the_limit_is_refused_before_it_is_read_and_so_is_an_empty_one(world):
    async with world.client("district_officer") as officer:
        for text, status in (("#" * 60_001, 422), ("#" * 200_000, 413), ("", 422), ("\ufeff", 422)):
            refused = await officer.post("/api/v1/rulebooks", json=draft(world, text))
            assert refused.status_code == status, len(text)
            assert refused.json()["code"]
