"""Claims over HTTP: a code from paper links one person once, and what is wrong with a code is told to nobody."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.models import ClaimCode, Event, Identity
from api.services import people
from tests.support import world as worlds
from tests.support.claiming import another, link, ticket, vouched
from tests.support.clock import Clock
from tests.support.importing import rows


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def first(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


@pytest.fixture
def world(first, time):
    time.forward(days=1)
    return another(first)


async def issued(world, person=None, by="liaison"):
    async with world.client(by) as client:
        return await client.post(f"/api/v1/people/{person or world.people['listed']}/claim-codes")


async def claim(world, code, told=None):
    async with world.client() as client:
        body = {"ticket": told or ticket(world), "code": code, "device": "手机"}
        return await client.post("/api/v1/auth/claim", json=body)


async def test_a_code_is_shown_once_and_links_once(world):
    answer = await issued(world)
    assert answer.status_code == 201, answer.text
    code = answer.json()["code"]
    assert len(code) == 14
    async with world.client("liaison") as liaison:
        path = f"/api/v1/claim-codes/{answer.json()['id']}"
        shown = await liaison.get(path)
        assert "code" not in shown.json()
        assert shown.json()["allowedActions"] == ["claim_code.revoke"]
        kept = rows(world, sa.select(ClaimCode.selector, ClaimCode.secret_hash))
        assert code.replace("-", "")[5:] not in str(kept)
        done = await claim(world, f" {code.lower()} ", ticket(world, phone="+8613811112222"))
        assert done.status_code == 200, done.text
        assert (await liaison.get(path)).json()["state"] == "used"
    async with world.client() as client:
        headers = {"Authorization": f"Bearer {done.json()['accessToken']}"}
        me = (await client.get("/api/v1/me", headers=headers)).json()
    assert (me["personId"], me["name"]) == (str(world.people["listed"]), "赵一")
    way = sa.select(Identity.subject).where(Identity.person_id == world.people["listed"])
    assert rows(world, way) == [("openid-new",)]
    assert vouched(world, "13811112222", provider="oidc") == world.people["listed"]  # the vouched phone is kept
    assert (await claim(world, code, ticket(world, "openid-third"))).json()["code"] == "claim_refused"


async def test_a_ticket_is_good_for_one_claim_and_only_for_its_time(world, time):
    told = ticket(world)
    code = (await issued(world)).json()["code"]
    assert (await claim(world, code, told)).status_code == 200
    again = (await issued(world)).json()["code"]
    used = await claim(world, again, told)
    assert (used.status_code, used.json()["code"]) == (401, "ticket_refused")
    late = ticket(world, "openid-late")
    time.forward(hours=1)
    assert (await claim(world, again, late)).json()["code"] == "ticket_refused"
    forged = await claim(world, again, late[:-4] + "AAAA")
    assert (forged.status_code, forged.json()["code"]) == (401, "ticket_refused")


async def test_a_new_identity_replaces_the_old_one_and_signs_its_devices_out(world):
    first_code = (await issued(world)).json()["code"]
    old = (await claim(world, first_code, ticket(world, "openid-old"))).json()["accessToken"]
    code = (await issued(world)).json()["code"]
    assert (await claim(world, code, ticket(world, "openid-new"))).status_code == 200
    async with world.client() as client:
        lost = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {old}"})
    assert lost.status_code == 401
    way = sa.select(Identity.subject).where(Identity.person_id == world.people["listed"])
    assert rows(world, way) == [("openid-new",)]


async def test_five_wrong_tries_lock_a_code_and_each_is_on_record(world):
    answer = (await issued(world)).json()
    wrong = answer["code"][:-1] + ("0" if answer["code"][-1] != "0" else "1")
    for _ in range(5):
        assert (await claim(world, wrong)).json()["code"] == "claim_refused"
    right = await claim(world, answer["code"])
    assert (right.status_code, right.json()["code"]) == (401, "claim_refused")
    async with world.client("liaison") as liaison:
        shown = (await liaison.get(f"/api/v1/claim-codes/{answer['id']}")).json()
    assert (shown["state"], shown["tries"]) == ("locked", 5)
    tried = sa.select(Event.details).where(Event.kind == "identity.refuse", Event.tenant_id == world.operator.tenant_id)
    assert len(rows(world, tried)) == 6


async def test_what_is_wrong_with_a_code_is_told_to_nobody(world, time):
    """An unknown, expired, revoked, foreign or malformed code gets one answer; so does a wrong secret."""
    answer = (await issued(world)).json()
    foreign = (await issued(another(world, "李四"))).json()["code"]
    revoked = (await issued(world)).json()["code"]
    expired = (await issued(world)).json()["code"]  # the one before is revoked by it
    time.forward(days=8)
    told = []
    for code in (answer["code"], revoked, expired, foreign, "ABCD-EFGH-JKMN", "乱写", "0"):
        refused = await claim(world, code)
        body = refused.json()
        body.pop("requestId", None)
        told.append((refused.status_code, body))
    assert all(each == told[0] for each in told), told
    assert told[0][0] == 401


async def test_codes_are_for_ones_own_roster_and_open_no_office(world):
    assert (await issued(world, by="liaison2")).status_code == 404
    assert (await issued(world, by="member")).status_code == 403
    answer = (await issued(world, world.people["member"])).json()
    give = {"role": "liaison", "at": world.places["unit"]}
    world.run(
        lambda session, actor: people.grant(
            session, actor, world.people["member"], give["role"], give["at"], since=worlds.LONG_AGO
        )
    )
    refused = await issued(world, world.people["member"])
    assert (refused.status_code, refused.json()["code"]) == (403, "power_needs_more")
    taken = await claim(world, answer["code"])  # given the role after the code was issued
    assert (taken.status_code, taken.json()["code"]) == (403, "power_needs_more")


async def test_an_identity_of_somebody_else_is_not_claimed(world):
    link(world, world.people["member2"], "openid-theirs")
    code = (await issued(world)).json()["code"]
    taken = await claim(world, code, ticket(world, "openid-theirs"))
    assert (taken.status_code, taken.json()["code"]) == (409, "identity_taken")
    assert (await claim(world, code)).status_code == 200  # the refusal left the code as it was
