"""The sealer and the audit: one gapless order, sums that are folds, and every seeded corruption found."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from api.jobs.sealing import seal_all
from api.models import Entry, Event, Fact, MonthlyTotal, Position, Shift, Signup
from api.services import audit, ledger, sealer
from api.wall import HOUSE_ROLE
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock

APPEND_ONLY = ("facts", "entries", "events", "positions")


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
def _sealed(world, time):
    """Each test has a day of its own and begins with everything sealed."""
    time.forward(days=1)
    seal_all(world.house)


def look(world, statement):
    with world.house.engines.look() as session:
        return session.rows(statement)


def findings(world):
    return world.house.read_now(world.operator.tenant_id, audit.verify)


def checks(world):
    return {finding["check"] for finding in findings(world)}


def positions(world):
    return look(world, sa.select(Position.position, Position.row_id, Position.leaf).order_by(Position.position))


def test_every_row_gets_one_position_without_gaps_and_a_repeat_seals_none(world, time):
    before = positions(world)
    serving.serve(world, time, "member")
    rows = sum(look(world, sa.select(sa.func.count()).select_from(table))[0][0] for table in (Fact, Entry, Event))
    sealed = world.house.write_now(world.operator.tenant_id, sealer.seal, 3, True)
    assert sealed == 3
    first = positions(world)
    assert len(first) == len(before) + 3
    assert seal_all(world.house) == rows - len(first)
    every = positions(world)
    assert every[: len(first)] == first
    assert [row.position for row in every] == list(range(1, rows + 1))
    assert len({row.row_id for row in every}) == rows
    assert seal_all(world.house) == 0
    assert findings(world) == []


def test_rows_that_commit_late_are_sealed_after_those_before_them(world, time):
    serving.serve(world, time, "member")
    seal_all(world.house)
    last = len(positions(world))
    late = time() - timedelta(days=3)

    def comes_late(session, actor):
        row = {
            "id": uuid4(), "tenant_id": actor.tenant_id, "recorded_at": late, "actor_id": actor.person_id,
            "grant_id": None, "request_key": None, "fingerprint": None, "kind": "organization.edit",
            "subject_kind": "organization", "subject_id": world.places["unit"], "organization_id": None,
            "content_hash": "0" * 64, "details": {},
        }  # fmt: skip
        session.insert(Event, [row])
        return row["id"]

    row_id = world.run(comes_late)
    assert checks(world) == {"sealed_in_time"}
    assert seal_all(world.house, everything=False) == 0
    assert seal_all(world.house) == 1
    assert [(row.position, row.row_id) for row in positions(world)[last:]] == [(last + 1, row_id)]
    assert findings(world) == []


def test_monthly_sums_follow_the_entries_through_reversals(world, time):
    def sums():
        kept = sa.select(sa.func.sum(MonthlyTotal.amount), sa.func.sum(MonthlyTotal.entries))
        mine = kept.where(MonthlyTotal.account_id == serving.actor(world, "member2").account_id)
        return [tuple(row) for row in look(world, mine)]

    shift = serving.serve(world, time, "member2")
    serving.serve(world, time, "member2", hours=2.0)
    seal_all(world.house)
    assert sums() == [(180, 2)]
    came = look(world, sa.select(Fact.id).where(Fact.shift_id == shift, Fact.kind == "check_in"))[0].id
    world.run(ledger.reverse_fact, came, "not_present", actor=serving.actor(world, "worker"))
    seal_all(world.house)
    assert sums() == [(120, 1)]
    assert {row.kind for row in look(world, sa.select(MonthlyTotal.kind))} == {"earned"}
    assert findings(world) == []


@pytest.mark.parametrize("act", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_refuses_to_edit_or_delete_what_only_appends(world, time, table, act):
    serving.serve(world, time, "member")
    seal_all(world.house)
    before = positions(world)
    with pytest.raises(DBAPIError, match=r"permission denied|append-only"), world.house.engines.begin() as session:
        session.execute(sa.text(act.format(table)))
    assert positions(world) == before
    assert findings(world) == []


def test_behind_the_wall_the_triggers_still_refuse_the_owner(world, time):
    """What the grants leave to the owner of the tables, the triggers refuse; SQLite has nothing else."""
    serving.serve(world, time, "member")
    with world.house.engines.begin() as session:
        if session.dialect == "postgresql":
            session.execute(sa.text("RESET ROLE"))
            session.execute(sa.text("ALTER TABLE facts NO FORCE ROW LEVEL SECURITY"))
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(sa.text("DELETE FROM facts"))
        session.connection.rollback()


def unguard(session):
    """Take the triggers away, as somebody with the database's own rights could."""
    for table in APPEND_ONLY:
        if session.dialect == "sqlite":
            for act in ("update", "delete"):
                session.execute(sa.text(f"DROP TRIGGER {table}_refuse_{act}"))
        else:
            session.execute(sa.text("RESET ROLE"))
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(sa.text(f"GRANT UPDATE, DELETE ON {table} TO {HOUSE_ROLE}"))
            session.execute(sa.text(f"SET LOCAL ROLE {HOUSE_ROLE}"))


