"""T1: edits by somebody with all rights on the database who recomputes everything, against a checkpoint kept outside.

A small ledger is sealed, and its last checkpoint leaves the house. Each edit is made in a transaction of the database
itself, its triggers and grants taken away, with every leaf, position, kept hash and monthly sum computed anew by the
product's own code; then the product's own check reads the whole order again, and the edit is rolled back. So each of
ten thousand edits is looked at in full, and none leans on another. Of the leaves only those of rows that differ are
hashed again, and what the house sees of itself without the outside is asked after every tenth edit.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.access import Actor
from api.calls import House
from api.db import Session, new_id
from api.domain.leaves import leaf
from api.jobs.sealing import checkpoint_all, seal_all
from api.models import Checkpoint, Entry, Fact, MonthlyTotal, Position, TreeNode
from api.services import audit, proofs, sealer, witness
from benchmarks.fill import KINDS, ZONE, Ground, empty, fill, now
from benchmarks.harness import Row
from benchmarks.soak.edits import EDITS, Sealed, nothing

ASKED = 10
COUNT = {"small": 58, "normal": 1_000, "full": 10_000}
GUARDED = ("facts", "entries", "events", "positions", "checkpoints")
# What the house sees of itself; that what happened is worth what is posted, the control leaves as edits leave it.
_ORDER = ("positions_gapless", "leaves_match", "totals_are_folds", "tree_matches", "checkpoints_match",
          "checkpoints_signed")  # fmt: skip


@dataclass
class Ledger:
    """A sealed ledger, who acts in it, and the last checkpoint that somebody outside keeps."""

    house: House
    actor: Actor
    sealed: Sealed
    outside: tuple[int, str]
    leaves: dict[Any, tuple[dict[str, Any], bytes]] = field(default_factory=dict)  # row → its content and leaf

    def leaf(self, kind: str, row: dict[str, Any]) -> bytes:
        """Return the leaf of a row, hashed anew where its content is not that which was sealed."""
        known = self.leaves.get(row["id"])
        if known is not None and known[0] == row:
            return known[1]
        return leaf(kind, row)


def rows(size: str, seed: int) -> list[Row]:
    """Count edits that the outside checkpoint does not show, and those that the house alone does not."""
    found = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, server), ledger(kind, url, var_dir, server, seed) as kept:
            found.append(measured(kind, kept, COUNT[size], seed))
    return found


def measured(kind: str, kept: Ledger, count: int, seed: int) -> Row:
    """Make `count` edits of all kinds in turn, each as a superuser and every other one also with the signing key."""
    began, missed, asked, quiet, made = time.monotonic(), list[str](), 0, 0, Counter[str]()
    for number in range(count):
        edit = EDITS[number % len(EDITS)]
        ask = number % ASKED == 0
        seen, alone = tampered(kept, edit, signs=number // len(EDITS) % 2 == 1, ask=ask)
        made[edit.__name__] += 1
        missed += [] if seen else [edit.__name__]
        asked, quiet = asked + ask, quiet + (ask and not alone)
    false_alarm = tampered(kept, nothing, signs=False, ask=False)[0]
    told = (
        f"{count} edits of {len(made)} kinds, seed {seed}, {time.monotonic() - began:.0f} s, {kept.outside[0]} "
        f"positions; control: without the checkpoint outside {quiet} of {asked} are not seen"
    )
    ok = not missed and quiet == asked > 0 and not false_alarm
    return Row(f"T1 tampering, {kind}", len(missed), "0", "edits not found", ok, told, "")


@contextmanager
def ledger(kind: str, url: str, var_dir: Any, server: Any, seed: int) -> Iterator[Ledger]:
    """Give a ledger of facts, entries, reversals and events, whose last checkpoint somebody outside keeps."""
    filled = fill(kind, url, var_dir, server, 12, 8)
    house = House(filled.settings(), now)
    try:
        house.write_now(filled.actor, _history, filled)
        seal_all(house)
        checkpoint_all(house)
        with house.engines.look() as session:
            last = sa.select(Checkpoint.size, Checkpoint.root).order_by(Checkpoint.size.desc()).limit(1)
            outside = tuple(session.rows(last)[0])
            order = session.rows(sa.select(*Position.__table__.c).order_by(Position.position))
            content = sealer.read_rows(session, [(row.kind, row.row_id) for row in order])
        sealed = Sealed(filled.actor.tenant_id, random.Random(seed), [(row.kind, row.row_id) for row in order])
        leaves = {row.row_id: (content[row.row_id], row.leaf) for row in order}
        yield Ledger(house, filled.actor, sealed, outside, leaves)
    finally:
        house.close()


def _history(session: Session, actor: Actor, filled: Ground) -> None:
    """Let everybody be present at every shift for an hour, and take every tenth credit back."""
    facts, entries = list[dict[str, Any]](), list[dict[str, Any]]()
    common = {"tenant_id": actor.tenant_id, "recorded_at": session.now, "grant_id": None, "request_key": None,
              "fingerprint": None, "account_kind": "person", "provenance": "code", "revision": 0,
              "community_id": filled.community, "employer_id": filled.employers[0], "reverses_id": None}  # fmt: skip
    for number, (shift, member) in enumerate((one, other) for one in filled.shifts for other in filled.members):
        starts, day = shift["starts_at"], shift["starts_at"].astimezone(ZONE).date()
        own = {**common, "actor_id": member["id"], "account_id": member["account_id"], "served_on": day}
        both = {"check_in": starts, "check_out": starts + timedelta(hours=1)}
        for kind, at in both.items():
            where = {"shift_id": shift["id"], "pair": 1, "details": {}}
            facts.append({**own, **where, "id": new_id(), "kind": kind, "occurred_at": at})
        entry = {
            **own, "id": new_id(), "unit": "volunteer_minutes", "amount": 60, "kind": "earned",
            "nature": "volunteer_service", "started_at": starts, "ended_at": both["check_out"],
            "source_id": facts[-2]["id"], "activity_id": shift["activity_id"], "shift_id": shift["id"],
        }  # fmt: skip
        entries.append(entry)
        if number % 10 == 9:
            entries.append({**entry, "id": new_id(), "kind": "correction", "amount": -60, "reverses_id": entry["id"]})
    session.insert(Fact, facts)
    session.insert(Entry, entries)


def tampered(kept: Ledger, edit: Callable[[Session, Sealed], None], *, signs: bool, ask: bool) -> tuple[bool, bool]:
    """Return whether an edit is found by the checkpoint outside, and if asked whether the house finds it by itself.

    With `signs` the hand that edits has the signing key too and puts its own checkpoint in place of every other;
    without, it can only take away the checkpoints that would betray it.
    """
    with kept.house.engines.begin() as session:
        unguard(session)
        edit(session, kept.sealed)
        recompute(session, kept)
        cover_up(session, kept, signs=signs)
        outside = list(witness.differing(session, kept.actor.tenant_id, [kept.outside]))
        checks = [audit.CHECKS[name] for name in _ORDER] if ask else []
        alone = [one for check in checks for one in check(session, kept.actor.tenant_id)]
        session.connection.rollback()
    return bool(outside), bool(alone)


def unguard(session: Session) -> None:
    """Take down what the database sets against edits, as its superuser can."""
    if session.dialect == "postgresql":
        session.execute(sa.text("RESET ROLE"))
        for table in (*GUARDED, "tree_nodes", "monthly_totals"):
            session.execute(sa.text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    triggers = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in session.connection.execute(triggers).all():
        session.execute(sa.text(f"DROP TRIGGER {name}"))


def recompute(session: Session, kept: Ledger) -> None:
    """Compute positions, leaves, kept hashes and monthly sums anew from the rows as they are now."""
    tenant = kept.actor.tenant_id
    order = sa.select(Position.kind, Position.row_id).where(Position.tenant_id == tenant).order_by(Position.position)
    sealed = session.rows(order)
    content = sealer.read_rows(session, [(row.kind, row.row_id) for row in sealed])
    for table in (Position, TreeNode, MonthlyTotal):
        session.execute(sa.delete(table).where(table.tenant_id == tenant))
    fresh = [row for row in sealed if row.row_id in content]
    session.insert(Position, [
        {
            "tenant_id": tenant, "position": place, "kind": row.kind, "row_id": row.row_id,
            "leaf": kept.leaf(row.kind, content[row.row_id]), "sealed_at": session.now,
        }
        for place, row in enumerate(fresh, start=1)
    ])  # fmt: skip
    proofs.grow(session, tenant, len(fresh))
    sums = sealer.fold(session.rows(sealer.FOLDED.where(Entry.tenant_id == tenant)))
    names = ("account_id", "month", "unit", "kind", "nature", "community_id", "employer_id")
    session.insert(MonthlyTotal, [
        {"tenant_id": tenant, **dict(zip(names, key, strict=True)), "amount": amount, "entries": count}
        for key, (amount, count) in sums.items()
    ])  # fmt: skip


def cover_up(session: Session, kept: Ledger, *, signs: bool) -> None:
    """Take away the checkpoints, or with the signing key put one of its own in their place."""
    tenant = kept.actor.tenant_id
    session.execute(sa.delete(Checkpoint).where(Checkpoint.tenant_id == tenant))
    if signs:
        said = proofs.pending(session, kept.actor)
        if said is not None:
            proofs.keep(session, kept.actor, said, kept.house.notary.sign(said), kept.house.notary.jwk)
