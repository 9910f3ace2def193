"""Who somebody is: grants by the tenant's day, tokens of others, keys that survive, and nothing across tenants."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from api.access import acting
from api.errors import Unauthenticated
from api.security import AUDIENCE, Tokens, Vault
from api.services import people, tenants
from api.settings import Settings
from tests.support import world as worlds
from tests.support.clock import START, Clock

MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)  # of 2 March in Shanghai


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


def roles(world, person):
    actor = world.run(lambda session, _: acting(session, world.operator.tenant_id, person, "session.me"))
    return {reach.role for reach in actor.reaches}


def newcomer(world, role, since=None, until=None, at="community"):
    def add(session, actor):
        person = people.add(session, actor, {"name": "测新"}, since=worlds.LONG_AGO)
        grant = people.grant(session, actor, person, role, world.places[at], since=since)
        if until is not None:
            table = people.Grant
            session.execute(people.sa.update(table).where(table.id == grant).values(valid_to=until))
        return person

    return world.run(add)


def test_a_grant_begins_and_ends_at_the_tenants_midnight(world, clock):
    try:
        beginning = newcomer(world, "liaison", since=date(2026, 3, 2))
        ending = newcomer(world, "liaison", since=date(2026, 1, 1), until=date(2026, 3, 2))
        clock.set(MIDNIGHT - timedelta(seconds=1))
        assert (roles(world, beginning), roles(world, ending)) == (set(), {"liaison"})
        clock.set(MIDNIGHT)
        assert (roles(world, beginning), roles(world, ending)) == ({"liaison"}, set())
    finally:
        clock.set(START)


def test_what_begins_today_begins_on_the_tenants_day(world, clock):
    try:
        clock.set(MIDNIGHT)
        person = newcomer(world, "liaison")
        unit = world.places["unit"]
        affiliation = world.run(lambda session, actor: people.affiliate(session, actor, person, unit, "employment"))
        for table, row in ((people.Grant, None), (people.Affiliation, affiliation)):
            begun = people.sa.select(table.valid_from).where(table.person_id == person)
            assert world.run(lambda session, _, begun=begun: session.scalar(begun)) == date(2026, 3, 2), (table, row)
    finally:
        clock.set(START)


def test_nobody_governs_as_a_member(world):
    """`member` and `anyone` say what everybody does for themselves; at a node they would reach what is others'."""
    person = newcomer(world, "member", since=worlds.LONG_AGO, at="city")
    assert roles(world, person) == set()
    assert roles(world, newcomer(world, "nonsense", since=worlds.LONG_AGO)) == set()


async def test_a_member_by_grant_sees_nothing_of_what_others_asked(world):
    world.people["resident"] = newcomer(world, "member", since=worlds.LONG_AGO, at="city")
    body = {"title": "修灯", "category": "care", "communityId": str(world.places["community"])}
    async with world.client("member") as own, world.client("resident") as other:
        need = (await own.post("/api/v1/needs", json=body)).json()["id"]
        assert (await other.get("/api/v1/me")).json()["roles"] == []
        assert (await other.post(f"/api/v1/needs/{need}/submit")).status_code == 404


async def test_another_tenant_sees_and_changes_nothing(world):
    stranger = world.run(lambda session, _: tenants.found_tenant(session, f"other-{uuid4().hex[:6]}", "别市"))

    def officer(session, _actor):
        person = people.add(session, stranger, {"name": "别人"}, since=worlds.LONG_AGO)
        root = session.scalar(
            people.sa.select(worlds.organizations.Organization.id).where(
                worlds.organizations.Organization.tenant_id == stranger.tenant_id
            )
        )
        for role in ("city_officer", "system_admin", "auditor", "community_worker"):
            people.grant(session, stranger, person, role, root, since=worlds.LONG_AGO)
        return person

    person = world.run(officer)
    sign_in = worlds.sign_in(world.house, stranger.tenant_id, person)
    token, _ = world.house.tokens.issue(person, stranger.tenant_id, sign_in)
    async with world.client() as client:
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await client.get("/api/v1/me")).status_code == 200
        for place in world.places.values():
            assert (await client.get(f"/api/v1/organizations/{place}")).status_code == 404
        body = {"title": "修灯", "category": "care", "communityId": str(world.places["community"])}
        assert (await client.post("/api/v1/needs", json=body)).status_code == 404
        here, _ = world.house.tokens.issue(person, world.operator.tenant_id, sign_in)
        client.headers["Authorization"] = f"Bearer {here}"
        assert (await client.get("/api/v1/me")).status_code == 401


