"""Proofs: the tree is the definition's, what is shown is checked by the one-file verifier, edits are found."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys

import pytest
import sqlalchemy as sa

from api.domain.leaves import leaf_of
from api.jobs.sealing import checkpoint_all, seal_all
from api.models import Checkpoint, Entry, Position, TreeNode
from api.services import audit, proofs, witness
from api.wall import HOUSE_ROLE
from tests.domain.test_merkle import written_out
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import served
from tests.support.verifier import PATH, VERIFIER


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    yield built
    built.close()


def leaves_of(world):
    with world.house.engines.look() as session:
        rows = sa.select(Position.leaf).where(Position.tenant_id == world.operator.tenant_id)
        return [row.leaf for row in session.rows(rows.order_by(Position.position))]


async def test_what_is_proved_is_checked_by_a_file_that_needs_nothing(world, time, tmp_path):
    seal_all(world.house)
    assert checkpoint_all(world.house) == 1
    assert checkpoint_all(world.house) == 0
    async with world.client() as anybody:
        early = (await anybody.get("/api/v1/checkpoints", params={"tenant": "testcity"})).json()["items"][0]
    await served(world, time, "member")
    seal_all(world.house)
    async with world.client("member") as member:
        entry = (await member.get("/api/v1/entries", params={"mine": True})).json()["items"][0]
        pending = await member.get(f"/api/v1/proofs/{entry['position']}")
        checkpoint_all(world.house)
        proof = (await member.get(f"/api/v1/proofs/{entry['position']}")).json()
    assert (pending.status_code, pending.json()["code"]) == (409, "not_yet_in_checkpoint")
    assert proof["checkpoint"]["root"] == written_out(leaves_of(world)).hex()
    assert proof["document"]["row"]["amount"] == 60
    async with world.client() as anybody:
        sizes = {"tenant": "testcity", "first": early["size"], "second": proof["checkpoint"]["size"]}
        link = (await anybody.get("/api/v1/checkpoints/consistency", params=sizes)).json()
    assert VERIFIER.faults_of_proof(proof) == []
    assert VERIFIER.faults_among(proof["checkpoint"], [early, link]) == []
    files = []
    for name, content in (("proof", proof), ("early", early), ("link", link)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(content))
    ran = subprocess.run([sys.executable, "-I", PATH, *files], capture_output=True, text=True, check=False)  # noqa: ASYNC221
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "verified / 核验通过")
    assert proof["checkpoint"]["root"] in ran.stdout
    files[0].write_text(json.dumps(bent(proof, "amount", 600)))
    again = subprocess.run([sys.executable, "-I", PATH, *files], capture_output=True, check=False)  # noqa: ASYNC221
    assert again.returncode == 1


def bent(proof, name, value):
    changed = copy.deepcopy(proof)
    changed["document"]["row"][name] = value
    changed["leaf"] = leaf_of(changed["document"]).hex()
    return changed


async def test_who_may_not_see_a_row_gets_no_proof_of_it(world):
    async with world.client("member") as member:
        entry = (await member.get("/api/v1/entries", params={"mine": True})).json()["items"][0]
    async with world.client("member2") as other:
        assert (await other.get(f"/api/v1/proofs/{entry['position']}")).status_code == 404
        assert (await other.get("/api/v1/proofs/999999")).status_code == 404
    async with world.client() as anybody:
        wrong = {"tenant": "testcity", "first": 5, "second": 10**6}
        assert (await anybody.get("/api/v1/checkpoints/consistency", params=wrong)).status_code == 422
        assert (await anybody.get("/api/v1/checkpoints", params={"tenant": "nowhere"})).status_code == 404


async def test_a_checkpoint_is_no_token_and_a_changed_one_does_not_verify(world):
    async with world.client() as anybody:
        kept = (await anybody.get("/api/v1/checkpoints", params={"tenant": "testcity"})).json()["items"][0]
        anybody.headers["Authorization"] = f"Bearer {kept['signed']}"
        assert (await anybody.get("/api/v1/me")).status_code == 401
    assert VERIFIER.faults_of_checkpoint(kept) == []
    assert VERIFIER.faults_of_checkpoint({**kept, "size": kept["size"] + 1})
    head, body, signature = kept["signed"].split(".")
    rng = random.Random(11)
    for _ in range(40):
        part, place = rng.randrange(3), rng.randrange(20)
        parts = [head, body, signature]
        parts[part] = parts[part][:place] + ("A" if parts[part][place] != "A" else "B") + parts[part][place + 1 :]
        try:
            found = VERIFIER.faults_of_checkpoint({**kept, "signed": ".".join(parts)})
        except ValueError:
            continue  # no JSON any more
        assert found


def test_blocks_are_kept_once_and_give_the_same_root_as_the_leaves(world):
    def many(session, actor):
        last = proofs.size_of(session, actor.tenant_id)
        rng = random.Random(7)
        rows = [
            {
                "tenant_id": actor.tenant_id, "position": last + n, "kind": "event", "row_id": _id(rng),
                "leaf": rng.randbytes(32), "sealed_at": session.now,
            }
            for n in range(1, 1500)
        ]  # fmt: skip
        session.insert(Position, rows)
        first = proofs.grow(session, actor.tenant_id, last + 700)
        again = proofs.grow(session, actor.tenant_id, last + 700)
        rest = proofs.grow(session, actor.tenant_id, last + 1499)
        return last + 1499, first, again, rest

    size, first, again, rest = world.run(many)
    assert (again, first + rest) == (0, size // 256)
    leaves = leaves_of(world)
    with world.house.engines.look() as session:
        from api.domain.merkle import root

        tree = proofs.Tree(session, world.operator.tenant_id)
        assert root(size, tree) == written_out(leaves)
        kept = session.rows(sa.select(TreeNode.level, TreeNode.place, TreeNode.hash))
        assert all(written_out(leaves[p << n : (p + 1) << n]) == h for n, p, h in kept)
        assert len(kept) > size // 256  # some of the next level as well


def _id(rng):
    from uuid import UUID

    return UUID(bytes=rng.randbytes(16))


@pytest.mark.parametrize("control", [False, True])
def test_who_edits_and_computes_everything_anew_is_found_by_what_was_kept_outside(world, control):
    """A superuser changes minutes, leaf, node and checkpoint alike; the control keeps no checkpoint outside."""
    with world.house.engines.look() as session:
        kept = session.first(sa.select(Checkpoint.size, Checkpoint.root).order_by(Checkpoint.size.desc()))
        clean = list(witness.differing(session, world.operator.tenant_id, [tuple(kept)]))
        before = [one["check"] for one in audit.verify(session, world.operator.tenant_id)]
    assert clean == []

    def tampered(session, actor):
        for table in ("entries", "positions"):
            _unguard(session, table)
        session.execute(sa.update(Entry).where(Entry.unit == "volunteer_minutes").values(amount=Entry.amount + 60))
        from api.domain.leaves import leaf
        from api.services.sealer import read_rows

        for row in session.rows(sa.select(Entry.id)):
            content = read_rows(session, [("entry", row.id)])[row.id]
            session.execute(sa.update(Position).where(Position.row_id == row.id).values(leaf=leaf("entry", content)))
        outside = [] if control else [tuple(kept)]
        found = list(witness.differing(session, actor.tenant_id, outside))
        session.connection.rollback()
        return found

    found = world.run(tampered)
    assert bool(found) is not control
    assert "checkpoints_match" not in before


def _unguard(session, table):
    if session.dialect == "postgresql":
        session.execute(sa.text("RESET ROLE"))  # the application's own role could not
        session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(sa.text(f"GRANT UPDATE, DELETE ON {table} TO {HOUSE_ROLE}"))
        session.execute(sa.text(f"SET LOCAL ROLE {HOUSE_ROLE}"))
    else:
        session.execute(sa.text(f"DROP TRIGGER {table}_refuse_update"))
