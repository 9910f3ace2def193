"""Voices on presences: they confirm what waits, raise the class of what stands, and deny without changing minutes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.domain.ledger import SelfApproval
from api.domain.presence import NotCheckedIn
from api.jobs.sealing import seal_all
from api.models import Entry, Fact
from api.services import audit, ledger, voices
from api.services.voices import Voice
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _a_week_of_its_own(time):
    time.forward(days=7)


def entries(world, shift):
    columns = sa.select(Entry.amount, Entry.provenance, Entry.kind).where(Entry.shift_id == shift)
    with world.house.engines.look() as session:
        return [tuple(row) for row in session.rows(columns.order_by(Entry.revision, Entry.reverses_id.is_not(None)))]


def offline(world, time, name):
    """Let a pair stand that phones recorded offline from 09:00 to 10:00; return its shift."""
    begin = time() + timedelta(hours=1)
    shift = serving.plan(world, begin, 2.0)
    account = serving.actor(world, name).account_id
    time.set(begin + timedelta(hours=2))

    def write(session, actor):
        for kind, at in (("check_in", begin), ("check_out", begin + timedelta(hours=1))):
            row = {
                "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
                "grant_id": None, "request_key": None, "fingerprint": None, "kind": kind, "account_kind": "person",
                "account_id": account, "occurred_at": at, "served_on": at.date(), "provenance": "offline_code",
                "shift_id": shift, "pair": 1, "revision": 0, "community_id": world.places["community"],
                "employer_id": world.places["unit"], "reverses_id": None, "details": {},
            }  # fmt: skip
            session.insert(Fact, [row])

    world.run(write)
    return shift


def say(world, name, shift, provenance, by="worker", **more):
    account = serving.actor(world, name).account_id
    voice = Voice(account, shift, more.pop("pair", 1), provenance, **more)
    return world.run(voices.say, [voice], actor=serving.actor(world, by))[0]


def verified(world):
    seal_all(world.house)
    return world.house.read_now(world.operator.tenant_id, audit.verify) == []


def test_a_pair_that_waits_settles_when_somebody_confirms_it(world, time):
    shift = offline(world, time, "member")
    assert entries(world, shift) == []
    first = say(world, "member", shift, "organiser")
    assert entries(world, shift) == [(60, "offline_code", "earned")]
    assert say(world, "member", shift, "organiser") == first
    assert entries(world, shift) == [(60, "offline_code", "earned")]
    assert verified(world)


def test_the_recipients_word_makes_the_class_also_of_what_stands_and_weeks_later(world, time):
    shift = serving.serve(world, time, "member")
    assert entries(world, shift) == [(60, "roll_call", "earned")]
    time.forward(days=20)
    say(world, "member", shift, "recipient_confirmed")
    assert entries(world, shift) == [
        (60, "roll_call", "earned"), (-60, "roll_call", "correction"), (60, "recipient_confirmed", "earned"),
    ]  # fmt: skip
    say(world, "member", shift, "organiser")
    assert len(entries(world, shift)) == 3
    assert verified(world)


def test_a_denial_changes_no_minutes_and_a_voice_needs_a_check_in(world, time):
    shift = serving.serve(world, time, "member2")
    say(world, "member2", shift, "recipient_confirmed", kind="presence_denied")
    assert entries(world, shift) == [(60, "roll_call", "earned")]
    assert isinstance(say(world, "member2", shift, "organiser", pair=2), NotCheckedIn)
    assert isinstance(say(world, "member3", shift, "organiser"), NotCheckedIn)
    assert verified(world)


def test_nobody_confirms_their_own_presence(world, time):
    shift = offline(world, time, "member3")
    assert isinstance(say(world, "member3", shift, "organiser", by="member3"), SelfApproval)
    assert entries(world, shift) == []


def test_a_voice_falls_with_the_check_in_that_it_was_about(world, time):
    shift = offline(world, time, "member2")
    say(world, "member2", shift, "organiser")
    with world.house.engines.look() as session:
        came = session.scalar(sa.select(Fact.id).where(Fact.shift_id == shift, Fact.kind == "check_in"))
    world.run(ledger.reverse_fact, came, "not_present", actor=serving.actor(world, "worker"))
    with world.house.engines.look() as session:
        kinds = session.rows(sa.select(Fact.kind).where(Fact.shift_id == shift, Fact.reverses_id.is_not(None)))
    assert sorted(row.kind for row in kinds) == ["check_in", "check_out", "presence_confirmed"]
    assert sum(row[0] for row in entries(world, shift)) == 0
    assert verified(world)


def test_that_a_voice_counts_is_noticed(world, time, monkeypatch):
    shift = offline(world, time, "member")
    monkeypatch.setattr("api.services.settlement._Person._voiced", lambda self, pair: set())
    say(world, "member", shift, "organiser")
    assert entries(world, shift) == []
