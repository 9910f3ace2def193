"""A hundred say yes to ten places at once: exactly ten have one, and nothing is promised twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from api.domain.matching.times import Window
from api.errors import Problem
from api.jobs.loop import run_due
from api.models import Event, MatchProposal, Need, Project, Shift, Signup
from api.services import changes, match_answers, match_proposals, projects
from api.wall import HOUSE_ROLE
from tests.support import offering
from tests.support import world as worlds
from tests.support.clock import Clock

CROWD, PLACES = 100, 10
SPAN = Window(*(datetime.fromisoformat(moment) for moment in offering.SATURDAY))


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.crowd = offering.crowd(built, CROWD)
    yield built
    built.close()


def asked_at_once(world):
    """Propose a need to everybody, then let it want ten people only; return it with who was asked what."""
    need_id = offering.published(world, CROWD, [SPAN])
    run_id = offering.requested(world)
    run_due(world.house)
    few = sa.update(Need).where(Need.id == need_id).values(headcount=PLACES)
    world.run(lambda session, _: session.execute(few))
    of = {row.person_id: row.id for row in offering.rows(world, run_id) if row.need_id == need_id}
    return need_id, [(who, of[who.person_id]) for who in world.crowd if who.person_id in of]


def all_say_yes(world, asked):
    def one(who, proposal_id):
        try:
            return world.house.write_now(who, match_answers.accept, proposal_id, (None, None))
        except Problem as why:
            return why

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(lambda each: one(*each), asked))


def promised(world, need_id):
    """Return how many shifts came of a need, the places taken at them, and how its proposals stand."""
    linked = sa.select(MatchProposal.shift_id).where(MatchProposal.need_id == need_id)
    with world.house.engines.look() as session:
        shifts = session.rows(sa.select(Shift.confirmed).where(Shift.id.in_(linked)))
        held = session.rows(sa.select(Signup.state).where(Signup.shift_id.in_(linked)))
        states = session.rows(sa.select(MatchProposal.state).where(MatchProposal.need_id == need_id))
    return len(shifts), sum(row.confirmed for row in shifts), Counter(row.state for row in held), Counter(
        row.state for row in states
    )  # fmt: skip


def test_a_hundred_acceptances_at_once_promise_nothing_twice(world):
    need_id, asked = asked_at_once(world)
    assert len(asked) == CROWD
    outcomes = all_say_yes(world, asked)
    said = Counter("yes" if not isinstance(each, Problem) else each.code for each in outcomes)
    assert said["yes"] == PLACES
    assert set(said) <= {"yes", "need_filled", "need_not_open", "step_not_allowed"}, said
    shifts, taken, signups, states = promised(world, need_id)
    assert (shifts, taken, signups) == (1, PLACES, Counter(confirmed=PLACES))
    assert states == Counter(accepted=PLACES, lapsed=CROWD - PLACES)
    with world.house.engines.look() as session:
        assert session.scalar(sa.select(Need.state).where(Need.id == need_id)) == "matched"
        kinds = ("match_proposal.accept", "match_proposal.lapse")
        told = session.rows(sa.select(Event.kind).where(Event.kind.in_(kinds)))
    assert Counter(row.kind for row in told) == Counter(dict(zip(kinds, (PLACES, CROWD - PLACES), strict=True)))


def units_asked(world):
    """Propose one need to a hundred units that each offer something; return it with who speaks for each of them."""
    run_id = offering.requested(world)
    run_due(world.house)
    need_id = offering.published(world, 1, None, category="goods")
    units = offering.units(world, CROWD, "goods")

    def propose(session, actor):
        rows = [
            changes.born(session, actor, "match_proposal", "match_proposal.ask", {
                "run_id": run_id, "number": 1000 + number, "need_id": need_id, "points": 1, "reasons": {"counted": []},
                "community_id": world.places["community"], "organization_id": unit, "resource_id": resource,
                "answer_by": session.now + timedelta(days=5),
            })
            for number, (unit, resource, _) in enumerate(units)
        ]  # fmt: skip
        session.insert(MatchProposal, rows)
        return [row["id"] for row in rows]

    return need_id, [(who, row_id) for (*_, who), row_id in zip(units, world.run(propose), strict=True)]


def live_projects(world, need_id):
    with world.house.engines.look() as session:
        live = sa.select(Project.id).where(Project.need_id == need_id, Project.state.not_in(projects.DEAD))
        return len(session.rows(live))


def test_of_a_hundred_units_that_accept_one_need_at_once_one_has_it(world):
    need_id, asked = units_asked(world)
    outcomes = all_say_yes(world, asked)
    said = Counter("yes" if not isinstance(each, Problem) else each.code for each in outcomes)
    assert said == Counter(yes=1, need_claimed=CROWD - 1)
    assert live_projects(world, need_id) == 1


def test_without_looking_for_who_claims_it_a_need_is_promised_to_several_units(world, monkeypatch):
    """Control; the index that would refuse the second claim is away."""
    need_id, asked = units_asked(world)
    monkeypatch.setattr(projects, "claiming", lambda *_: None)

    def drop_the_index(session, _actor):
        if session.dialect == "postgresql":
            session.execute(sa.text("RESET ROLE"))  # the application's own role could not
        session.execute(sa.text("DROP INDEX uq_projects_live_claim"))
        if session.dialect == "postgresql":
            session.execute(sa.text(f"SET LOCAL ROLE {HOUSE_ROLE}"))

    world.run(drop_the_index)
    all_say_yes(world, asked[:5])
    assert live_projects(world, need_id) == 5


def test_without_looking_at_what_is_taken_a_need_is_promised_twice(world, monkeypatch):
    """Control."""
    need_id, asked = asked_at_once(world)
    monkeypatch.setattr(match_answers, "places_taken", lambda *_: 0)
    monkeypatch.setattr(match_answers, "standing_shift", lambda *_: None)
    monkeypatch.setattr(match_answers, "_OVERLAPPING", sa.select(sa.literal(1)).where(sa.false()))
    all_say_yes(world, asked[: PLACES + 5])
    assert promised(world, need_id)[1] > PLACES


def test_on_sqlite_what_was_proposed_to_somebody_is_read_by_their_own_index(world):
    """PostgreSQL chooses by what it counted; SQLite counts nothing, and an index that begins with the tenant is a trap.

    The control is such an index: with it all proposals of a city are read for one person.
    """
    seen = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "FROM match_proposals" in statement:
            seen.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        asked = SimpleNamespace(state="proposed", limit=50, cursor=None)
        world.house.read_now(world.crowd[0], match_proposals.mine, asked)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    (statement, parameters) = seen[0]
    if world.house.engines.dialect != "sqlite":
        return

    def plan(session, actor, more):
        for each in more:
            session.execute(sa.text(each))
        explained = session.connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
        return " ".join(row[-1] for row in explained)

    own, trap = "ix_match_proposals_person (person_id=?)", "ON match_proposals (tenant_id, state)"
    assert own in world.run(plan, [])
    assert own not in world.run(plan, [f"CREATE INDEX trap {trap}"])
    world.run(plan, ["DROP INDEX trap"])
