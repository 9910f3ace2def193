"""Proofs of the sealed order: the tree over its leaves, signed checkpoints, and paths that anybody can check.

The tree's hashes are kept from blocks of 256 leaves upwards; a proof computes what lies below from at most two blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain import merkle
from api.domain.leaves import document
from api.errors import Conflict, Invalid
from api.models import Checkpoint, Entry, Event, Fact, Position, Tenant, TreeNode
from api.visibility import visible

BLOCK = 8  # 2^8 leaves below the first level that is kept
_ON_A_PAGE = 20
_AT_ONCE = 256  # blocks that one call completes: history from before the tree is taken up piece by piece
_TABLES: Mapping[str, Any] = {"fact": Fact, "entry": Entry, "event": Event}


class NotYetInCheckpoint(Conflict):
    """The row is sealed, and no checkpoint covers it yet; one follows within a minute."""

    code = "not_yet_in_checkpoint"
    zh, en = "该记录已封存，检查点尚未签发，请稍后再试", "No checkpoint covers this row yet; try again in a minute"


class NoSuchSize(Invalid):
    """The tree has not as many leaves."""

    code, zh, en = "no_such_size", "封存序列没有这么长", "The sealed order is not as long"


class Tree:
    """The hashes of complete subtrees of one tenant, from the table where they are kept, else from the leaves."""

    def __init__(self, session: Session, tenant_id: UUID):
        self._session, self._tenant = session, tenant_id
        self._known: dict[tuple[int, int], bytes] = {}
        self._blocks: dict[int, list[bytes]] = {}

    def __call__(self, level: int, place: int) -> bytes:
        """Return the hash over the 2^level leaves from place × 2^level on."""
        if level < BLOCK:
            block, within = divmod(place << level, 1 << BLOCK)
            return merkle.block_node(self.leaves(block), level, within >> level)
        if (level, place) not in self._known:
            kept = self._session.scalar(_NODE, {"tenant": self._tenant, "level": level, "place": place})
            self._known[level, place] = kept or self._computed(level, place)
        return self._known[level, place]

    def leaves(self, block: int) -> list[bytes]:
        """Return the leaves of a block; the last one may not be full."""
        if block not in self._blocks:
            first = (block << BLOCK) + 1
            asked = {"tenant": self._tenant, "first": first, "last": first + (1 << BLOCK) - 1}
            self._blocks[block] = [row.leaf for row in self._session.rows(_LEAVES, asked)]
        return self._blocks[block]

    def _computed(self, level: int, place: int) -> bytes:
        if level == BLOCK:
            return merkle.block_node(self.leaves(place), BLOCK, 0)
        return merkle.joined(self(level - 1, 2 * place), self(level - 1, 2 * place + 1))


_NODE = sa.select(TreeNode.hash).where(
    TreeNode.tenant_id == sa.bindparam("tenant"),
    TreeNode.level == sa.bindparam("level"),
    TreeNode.place == sa.bindparam("place"),
)
_LEAVES = (
    sa.select(Position.leaf)
    .where(
        Position.tenant_id == sa.bindparam("tenant"),
        Position.position >= sa.bindparam("first"),
        Position.position <= sa.bindparam("last"),
    )
    .order_by(Position.position)
)


def size_of(session: Session, tenant_id: UUID) -> int:
    """Return how many rows of a tenant are sealed."""
    return session.scalar(sa.select(sa.func.max(Position.position)).where(Position.tenant_id == tenant_id)) or 0


def grow(session: Session, tenant_id: UUID, size: int) -> int:
    """Keep the hashes of blocks that are complete among `size` leaves; return how many blocks were added.

    Only the sealer calls it, alone. A repeat adds nothing; a long history takes several calls.
    """
    kept = sa.select(sa.func.count()).where(TreeNode.tenant_id == tenant_id, TreeNode.level == BLOCK)
    done = session.scalar(kept)
    tree, fresh = Tree(session, tenant_id), {}
    blocks = range(done, min(size >> BLOCK, done + _AT_ONCE))
    for block in blocks:
        level, place = BLOCK, block
        fresh[level, place] = hash_ = merkle.block_node(tree.leaves(block), BLOCK, 0)
        while place & 1:
            left = fresh.get((level, place - 1)) or tree(level, place - 1)
            level, place, hash_ = level + 1, place >> 1, merkle.joined(left, hash_)
            fresh[level, place] = hash_
    rows = [{"tenant_id": tenant_id, "level": key[0], "place": key[1], "hash": value} for key, value in fresh.items()]
    session.insert(TreeNode, rows)
    return len(blocks)


def pending(session: Session, actor: Actor) -> dict[str, Any] | None:
    """Return what the next checkpoint of the actor's tenant says, `{tenant, size, root}`, or None where none is due."""
    size = size_of(session, actor.tenant_id)
    last = session.scalar(sa.select(sa.func.max(Checkpoint.size)).where(Checkpoint.tenant_id == actor.tenant_id))
    if size == (last or 0):
        return None
    root = merkle.root(size, Tree(session, actor.tenant_id))
    return {"tenant": str(actor.tenant_id), "size": size, "root": root.hex()}