def checks_after(world, corrupt):
    """Return which checks find what `corrupt(session)` did; it is taken back afterwards."""
    found: set[str] = set()

    def run(session, actor):
        corrupt(session)
        found.update(finding["check"] for finding in audit.verify(session, actor.tenant_id))
        raise Undone

    with pytest.raises(Undone):
        world.run(run)
    return found


_other = aliased(Entry)
UNDONE = sa.select(_other.reverses_id).where(_other.reverses_id.is_not(None))
CORRUPTIONS = {
    "amount": (
        sa.update(Entry).where(Entry.reverses_id.is_(None), Entry.id.not_in(UNDONE)).values(amount=Entry.amount + 1),
        {"leaves_match", "totals_are_folds", "no_time_twice", "posted_as_worth"},
    ),
    "gap": (sa.delete(Position).where(Position.position == 3), {"positions_gapless", "sealed_in_time"}),
    "fact": (
        sa.update(Fact).where(Fact.kind == "check_out").values(provenance="offline_code"),
        {"leaves_match", "posted_as_worth"},
    ),
    "total": (sa.update(MonthlyTotal).values(amount=MonthlyTotal.amount + 60), {"totals_are_folds"}),
    "places": (sa.update(Shift).values(confirmed=Shift.confirmed + 1), {"places_are_counted"}),
    "signup": (sa.update(Signup).values(state="cancelled"), {"places_are_counted"}),
    "event": (sa.delete(Event).where(Event.kind == "shift.create"), {"leaves_match"}),
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_seeded_corruption_is_found(world, time, corruption):
    serving.serve(world, time, "member")
    seal_all(world.house)
    time.forward(hours=2)
    statement, found = CORRUPTIONS[corruption]

    def corrupt(session):
        unguard(session)
        assert session.execute(statement).rowcount >= 1

    assert checks_after(world, lambda session: None) == set()
    assert checks_after(world, corrupt) == found


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"revision": 5}, {"one_entry_a_source", "one_credit_a_pair", "no_time_twice"}),
        ({"source_id": uuid4(), "community_id": None}, {"no_time_twice", "posted_as_worth"}),
        ({"kind": "correction", "reverses_id": uuid4(), "amount": -60}, {"reversals_name_one"}),
    ],
)
def test_a_second_posting_of_the_same_time_is_found(world, time, changed, found):
    shift = serving.serve(world, time, "member3")

    def corrupt(session):
        entry = session.rows(sa.select(*Entry.__table__.c).where(Entry.shift_id == shift))[0]._asdict()
        double = {**entry, "id": uuid4(), "recorded_at": time(), "request_key": None, "fingerprint": None}
        session.insert(Entry, [{**double, **changed}])

    seal_all(world.house)
    assert checks_after(world, corrupt) == found
