"""Proofs of sealed rows as somebody reads them, and by hand: what has to stay the same whatever is erased."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.domain import merkle
from api.domain.leaves import leaf_of
from api.models import Entry, Position
from api.services import proofs
from tests.support.verifier import VERIFIER
from tests.support.world import World

Proven = tuple[int, bytes, list[bytes]]  # the place in the tree from 0, the leaf, its audit path


def paths(world: World, size: int, step: int = 37) -> list[Proven]:
    """Return every `step`-th of the first `size` leaves with its path in the tree of that size, as it stands now."""
    tenant = world.operator.tenant_id
    with world.house.engines.look() as session:
        tree = proofs.Tree(session, tenant)
        of = sa.select(Position.position, Position.leaf).where(Position.tenant_id == tenant, Position.position <= size)
        rows = session.rows(of.order_by(Position.position))[::step]
        return [(place - 1, leaf, merkle.inclusion(place - 1, size, tree)) for place, leaf in rows]


def lead_to(proven: list[Proven], size: int, root: bytes) -> bool:
    """Say whether each of some paths proves its leaf under this root; none proves nothing."""
    return bool(proven) and all(VERIFIER.included(place, size, leaf, path, root) for place, leaf, path in proven)


async def read_by(world: World, name: str, account_id: UUID, limit: int = 3) -> list[tuple[Any, ...]]:
    """Return (position, leaf, path, root) of some entries of an account as a person reads them, each one checked."""
    tenant = world.operator.tenant_id
    of = sa.select(Position.position).join(Entry, Entry.id == Position.row_id).where(Position.tenant_id == tenant)
    with world.house.engines.look() as session:
        places = [row.position for row in session.rows(of.where(Entry.account_id == account_id).limit(limit))]
    answers = []
    async with world.client(name) as client:
        for place in places:
            shown = (await client.get(f"/api/v1/proofs/{place}")).json()
            size, root = shown["checkpoint"]["size"], bytes.fromhex(shown["checkpoint"]["root"])
            leaf, path = leaf_of(shown["document"]), [bytes.fromhex(each) for each in shown["path"]]
            assert VERIFIER.included(place - 1, size, leaf, path, root), place
            answers.append((place, leaf.hex(), shown["path"], shown["checkpoint"]["root"]))
    return answers
