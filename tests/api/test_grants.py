"""Grants over HTTP: downwards only, nobody to themselves, apart, four eyes, and nothing from a grant that was lost."""

from __future__ import annotations

import json
from datetime import date

import pytest
import sqlalchemy as sa

from api.models import Event, Grant, Person
from api.services import grants, people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def base(database, tmp_path_factory):
    clock = Clock()
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    built.clock = clock
    yield built
    built.close()


@pytest.fixture
def world(base, request):
    fresh = worlds.another(base, f"g{abs(hash(request.node.name)) % 10**9}")
    fresh.clock = base.clock
    fresh.run(_guards, fresh)
    return fresh


def _guards(session, actor, world):
    for name in ("guard", "guard2", "newcomer", "newcomer2"):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
    for name in ("guard", "guard2"):
        for at in ("city", "employers"):
            people.grant(session, actor, world.people[name], "security_admin", world.places[at], since=worlds.LONG_AGO)


def body(world, role, at, to="newcomer", **more):
    return {"personId": str(world.people[to]), "role": role, "organizationId": str(world.places[at]), **more}


async def ask(world, who, method, path, json=None):
    async with world.client(who) as client:
        return await client.request(method, f"/api/v1/grants{path}", json=json)


async def give(world, who, *what, **more):
    return await ask(world, who, "POST", "", body(world, *what, **more))


def code(answer):
    return answer.status_code, answer.json().get("code")


async def roles(world, name):
    async with world.client(name) as client:
        return {one["role"] for one in (await client.get("/api/v1/me")).json()["roles"]}


@pytest.mark.parametrize(
    ("who", "role", "at", "expected"),
    [
        ("street_officer", "community_worker", "community", (201, None)),
        ("street_officer", "community_worker", "far_community", (403, "forbidden")),
        ("street_officer", "street_officer", "street", (403, "role_not_yours_to_give")),
        ("street_officer", "district_officer", "district", (403, "forbidden")),
        ("district_officer", "street_officer", "far_street", (201, None)),
        ("district_officer", "auditor", "district", (403, "role_not_yours_to_give")),
        ("city_officer", "city_officer", "city", (403, "role_not_yours_to_give")),
        ("city_officer", "street_officer", "city", (422, "role_not_held_here")),
        ("committee", "liaison", "unit", (201, None)),
        ("committee", "community_worker", "community", (403, "forbidden")),
        ("liaison", "organiser", "unit", (201, None)),
        ("liaison", "organiser", "unit2", (403, "forbidden")),
        ("admin", "auditor", "employers", (403, "forbidden")),
        ("auditor", "community_worker", "community", (403, "forbidden")),
        ("member", "organiser", "unit", (403, "forbidden")),
        ("guard", "community_worker", "community", (201, None)),
        ("guard", "auditor", "city", (201, None)),
    ],
)
async def test_a_giver_gives_what_lies_below_within_reach(world, who, role, at, expected):
    answer = await give(world, who, role, at)
    assert code(answer) == expected
    held = await roles(world, "newcomer")
    assert held == ({role} if expected[0] == 201 and answer.json()["state"] == "active" else set())


async def test_nobody_gives_a_role_to_themselves(world):
    for who, role, at in (("guard", "city_officer", "city"), ("street_officer", "community_worker", "community")):
        assert code(await give(world, who, role, at, to=who)) == (403, "grant_to_oneself")


async def test_a_grant_ends_no_later_than_the_givers_own(world):
    own = sa.update(Grant).where(Grant.person_id == world.people["street_officer"]).values(valid_to=date(2026, 12, 31))
    world.run(lambda session, _: session.execute(own))
    late = await give(world, "street_officer", "community_worker", "community", validTo="2027-01-01")
    assert code(late) == (422, "grant_outlasts_giver")
    made = await give(world, "street_officer", "community_worker", "community")
    assert made.json()["validTo"] == "2026-12-31"


