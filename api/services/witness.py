"""Is the sealed order still the one that was signed? Every checkpoint, and those that the outside kept, against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.merkle import Frontier
from api.models import Checkpoint, Position

_CHUNK = 1000


def checkpoints_match(session: Session, tenant_id: UUID) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each kept checkpoint whose root is another than that of the leaves as they stand."""
    kept = sa.select(Checkpoint.size, Checkpoint.root).where(Checkpoint.tenant_id == tenant_id)
    yield from differing(session, tenant_id, [tuple(row) for row in session.rows(kept)])


def differing(
    session: Session, tenant_id: UUID, kept: Iterable[tuple[int, str]]
) -> Iterator[tuple[UUID, dict[str, Any]]]:
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


def _leaves(session: Session, tenant_id: UUID) -> Iterator[bytes]:
    after = 0
    page = sa.select(Position.position, Position.leaf).where(Position.tenant_id == tenant_id)
    while rows := session.rows(page.where(Position.position > after).order_by(Position.position).limit(_CHUNK)):
        yield from (row.leaf for row in rows)
        after = rows[-1].position
