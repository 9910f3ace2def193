"""What the rulebooks of a cycle ask of which party: of each subject that one by which it was judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.rulebook.rubric import Rubric
from api.domain.rulebook.schema import Rulebook as Book
from api.models import Cycle, CycleRulebook
from api.services import rulebooks
from api.visibility import visible

Rubrics = Mapping[str, Rubric]


def books_of(session: Session, actor: Actor, cycle_ids: Iterable[UUID]) -> dict[UUID, dict[str, Book]]:
    """Return for each cycle its rulebooks by their digest."""
    ids = sorted(set(cycle_ids))
    defaults = sa.select(Cycle.id, Cycle.member_rulebook_id, Cycle.unit_rulebook_id).where(
        visible(actor, Cycle), Cycle.id.in_(ids)
    )
    named = {row.id: [row.member_rulebook_id, row.unit_rulebook_id] for row in session.rows(defaults)}
    more = sa.select(CycleRulebook.cycle_id, CycleRulebook.rulebook_id).where(
        CycleRulebook.tenant_id == actor.tenant_id, CycleRulebook.cycle_id.in_(ids)
    )
    for row in session.rows(more):
        named[row.cycle_id].append(row.rulebook_id)
    named = {cycle: [each for each in books if each is not None] for cycle, books in named.items()}
    read = {
        each: rulebooks.book_of(session, actor, each) for each in sorted({x for ids in named.values() for x in ids})
    }
    return {cycle: {read[each].digest: read[each] for each in books} for cycle, books in named.items()}


def asking(books: Mapping[str, Book], judgement: Mapping[str, Any]) -> tuple[str, Rubrics]:
    """Return code and edition of the rulebook by which a subject was judged, and its rubrics by party."""
    book = found(books.get(judgement["rulebook"]["digest"]))
    return f"{book.id}@{book.version}", {rubric.party: rubric for rubric in book.rubrics}


def listed(session: Session, actor: Actor, cycle_id: UUID) -> dict[str, Any]:
    """Return what a cycle asks: for each kind of subject and party a rubric as the rulebook words it."""
    found(session.first(sa.select(Cycle.id).where(visible(actor, Cycle), Cycle.id == cycle_id)))
    books = books_of(session, actor, [cycle_id])[cycle_id].values()
    return {
        "items": [
            {"subject_kind": book.subject, "rulebook": f"{book.id}@{book.version}", **rubric.model_dump(mode="json")}
            for book in sorted(books, key=lambda each: (each.subject, each.id))
            for rubric in book.rubrics
        ]
    }
