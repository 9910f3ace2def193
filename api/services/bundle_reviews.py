"""Voices on their way into a bundle: those of a round up to a sealed position, with the parties that stayed silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.reviews import Heard, VoicesNotWeighed, in_bundle, quorate, unasked
from api.domain.rulebook.bundle import InputBundle, grouping
from api.domain.rulebook.schema import Rulebook as Book
from api.models import Cycle, Event, Panel, Position, Review

GIVEN = ("cycle.review", "cycle.recuse", "review.by_slip")
"""Steps that leave a voice or take one away: by the position of their event a computation knows what it looked at."""


def last_sealed(session: Session, tenant_id: UUID) -> int:
    """Return the last sealed position of a tenant, whatever it holds; 0 where nothing is sealed."""
    statement = sa.select(sa.func.max(Position.position)).where(Position.tenant_id == tenant_id)
    return session.scalar(statement) or 0


def with_reviews(
    session: Session,
    cycle_id: UUID,
    position: int | None,
    book: Book,
    subjects: Sequence[UUID],
    bundles: Sequence[InputBundle],
) -> list[InputBundle]:
    """Return the bundles with what was said of their subjects up to a position; without one, as they came.

    Without a position nobody was asked yet, and reviews are unknown as a whole. A party that the rulebook asks and
    that said nothing, or a panel without its quorum, is unknown and never nought.
    """
    asked = grouping(book).get("reviews")
    if position is None or asked is None or not subjects:
        return list(bundles)
    heard, voted = _heard(session, cycle_id, position, subjects)
    quorums = {
        row.id: row.quorum
        for row in session.rows(
            sa.select(Panel.id, Panel.quorum).where(Panel.round_kind == "cycle", Panel.round_id == cycle_id)
        )
    }
    found: list[Any] = []
    for subject, bundle in zip(subjects, bundles, strict=True):
        counts = [each for each in heard[subject] if _counts(each, subject, voted, quorums)]
        last = date.fromisoformat(bundle["period"]["end"]) - timedelta(days=1)
        rows, silent = in_bundle([voice for _, voice in counts], book.rubrics, last, asked["columns"])
        gaps = [*bundle.get("unknown", []), *silent, *unasked(book)]
        found.append({**bundle, "reviews": rows, **({"unknown": gaps} if gaps else {})})
    return found


def _counts(
    each: tuple[UUID | None, Heard], subject: UUID, voted: dict[tuple[UUID, UUID], int], quorums: dict[UUID, int]
) -> bool:
    panel = each[0]
    return panel is None or quorate(quorums[panel], voted[panel, subject])


def _heard(
    session: Session, cycle_id: UUID, position: int, subjects: Sequence[UUID]
) -> tuple[dict[UUID, list[tuple[UUID | None, Heard]]], dict[tuple[UUID, UUID], int]]:
    """Return the ratings of each subject, without those of who recused themselves, and how many each panel gave."""
    declared = sa.orm.aliased(Review, name="declared")
    recused = sa.exists().where(
        declared.round_kind == "cycle", declared.round_id == cycle_id, declared.subject_id == Review.subject_id,
        declared.party == Review.party, declared.kind == "recusal", declared.reviewer_id == Review.reviewer_id,
    )  # fmt: skip
    statement = (
        sa.select(
            Review.subject_id, Review.party, Review.panel_id, Review.given_on, Review.amount, Review.marks
        )
        .join(Event, sa.and_(Event.subject_id == Review.id, Event.tenant_id == Review.tenant_id))
        .join(Position, Position.row_id == Event.id)
        .where(
            Review.round_kind == "cycle", Review.round_id == cycle_id, Review.subject_id.in_(subjects),
            Review.kind == "rating", Event.kind.in_(GIVEN), Position.position <= position, ~recused,
        )
    )  # fmt: skip
    heard: defaultdict[UUID, list[tuple[UUID | None, Heard]]] = defaultdict(list)
    voted: defaultdict[tuple[UUID, UUID], int] = defaultdict(int)
    for row in session.rows(statement.order_by(Review.id)):
        voice: Any = "panel" if row.panel_id is not None else row.party
        heard[row.subject_id].append((row.panel_id, Heard(voice, row.given_on, row.amount, row.marks)))
        if row.panel_id is not None:
            voted[row.panel_id, row.subject_id] += 1
    return heard, voted


def require_weighed(session: Session, cycle_id: UUID) -> None:
    """Raise VoicesNotWeighed where ratings of a cycle stand at which its last computation did not look."""
    weighed = sa.select(Cycle.reviews_position).where(Cycle.id == cycle_id)
    given = (
        sa.select(sa.func.count())
        .select_from(Review)
        .join(Event, sa.and_(Event.subject_id == Review.id, Event.tenant_id == Review.tenant_id))
        .outerjoin(Position, Position.row_id == Event.id)
        .where(
            Review.round_kind == "cycle", Review.round_id == cycle_id, Review.kind.in_(("rating", "recusal")),
            Event.kind.in_(GIVEN),
            sa.or_(Position.position.is_(None), Position.position > (session.scalar(weighed) or 0)),
        )
    )  # fmt: skip
    count = session.scalar(given)
    if count:
        raise VoicesNotWeighed(count=count)
