"""Facts left under a merged record: a judgement reads them as those of who is left, once, and parts them on an undo."""

from __future__ import annotations

from datetime import date

import pytest

from api.db import new_id
from api.domain.rulebook.shipped import shipped
from api.jobs.sealing import seal_all
from api.models import Fact
from api.services import bundle_facts, people
from api.services.cuts import Cut, last_recorded
from api.services.days import zone_of
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.merging import another, decide, findings, propose, undo

BOOK = shipped("r08-zhongjiang")  # looks at duty_post and service_card


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
    time.forward(days=7)
    return another(first)


def told(session, actor, world, name, kind, shift=None, details=None):
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": None, "request_key": None, "fingerprint": None, "kind": kind, "account_kind": "person",
        "account_id": people.account_of(session, world.people[name]), "occurred_at": session.now,
        "served_on": session.now.date(), "provenance": "host_confirmed", "shift_id": shift,
        "pair": None if shift is None else 1, "revision": 0, "community_id": world.places["community"],
        "employer_id": None, "reverses_id": None, "details": details or {},
    }  # fmt: skip
    session.insert(Fact, [row])


def read(world, time):
    """Return (kinds of facts, kinds of exemptions, whether exempt today) of the two records."""
    seal_all(world.house)

    def sources(session, actor):
        accounts = [people.account_of(session, world.people[name]) for name in ("member", "member3")]
        day, zone = time().date(), zone_of(session, actor.tenant_id)
        year = (date(day.year, 1, 1), date(day.year + 1, 1, 1))
        cut = Cut(actor.tenant_id, zone, *year, day, last_recorded(session, actor.tenant_id))
        found = bundle_facts.fact_sources(session, cut, BOOK, accounts)
        exempt = bundle_facts.exempt_accounts(session, cut, accounts)
        return [
            (
                [fact["kind"] for fact in found[account]["facts"]],
                [each["kind"] for each in found[account]["exemptions"]],
                account in exempt,
            )
            for account in accounts
        ]

    return world.run(sources)


def test_the_facts_of_who_went_count_for_who_is_left_until_it_is_undone(world, time):
    world.run(told, world, "member", "duty_post")
    world.run(told, world, "member3", "service_card")
    world.run(told, world, "member3", "exemption", None, {"kind": "ill"})
    apart = [(["duty_post"], [], False), (["service_card"], ["ill"], True)]
    assert read(world, time) == apart
    merge_id = propose(world)
    assert read(world, time) == apart  # a proposal changes nothing
    decide(world, merge_id)
    assert read(world, time) == [(["duty_post", "service_card"], ["ill"], True), ([], [], False)]
    assert findings(world) == []
    undo(world, merge_id)
    assert read(world, time) == apart


def test_a_presence_that_both_records_have_of_one_shift_counts_once(world, time):
    shift, other = (serving.plan(world, time() + hours * serving.HOUR) for hours in (24, 48))
    for name, at in (("member3", shift), ("member", shift), ("member3", other)):
        world.run(told, world, name, "duty_post", at)
    merge_id = propose(world)
    assert [len(facts) for facts, _, _ in read(world, time)] == [1, 2]
    decide(world, merge_id)
    assert [len(facts) for facts, _, _ in read(world, time)] == [2, 0]
    undo(world, merge_id)
    assert [len(facts) for facts, _, _ in read(world, time)] == [1, 2]


def test_without_following_the_merge_the_facts_would_be_nobodys(world, time, monkeypatch):
    """Control: read by the account alone, what stands under the merged record counts for nobody who is judged."""
    world.run(told, world, "member3", "service_card")
    decide(world, propose(world))
    monkeypatch.setattr(bundle_facts, "merged", lambda *_: {})
    assert [facts for facts, _, _ in read(world, time)] == [[], ["service_card"]]
