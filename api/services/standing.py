"""定级: the grade that stands for a subject: what people ruled last, else what a quota made of it, else as computed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.models import Allotment, Assessment, Ruling
from api.services.subjects import batched

AFTER_THE_SEAL = "amendment"


@dataclass(frozen=True, slots=True)
class Standing:
    """The grade that stands, on what `basis` (api.domain.rulings.BASES), and the grade `before`, as it was computed.

    `labels` are the grade's where it is not the computed one; `decision` is the ruling, with its reason. While a quota
    waits for people the basis is `undecided` and there is no grade.
    """

    outcome: str
    grade: str | None
    basis: str
    before: str | None
    labels: dict[str, str] | None = None
    decision: UUID | None = None
    reason: str | None = None
    decided_at: datetime | None = None


_ALLOTTED = sa.select(
    Allotment.cycle_id, Allotment.revision, Allotment.subject_id, Allotment.grade, Allotment.grade_labels,
    Allotment.decision,
)  # fmt: skip
_RULED = sa.select(
    Ruling.id, Ruling.cycle_id, Ruling.revision, Ruling.subject_id, Ruling.kind, Ruling.outcome, Ruling.grade,
    Ruling.grade_labels, Ruling.reason, Ruling.decided_at,
).where(Ruling.state == "confirmed").order_by(Ruling.decided_at, Ruling.id)  # fmt: skip


def standing(
    session: Session, cycle_id: UUID, revision: int, subjects: Collection[UUID] | None = None, *, sealed: bool = False
) -> dict[UUID, Standing]:
    """Return what stands for the subjects of a cycle's computation, all of them or these; three statements.

    `sealed` leaves out what was amended after the seal.
    """
    statement = sa.select(
        Assessment.cycle_id, Assessment.revision, Assessment.subject_id, Assessment.outcome, Assessment.grade
    ).where(Assessment.cycle_id == cycle_id, Assessment.revision == revision)
    if subjects is None:
        rows = session.rows(statement)
    else:
        rows = [row for some in batched(subjects) for row in session.rows(statement.where(_in(Assessment, some)))]
    return dict(zip((row.subject_id for row in rows), of_rows(session, rows, sealed=sealed), strict=True))


def of_rows(session: Session, rows: Sequence[Any], *, sealed: bool = False) -> list[Standing]:
    """Return what stands for each of these assessments, in their order.

    Each has cycle_id, revision, subject_id, outcome and grade. A quota's answer and a ruling count for the revision
    that they are about, so that a computation anew begins without them.
    """
    cycles = sorted({row.cycle_id for row in rows})
    allotted: dict[tuple[UUID, int, UUID], Any] = {}
    ruled: dict[tuple[UUID, int, UUID], Any] = {}
    for some in batched(row.subject_id for row in rows):
        statement = _ALLOTTED.where(Allotment.cycle_id.in_(cycles), _in(Allotment, some))
        allotted |= {(row.cycle_id, row.revision, row.subject_id): row for row in session.rows(statement)}
        decided = _RULED.where(Ruling.cycle_id.in_(cycles), _in(Ruling, some))
        if sealed:
            decided = decided.where(Ruling.kind != AFTER_THE_SEAL)
        ruled |= {(row.cycle_id, row.revision, row.subject_id): row for row in session.rows(decided)}
    keys = [(row.cycle_id, row.revision, row.subject_id) for row in rows]
    return [_stands(row, allotted.get(key), ruled.get(key)) for row, key in zip(rows, keys, strict=True)]


def changed(session: Session, cycle_id: UUID, revision: int) -> list[tuple[str, str, str, str, str | None]]:
    """Return kind, key, basis, outcome and grade of each subject whose grade is not as computed, up to the seal.

    In the order of kinds and keys, the same on every database.
    """
    statement = sa.select(Assessment.subject_kind, Assessment.subject_key, Assessment.subject_id).where(
        Assessment.cycle_id == cycle_id, Assessment.revision == revision
    )
    stands = standing(session, cycle_id, revision, _touched(session, cycle_id, revision), sealed=True)
    if not stands:
        return []
    named = {row.subject_id: (row.subject_kind, row.subject_key) for row in session.rows(statement)}
    return sorted(
        (*named[subject], each.basis, each.outcome, each.grade)
        for subject, each in stands.items()
        if each.basis != "assessment"
    )


def _touched(session: Session, cycle_id: UUID, revision: int) -> set[UUID]:
    lowered = sa.select(Allotment.subject_id).where(
        Allotment.cycle_id == cycle_id, Allotment.revision == revision, Allotment.decision != "kept"
    )
    ruled = sa.select(Ruling.subject_id).where(
        Ruling.cycle_id == cycle_id, Ruling.revision == revision, Ruling.state == "confirmed"
    )
    return {row.subject_id for statement in (lowered, ruled) for row in session.rows(statement)}


def _in(table: Any, some: list[UUID]) -> Any:
    return table.subject_id.in_(some)


def _stands(row: Any, allotted: Any, ruled: Any) -> Standing:
    if ruled is not None:
        return Standing(
            ruled.outcome, ruled.grade, ruled.kind, row.grade, ruled.grade_labels, ruled.id, ruled.reason,
            ruled.decided_at,
        )  # fmt: skip
    if allotted is not None and allotted.decision == "needs_decision":
        return Standing("undecided", None, "undecided", row.grade)
    if allotted is not None and allotted.decision == "lowered":
        return Standing(row.outcome, allotted.grade, "quota", row.grade, allotted.grade_labels)
    return Standing(row.outcome, row.grade, "assessment", row.grade)
