"""封存链: the digest of a cycle's results, each adopted recomputation chained to the digest before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.canonical import canonical_bytes
from api.models import Assessment, Recomputation

Line = tuple[str, str, str, str]  # kind, key, hash of the bundle, hash of the judgement


def digests(session: Session, cycle_id: UUID, revision: int, proposed: int | None = None) -> Iterator[tuple[int, str]]:
    """Yield the revision and digest of a cycle's computation and of each adopted recomputation after it, in order.

    SHA-256 over a canonical line for each subject that stands then, in the order of kinds and keys; from the second on
    after a line with the digest before, so that a former result stays verifiable and none can be left out. `proposed`
    is a revision looked at as if it had been adopted.
    """
    adopted = sa.select(Recomputation.revision).where(
        Recomputation.cycle_id == cycle_id, Recomputation.state == "adopted"
    )
    chain = [revision, *sorted({row.revision for row in session.rows(adopted)} | ({proposed} if proposed else set()))]
    statement = sa.select(
        Assessment.revision, Assessment.subject_id, Assessment.subject_kind, Assessment.subject_key,
        Assessment.bundle_hash, Assessment.judgement_hash,
    ).where(Assessment.cycle_id == cycle_id, Assessment.revision.in_(chain))  # fmt: skip
    made: defaultdict[int, dict[UUID, Line]] = defaultdict(dict)
    for row in session.rows(statement):
        made[row.revision][row.subject_id] = (row.subject_kind, row.subject_key, row.bundle_hash, row.judgement_hash)
    standing: dict[UUID, Line] = {}
    before: str | None = None
    for each in chain:
        standing |= made[each]
        before = _digest(standing.values(), before)
        yield each, before


def digest_of(session: Session, cycle_id: UUID, revision: int, proposed: int | None = None) -> str:
    """Return the last of the digests of a cycle whose computation has this revision."""
    *_, (_, last) = digests(session, cycle_id, revision, proposed)
    return last


def _digest(lines: Iterable[Line], before: str | None) -> str:
    whole = sha256()
    written: list[list[Any]] = [] if before is None else [[before]]
    for line in [*written, *map(list, sorted(lines))]:
        whole.update(canonical_bytes(line) + b"\n")
    return whole.hexdigest()