def signed(tokens, **changed):
    now = int(START.timestamp())
    claims = {
        "iss": "dualreport", "aud": AUDIENCE, "sub": str(uuid4()), "tid": str(uuid4()), "jti": str(uuid4()),
        "sid": str(uuid4()), "iat": now, "exp": now + 60, **changed,
    }  # fmt: skip
    return tokens._signed(claims)


@pytest.mark.parametrize(
    "changed",
    [{"sub": "me"}, {"sub": 7}, {"sub": None}, {"tid": ""}, {"jti": []}, {"sid": None}, {"exp": True}, {"exp": "9e9"},
     {"aud": ["x"]}, {"iat": 10**12}, {"nbf": 1}, {"iss": ""}],
)  # fmt: skip
def test_claims_that_are_not_ours_are_nobodys_even_when_signed(tmp_path, changed):
    tokens = Tokens(Settings(var_dir=tmp_path), Clock())
    assert isinstance(tokens.read(signed(tokens)).person_id, UUID)
    with pytest.raises(Unauthenticated):
        tokens.read(signed(tokens, **changed))


def test_a_token_of_a_key_that_was_changed_is_nobodys_and_an_expired_one_leaves_the_memory(tmp_path):
    clock = Clock()
    old, new = Tokens(Settings(var_dir=tmp_path / "a"), clock), Tokens(Settings(var_dir=tmp_path / "b"), clock)
    token, seconds = old.issue(uuid4(), uuid4(), uuid4())
    assert seconds == 600
    assert old.read(token) == old.read(token)
    with pytest.raises(Unauthenticated):
        new.read(token)
    clock.forward(minutes=10)
    with pytest.raises(Unauthenticated):
        old.read(token)
    assert old._seen == {}


def test_sealed_text_opens_only_in_its_place(tmp_path):
    vault, one, other = Vault(Settings(var_dir=tmp_path)), uuid4(), uuid4()
    key = vault.new_key(one)
    sealed = vault.seal(key, one, "phone", "000")
    assert vault.open(key, one, "phone", sealed) == "000"
    for person, column, wrapped in ((other, "phone", key), (one, "name", key), (one, "phone", vault.new_key(one))):
        with pytest.raises(InvalidTag):
            vault.open(wrapped, person, column, sealed)


def test_keys_are_readable_by_their_owner_alone_and_stay(tmp_path):
    wrapped = Vault(Settings(var_dir=tmp_path)).new_key(UUID(int=1))
    folder = tmp_path / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
    sealed = Vault(Settings(var_dir=tmp_path)).seal(wrapped, UUID(int=1), "phone", "000")
    assert Vault(Settings(var_dir=tmp_path)).open(wrapped, UUID(int=1), "phone", sealed) == "000"


def test_a_start_that_was_killed_does_not_stand_in_the_way_of_the_next(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / f"master_key.{os.getpid()}").write_text("half")  # in a container the process has the same number
    assert Vault(Settings(var_dir=tmp_path)).new_key(uuid4())


def test_a_key_is_on_the_disk_before_anything_is_sealed_with_it(tmp_path, monkeypatch):
    synced = []
    original = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino) or original(number))
    Vault(Settings(var_dir=tmp_path))
    folder = tmp_path / "secrets"
    assert {(folder / "master_key").stat().st_ino, folder.stat().st_ino} <= set(synced)


def test_production_makes_no_keys_of_its_own(tmp_path):
    for given in ({}, {"master_key": "AA=="}, {"master_key": "x"}):
        with pytest.raises((RuntimeError, ValueError)):
            Vault(Settings(var_dir=tmp_path, production=True, **given))
    with pytest.raises(RuntimeError, match="signing_key"):
        Tokens(Settings(var_dir=tmp_path, production=True), Clock())
    assert not (tmp_path / "secrets").exists()
