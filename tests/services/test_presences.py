"""Presences for a list: any grouping answers alike, doubles meet what stands, few statements serve many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.domain import codes
from api.domain.ledger import AlreadyCredited
from api.domain.presence import SelfRecorded
from api.errors import Problem
from api.jobs.sealing import do_due, seal_all
from api.models import Entry, Fact, Shift
from api.services import audit, closing, ledger, presences
from api.services.ledger import PastService
from api.services.presences import Presented
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock

MINUTE = timedelta(minutes=1)
NAMES = ("member", "member2", "member3")


class Undone(Exception):
    """Takes back what a test wrote."""


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


def look(world, statement):
    with world.house.engines.look() as session:
        return session.rows(statement)


@pytest.fixture(scope="module")
def two_shifts(world, time):
    """Two shifts that overlap in two communities, with everybody signed up for the first, two for the second."""
    time.forward(days=7)
    first = serving.plan(world, time() + 60 * MINUTE, 2.0)
    second = serving.plan(world, time() + 120 * MINUTE, 2.0, at="community2")
    for name in NAMES:
        serving.sign_up(world, name, first)
    for name in NAMES[:2]:
        serving.sign_up(world, name, second)
    begin = time.forward(hours=1)
    actors = {name: serving.actor(world, name) for name in (*NAMES, "worker", "worker2")}
    secrets = {shift: serving.secret_of(world, shift) for shift in (first, second)}
    return begin, (first, second), actors, secrets


ARRIVAL = st.tuples(
    st.sampled_from(("worker", "worker", "worker2", *NAMES)), st.integers(0, 1), st.sampled_from(NAMES),
    st.sampled_from(("check_in", "check_out")), st.integers(1, 2), st.integers(-40, 170), st.booleans(),
)  # fmt: skip


def calls_of(world, two_shifts, drawn, now):
    begin, shifts, actors, secrets = two_shifts
    calls = []
    for by, number, name, direction, pair, minute, right in drawn:
        shift = shifts[number]
        if by in NAMES:
            code = codes.code_at(secrets[shift], now) if right else "00000000"
            calls.append((actors[by], Presented(shift, direction, pair, code)))
        else:
            at = begin + minute * MINUTE
            calls.append((actors[by], Presented(shift, direction, pair, None, world.people[name], at)))
    return calls


def answers(world, calls, sizes):
    """Return what groups of these sizes answer, and the entries that stand in the end; it is taken back afterwards."""
    outcomes, standing = [], []

    def run(session, _actor):
        start = 0
        for size in sizes:
            if calls[start : start + size]:
                outcomes.extend(presences.check_in(session, calls[start : start + size]))
            start += size
        rows = session.rows(sa.select(Entry.account_id, Entry.shift_id, Entry.source_id, Entry.amount))
        sums = {}
        for row in rows:
            sums[row.account_id, row.shift_id] = sums.get((row.account_id, row.shift_id), 0) + row.amount
        standing.extend(sorted((key, amount) for key, amount in sums.items() if amount))
        raise Undone

    with pytest.raises(Undone):
        world.run(run)
    return [_plain(outcome) for outcome in outcomes], standing


def _plain(outcome):
    if isinstance(outcome, Problem):
        return outcome.code, sorted(outcome.facts.items())
    return tuple(outcome[name] for name in ("account_id", "shift_id", "direction", "pair", "at", "provenance"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(ARRIVAL, min_size=1, max_size=12), cuts=st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_a_list_answers_as_each_alone_in_any_grouping(world, time, two_shifts, drawn, cuts):
    now = time.set(two_shifts[0] + 150 * MINUTE)
    calls = calls_of(world, two_shifts, drawn, now)
    alone = answers(world, calls, [1] * len(calls))
    assert answers(world, calls, [len(calls)]) == alone
    assert answers(world, calls, [*cuts, len(calls)]) == alone


def test_grouping_is_noticed_where_a_list_forgets_what_it_decided(world, time, two_shifts, monkeypatch):
    now = time.set(two_shifts[0] + 150 * MINUTE)
    drawn = [("worker", 0, "member", "check_in", 1, 0, True), ("worker", 0, "member", "check_out", 1, 60, True)]
    calls = calls_of(world, two_shifts, drawn, now)
    alone = answers(world, calls, [1, 1])
    assert answers(world, calls, [2]) == alone
    write = presences.Board.write

    def forgetful(board, *arguments):
        kept = dict(board.standing)
        write(board, *arguments)
        board.standing = kept

    monkeypatch.setattr(presences.Board, "write", forgetful)
    assert answers(world, calls, [2]) != alone


def doubles(world, calls):
    """Send the calls at once, each as a transaction of its own in whatever lane is free."""
    with ThreadPoolExecutor(16) as pool:
        return [
            outcome
            for outcomes in pool.map(lambda call: world.house.write_now([call], presences.check_in), calls)
            for outcome in outcomes
        ]


def are_one(world, shift, outcomes):
    facts = look(world, sa.select(Fact.id, Fact.kind).where(Fact.shift_id == shift))
    standing = {fact.kind: fact.id for fact in facts}
    return len(facts) == len(standing) and all(
        not isinstance(each, Problem) and each["id"] == standing[each["direction"]] for each in outcomes
    )


def test_fifty_doubles_in_all_lanes_meet_one_fact_and_one_entry(world, time):
    shift = serving.plan(world, time() + 60 * MINUTE)
    serving.sign_up(world, "member", shift)
    worker, person = serving.actor(world, "worker"), world.people["member"]
    begin, end = time.forward(hours=1), time.forward(hours=1)
    for direction, at in (("check_in", begin), ("check_out", end)):
        presented = Presented(shift, direction, person_id=person, at=at)
        outcomes = doubles(world, [(worker, presented)] * 50)
        assert are_one(world, shift, outcomes)
    entries = look(world, sa.select(Entry.amount).where(Entry.shift_id == shift))
    assert [row.amount for row in entries] == [60]
    seal_all(world.house)
    assert world.house.read_now(world.operator.tenant_id, audit.verify) == []


def test_doubles_are_noticed_where_what_stands_is_not_looked_at(world, time, monkeypatch):
    shift = serving.plan(world, time() + 60 * MINUTE)
    serving.sign_up(world, "member", shift)
    worker, at = serving.actor(world, "worker"), time.forward(hours=1)
    presented = Presented(shift, "check_in", person_id=world.people["member"], at=at)
    monkeypatch.setattr(presences.Board, "take", lambda board, rows: None)
    assert not are_one(world, shift, doubles(world, [(worker, presented)] * 10))


@pytest.mark.parametrize(("direction", "most"), [("check_in", 4), ("check_out", 7)])
def test_a_batch_takes_few_statements_whatever_its_size(world, time, direction, most):
    shift = serving.plan(world, time() + 60 * MINUTE)
    for name in NAMES:
        serving.sign_up(world, name, shift)
    begin, end = time.forward(hours=1), time.forward(hours=1)
    if direction == "check_out":
        for name in NAMES:
            serving.present(world, name, shift, "check_in", begin)
    worker = serving.actor(world, "worker")
    at = begin if direction == "check_in" else end
    calls = [(worker, Presented(shift, direction, person_id=world.people[name], at=at)) for name in NAMES]
    seen = []

    def run(session, _actor):
        def note(_connection, _cursor, statement, *_rest):
            seen.extend([statement] if not statement.startswith("BEGIN") else [])

        sa.event.listen(session.connection, "before_cursor_execute", note)
        outcomes = presences.check_in(session, calls)
        sa.event.remove(session.connection, "before_cursor_execute", note)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Problem)]

    world.run(run)
    assert len(seen) <= most, seen


def test_what_nobody_confirms_is_settled_after_seventy_two_hours(world, time):
    shift = serving.plan(world, time() + 60 * MINUTE, 3.0)
    serving.sign_up(world, "member", shift)
    begin = time.forward(hours=1)
    serving.present(world, "member", shift, "check_in", begin)
    time.set(begin + timedelta(hours=3 + 71))
    state = sa.select(Shift.state).where(Shift.id == shift)
    do_due(world.house)
    assert look(world, state)[0].state == "open"
    time.forward(hours=1)
    do_due(world.house)
    assert look(world, state)[0].state == "settled"
    entries = look(world, sa.select(Entry.amount, Entry.provenance).where(Entry.shift_id == shift))
    assert [tuple(row) for row in entries] == [(180, "watermark")]
    assert do_due(world.house) == 0


def test_a_leader_vouches_for_everybody_but_themselves(world, time):
    shift = serving.plan(world, time() + 60 * MINUTE, leader_id=world.people["worker"])
    serving.sign_up(world, "worker", shift)
    begin = time.forward(hours=1)
    with pytest.raises(SelfRecorded):
        serving.present(world, "worker", shift, "check_in", begin, by="worker")


def past(world, name, source, start, minutes=60, **more):
    return PastService(
        "person", serving.actor(world, name).account_id, minutes, start.date(), source, world.places["community"],
        started_at=start, ended_at=start + minutes * MINUTE, **more,
    )  # fmt: skip


def test_past_services_post_once_and_never_over_minutes_that_stand(world, time):
    start = time() - timedelta(days=30)
    services = [
        past(world, "member", "row 1", start),
        past(world, "member2", "row 1", start),
        past(world, "member", "row 2", start + 30 * MINUTE),
        PastService("organization", world.places["unit"], 90, start.date(), "row 3", world.places["community"]),
    ]
    first = world.run(ledger.supplement, services)
    assert [type(each) for each in first[2:3]] == [AlreadyCredited]
    assert len({first[0], first[1], first[3]}) == 3
    again = world.run(ledger.supplement, services)
    assert [again[place] for place in (0, 1, 3)] == [first[place] for place in (0, 1, 3)]
    rows = look(
        world, sa.select(Entry.id, Entry.unit, Entry.amount, Entry.employer_id).where(Entry.kind == "supplementary")
    )
    by_id = {row.id: (row.unit, row.amount, row.employer_id) for row in rows}
    assert by_id == {
        first[0]: ("volunteer_minutes", 60, world.places["unit"]),
        first[1]: ("volunteer_minutes", 60, world.places["unit"]),
        first[3]: ("participation", 90, world.places["unit"]),
    }


def test_a_presence_over_a_past_service_gets_only_the_rest(world, time):
    shift = serving.plan(world, time() + 60 * MINUTE, 2.0)
    serving.sign_up(world, "member3", shift)
    begin = time() + 60 * MINUTE
    world.run(ledger.supplement, [past(world, "member3", "row 9", begin, 45)])
    time.set(begin + 120 * MINUTE)
    serving.present(world, "member3", shift, "check_in", begin)
    left = serving.present(world, "member3", shift, "check_out", time())
    assert left["minutes"] == 75


def test_minutes_belong_to_the_employer_of_the_day(world, time):
    shift = serving.serve(world, time, "member3")
    entry = look(world, sa.select(Entry.employer_id, Entry.community_id).where(Entry.shift_id == shift))[0]
    assert tuple(entry) == (world.places["unit2"], world.places["community"])


def test_a_settled_shift_is_shown_with_its_sums(world, time):
    shift = serving.serve(world, time, "member")
    time.forward(hours=2)
    worker = serving.actor(world, "worker")
    world.run(closing.settle_shift, shift, actor=worker)
    shown = world.house.read_now(worker, closing.settled, shift)
    assert (shown["credited"], shown["minutes"], shown["waiting"], shown["shift"]["state"]) == (1, 60, 0, "settled")
