"""Registrations on the move: redirected, transferred, ended, expired, renewed."""

from datetime import date

import pytest
import sqlalchemy as sa

from api.models import Organization
from api.services import affiliations, people, reporting_in
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.registering import PATH, accepted, at, newcomer, reported


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


@pytest.fixture
def fresh(world):
    return newcomer(world)


async def test_a_redirected_request_is_at_once_at_the_other_community(world, fresh):
    asked = await reported(world, fresh)
    async with world.client("worker") as worker, world.client("worker2") as other:
        path = f"{PATH}/{asked['id']}/redirect"
        assert (await worker.post(path, json=at(world))).json()["code"] == "same_community"
        moved = (await worker.post(path, json=at(world, "community2"))).json()
        assert moved["state"] == "redirected"
        there = (await other.get(f"{PATH}/{moved['successorId']}")).json()
        assert (there["state"], there["communityName"], there["personName"]) == ("submitted", "柳林社区", f"测{fresh}")
        back = await other.post(f"{PATH}/{there['id']}/redirect", json=at(world))
        assert (back.status_code, back.json()["code"]) == (409, "same_community")
        assert (await other.post(f"{PATH}/{there['id']}/accept", json={})).json()["state"] == "accepted"


async def test_on_transfer_the_old_one_stands_until_the_new_community_accepts(world, fresh, clock):
    old = await accepted(world, fresh)
    async with world.client(fresh) as member, world.client("worker2") as other:
        asked = (await member.post(f"{PATH}/{old['id']}/transfer", json=at(world, "community2"))).json()
        assert (asked["state"], asked["allowedActions"]) == ("accepted", [])
        assert old["id"] not in [
            row["id"]
            for row in (await member.get(PATH)).json()["items"]
            if "registration.transfer" in row["allowedActions"]
        ]
        doubled = await member.post(f"{PATH}/{old['id']}/transfer", json=at(world, "far_community"))
        assert doubled.json()["code"] == "transfer_pending"
        new = (await other.get(f"{PATH}/{asked['successorId']}")).json()
        assert (new["state"], new["replacesId"]) == ("submitted", old["id"])
    clock.forward(days=3)
    async with world.client(fresh) as member, world.client("worker2") as other:
        taken = await other.post(f"{PATH}/{new['id']}/accept", json={}, headers={"Idempotency-Key": f"t-{fresh}"})
        again = await other.post(f"{PATH}/{new['id']}/accept", json={}, headers={"Idempotency-Key": f"t-{fresh}"})
        assert taken.json()["state"] == "accepted"
        assert (again.json()["id"], again.headers["idempotent-replay"]) == (new["id"], "true")
        stands = (await member.get(f"{PATH}/{old['id']}")).json()
        assert (stands["state"], stands["validTo"]) == ("transferred", "2026-03-05")
    account = world.run(lambda session, _actor: people.account_of(session, world.people[fresh]))
    belonging = world.run(lambda session, actor: affiliations.as_of(session, actor.tenant_id, [account]))
    assert belonging.home(account, date(2026, 3, 4)) == world.places["community"]
    assert belonging.home(account, date(2026, 3, 5)) == world.places["community2"]
    assert belonging.employer(account, date(2026, 3, 5)) == world.places["unit"]
    clock.forward(days=-3)


async def test_a_returned_transfer_leaves_the_old_one_standing(world, fresh):
    old = await accepted(world, fresh)
    async with world.client(fresh) as member, world.client("worker2") as other:
        asked = (await member.post(f"{PATH}/{old['id']}/transfer", json=at(world, "community2"))).json()
        await other.post(f"{PATH}/{asked['successorId']}/return", json={"reason": "wrong_community"})
        stands = (await member.get(f"{PATH}/{old['id']}")).json()
        assert (stands["state"], stands["allowedActions"]) == ("accepted", ["registration.transfer"])
        assert (await member.post(f"{PATH}/{old['id']}/transfer", json=at(world, "far_community"))).status_code == 200


async def test_a_registration_ends_expires_and_is_renewed(world, fresh, clock):
    asked = await reported(world, fresh)
    async with world.client("worker") as worker:
        path = f"{PATH}/{asked['id']}"
        backward = await worker.post(f"{path}/accept", json={"until": "2026-03-02"})
        assert (backward.status_code, backward.json()["code"]) == (422, "ends_before_it_begins")
        await worker.post(f"{path}/accept", json={"until": "2026-03-04"})
    assert world.run(reporting_in.expire_due) == 0
    clock.forward(days=2)
    assert world.run(reporting_in.expire_due) == 1
    assert world.run(reporting_in.expire_due) == 0
    async with world.client("worker") as worker:
        assert (await worker.get(path)).json()["allowedActions"] == ["registration.renew"]
        renewed = (await worker.post(f"{path}/renew", json={})).json()
        assert (renewed["state"], renewed["validTo"]) == ("accepted", None)
        ended = (await worker.post(f"{path}/end", json={"reason": "搬离本市"})).json()
        assert (ended["state"], ended["validTo"]) == ("ended", "2026-03-04")
    clock.forward(days=-2)


async def test_a_full_community_is_advised_to_redirect(world, fresh):
    def fill(session, actor):
        for name, capacity in (("community", 0), ("community2", 50)):
            session.execute(
                sa.update(Organization).where(Organization.id == world.places[name]).values(capacity=capacity)
            )

    asked = await reported(world, fresh)
    world.run(fill)
    # Where somebody lives only the community can tell, so it decides; a second home is not tied to that.
    async with world.client("worker") as worker, world.client(fresh) as member:
        assert (await worker.get(f"{PATH}/{asked['id']}")).json()["advice"]["step"] is None
        await worker.post(f"{PATH}/{asked['id']}/redirect", json=at(world, "community2"))
        second = (await member.post(PATH, json=at(world, principal=False))).json()
        advice = (await worker.get(f"{PATH}/{second['id']}")).json()["advice"]
    assert advice == {
        "step": "registration.redirect",
        "reason": "no_capacity",
        "communityId": str(world.places["community2"]),
    }
