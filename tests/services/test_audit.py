"""audit verify finds whatever breaks one of its promises, and names that promise."""

from __future__ import annotations

import copy
from uuid import uuid4

import pytest
import sqlalchemy as sa

from api.access import acting
from api.db import new_id
from api.jobs.sealing import checkpoint_all, seal_all
from api.models import (
    Assessment,
    Checkpoint,
    Cycle,
    Document,
    Entry,
    Event,
    Fact,
    Position,
    TreeNode,
    Witness,
    WitnessedCheckpoint,
)
from api.services import audit, cycles, ledger, statements
from api.wall import HOUSE_ROLE
from tests.support import assessed, serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.witnessing import Outsider

BEFORE = {"posted_as_worth"}  # the year behind the cycle is written past the settlement, which would find nothing of it
GUARDED = ("facts", "entries", "events", "positions", "checkpoints", "documents")


class Undone(Exception):
    """Takes back what a test wrote."""


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    """A community with a presence, a reversal, a final cycle, a statement, and a checkpoint over all of it."""
    clock = Clock()
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    built.year = built.run(assessed.build_year, built)
    shift = serving.serve(built, clock, "member")
    with built.house.engines.look() as session:
        came = session.scalar(sa.select(Fact.id).where(Fact.shift_id == shift, Fact.kind == "check_in"))
    clock.forward(days=1)
    serving.serve(built, clock, "member2")
    built.run(ledger.reverse_fact, came, "not_present", actor=serving.actor(built, "worker"))
    seal_all(built.house)
    built.cycle = built.run(assessed.open_cycle, built, actor=officer(built))
    assessed.computed(built, officer(built), built.cycle)
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        built.run(getattr(cycles, step), built.cycle, actor=officer(built))
    built.run(statements.issue_for, built.cycle, built.year.units[0], actor=officer(built))
    seal_all(built.house)
    checkpoint_all(built.house)
    yield built
    built.close()


def officer(world):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people["district_officer"], "test.step")


def unguard(session):
    """Take the triggers and missing grants away, as somebody with the database's own rights could."""
    if session.dialect == "postgresql":
        session.execute(sa.text("RESET ROLE"))
        for table in GUARDED:
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(sa.text(f"GRANT UPDATE, DELETE ON {table} TO {HOUSE_ROLE}"))
        session.execute(sa.text(f"SET LOCAL ROLE {HOUSE_ROLE}"))
        return
    triggers = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in session.connection.execute(triggers).all():
        session.execute(sa.text(f"DROP TRIGGER {name}"))


def found_after(world, breaks):
    """Return which checks find what `breaks(session, world)` did; it is taken back afterwards."""
    found: set[str] = set()

    def run(session, actor):
        unguard(session)
        breaks(session, world)
        found.update(finding["check"] for finding in audit.verify(session, actor.tenant_id))
        found.difference_update(BEFORE)
        raise Undone

    with pytest.raises(Undone):
        world.run(run)
    return found


def row_of(session, table, *where):
    return session.rows(sa.select(*table.__table__.c).where(*where))[0]._asdict()


def a_second_presence(session, world):
    standing = row_of(session, Fact, Fact.kind == "check_in", Fact.id.not_in(undone(Fact)), Fact.reverses_id.is_(None))
    session.insert(Fact, [{**standing, **fresh(session), "revision": 7}])


def fresh(session):
    return {"id": new_id(), "recorded_at": session.now, "request_key": None, "fingerprint": None}


def undone(table):
    return sa.select(table.reverses_id).where(table.reverses_id.is_not(None))


def a_stranger_acts(session, world):
    said = row_of(session, Event)
    session.insert(Event, [{**said, **fresh(session), "actor_id": uuid4()}])


def a_reversal_before_what_it_reverses(session, world):
    later = row_of(session, Entry, Entry.reverses_id.is_not(None))
    both = {
        row["row_id"]: row for row in (row_of(session, Position, Position.row_id == one) for one in later_pair(later))
    }
    first, second = sorted(both.values(), key=lambda row: row["position"])
    for place, row in ((-1, first), (first["position"], second), (second["position"], first)):
        session.execute(sa.update(Position).where(Position.row_id == row["row_id"]).values(position=place))


def later_pair(entry):
    return entry["id"], entry["reverses_id"]


def a_kept_hash_that_is_not_of_its_leaves(session, world):
    session.insert(TreeNode, [{"tenant_id": world.operator.tenant_id, "level": 30, "place": 9, "hash": b"x" * 32}])


