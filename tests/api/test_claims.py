"""Claims over HTTP: a vouched phone links one person, else a code from paper; what is not known tells nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.models import Case, ClaimCode, Event, Identity, Person, SignIn
from api.services import claims, people
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import rows

NUMBERS = count(1)
PHONE = "+8613800000001"


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
    fresh = worlds.another(first, f"claiming{next(NUMBERS)}")
    fresh.people["listed"] = listed(fresh, "赵一", PHONE, "T01")
    return fresh


def listed(world, name, phone, number):
    """Keep somebody on the unit's roster, as an import does."""

    def keep(session, actor):
        person_id = people.add(session, actor, {"name": name, "phone": phone}, since=worlds.LONG_AGO)
        at = world.places["unit"]
        people.affiliate(session, actor, person_id, at, "employment", roster_number=number, since=worlds.LONG_AGO)
        return person_id

    return world.run(keep)


def vouched(world, phone=PHONE, provider="wechat", **more):
    def ask(session, actor):
        return claims.by_phone(session, actor, actor.tenant_id, phone, provider=provider, **more)

    return world.run(ask)


def link(world, person, subject="openid-old", provider="wechat"):
    way = {"provider": provider, "subject": subject}
    world.run(lambda session, actor: claims.link(session, actor, actor.tenant_id, person, **way))


def ticket(world, subject="openid-new", phone=None, provider="wechat"):
    told = {"provider": provider, "subject": subject, "phone": phone}
    return world.run(lambda session, actor: claims.ticket(session, actor.tenant_id, **told))


async def issued(world, person=None, by="liaison"):
    async with world.client(by) as client:
        return await client.post(f"/api/v1/people/{person or world.people['listed']}/claim-codes")


async def claim(world, code, told=None):
    async with world.client() as client:
        body = {"ticket": told or ticket(world), "code": code, "device": "手机"}
        return await client.post("/api/v1/auth/claim", json=body)


def cases(world):
    found = sa.select(Case.reason, Case.subject_id).where(
        Case.tenant_id == world.operator.tenant_id, Case.kind == "identity_conflict"
    )
    return rows(world, found)


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
    elsewhere = worlds.another(world, f"claiming{next(NUMBERS)}")
    elsewhere.people["listed"] = listed(elsewhere, "李四", PHONE, "T01")
    foreign = (await issued(elsewhere)).json()["code"]
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