async def test_administration_security_and_audit_are_never_one_persons(world):
    for person, role in (("admin", "auditor"), ("auditor", "system_admin"), ("guard2", "auditor")):
        answer = await give(world, "guard", role, "city", to=person)
        assert code(answer) == (409, "roles_apart")
    assert (await give(world, "guard", "auditor", "city")).status_code == 201
    assert code(await give(world, "guard2", "system_admin", "employers")) == (409, "roles_apart")


async def test_a_high_office_waits_for_a_second_person(world):
    made = (await give(world, "guard", "district_officer", "district")).json()
    assert (made["state"], await roles(world, "newcomer")) == ("proposed", set())
    path = f"/{made['id']}/confirm"
    assert code(await ask(world, "guard", "POST", path)) == (403, "needs_second_person")
    assert (await ask(world, "newcomer", "POST", path)).status_code == 403
    assert (await ask(world, "street_officer", "POST", path)).status_code == 403
    assert code(await ask(world, "district_officer", "POST", path)) == (403, "role_not_yours_to_give")
    done = await ask(world, "guard2", "POST", path)
    assert (done.status_code, done.json()["state"]) == (200, "active")
    assert done.json()["confirmedBy"] == str(world.people["guard2"])
    assert await roles(world, "newcomer") == {"district_officer"}
    assert code(await ask(world, "guard2", "POST", path)) == (409, "step_not_allowed")


async def test_a_proposal_that_nobody_confirms_in_time_is_void(world):
    made = (await give(world, "guard", "auditor", "city")).json()
    start = world.clock()
    try:
        world.clock.forward(days=8)
        assert code(await ask(world, "guard2", "POST", f"/{made['id']}/confirm")) == (409, "proposal_expired")
        assert world.run(grants.expire_due) == 1
        assert world.run(grants.expire_due) == 0
        assert (await ask(world, "guard", "GET", f"/{made['id']}")).json()["state"] == "expired"
    finally:
        world.clock.set(start)
    assert await roles(world, "newcomer") == set()


async def test_a_declined_proposal_opens_nothing(world):
    made = (await give(world, "guard", "auditor", "city")).json()
    declined = await ask(world, "guard2", "POST", f"/{made['id']}/decline", {"reason": "不符合任职条件"})
    assert (declined.status_code, declined.json()["state"]) == (200, "declined")
    assert await roles(world, "newcomer") == set()


async def test_what_a_giver_proposed_is_void_with_the_givers_own_grant(world):
    made = (await give(world, "guard", "auditor", "city")).json()
    lost = sa.update(Grant).where(Grant.person_id == world.people["guard"]).values(state="ended")
    world.run(lambda session, _: session.execute(lost))
    assert code(await ask(world, "guard2", "POST", f"/{made['id']}/confirm")) == (409, "giver_lost_grant")


def _lost_meanwhile(world, monkeypatch):
    """End the giver's grant after the door opened and before the giving is judged, as another request would."""
    original = grants._hold

    def hold(session, actor, person_id):
        session.execute(sa.update(Grant).where(Grant.person_id == actor.person_id).values(state="ended"))
        original(session, actor, person_id)

    monkeypatch.setattr(grants, "_hold", hold)


async def test_a_grant_lost_in_between_gives_nothing(world, monkeypatch):
    _lost_meanwhile(world, monkeypatch)
    answer = await give(world, "street_officer", "community_worker", "community")
    assert code(answer) == (409, "giver_lost_grant")
    assert await roles(world, "newcomer") == set()


async def test_without_asking_again_a_lost_grant_would_give(world, monkeypatch):
    """Control: where the door's first answer is believed, the grant is made."""
    _lost_meanwhile(world, monkeypatch)
    reach = world.run(lambda session, _: session.first(sa.select(Grant.id).where(Grant.role == "street_officer")).id)
    monkeypatch.setattr(grants, "_still", lambda *_: (reach, None))
    assert (await give(world, "street_officer", "community_worker", "community")).status_code == 201


