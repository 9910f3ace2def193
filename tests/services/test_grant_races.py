"""Giving a role while one's own is taken: two transactions at once, of which the loser is refused."""

from __future__ import annotations

from itertools import count

import pytest
import sqlalchemy as sa

from api.domain.grants import GiverLost
from api.models import Grant
from api.services import grant_ends, grants, people
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.racing import Aside

NUMBERS = count(1)


@pytest.fixture(scope="module")
def base(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(base):
    fresh = worlds.another(base, f"grantrace{next(NUMBERS)}")
    add = {"name": "测新人"}
    fresh.people["newcomer"] = fresh.run(lambda session, actor: people.add(session, actor, add, since=worlds.LONG_AGO))
    return fresh


def offer(world):
    return {
        "role": "community_worker", "person_id": world.people["newcomer"],
        "organization_id": world.places["community"], "affiliation_id": None, "valid_from": None, "valid_to": None,
    }  # fmt: skip


def own_grant(world):
    of = sa.select(Grant.id).where(Grant.person_id == world.people["street_officer"])
    return world.run(lambda session, _: session.scalar(of))


def given(world):
    of = sa.select(Grant.state).where(Grant.person_id == world.people["newcomer"])
    return [row.state for row in world.run(lambda session, _: session.rows(of))]


def lost_while_giving(world):
    """Let the giver's grant end in a transaction that is open while they give; return what became of the giving."""
    giver, officer = serving.actor(world, "street_officer"), serving.actor(world, "district_officer")
    own = own_grant(world)
    with world.house.engines.begin(world.operator.tenant_id) as session:
        grant_ends.end(session, officer, own, "调离", False)
        giving = Aside(world, giver, grants.create, offer(world))
        was_held_up = giving.is_held_up()
    giving.join(15)
    return was_held_up, giving.answer


def test_whose_grant_is_ending_meanwhile_gives_nothing(world):
    was_held_up, answer = lost_while_giving(world)
    assert was_held_up
    assert isinstance(answer, GiverLost), answer
    assert given(world) == []


def test_without_the_lock_it_would_give(world, monkeypatch):
    """Control: on PostgreSQL without the lock on the grant; SQLite's is the one writer, so there it asked before."""
    if world.house.engines.dialect == "postgresql":
        monkeypatch.setattr(sa.Select, "with_for_update", lambda self, **_: self)
    else:
        own = own_grant(world)
        monkeypatch.setattr(grants, "_still", lambda *_: (own, None))
    _, answer = lost_while_giving(world)
    assert not isinstance(answer, Exception), answer
    assert given(world) == ["active"]


def test_who_was_first_gives_and_the_ending_waits(world):
    giver, officer = serving.actor(world, "street_officer"), serving.actor(world, "district_officer")
    own = own_grant(world)
    with world.house.engines.begin(world.operator.tenant_id) as session:
        grants.create(session, giver, offer(world))
        ending = Aside(world, officer, grant_ends.end, own, "调离", False)
        assert ending.is_held_up()
    ending.join(15)
    assert ending.answer == own
    assert given(world) == ["active"]
    with pytest.raises(GiverLost):
        world.run(grants.create, {**offer(world), "person_id": world.people["member"]}, actor=giver)