def keep(session: Session, actor: Actor, payload: dict[str, Any], signed: str, jwk: dict[str, Any]) -> None:
    """Keep a signed checkpoint; of two for one size the first stands."""
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "size": payload["size"], "root": payload["root"],
        "signed": signed, "jwk": jwk, "created_at": session.now,
    }  # fmt: skip
    session.insert_new(Checkpoint, [row])


_SHOWN = sa.select(
    Checkpoint.id, Checkpoint.size, Checkpoint.root, Checkpoint.signed, Checkpoint.jwk, Checkpoint.created_at
)


def newest(session: Session, tenant_id: UUID) -> dict[str, Any] | None:
    """Return the newest checkpoint of a tenant, or None before its first."""
    row = session.first(_SHOWN.where(Checkpoint.tenant_id == tenant_id).order_by(Checkpoint.size.desc()).limit(1))
    return None if row is None else row._asdict()


def covering(session: Session, tenant_id: UUID, position: int) -> dict[str, Any] | None:
    """Return the first checkpoint that covers a position, the newest where none does yet (and for position nought)."""
    covers = _SHOWN.where(Checkpoint.tenant_id == tenant_id, Checkpoint.size >= position)
    row = session.first(covers.order_by(Checkpoint.size).limit(1)) if position else None
    return newest(session, tenant_id) if row is None else row._asdict()


def published(session: Session, _actor: Any) -> list[dict[str, Any]]:
    """Return the newest checkpoint of every tenant with its code and name, for the page that everybody sees."""
    largest = sa.select(sa.func.max(Checkpoint.size)).where(Checkpoint.tenant_id == Tenant.id)
    newest_size = largest.correlate(Tenant).scalar_subquery()
    columns = (Tenant.code, Tenant.name, Checkpoint.size, Checkpoint.root, Checkpoint.created_at)
    shown = sa.select(*columns).join(Tenant, Tenant.id == Checkpoint.tenant_id).where(Checkpoint.size == newest_size)
    return [row._asdict() for row in session.rows(shown.order_by(Tenant.code).limit(_ON_A_PAGE))]


def root_at(session: Session, tenant_id: UUID, size: int) -> str | None:
    """Return the root over the first `size` positions in hexadecimal; None where that is nothing."""
    return merkle.root(size, Tree(session, tenant_id)).hex() if size else None


def listed(session: Session, _actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of a tenant's checkpoints, newest first; they are public. NotFound for an unknown tenant's code."""
    statement = _SHOWN.where(Checkpoint.tenant_id == _tenant(session, query.tenant))
    if query.since is not None:
        statement = statement.where(Checkpoint.size > query.since)
    return paging.page(session, statement, Checkpoint.id, limit=query.limit, cursor=query.cursor)


def compared(session: Session, _actor: Actor, query: Any) -> dict[str, Any]:
    """Return the proof that the tree of `first` leaves begins that of `second`. NoSuchSize, NotFound."""
    tenant_id = _tenant(session, query.tenant)
    if not 0 < query.first <= query.second <= size_of(session, tenant_id):
        raise NoSuchSize(pointer="/second")
    tree = Tree(session, tenant_id)
    return {
        "first": query.first, "second": query.second, "first_root": merkle.root(query.first, tree).hex(),
        "second_root": merkle.root(query.second, tree).hex(),
        "path": [hash_.hex() for hash_ in merkle.consistency(query.first, query.second, tree)],
    }  # fmt: skip


def proof(session: Session, actor: Actor, position: int) -> dict[str, Any]:
    """Return the row at a position that the actor may see, its audit path, and the first checkpoint that covers it.

    Raises NotFound where the actor may not know of the row, NotYetInCheckpoint before the next checkpoint.
    """
    sealed = found(session.first(_SEALED, {"tenant": actor.tenant_id, "position": position}))
    table = _TABLES[sealed.kind]
    row = found(session.first(sa.select(*table.__table__.c).where(table.id == sealed.row_id, visible(actor, table))))
    covers = _SHOWN.where(Checkpoint.tenant_id == actor.tenant_id, Checkpoint.size >= position)
    checkpoint = session.first(covers.order_by(Checkpoint.size).limit(1))
    if checkpoint is None:
        raise NotYetInCheckpoint
    path = merkle.inclusion(position - 1, checkpoint.size, Tree(session, actor.tenant_id))
    return {
        "position": position, "document": document(sealed.kind, row._asdict()), "leaf": sealed.leaf.hex(),
        "path": [hash_.hex() for hash_ in path], "checkpoint": checkpoint._asdict(),
    }  # fmt: skip


_SEALED = sa.select(Position.kind, Position.row_id, Position.leaf).where(
    Position.tenant_id == sa.bindparam("tenant"), Position.position == sa.bindparam("position")
)


def _tenant(session: Session, code: str) -> UUID:
    return found(session.first(sa.select(Tenant.id).where(Tenant.code == code))).id
