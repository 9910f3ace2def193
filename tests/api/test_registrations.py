"""报到 of members over HTTP, on both databases."""

import asyncio
from datetime import date

import pytest
import sqlalchemy as sa

from api.models import Document
from api.services import organizations
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


async def test_a_member_reports_in_and_the_community_accepts(world, fresh):
    asked = await reported(world, fresh)
    assert (asked["state"], asked["basis"], asked["principal"], asked["subject"]) == (
        "submitted",
        "residence",
        True,
        "member",
    )
    assert asked["allowedActions"] == []
    async with world.client("worker") as worker:
        seen = (await worker.get(f"{PATH}/{asked['id']}")).json()
        assert seen["personName"] == f"测{fresh}"
        assert seen["allowedActions"] == ["registration.accept", "registration.return", "registration.redirect"]
        assert seen["advice"] == {"step": None, "reason": None, "communityId": None}
        answer = (await worker.post(f"{PATH}/{asked['id']}/accept", json={})).json()
    assert (answer["state"], answer["validFrom"]) == ("accepted", "2026-03-02")
    assert answer["allowedActions"] == ["registration.transfer", "registration.end"]


async def test_who_sees_a_registration(world, fresh):
    asked = await reported(world, fresh)
    path = f"{PATH}/{asked['id']}"
    statuses = {}
    for name in ("worker", "worker2", "far_worker", "liaison", "liaison2", "street_officer", "member2", fresh):
        async with world.client(name) as client:
            statuses[name] = (await client.get(path)).status_code
    assert statuses == {
        "worker": 200, "worker2": 404, "far_worker": 404, "liaison": 200, "liaison2": 404, "street_officer": 200,
        "member2": 404, fresh: 200,
    }  # fmt: skip
    async with world.client("street_officer") as officer, world.client("liaison") as liaison:
        assert (await officer.get(path)).json()["personName"] is None
        assert (await liaison.get(path)).json()["personName"] == f"测{fresh}"
        listed = (await liaison.get(PATH, params={"unitId": str(world.places["unit"]), "limit": 100})).json()
        assert asked["id"] in [item["id"] for item in listed["items"]]


async def test_a_former_employer_does_not_see_it(world, fresh, clock):
    asked = await reported(world, fresh)

    def leave(session, _actor):
        import sqlalchemy as sa

        from api.models import Affiliation

        session.execute(
            sa.update(Affiliation)
            .where(Affiliation.person_id == world.people[fresh], Affiliation.kind == "employment")
            .values(valid_to=date(2026, 3, 1))
        )

    world.run(leave)
    async with world.client("liaison") as liaison:
        assert (await liaison.get(f"{PATH}/{asked['id']}")).status_code == 404


@pytest.mark.parametrize(("name", "status"), [("far_worker", 404), ("member2", 403), ("liaison", 403)])
async def test_others_cannot_accept(world, fresh, name, status):
    asked = await reported(world, fresh)
    async with world.client(name) as client:
        assert (await client.post(f"{PATH}/{asked['id']}/accept", json={})).status_code == status


async def test_an_employer_learns_of_the_principal_registration_alone(world, fresh):
    principal = await accepted(world, fresh)
    async with world.client(fresh) as member, world.client("worker2") as worker, world.client("liaison") as liaison:
        second = (await member.post(PATH, json=at(world, "community2", principal=False))).json()
        assert (await worker.post(f"{PATH}/{second['id']}/accept", json={})).status_code == 200
        seen = [row["id"] for row in (await liaison.get(PATH, params={"limit": 100})).json()["items"]]
        assert (principal["id"] in seen, second["id"] in seen) == (True, False)
        assert (await liaison.get(f"{PATH}/{second['id']}")).status_code == 404
    told = sa.select(Document.source).where(Document.source.like("registration:%"))
    sources = world.run(lambda session, _actor: [row.source for row in session.rows(told)])
    assert f"registration:{principal['id']}:accepted" in sources
    assert f"registration:{second['id']}:accepted" not in sources


async def test_a_second_principal_registration_is_refused_in_both_languages(world, fresh):
    await accepted(world, fresh)
    async with world.client(fresh) as member:
        answer = await member.post(PATH, json=at(world, "community2"))
        assert (answer.status_code, answer.json()["code"]) == (409, "already_registered")
        assert "已有主报到" in answer.json()["detail"]
        english = await member.post(PATH, json=at(world, "community2"), headers={"Accept-Language": "en"})
        assert "principal registration already" in english.json()["detail"]
        second = await member.post(PATH, json=at(world, "community2", principal=False))
        assert (second.status_code, second.json()["principal"]) == (201, False)
        again = await member.post(PATH, json=at(world, "community2", principal=False))
        assert again.json()["code"] == "already_registered"


