"""Is the sealed order still the one that was signed? Its kept hashes, every checkpoint, and what the outside kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.merkle import Frontier, block_node, joined
from api.domain.witnessing import SignatureRefused
from api.models import Checkpoint, Position, TreeNode, Witness, WitnessedCheckpoint
from api.security import notarised, witnessed
from api.services.proofs import BLOCK

_CHUNK = 1000
Found = Iterator[tuple[Any, dict[str, Any]]]


def checkpoints_match(session: Session, tenant_id: UUID) -> Found:
    """Yield each kept checkpoint whose root is another than that of the leaves as they stand."""
    kept = sa.select(Checkpoint.size, Checkpoint.root).where(Checkpoint.tenant_id == tenant_id)
    yield from differing(session, tenant_id, [tuple(row) for row in session.rows(kept)])


def checkpoints_signed(session: Session, tenant_id: UUID) -> Found:
    """Yield each kept checkpoint that its own key did not sign as it stands."""
    columns = (Checkpoint.id, Checkpoint.size, Checkpoint.root, Checkpoint.signed, Checkpoint.jwk)
    for row in session.rows(sa.select(*columns).where(Checkpoint.tenant_id == tenant_id)):
        try:
            said = notarised(row.signed, row.jwk)
        except SignatureRefused:
            said = {}
        if (said.get("tenant"), said.get("size"), said.get("root")) != (str(tenant_id), row.size, row.root):
            yield row.id, {"size": row.size, "says": {name: said.get(name) for name in ("size", "root")}}


def witnesses_agree(session: Session, tenant_id: UUID) -> Found:
    """Yield what witnesses signed that is no root of the leaves as they stand, or that their key did not sign."""
    columns = (WitnessedCheckpoint.id, WitnessedCheckpoint.size, WitnessedCheckpoint.root, WitnessedCheckpoint.signed)
    signed = sa.select(*columns, Witness.jwk).join(Witness, Witness.id == WitnessedCheckpoint.witness_id)
    seen = []
    for row in session.rows(signed.where(WitnessedCheckpoint.tenant_id == tenant_id)):
        try:
            said = witnessed(row.signed, row.jwk)
        except SignatureRefused:
            said = {}
        if (said.get("size"), said.get("root")) == (row.size, row.root):
            seen.append((row.size, row.root))
        else:
            yield row.id, {"size": row.size, "is": "not signed"}
    yield from differing(session, tenant_id, seen)


def differing(session: Session, tenant_id: UUID, kept: Iterable[tuple[int, str]]) -> Found:
    """Yield what differs from these checkpoints (size, root), which may come from outside.

    The root is computed from the leaves one by one: hashes kept in between are not trusted.
    """
    waiting = sorted(set(kept))
    frontier, leaves = Frontier(), _leaves(session, tenant_id)
    for size, root in waiting:
        while frontier.size < size:
            leaf = next(leaves, None)
            if leaf is None:
                break
            frontier.add(leaf)
        found = frontier.root().hex() if frontier.size == size else None
        if found != root:
            yield tenant_id, {"size": size, "signed": root, "found": found}


def tree_matches(session: Session, tenant_id: UUID) -> Found:
    """Yield each kept hash of a subtree that is not that of its leaves: a proof made with it would not verify."""
    rows = session.rows(sa.select(TreeNode.level, TreeNode.place, TreeNode.hash).where(TreeNode.tenant_id == tenant_id))
    kept = {(row.level, row.place): row.hash for row in rows}
    for key, hash_ in _nodes(_leaves(session, tenant_id)) if kept else ():
        if kept.pop(key, hash_) != hash_:
            yield tenant_id, {"level": key[0], "place": key[1]}
    for level, place in sorted(kept):
        yield tenant_id, {"level": level, "place": place, "is": "of leaves that are not there"}


def _nodes(leaves: Iterator[bytes]) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield the hashes of complete subtrees from blocks upwards, by (level, place)."""
    lefts: dict[int, bytes] = {}
    for place, block in enumerate(_blocks(leaves)):
        key, hash_ = (BLOCK, place), block_node(block, BLOCK, 0)
        yield key, hash_
        while key[1] & 1:
            hash_ = joined(lefts[key[0]], hash_)
            key = (key[0] + 1, key[1] >> 1)
            yield key, hash_
        lefts[key[0]] = hash_


def _blocks(leaves: Iterator[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    for leaf in leaves:
        block.append(leaf)
        if len(block) == 1 << BLOCK:
            yield block
            block = []


def _leaves(session: Session, tenant_id: UUID) -> Iterator[bytes]:
    after = 0
    page = sa.select(Position.position, Position.leaf).where(Position.tenant_id == tenant_id)
    while rows := session.rows(page.where(Position.position > after).order_by(Position.position).limit(_CHUNK)):
        yield from (row.leaf for row in rows)
        after = rows[-1].position
