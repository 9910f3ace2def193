"""Deciding merges: by whom, when a merge waits or is refused, and which is undone first and until when."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.domain.ledger import SelfApproval
from api.domain.merging import LaterMergeFirst, MergeRefused, MergeWaits, UndoTooLate
from api.models import Person
from api.services import answers, cases, merges, people
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.merging import another, balance, came, decide, findings, look, propose, serve, snapshot, undo


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
