"""Merging people: time that both have counts once, an undo gives everything back, and the ledger verifies."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from api.domain.ledger import SelfApproval
from api.domain.merging import LaterMergeFirst, MergeRefused, MergeWaits, UndoTooLate
from api.jobs.sealing import seal_all
from api.models import Affiliation, Cycle, Entry, Fact, Grant, Identity, Person, Shift, Signup
from api.services import answers, audit, cases, merges, people, settlement, signups
from api.services.days import zone_of
from api.visibility import visible
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock

HOUR = timedelta(hours=1)
NUMBERS = count(1)
PROPOSAL = {"reason": "told_by_the_person", "evidence": "本人持身份证到场核实"}


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
    """A tenant of its own with a second officer of the committee, and a way in for each of the two members."""
    time.forward(days=7)
    fresh = worlds.another(first, f"merging{next(NUMBERS)}")

    def more(session, actor):
        fresh.people["committee2"] = people.add(session, actor, {"name": "测乙"}, since=worlds.LONG_AGO)
        at = fresh.places["employers"]
        people.grant(session, actor, fresh.people["committee2"], "work_committee_officer", at, since=worlds.LONG_AGO)
        for name in ("member", "member3"):
            people.claim(session, actor, fresh.people[name], "wechat", f"openid-{name}")

    fresh.run(more)
    return fresh


def propose(world, left="member", gone="member3", by="committee"):
    values = {"other_id": world.people[gone], **PROPOSAL}
    return world.run(merges.propose, world.people[left], values, actor=serving.actor(world, by))


def decide(world, merge_id, outcome="accepted", by="committee2"):
    officer = serving.actor(world, by)
    case_id = look(world, sa.select(merges.PersonMerge.case_id).where(merges.PersonMerge.id == merge_id))[0][0]
    world.run(cases.assign, case_id, None, actor=officer)
    world.run(answers.answer, case_id, {"answer": "已核实", "outcome": outcome}, actor=officer)
    return case_id


def undo(world, merge_id, by="committee2"):
    return world.run(merges.undo, merge_id, "核实有误", actor=serving.actor(world, by))


def look(world, statement):
    with world.house.engines.look() as session:
        return [tuple(row) for row in session.rows(statement)]


def balance(world, name):
    account = sa.select(Person.account_id).where(Person.id == world.people[name]).scalar_subquery()
    sums = sa.select(sa.func.coalesce(sa.func.sum(Entry.amount), 0)).where(
        Entry.account_id == account, Entry.unit.in_(settlement.MINUTES)
    )
    return int(look(world, sums)[0][0])


def snapshot(world):
    """Return all that a merge touches, as it stands."""
    of = world.operator.tenant_id
    tables = (
        (Affiliation, ("id", "person_id", "organization_id", "kind", "state", "valid_to", "principal")),
        (Identity, ("id", "person_id", "provider", "subject")), (Signup, ("id", "person_id", "state")),
        (Grant, ("id", "person_id", "role", "state")), (Person, ("id", "state", "merged_into")),
        (Shift, ("id", "confirmed")),
    )  # fmt: skip
    found = [
        look(
            world, sa.select(*(getattr(table, name) for name in names)).where(table.tenant_id == of).order_by(table.id)
        )
        for table, names in tables
    ]
    return [*found, [balance(world, name) for name in ("member", "member2", "member3")]]


def findings(world):
    seal_all(world.house)
    with world.house.engines.look() as session:
        return audit.verify(session, world.operator.tenant_id)


def serve(world, time, name, since, hours, at="community"):
    """Let somebody serve from `since` hours after now on; the clock stays."""
    begin = time() + since * HOUR
    shift = serving.plan(world, begin, hours, at=at)
    serving.sign_up(world, name, shift)
    return shift, begin, begin + hours * HOUR, name, "worker" if at == "community" else "worker2"


def came(world, time, *services):
    """Record those who served, when all is over; then the leaders settle."""
    time.set(max(end for _, _, end, _, _ in services) + timedelta(hours=80))
    for shift, begin, end, name, by in services:
        serving.present(world, name, shift, "check_in", begin, by)
        serving.present(world, name, shift, "check_out", end, by)


def test_time_that_both_have_counts_once_and_an_undo_gives_all_back(world, time):
    came(world, time, serve(world, time, "member", 1, 2), serve(world, time, "member3", 2, 2, "community2"))
    coming = serving.plan(world, time() + 24 * HOUR)
    serving.sign_up(world, "member3", coming)
    before = snapshot(world)
    assert [balance(world, name) for name in ("member", "member3")] == [120, 120]
    merge_id = propose(world)
    assert snapshot(world) == before  # a proposal changes nothing
    decide(world, merge_id)
    assert [balance(world, name) for name in ("member", "member3")] == [180, 0]  # 1 to 4 o'clock, once
    assert findings(world) == []
    ways = look(world, sa.select(Identity.subject).where(Identity.person_id == world.people["member"]))
    assert sorted(ways) == [("openid-member",), ("openid-member3",)]
    places = sa.select(Affiliation.organization_id).where(Affiliation.person_id == world.people["member"])
    assert {place for (place,) in look(world, places)} == {world.places["unit"], world.places["unit2"]}
    shown = world.run(merges.one, merge_id, actor=serving.actor(world, "committee"))
    assert shown["moved"] == {"identities": 1, "affiliations": 1, "signups": 1, "entries": 1}
    assert (shown["evidence"], shown["allowed_actions"]) == (PROPOSAL["evidence"], ["person_merge.undo"])
    undo(world, merge_id)
    assert snapshot(world) == before
    assert findings(world) == []


def test_the_facts_of_who_went_are_read_by_who_is_left_and_by_nobody_once_it_is_undone(world, time):
    came(world, time, serve(world, time, "member3", 1, 2))
    of = sa.select(Fact.id).where(Fact.kind == "check_in")

    def seen():
        me = serving.actor(world, "member")
        return world.run(lambda session, _: len(session.rows(of.where(visible(me, Fact)))))

    assert seen() == 0
    merge_id = propose(world)
    decide(world, merge_id)
    assert seen() == 1
    undo(world, merge_id)
    assert seen() == 0


def test_settling_again_after_a_merge_posts_nothing(world, time):
    came(world, time, serve(world, time, "member", 1, 4), serve(world, time, "member3", 2, 1, "community2"))
    decide(world, propose(world))

    def unposted(session, actor):
        accounts = [people.account_of(session, world.people[name]) for name in ("member", "member3")]
        return settlement.unposted(session, actor, zone_of(session, actor.tenant_id), accounts)

    assert world.run(unposted) == []
    assert [balance(world, name) for name in ("member", "member3")] == [240, 0]


def test_a_merge_whose_presences_were_settled_again_would_be_found_out(world, time, monkeypatch):
    """The control: were it forgotten that minutes went over, the presences of who went would earn them again."""
    came(world, time, serve(world, time, "member3", 1, 2))
    decide(world, propose(world))
    assert findings(world) == []
    real = settlement._Person.__init__

    def forgetful(self, *arguments):
        real(self, *arguments)
        self.carried = set()

    monkeypatch.setattr(settlement._Person, "__init__", forgetful)
    assert {each["check"] for each in findings(world)} == {"posted_as_worth"}


@pytest.mark.parametrize("seed", [3, 159])
def test_whatever_both_served_a_merge_is_the_union_and_its_undo_restores(world, time, seed):
    draw = random.Random(seed)
    begin, services = time(), []
    for name in ("member", "member3"):
        for _ in range(3):
            since, hours = draw.randint(1, 9), draw.randint(1, 4)
            services.append(serve(world, time, name, since, hours, draw.choice(("community", "community2"))))
    came(world, time, *services)
    before = snapshot(world)
    union = {
        minute
        for _, start, end, _, _ in services
        for minute in range((start - begin) // timedelta(minutes=1), (end - begin) // timedelta(minutes=1))
    }
    merge_id = propose(world)
    decide(world, merge_id)
    assert [balance(world, name) for name in ("member", "member3")] == [len(union), 0], seed
    assert findings(world) == []
    undo(world, merge_id)
    assert snapshot(world) == before
    assert findings(world) == []


def test_nobody_decides_their_own_proposal_nor_about_themselves(world):
    merge_id = propose(world)
    with pytest.raises(cases.OwnCase):
        decide(world, merge_id, by="committee")
    with pytest.raises(SelfApproval):
        propose(world, "committee", "member3")
    decide(world, merge_id, "declined")
    state = sa.select(Person.state).where(Person.id == world.people["member3"])
    assert look(world, state) == [("active",)]
    assert findings(world) == []


def test_a_declined_answer_after_a_reopened_case_parts_them_again(world, time):
    came(world, time, serve(world, time, "member3", 1, 2))
    before = snapshot(world)
    case_id = decide(world, propose(world))
    world.run(cases.reopen, case_id, "再核", actor=serving.actor(world, "committee"))
    third = serving.actor(world, "admin")

    def promote(session, actor):
        at = world.places["employers"]
        people.grant(session, actor, third.person_id, "work_committee_officer", at, since=worlds.LONG_AGO)

    world.run(promote)
    officer = serving.actor(world, "admin")
    world.run(cases.assign, case_id, None, actor=officer)
    world.run(answers.answer, case_id, {"answer": "并非一人", "outcome": "declined"}, actor=officer)
    after = snapshot(world)
    assert [*after[:3], after[4:]] == [*before[:3], before[4:]]


def test_a_shift_that_is_not_settled_yet_keeps_a_merge_waiting(world, time):
    serving.serve(world, time, "member3")
    merge_id = propose(world)
    with pytest.raises(MergeWaits):
        decide(world, merge_id)
    time.forward(hours=80)
    decide_again = look(world, sa.select(merges.PersonMerge.case_id).where(merges.PersonMerge.id == merge_id))[0][0]
    officer = serving.actor(world, "committee2")
    world.run(answers.answer, decide_again, {"answer": "已核实", "outcome": "accepted"}, actor=officer)
    assert balance(world, "member") == 60


def test_roles_that_stay_apart_are_not_brought_together(world):
    def give(session, actor):
        for name, role in (("member", "auditor"), ("member3", "system_admin")):
            people.grant(session, actor, world.people[name], role, world.places["city"], since=worlds.LONG_AGO)

    world.run(give)
    with pytest.raises(MergeRefused):
        decide(world, propose(world))


def test_of_two_merges_the_later_is_undone_first_and_none_after_its_time(world, time):
    one = propose(world)
    decide(world, one)
    two = propose(world, "member2", "member")
    decide(world, two)
    into = sa.select(Person.merged_into).where(Person.id == world.people["member3"])
    assert look(world, into) == [(world.people["member2"],)]  # never a chain
    with pytest.raises(LaterMergeFirst):
        undo(world, one)
    undo(world, two)
    assert look(world, into) == [(world.people["member"],)]
    time.forward(days=31)
    with pytest.raises(UndoTooLate):
        undo(world, one)


def test_what_a_final_cycle_counted_stays_with_who_it_was_counted_for(world, time):
    came(world, time, serve(world, time, "member3", 1, 2))
    with world.house.engines.begin() as session:
        rulebook = _rulebook(session, world)
        values = {
            "id": merges.new_id(), "tenant_id": world.operator.tenant_id, "version": 1, "created_at": session.now,
            "title": "2026", "state": "final", "organization_id": world.places["city"],
            "period_start": date(2026, 1, 1), "period_end": date(2027, 1, 1), "cut_off": date(2026, 12, 31),
            "member_rulebook_id": rulebook, "unit_rulebook_id": rulebook, "revision": 1,
        }  # fmt: skip
        session.insert(Cycle, [values])
    decide(world, propose(world))
    assert [balance(world, name) for name in ("member", "member3")] == [0, 120]
    assert findings(world) == []


def _rulebook(session, world):
    from api.services import rulebooks

    return rulebooks.install(session, world.operator, "basic-member", world.places["city"])


def test_a_sign_up_of_both_for_one_shift_gives_one_place_back(world, time):
    shift = serving.plan(world, time() + 24 * HOUR, capacity=2)
    for name in ("member", "member3"):
        serving.sign_up(world, name, shift)
    before = snapshot(world)
    merge_id = propose(world)
    decide(world, merge_id)
    assert look(world, sa.select(Shift.confirmed).where(Shift.id == shift)) == [(1,)]
    assert findings(world) == []
    undo(world, merge_id)
    assert snapshot(world) == before
    world.house.write_now([(serving.actor(world, "member3"), shift)], signups.sign_up)
    assert findings(world) == []
