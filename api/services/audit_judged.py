"""audit verify, of what is made from the ledger: papers say what was issued, judgements what their inputs give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import operator
from api.db import Session
from api.domain.documents import content_hash
from api.domain.rulebook.schema import Rulebook
from api.domain.seal import Seal, SealBroken, verify
from api.models import Assessment, Cycle, Document, Entry, Event, MatchRun, Position, Recomputation
from api.services import chains, cycle_books, match_runs, standing

_CHUNK = 200
SEALED = ("final", "delivered")
Found = Iterator[tuple[Any, dict[str, Any]]]


def documents_as_issued(session: Session, tenant_id: UUID) -> Found:
    """An issued document has the content whose hash stands beside it and in the event that issued it."""
    columns = (Document.id, Document.number, Document.content, Document.content_hash)
    issued = sa.select(*columns).where(Document.tenant_id == tenant_id, Document.number.is_not(None))
    for rows in _pages(session, issued, Document.id):
        told = sa.select(Event.subject_id, Event.details).where(
            Event.tenant_id == tenant_id, Event.kind == "document.issue",
            Event.subject_id.in_([row.id for row in rows]),
        )  # fmt: skip
        by_event = {row.subject_id: row.details.get("sha256") for row in session.rows(told)}
        for row in rows:
            found = content_hash(row.content)
            if found != row.content_hash or by_event.get(row.id, found) not in (None, found):
                yield row.id, {"number": row.number, "issued": row.content_hash, "found": found}


def sealed_periods_stand(session: Session, tenant_id: UUID) -> Found:
    """A cycle that is final has the assessments and decisions of which its digests were taken, and who made it so."""
    cycles = sa.select(Cycle.id, Cycle.revision, Cycle.digest, Cycle.decisions_digest).where(
        Cycle.tenant_id == tenant_id, Cycle.state.in_(SEALED)
    )
    for row in session.rows(cycles):
        final = sa.select(Event.id).where(
            Event.tenant_id == tenant_id, Event.subject_id == row.id, Event.kind == "cycle.finalize"
        )
        found = dict(chains.digests(session, row.id, row.revision))
        last = found[max(found)]
        if last != row.digest or session.first(final) is None:
            yield row.id, {"digest": row.digest, "found": last}
        decided = standing.decisions_digest(session, row.id, row.revision)
        if row.decisions_digest not in (None, decided):  # none where it was sealed before there were any
            yield row.id, {"decisions_digest": row.decisions_digest, "found": decided}
        yield from _broken_links(session, row.id, found)


def _broken_links(session: Session, cycle_id: UUID, found: dict[int, str]) -> Found:
    """Each adopted recomputation names the digest before it and has its own: a former result stays verifiable."""
    columns = (Recomputation.id, Recomputation.revision, Recomputation.digest_before, Recomputation.digest)
    adopted = sa.select(*columns).where(Recomputation.cycle_id == cycle_id, Recomputation.state == "adopted")
    before = found[min(found)]
    for row in session.rows(adopted.order_by(Recomputation.revision)):
        if (row.digest_before, row.digest) != (before, found[row.revision]):
            yield row.id, {"before": before, "digest": row.digest, "found": found[row.revision]}
        before = found[row.revision]


def assessments_reproduce(session: Session, tenant_id: UUID) -> Found:
    """Computed again from its rulebook and bundle, an assessment is what was kept, hash for hash.

    Those of every revision that stands, stood or is proposed: who was told a former result can have it proved.
    """
    actor, books = operator(tenant_id), dict[UUID, dict[str, Rulebook]]()
    columns = (
        Assessment.id, Assessment.subject_kind, Assessment.bundle, Assessment.bundle_hash, Assessment.judgement,
        Assessment.judgement_hash, Assessment.cycle_id,
    )  # fmt: skip
    for rows in _pages(session, _told(tenant_id, *columns), Assessment.id):
        for row in rows:
            if row.cycle_id not in books:
                books[row.cycle_id] = cycle_books.by_digest(session, actor, [row.cycle_id])
            book = books[row.cycle_id].get(row.judgement["rulebook"]["digest"])
            if book is None:
                yield row.id, {"differ": ["rulebook"]}
                continue
            sealed = Seal(
                rulebook=row.judgement["rulebook"]["digest"], bundle=row.bundle_hash, judgement=row.judgement_hash
            )
            try:
                again = verify(book, row.bundle, sealed)
            except SealBroken as why:
                yield row.id, {"differ": why.facts["parts"]}
            else:
                if again != row.judgement:
                    yield row.id, {"differ": ["kept judgement"]}


def assessed_minutes_are_folds(session: Session, tenant_id: UUID) -> Found:
    """The minutes of a member's assessment are the sum of the entries of its period up to the position it is as of."""
    total = sa.func.coalesce(sa.func.sum(Entry.amount), 0)
    ledger = (
        sa.select(total)
        .join(Position, Position.row_id == Entry.id)
        .where(
            Entry.tenant_id == tenant_id, Entry.account_id == Assessment.subject_id, Entry.unit == "volunteer_minutes",
            Entry.served_on >= Cycle.period_start, Entry.served_on < Cycle.period_end,
            Position.position <= sa.func.coalesce(Recomputation.position, Cycle.position),
        )
        .correlate(Assessment, Cycle, Recomputation)
        .scalar_subquery()
    )  # fmt: skip
    compared = _told(tenant_id, Assessment.id, Assessment.minutes, ledger.label("ledger")).where(
        Assessment.subject_kind == "member", Assessment.minutes.is_not(None), Assessment.minutes != ledger
    )
    for row in session.rows(compared):
        yield row.id, {"minutes": row.minutes, "ledger": row.ledger}


def match_runs_reproduce(session: Session, tenant_id: UUID) -> Found:
    """A match that is repeated from what it stored has the same inputs and proposes the same, hash for hash."""
    kept = sa.select(MatchRun.id).where(
        MatchRun.tenant_id == tenant_id, MatchRun.state == "done", MatchRun.inputs.is_not(None)
    )
    for row in session.rows(kept.order_by(MatchRun.id)):
        told = match_runs.replayed(session, operator(tenant_id), row.id)
        if not told.pop("same"):
            yield row.id, told


def _told(tenant_id: UUID, *columns: Any) -> Any:
    """Select assessments of the computation that stands and of every recomputation after it, that were not dropped."""
    joined = sa.select(*columns).join(Cycle, Cycle.id == Assessment.cycle_id)
    again = sa.and_(Recomputation.cycle_id == Assessment.cycle_id, Recomputation.revision == Assessment.revision)
    told = sa.or_(Assessment.revision == Cycle.revision, Recomputation.state.in_(("proposed", "adopted")))
    return joined.outerjoin(Recomputation, again).where(Assessment.tenant_id == tenant_id, told)


def _pages(session: Session, statement: Any, key: Any) -> Iterator[Sequence[Any]]:
    page = statement
    while rows := session.rows(page.order_by(key).limit(_CHUNK)):
        yield rows
        page = statement.where(key > rows[-1].id)