async def test_twenty_requests_at_once_leave_one(world, fresh):
    async with world.client(fresh) as member:
        answers = await asyncio.gather(
            *(member.post(PATH, json=at(world, ("community", "community2")[n % 2])) for n in range(20))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19


async def test_a_repeat_with_the_same_key_gives_what_stands(world, fresh):
    async with world.client(fresh) as member:
        first = await member.post(PATH, json=at(world), headers={"Idempotency-Key": "r-1"})
        again = await member.post(PATH, json=at(world), headers={"Idempotency-Key": "r-1"})
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("reason", ["not_resident", "duplicate", "wrong_community"])
async def test_a_request_is_returned_with_a_reason_and_can_be_made_again(world, fresh, reason):
    asked = await reported(world, fresh)
    async with world.client("worker") as worker:
        answer = await worker.post(f"{PATH}/{asked['id']}/return", json={"reason": reason})
        assert (answer.json()["state"], answer.json()["reason"]) == ("returned", reason)
    assert (await reported(world, fresh))["state"] == "submitted"


async def test_want_of_capacity_is_no_reason_to_return(world, fresh):
    asked = await reported(world, fresh)
    async with world.client("worker") as worker:
        answer = await worker.post(f"{PATH}/{asked['id']}/return", json={"reason": "no_capacity"})
    assert answer.status_code == 422


async def test_two_acceptances_at_once_give_one(world, fresh):
    asked = await reported(world, fresh)
    async with world.client("worker") as worker:
        answers = await asyncio.gather(*(worker.post(f"{PATH}/{asked['id']}/accept", json={}) for _ in range(8)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {409, 412}


async def test_a_stale_or_finished_registration_says_what_is_possible(world, fresh):
    asked = await reported(world, fresh)
    async with world.client("worker") as worker:
        stale = await worker.post(f"{PATH}/{asked['id']}/accept", json={}, headers={"If-Match": '"v9"'})
        assert stale.status_code == 412
        await worker.post(f"{PATH}/{asked['id']}/accept", json={})
        refused = await worker.post(f"{PATH}/{asked['id']}/return", json={"reason": "duplicate"})
        assert refused.status_code == 409
        assert "registration.end" in refused.json()["allowedActions"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"communityId": "00000000-0000-7000-8000-000000000000"}, 404, "not_found"),
        ({"communityId": "not-an-id"}, 422, "invalid"),
        ({"communityId": None}, 409, "no_paired_community"),
        ({"basis": "residence"}, 422, "community_missing"),
        ({"basis": "outside_city"}, 422, "invalid"),
        ({"community": "x"}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_is_refused(world, fresh, body, status, code):
    async with world.client(fresh) as member:
        answer = await member.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_street_or_retired_community_takes_nobody(world, fresh):
    def retire(session, actor):
        import sqlalchemy as sa

        from api.models import Organization

        node = {"axis": "territory", "kind": "community", "name": "旧社区"}
        retired = organizations.create(session, actor, node, world.places["street"])
        session.execute(sa.update(Organization).where(Organization.id == retired).values(state="ended"))
        return retired

    world.places["retired"] = world.run(retire)
    async with world.client(fresh) as member:
        assert (await member.post(PATH, json=at(world, "street"))).json()["code"] == "wrong_organization_kind"
        assert (await member.post(PATH, json=at(world, "unit"))).json()["code"] == "wrong_organization_kind"
        answer = await member.post(PATH, json=at(world, "retired"))
        assert (answer.status_code, answer.json()["code"]) == (422, "organization_not_in_service")


async def test_the_roster_tells_where_a_member_is_due_and_what_to_advise(world, fresh):
    def live(session, actor):
        import sqlalchemy as sa

        from api.models import Affiliation

        employed = sa.and_(Affiliation.person_id == world.people[fresh], Affiliation.kind == "employment")
        details = {"details": {"residence_community_id": str(world.places["community2"])}}
        (held,) = session.rows(sa.select(Affiliation.id).where(employed))
        sealed = session.sealed(Affiliation, details, held.id, actor.tenant_id)
        session.execute(sa.update(Affiliation).where(employed).values(**sealed))

    world.run(live)
    elsewhere = await reported(world, fresh)
    async with world.client("worker") as worker, world.client(fresh) as member:
        path = f"{PATH}/{elsewhere['id']}"
        assert (await worker.get(path)).json()["advice"] == {
            "step": "registration.return",
            "reason": "wrong_community",
            "communityId": str(world.places["community2"]),
        }
        await worker.post(f"{path}/return", json={"reason": "wrong_community"})
        again = (await member.post(PATH, json={})).json()
    assert (again["communityName"], again["basis"]) == ("柳林社区", "residence")