def a_checkpoint_of_another_key(session, world):
    kept = row_of(session, Checkpoint)
    forged = kept["signed"][:-4] + ("AAAA" if not kept["signed"].endswith("AAAA") else "BBBB")
    session.execute(sa.update(Checkpoint).where(Checkpoint.id == kept["id"]).values(signed=forged))


def a_checkpoint_that_is_signed_and_wrong(session, world):
    said = {"tenant": str(world.operator.tenant_id), "size": 2, "root": "ab" * 32}
    notary = world.house.notary
    session.insert(Checkpoint, [{
        "id": new_id(), "tenant_id": world.operator.tenant_id, "size": 2, "root": said["root"],
        "signed": notary.sign(said), "jwk": notary.jwk, "created_at": session.now,
    }])  # fmt: skip


def a_witness_saw_another_root(session, world):
    tenant, outsider, witness = world.operator.tenant_id, Outsider(), new_id()
    session.insert(Witness, [{
        "id": witness, "tenant_id": tenant, "version": 1, "created_at": session.now, "name": "晚报",
        "state": "active",
        "organization_id": world.places["street"], "jwk": {**outsider.key(), "kid": "0" * 16},
    }])  # fmt: skip
    said = {"tenant": str(tenant), "size": 2, "root": "ab" * 32}
    session.insert(WitnessedCheckpoint, [{
        "id": new_id(), "tenant_id": tenant, "witness_id": witness, "size": 2, "root": said["root"],
        "signed": outsider.sign(said, "0" * 16), "created_at": session.now,
    }])  # fmt: skip


def rewritten(session, table, row, column, value):
    values = session.sealed(table, {column: value}, row["id"], row["tenant_id"])
    session.execute(sa.update(table).where(table.id == row["id"]).values(**values))


def a_paper_is_rewritten(session, world):
    paper = row_of(session, Document)
    rewritten(session, Document, paper, "content", {**paper["content"], "denominator": 99})


def a_paper_is_rewritten_with_its_hash(session, world):
    from api.domain.documents import content_hash

    paper = row_of(session, Document)
    other = {**paper["content"], "denominator": 99}
    rewritten(session, Document, paper, "content", other)
    session.execute(sa.update(Document).where(Document.id == paper["id"]).values(content_hash=content_hash(other)))


def judged(session):
    return row_of(session, Assessment, Assessment.subject_kind == "member", Assessment.minutes > 0)


def a_judgement_is_rewritten(session, world):
    row = judged(session)
    judgement = copy.deepcopy(row["judgement"])
    judgement["score"] = "99999"
    rewritten(session, Assessment, row, "judgement", judgement)


def a_bundle_is_rewritten(session, world):
    row = judged(session)
    rewritten(session, Assessment, row, "bundle", {**row["bundle"], "asOf": 1})


def assessed_minutes_are_rewritten(session, world):
    session.execute(sa.update(Assessment).where(Assessment.id == judged(session)["id"]).values(minutes=1))


def an_assessment_of_a_sealed_period_is_gone(session, world):
    session.execute(sa.delete(Assessment).where(Assessment.id == judged(session)["id"]))


def a_cycle_is_final_without_anybody(session, world):
    fresh = {**row_of(session, Cycle), "id": new_id(), "revision": 0, "digest": None}
    session.insert(Cycle, [fresh])


BREAKS = {
    a_second_presence: {"one_presence_a_pair"},
    a_stranger_acts: {"somebody_acted"},
    a_reversal_before_what_it_reverses: {"reversals_name_one", "checkpoints_match"},
    a_kept_hash_that_is_not_of_its_leaves: {"tree_matches"},
    a_checkpoint_of_another_key: {"checkpoints_signed"},
    a_checkpoint_that_is_signed_and_wrong: {"checkpoints_match"},
    a_witness_saw_another_root: {"witnesses_agree"},
    a_paper_is_rewritten: {"documents_as_issued"},
    a_paper_is_rewritten_with_its_hash: {"documents_as_issued"},
    a_judgement_is_rewritten: {"assessments_reproduce"},
    a_bundle_is_rewritten: {"assessments_reproduce"},
    assessed_minutes_are_rewritten: {"assessed_minutes_are_folds"},
    an_assessment_of_a_sealed_period_is_gone: {"sealed_periods_stand"},
    a_cycle_is_final_without_anybody: {"sealed_periods_stand"},
}


def test_nothing_is_wrong_with_what_the_product_wrote(world):
    found = {one["check"] for one in world.house.read_now(world.operator.tenant_id, audit.verify)}
    assert found == BEFORE


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda one: one.__name__)
def test_what_breaks_one_promise_is_found_as_that(world, breaks):
    assert found_after(world, breaks) == BREAKS[breaks]