async def test_what_was_given_stays_for_review_or_ends_with_its_giver(world):
    first = (await give(world, "district_officer", "street_officer", "street")).json()
    under = first["givenUnder"]
    given = (await give(world, "newcomer", "community_worker", "community", to="newcomer2")).json()
    path = f"/{first['id']}/end"
    assert (await ask(world, "district_officer", "POST", path, {"reason": "调离"})).status_code == 200
    assert (await roles(world, "newcomer"), await roles(world, "newcomer2")) == (set(), {"community_worker"})
    listed = (await ask(world, "district_officer", "GET", "?giverLost=true")).json()["items"]
    assert [(one["id"], one["giverLost"]) for one in listed] == [(given["id"], True)]
    whole = {"reason": "撤职", "withGiven": True}
    assert (await ask(world, "guard", "POST", f"/{under}/end", whole)).status_code == 200
    # The first one had ended already: what hangs below it is ended by its own id.
    assert await roles(world, "newcomer2") == {"community_worker"}
    assert (await ask(world, "guard", "POST", f"/{given['id']}/end", whole)).status_code == 200
    assert await roles(world, "newcomer2") == set()


async def test_a_whole_tree_ends_at_once(world):
    first = (await give(world, "district_officer", "street_officer", "street")).json()
    await give(world, "newcomer", "community_worker", "community", to="newcomer2")
    ended = await ask(world, "city_officer", "POST", f"/{first['id']}/end", {"reason": "撤职", "withGiven": True})
    assert ended.json()["state"] == "ended"
    assert (await roles(world, "newcomer"), await roles(world, "newcomer2")) == (set(), set())
    ends = sa.select(Event.id).where(Event.tenant_id == world.operator.tenant_id, Event.kind == "grant.end")
    assert len(world.run(lambda session, _: session.rows(ends))) == 2


async def test_a_holder_lays_their_own_role_down(world):
    mine = (await ask(world, "worker", "GET", "")).json()["items"]
    assert [(one["role"], one["allowedActions"]) for one in mine] == [("community_worker", ["grant.end"])]
    assert (await ask(world, "worker", "POST", f"/{mine[0]['id']}/end", {"reason": "辞职"})).status_code == 200
    assert await roles(world, "worker") == set()


async def test_grants_are_listed_by_what_is_asked_within_reach(world):
    everything = (await ask(world, "guard", "GET", "?limit=100")).json()["items"]
    assert len(everything) == 15
    at = world.places["community"]
    for query, expected in (
        ("role=liaison", {"liaison", "liaison2"}), (f"organizationId={at}", {"worker"}), ("on=2019-01-01", set()),
        (f"personId={world.people['auditor']}&on=2026-03-02", {"auditor"}),
    ):  # fmt: skip
        found = (await ask(world, "guard", "GET", f"?{query}")).json()["items"]
        assert {one["personId"] for one in found} == {str(world.people[name]) for name in expected}
    seen = (await ask(world, "street_officer", "GET", "")).json()["items"]
    assert {one["role"] for one in seen} == {"street_officer", "community_worker"}
    first = (await ask(world, "guard", "GET", "?limit=4")).json()
    rest = (await ask(world, "guard", "GET", f"?limit=100&cursor={first['nextCursor']}")).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [one["id"] for one in everything]
    foreign = next(one for one in everything if one["role"] == "liaison")
    assert (await ask(world, "street_officer", "GET", f"/{foreign['id']}")).status_code == 404


async def test_who_is_not_here_or_no_longer_here_gets_nothing(world):
    world.run(
        lambda session, _: session.execute(
            sa.update(Person).where(Person.id == world.people["newcomer2"]).values(state="erased")
        )
    )
    assert (await give(world, "guard", "community_worker", "community", to="newcomer2")).status_code == 404
    made = json.loads((await give(world, "guard", "community_worker", "community")).text)
    assert code(await give(world, "guard", "community_worker", "community")) == (409, "grant_already_held")
    assert made["allowedActions"] == ["grant.end"]
