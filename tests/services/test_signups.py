"""Two hundred sign-ups for ten places, in all lanes at once: exactly ten, and everybody else waits in order."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.domain import signups as rules
from api.errors import Problem
from api.models import Shift, Signup
from api.services import people, signups
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock

CROWD = 200


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


@pytest.fixture(scope="module")
def crowd(world):
    """Two hundred people who act."""

    def gather(session, actor):
        rows = [people.person_row(session, actor, {"name": f"居民{number}"}) for number in range(CROWD)]
        session.insert(people.Person, rows)
        return [replace(actor, person_id=row["id"], account_id=row["account_id"], reaches=()) for row in rows]

    return world.run(gather)


def sign_all_up(world, shift, crowd):
    """Send every sign-up as a transaction of its own in whatever lane is free; return what comes, errors among it."""

    def one(actor):
        try:
            return world.house.write_now([(actor, shift)], signups.sign_up)[0]
        except Exception as why:
            return why

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(one, crowd))


def wrong_about(world, shift, outcomes, capacity):
    """Return what is not as it has to be: every caller has an answer, and there are as many places as there are."""
    with world.house.engines.look() as session:
        taken = session.scalar(sa.select(Shift.confirmed).where(Shift.id == shift))
        kept = Counter(row.state for row in session.rows(sa.select(Signup.state).where(Signup.shift_id == shift)))
    told = Counter(each["state"] if isinstance(each, dict) else type(each).__name__ for each in outcomes)
    wanted = {"confirmed": capacity, "waitlisted": len(outcomes) - capacity}
    return [
        found for found in (told, kept, {"confirmed": taken, "waitlisted": wanted["waitlisted"]}) if found != wanted
    ]


def test_two_hundred_sign_ups_for_ten_places_give_exactly_ten(world, time, crowd):
    shift = serving.plan(world, time() + timedelta(days=1), capacity=10)
    outcomes = sign_all_up(world, shift, crowd)
    assert wrong_about(world, shift, outcomes, 10) == []
    again = sign_all_up(world, shift, crowd)
    assert [each["id"] for each in again] == [each["id"] for each in outcomes]
    assert wrong_about(world, shift, again, 10) == []


def test_one_list_of_two_hundred_gives_places_in_the_order_of_coming(world, time, crowd):
    shift = serving.plan(world, time() + timedelta(days=1), capacity=10)
    calls = [(actor, shift) for actor in [*crowd, *crowd[:50]]]
    outcomes = world.house.write_now(calls, signups.sign_up)
    assert [each["state"] for each in outcomes[:CROWD]] == ["confirmed"] * 10 + ["waitlisted"] * (CROWD - 10)
    assert [each["id"] for each in outcomes[CROWD:]] == [each["id"] for each in outcomes[:50]]
    assert wrong_about(world, shift, outcomes[:CROWD], 10) == []


def test_a_rule_that_forgets_who_came_before_is_noticed(world, time, crowd, monkeypatch):
    monkeypatch.setattr(rules, "place", lambda *_: "confirmed")
    shift = serving.plan(world, time() + timedelta(days=1), capacity=10)
    assert wrong_about(world, shift, sign_all_up(world, shift, crowd[:30]), 10) != []


def test_places_without_lock_or_guard_are_noticed(world, time, crowd, monkeypatch):
    """Without the lock of the row, places are given twice on PostgreSQL, where several lanes write at once."""
    if world.house.engines.dialect == "sqlite":
        pytest.skip("SQLite has one writer: there is no lock to take away")
    unlocked = copy(signups._HELD)
    unlocked._for_update_arg = None
    monkeypatch.setattr(signups, "_HELD", unlocked)
    shifts = [serving.plan(world, time() + timedelta(days=1), capacity=10) for _ in range(3)]
    assert any(wrong_about(world, shift, sign_all_up(world, shift, crowd), 10) for shift in shifts)


def test_cancelling_again_and_again_never_loses_or_doubles_a_place(world, time, crowd):
    shift = serving.plan(world, time() + timedelta(days=1), capacity=10)
    sign_all_up(world, shift, crowd[:40])

    def leave(actor):
        return world.house.write_now(actor, signups.cancel, shift)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(leave, [*crowd[:20], *crowd[:20]]))
    with world.house.engines.look() as session:
        states = sa.select(Signup.state, Signup.person_id).where(Signup.shift_id == shift)
        rows = session.rows(states.order_by(Signup.queued_at, Signup.id))
    assert Counter(row.state for row in rows) == {"cancelled": 20, "confirmed": 10, "waitlisted": 10}
    gone = {actor.person_id for actor in crowd[:20]}
    assert {row.person_id for row in rows if row.state == "cancelled"} == gone
    waiting = [row.state for row in rows if row.person_id not in gone]
    assert waiting == sorted(waiting)


def test_a_closed_shift_takes_nobody_and_a_draft_is_not_there(world, time, crowd):
    shift = serving.plan(world, time() + timedelta(days=1), capacity=10)
    time.forward(days=2)
    (outcome,) = world.house.write_now([(crowd[0], shift)], signups.sign_up)
    assert isinstance(outcome, rules.SignupClosed)
    (outcome,) = world.house.write_now([(crowd[0], crowd[0].person_id)], signups.sign_up)
    assert isinstance(outcome, Problem)
    assert outcome.code == "not_found"


def test_a_sign_up_that_waits_for_consent_holds_no_place_until_the_organiser_agrees(world, time, crowd):
    shift = serving.plan(world, time() + timedelta(days=1), capacity=1, policy={"agrees": True})
    outcomes = world.house.write_now([(actor, shift) for actor in crowd[:2]], signups.sign_up)
    assert [each["state"] for each in outcomes] == ["signed_up", "signed_up"]
    worker = serving.actor(world, "worker")
    world.run(signups.confirm, shift, outcomes[0]["id"], actor=worker)
    with pytest.raises(rules.ShiftFull):
        world.run(signups.confirm, shift, outcomes[1]["id"], actor=worker)
    with pytest.raises(Problem) as refused:
        world.run(signups.confirm, shift, outcomes[1]["id"], actor=crowd[1])
    assert refused.value.code == "forbidden"
