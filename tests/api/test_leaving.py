"""Leaving a job ends at once what came with it; and the first administrators, whom a command appoints."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.domain.grants import RolesApart
from api.models import Affiliation, Grant
from api.services import appointing, people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(_two_more, built)
    yield built
    built.close()


def _two_more(session, actor, world):
    for name in ("recruit", "host", "helped"):
        world.people[name] = people.add(
            session, actor, {"name": f"测{name}"}, {"political_status": "full"}, since=worlds.LONG_AGO
        )
    for name, unit, kind in (("recruit", "unit", "employment"), ("helped", "unit2", "contact")):
        people.affiliate(session, actor, world.people[name], world.places[unit], kind, since=worlds.LONG_AGO)


async def post(world, who, path, **body):
    async with world.client(who) as client:
        return await client.post(f"/api/v1{path}", json=body)


async def roles(world, name):
    async with world.client(name) as client:
        return {one["role"] for one in (await client.get("/api/v1/me")).json()["roles"]}


def ids(world, **names):
    return {key: str((world.places if key == "organizationId" else world.people)[name]) for key, name in names.items()}


async def test_who_leaves_loses_the_roles_of_the_job_at_the_next_request(world):
    job = await post(
        world,
        "street_officer",
        "/affiliations",
        kind="staff",
        **ids(world, personId="recruit", organizationId="street"),
    )
    assert job.status_code == 201
    assert job.json()["allowedActions"] == ["affiliation.end"]
    given = await post(
        world, "district_officer", "/grants", role="street_officer", affiliationId=job.json()["id"],
        **ids(world, personId="recruit", organizationId="street"),
    )  # fmt: skip
    assert given.json()["affiliationId"] == job.json()["id"]
    below = await post(
        world, "recruit", "/grants", role="community_worker", **ids(world, personId="host", organizationId="community")
    )
    assert below.status_code == 201
    assert await roles(world, "recruit") == {"street_officer"}
    ended = await post(world, "street_officer", f"/affiliations/{job.json()['id']}/end", reason="调离")
    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    assert await roles(world, "recruit") == set()
    refused = await post(
        world,
        "recruit",
        "/grants",
        role="community_worker",
        **ids(world, personId="member", organizationId="community"),
    )
    assert refused.status_code == 403
    async with world.client("recruit") as client:
        grant = (await client.get(f"/api/v1/grants/{given.json()['id']}")).json()
    assert (grant["state"], grant["reason"]) == ("ended", "调离")
    again = await post(world, "street_officer", f"/affiliations/{job.json()['id']}/end", reason="调离")
    assert again.status_code == 409


@pytest.mark.parametrize("hangs", [True, False])
async def test_whatever_ends_a_job_closes_its_doors(world, hangs):
    """An import or a merge writes the affiliation alone; the door asks it. Control: a grant that hangs on nothing."""

    def begin(session, actor):
        person = people.add(session, actor, {"name": "测雇"}, since=worlds.LONG_AGO)
        job = people.affiliate(session, actor, person, world.places["unit"], "employment", since=worlds.LONG_AGO)
        grant = people.grant(session, actor, person, "liaison", world.places["unit"], since=worlds.LONG_AGO)
        if hangs:
            session.execute(sa.update(Grant).where(Grant.id == grant).values(affiliation_id=job))
        return person, job

    world.people["employee"], job = world.run(begin)
    assert await roles(world, "employee") == {"liaison"}
    gone = sa.update(Affiliation).where(Affiliation.id == job).values(state="ended")
    world.run(lambda session, _: session.execute(gone))
    assert await roles(world, "employee") == (set() if hangs else {"liaison"})


async def test_only_the_office_where_somebody_works_ends_the_job(world):
    job = await post(
        world, "liaison", "/affiliations", kind="seconded", **ids(world, personId="member3", organizationId="unit")
    )
    path = f"/affiliations/{job.json()['id']}/end"
    for who, expected in (("liaison2", 404), ("member", 403), ("member3", 403), ("worker", 404), ("liaison", 200)):
        assert (await post(world, who, path, reason="期满")).status_code == expected, who


async def test_a_host_and_a_stranger_learn_nothing_of_party_standing(world):
    """The own employer does; whoever somebody is seconded to or helps does not."""
    job = await post(
        world, "liaison", "/affiliations", kind="seconded", **ids(world, personId="member3", organizationId="unit")
    )
    assert job.status_code == 201
    seen = {}
    for who, person in (
        ("liaison2", "member3"), ("liaison", "member3"), ("liaison2", "helped"), ("member2", "member"),
        ("worker", "member"), ("member3", "member3"),
    ):  # fmt: skip
        async with world.client(who) as client:
            path = f"/api/v1/people/{world.people[person]}"
            answer = await client.get(path)
            seen[who, person] = answer.json()["statuses"] if answer.status_code == 200 else answer.status_code
    full = {"political_status": "full"}
    assert seen == {
        ("liaison2", "member3"): full, ("liaison", "member3"): 404, ("liaison2", "helped"): {},
        ("member2", "member"): 403, ("worker", "member"): 404, ("member3", "member3"): 403,
    }  # fmt: skip


def test_a_command_appoints_the_first_administrators_and_no_more(world):
    fresh = worlds.another(world, "founding")
    world.house.write_now(fresh.operator, lambda session, _: session.execute(
        sa.update(Grant).where(Grant.tenant_id == fresh.operator.tenant_id).values(state="ended")
    ))  # fmt: skip

    def appoint(role, name):
        return fresh.run(appointing.appoint, role, name)

    first, second = appoint("security_admin", "安一"), appoint("security_admin", "安二")
    assert (first["roots"], second["roots"]) == (3, 3)
    again = appoint("security_admin", "安一")
    assert (again["person"], again["roots"]) == (first["person"], 0)
    with pytest.raises(appointing.EnoughAppointed):
        appoint("security_admin", "安三")
    assert appoint("system_admin", "系一")["roots"] == 3


def test_a_command_does_not_join_what_is_apart(world):
    fresh = worlds.another(world, "apart")
    one = fresh.run(appointing.appoint, "security_admin", "安一")["person"]
    fresh.run(lambda session, actor: people.grant(session, actor, one, "auditor", fresh.places["city"]))
    with pytest.raises(RolesApart):
        fresh.run(appointing.appoint, "security_admin", "安一")
