"""Unmasking: a person's fields in plain for who works with them, for a stated purpose, and always in the log."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.models import AccessLog, Person
from api.services import people
from tests.support import world as worlds
from tests.support.clock import Clock

PLAIN = {"name": "欧阳·测", "phone": "+8613900001234", "id_number": "11010519491231002X"}


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.people["whole"] = built.run(_whole, built)
    yield built
    built.close()


def _whole(session, actor, world):
    person = people.add(session, actor, PLAIN, since=worlds.LONG_AGO)
    where = {"since": worlds.LONG_AGO, "roster_number": "A777"}
    people.affiliate(session, actor, person, world.places["unit"], "employment", **where)
    home = {"since": worlds.LONG_AGO, "state": "accepted", "principal": True}
    people.affiliate(session, actor, person, world.places["community"], "registration", **home)
    return person


async def asked(world, who, fields, purpose, person="whole"):
    async with world.client(who) as client:
        body = {"fields": fields, "purpose": purpose}
        return await client.post(f"/api/v1/people/{world.people[person]}/unmask", json=body)


def logged(world):
    statement = sa.select(AccessLog.purpose).where(AccessLog.step == "person.unmask")
    return [row.purpose for row in world.house.read_now(world.operator, lambda session, _: session.rows(statement))]


async def test_masked_by_default_and_plain_for_a_purpose_that_is_logged(world):
    async with world.client("liaison") as liaison:
        shown = (await liaison.get(f"/api/v1/people/{world.people['whole']}")).json()
    assert shown["phone"] == "139****1234"
    assert PLAIN["phone"] not in str(shown)
    assert PLAIN["id_number"] not in str(shown)
    before = logged(world)
    answer = await asked(world, "liaison", ["phone", "id_number"], "identity")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["phone"], told["idNumber"], told["name"]) == (PLAIN["phone"], PLAIN["id_number"], None)
    assert "个人信息保护法" in told["ground"]["zh"]
    assert logged(world) == [*before, "identity"]


@pytest.mark.parametrize(
    ("who", "fields", "purpose", "status", "code"),
    [
        ("worker", ["phone"], "registration", 200, None),
        ("worker", ["id_number"], "registration", 403, "not_for_this_purpose"),
        ("worker", ["phone"], "roster", 403, "not_for_this_purpose"),
        ("liaison", ["id_number"], "contact", 403, "not_for_this_purpose"),
        ("liaison", ["phone"], "curiosity", 422, "invalid"),
        ("liaison", [], "contact", 422, "invalid"),
        ("liaison", ["location"], "contact", 422, "invalid"),
        ("liaison2", ["phone"], "contact", 404, "not_found"),
        ("far_worker", ["phone"], "contact", 404, "not_found"),
        ("member", ["phone"], "contact", 403, "forbidden"),
        ("auditor", ["phone"], "contact", 403, "forbidden"),
        ("city_officer", ["phone"], "contact", 403, "forbidden"),
    ],
)
async def test_who_may_open_which_fields_for_what(world, who, fields, purpose, status, code):
    before = logged(world)
    answer = await asked(world, who, fields, purpose)
    assert answer.status_code == status, answer.text
    assert answer.json().get("code") == code
    assert logged(world) == ([*before, purpose] if status == 200 else before)


async def test_what_was_shredded_is_null(world):
    def shred(session, actor):
        gone = people.add(session, actor, PLAIN, since=worlds.LONG_AGO)
        people.affiliate(session, actor, gone, world.places["unit"], "employment", since=worlds.LONG_AGO)
        session.execute(sa.update(Person).where(Person.id == gone).values(wrapped_key=None))
        return gone

    world.people["shredded"] = world.run(shred)
    answer = await asked(world, "liaison", ["name", "phone"], "roster", "shredded")
    assert (answer.status_code, answer.json()["name"], answer.json()["phone"]) == (200, None, None)
