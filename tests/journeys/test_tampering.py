"""T1, small: whoever owns the database and recomputes all of it is found by the checkpoint that was sent out."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.jobs.sealing import seal_all
from api.models import Event, Position
from api.services import changes, proofs
from benchmarks.soak.edits import EDITS, Sealed
from benchmarks.soak.tampering import ledger, measured, tampered

SEED = 20260302


@pytest.fixture(scope="module")
def kept(database, tmp_path_factory):
    kind = database.partition(":")[0].partition("+")[0]
    with ledger(kind, database, tmp_path_factory.mktemp("var"), None, SEED) as built:
        yield built


def test_every_kind_of_edit_is_found_outside_and_none_at_home(kept, capsys):
    row = measured("here", kept, len(EDITS), SEED)
    with capsys.disabled():
        print(f"\n{row.name}: {row.figure} of {row.control}")
    assert row.ok, row


@pytest.mark.parametrize("signs", [False, True])
def test_nobody_at_home_sees_minutes_that_were_recomputed(kept, signs):
    """Control: it is the checkpoint outside that finds it, also where the hand has the signing key."""
    assert tampered(kept, EDITS[0], signs=signs, ask=True) == (True, False)


def test_what_came_after_the_last_checkpoint_outside_is_not_shown(kept):
    """The limit that is said: a proof reaches up to the last checkpoint that left the house."""

    def more(session, actor):
        changes.record(session, actor, "organization.edit", "organization", kept.sealed.tenant_id, at=None)

    kept.house.write_now(kept.actor, more)
    seal_all(kept.house)
    with kept.house.engines.look() as session:
        size = proofs.size_of(session, kept.actor.tenant_id)

    def cut_what_is_young(session, _sealed: Sealed):
        young = sa.select(Position.row_id).where(Position.position > kept.outside[0])
        session.execute(sa.delete(Event).where(Event.id.in_(young)))

    assert size > kept.outside[0]
    assert tampered(kept, cut_what_is_young, signs=False, ask=False) == (False, False)
