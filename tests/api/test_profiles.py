"""What volunteers tell of themselves: by consent, gone with it, and never of a child without a guardian."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.models import Consent, Event, Profile
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import rows
from tests.support.service_calls import planned
from tests.support.world import LONG_AGO

TOLD = {
    "sex": "female", "birthDate": "1990-05-06", "residence": "桃园街道", "contact": "微信同手机",
    "skills": ["急救", "手语"], "serviceKinds": ["为老服务"],
}  # fmt: skip


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    built.run(_at_home, built)
    yield built
    built.close()


def _at_home(session, actor, world):
    from api.services import people

    for name in ("member", "member2", "member3"):
        more = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
        people.affiliate(session, actor, world.people[name], world.places["community"], "registration", **more)


async def agreed(client):
    asked = {"purpose": "volunteer_profile", "version": 1}
    return await client.post("/api/v1/me/consents", json=asked)


async def test_nothing_is_kept_before_the_volunteer_agrees(world):
    async with world.client("member") as member:
        early = await member.put("/api/v1/me/profile", json=TOLD)
        assert (early.status_code, early.json()["code"]) == (409, "profile_not_agreed")
        shown = (await member.get("/api/v1/me/profile")).json()
        assert (shown["version"], shown["name"], shown["sex"], shown["agreed"]) == (0, "测member", None, False)
        assert (await agreed(member)).status_code == 201
        kept = await member.put("/api/v1/me/profile", json=TOLD)
        assert kept.status_code == 200, kept.text
        assert {name: kept.json()[name] for name in TOLD} == TOLD
        assert (kept.json()["minor"], kept.json()["nationalNumber"]) == (False, None)


async def test_each_field_may_stay_empty_and_what_is_left_out_is_kept_no_more(world):
    async with world.client("member") as member:
        kept = (await member.put("/api/v1/me/profile", json={"sex": "female"})).json()
    assert (kept["sex"], kept["birthDate"], kept["residence"], kept["skills"]) == ("female", None, None, [])


async def test_a_profile_told_again_as_it_stands_writes_no_version_and_no_event(world):
    def events():
        edits = sa.select(sa.func.count()).where(Event.kind == "profile.edit")
        with world.house.engines.look() as session:
            return session.scalar(edits)

    async with world.client("member") as member:
        await agreed(member)
        first = (await member.put("/api/v1/me/profile", json=TOLD)).json()
        before = events()
        assert (await member.put("/api/v1/me/profile", json=TOLD)).json() == first
        stale = await member.put("/api/v1/me/profile", json=TOLD, headers={"If-Match": f'"v{first["version"] + 1}"'})
        assert (stale.status_code, events()) == (412, before)
        changed = await member.put("/api/v1/me/profile", json={**TOLD, "sex": "male"})
        assert (changed.json()["version"], events()) == (first["version"] + 1, before + 1)
        await member.put("/api/v1/me/profile", json={"sex": "female"})


async def test_nobody_sets_their_national_number(world):
    async with world.client("member") as member:
        refused = await member.put("/api/v1/me/profile", json={"nationalNumber": "1"})
    assert refused.status_code == 422


async def test_a_profile_goes_at_once_with_the_consent_that_it_rests_on(world):
    async with world.client("member2") as member:
        consent = (await agreed(member)).json()
        await member.put("/api/v1/me/profile", json=TOLD)
        assert (await member.post(f"/api/v1/me/consents/{consent['id']}/withdraw")).status_code == 200
        shown = (await member.get("/api/v1/me/profile")).json()
        assert (shown["sex"], shown["birthDate"], shown["contact"], shown["skills"]) == (None, None, None, [])
        again = await member.put("/api/v1/me/profile", json=TOLD)
        assert again.json()["code"] == "profile_not_agreed"


async def test_a_child_under_14_needs_a_guardian_whose_consent_the_community_records(world, time):
    child = {"birthDate": f"{time().year - 13}-01-01"}
    guardian = {"name": "测监护人", "relation": "mother", "contact": "13900000001", "basis": "同意书2026-01"}
    path = f"/api/v1/people/{world.people['member3']}/guardian-consent"
    async with world.client("member3") as member:
        await agreed(member)
        refused = await member.put("/api/v1/me/profile", json=child)
        assert (refused.status_code, refused.json()["code"]) == (409, "guardian_needed")
        own = await member.post("/api/v1/me/consents", json={"purpose": "guardian", "version": 1})
        assert own.json()["code"] == "unknown_purpose"
        assert (await member.post(path, json=guardian)).status_code == 403
    async with world.client("worker2") as elsewhere:
        assert (await elsewhere.post(path, json=guardian)).status_code == 404
    async with world.client("worker") as worker:
        given = await worker.post(path, json=guardian)
        assert (given.status_code, given.json()["name"]) == (201, "测监护人")
        assert (await worker.post(path, json=guardian)).json()["id"] == given.json()["id"]
    async with world.client("member3") as member:
        kept = await member.put("/api/v1/me/profile", json=child)
        assert (kept.status_code, kept.json()["minor"], kept.json()["guardianConsent"]) == (200, True, True)
    async with world.client("worker") as worker:
        ended = await worker.post(f"{path}/withdraw")
        assert (ended.json()["state"], ended.json()["name"]) == ("withdrawn", None)
        assert (await worker.post(f"{path}/withdraw")).status_code == 404
    async with world.client("member3") as member:
        assert (await member.get("/api/v1/me/profile")).json()["birthDate"] is None
    kept = sa.select(Consent.id, Consent.tenant_id, Consent.guardian).where(Consent.purpose == "guardian")
    assert [row[2] for row in rows(world, kept)] == [None]


async def test_an_activity_for_adults_refuses_who_is_known_to_be_a_minor_and_nobody_else(world, time):
    shift = await planned(world, time, policy={"safety": {"adultsOnly": True}})
    async with world.client("member") as member:
        await member.put("/api/v1/me/profile", json={"birthDate": f"{time().year - 16}-01-01"})
        refused = await member.post(f"/api/v1/shifts/{shift}/signups")
        assert (refused.status_code, refused.json()["code"]) == (409, "adults_only")
        await member.put("/api/v1/me/profile", json={"birthDate": f"{time().year - 19}-01-01"})
        assert (await member.post(f"/api/v1/shifts/{shift}/signups")).status_code == 201
    async with world.client("member2") as nobody_knows:
        assert (await nobody_knows.post(f"/api/v1/shifts/{shift}/signups")).status_code == 201


async def test_a_birth_date_lies_in_the_past(world):
    async with world.client("member") as member:
        refused = await member.put("/api/v1/me/profile", json={"birthDate": "2150-01-01"})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_born_yet")


async def test_what_is_kept_lies_sealed_and_each_change_leaves_an_event(world):
    with world.house.engines.look() as session:
        raw = session.rows(sa.text("SELECT sex, birth_date, skills FROM profiles"))
    assert all(b"1990" not in (cell or b"") and b"female" not in (cell or b"") for row in raw for cell in row)
    steps = {row[0] for row in rows(world, sa.select(Event.kind).where(Event.subject_kind == "profile"))}
    assert steps == {"profile.edit", "profile.clear"}
    assert len(rows(world, sa.select(Profile.id))) == 3
