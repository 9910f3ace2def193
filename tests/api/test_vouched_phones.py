"""Vouched phones over HTTP: a phone is the one person who has it, else an office is asked and nobody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.models import Case, Event, Identity, Person, SignIn
from tests.support import world as worlds
from tests.support.claiming import PHONE, another, cases, link, listed, ticket, vouched
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


@pytest.mark.parametrize(
    "spelled", ["13800000001", "+86 138 0000 0001", "0086-138-0000-0001", "１３８０００００００１", "(86)13800000001",
                "138-0000-0001", "8613800000001"],
)  # fmt: skip
def test_a_vouched_phone_in_any_spelling_is_the_one_person_who_has_it(world, spelled):
    assert vouched(world, spelled) == world.people["listed"]


def test_a_phone_of_nobody_or_of_two_or_of_who_left_proves_nobody(world):
    assert vouched(world, "+8613900000000") is None
    assert vouched(world, "not a phone") is None
    listed(world, "钱二", PHONE, "T02")
    assert vouched(world) is None
    assert cases(world) == []


def test_a_phone_whose_holder_comes_by_another_wechat_is_never_linked_and_an_office_is_asked(world):
    link(world, world.people["listed"])
    assert vouched(world) is None
    assert cases(world) == [("phone_vouched_for_another", world.people["listed"])]
    state = sa.select(Person.phone_state).where(Person.id == world.people["listed"])
    assert rows(world, state) == [("doubted",)]
    assert vouched(world) is None  # a doubted phone proves nothing, and asks no second time
    assert len(cases(world)) == 1


def test_a_phone_whose_holder_has_not_come_for_half_a_year_is_doubted(world, time):
    link(world, world.people["listed"], provider="oidc")

    def came(days):
        at = time() - timedelta(days=days)
        row = {
            "id": new_id(), "tenant_id": world.operator.tenant_id, "person_id": world.people["listed"],
            "provider": "oidc", "device": None, "created_at": at, "last_used_at": at, "ended_at": None,
            "expires_at": at + timedelta(days=30), "end_reason": None,
        }  # fmt: skip
        world.run(lambda session, _: session.insert(SignIn, [row]))

    came(200)
    assert vouched(world) is None
    assert [reason for reason, _ in cases(world)] == ["phone_vouched_for_another"]
    world.run(lambda session, _: session.execute(sa.update(Person).values(phone_state="listed")))
    came(10)
    assert vouched(world) == world.people["listed"]  # who came lately by another provider still has the phone


def test_a_phone_under_another_name_is_doubted(world):
    assert vouched(world, name="赵一") == world.people["listed"]
    assert vouched(world, name="孙三") is None
    assert [reason for reason, _ in cases(world)] == ["phone_vouched_for_another"]


async def test_an_office_answers_who_has_the_phone_now(world):
    link(world, world.people["listed"])
    vouched(world)
    case = rows(world, sa.select(Case.id).where(Case.subject_id == world.people["listed"]))[0][0]
    async with world.client("committee") as officer:
        path = f"/api/v1/cases/{case}"
        assert (await officer.post(f"{path}/assign", json={})).status_code == 200
        wrong = await officer.post(f"{path}/answer", json={"answer": "已核", "outcome": "both"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "outcome_unfit")
        done = await officer.post(f"{path}/answer", json={"answer": "号码已换人", "outcome": "different_people"})
        assert done.json()["state"] == "answered", done.text
    kept = sa.select(Person.phone, Person.phone_index, Person.phone_state).where(Person.id == world.people["listed"])
    assert rows(world, kept) == [(None, None, "listed")]


async def register(world, told, **more):
    async with world.client() as client:
        return await client.post("/api/v1/auth/register", json={"ticket": told, "name": "周八", **more})


async def test_who_stands_on_no_roster_registers_and_files_a_need(world):
    home = str(world.places["community"])
    answer = await register(world, ticket(world, phone="+8613700000009"), communityId=home)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
    need = {"kind": "need", "title": "楼道照明", "category": "environment", "communityId": home}
    async with world.client() as client:
        filed = await client.post("/api/v1/needs", json=need, headers=headers)
        assert filed.status_code == 201, filed.text
    assert vouched(world, "13700000009", provider="oidc") is not None
    no_phone = await register(world, ticket(world, "openid-2"))
    assert (no_phone.status_code, no_phone.json()["code"]) == (403, "phone_not_vouched")
    bad = await register(world, ticket(world, "openid-3", "+8613700000010"), name="<b>周</b>")
    assert (bad.status_code, bad.json()["code"]) == (422, "not_a_name")


async def test_registering_with_a_phone_of_a_roster_tells_nothing_and_asks_an_office(world):
    answers = []
    for number, phone in enumerate((PHONE, "+8613700000011")):
        answer = await register(world, ticket(world, f"openid-{number}", phone))
        answers.append((answer.status_code, sorted(answer.json())))
    assert answers[0] == answers[1]
    assert cases(world) == [("phone_of_another", world.people["listed"])]
    kept = rows(world, sa.select(Identity.person_id).where(Identity.person_id == world.people["listed"]))
    assert kept == []  # nothing was linked to the roster


async def found(world, who, **wanted):
    async with world.client(who) as client:
        answer = await client.post("/api/v1/people/search", json=wanted)
    assert answer.status_code == 200, answer.text
    return [person["id"] for person in answer.json()["items"]]


async def test_a_search_finds_ones_own_people_however_they_are_typed_and_nobody_else(world):
    me = str(world.people["listed"])
    assert await found(world, "liaison", phone="138 0000 0001") == [me]
    assert await found(world, "liaison", name=" 赵 一 ", phone="+86-13800000001") == [me]
    assert await found(world, "liaison", name="赵一", phone="13900000000") == []
    assert await found(world, "liaison2", phone="13800000001") == []  # of another unit: as if there were none
    searched = sa.select(Event.details).where(
        Event.tenant_id == world.operator.tenant_id, Event.kind == "person.search"
    )
    told = [details for (details,) in rows(world, searched.order_by(Event.id))]
    assert [each["found"] for each in told] == [1, 1, 0, 0]
    assert "138" not in str(told)
    async with world.client("liaison") as client:
        empty = await client.post("/api/v1/people/search", json={})
        assert empty.status_code == 422
        statuses = [
            (await client.post("/api/v1/people/search", json={"phone": "13900000000"})).status_code for _ in range(60)
        ]
    assert statuses.count(200) == 57
    assert set(statuses[57:]) == {429}
