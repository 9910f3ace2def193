"""定级: the grade that stands for a subject: what people ruled last, else what a quota made of it, else as computed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.canonical import canonical_bytes
from api.domain.rulings import BASES, RECOMPUTED
from api.models import Allotment, Assessment, Cycle, Recomputation, Ruling
from api.services.subjects import batched
from api.visibility.judged import stands

Key = tuple[UUID, int, UUID]  # cycle, revision, subject


@dataclass(frozen=True, slots=True)
class Standing:
    """The grade that stands, on what `basis` (api.domain.rulings.BASES), and the grade `before`, as it was computed.

    `labels` are the grade's where a quota or people gave it; `decision` is the ruling, with its reason, or the adopted
    `recomputation`, of which `why` says whether it was made for this subject (api.domain.rulings.RECOMPUTED). While a
    quota waits for people the basis is `undecided` and there is no grade.
    """

    outcome: str
    grade: str | None
    basis: str
    before: str | None
    labels: dict[str, str] | None = None
    decision: UUID | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    recomputation: UUID | None = None
    why: str | None = None

    def told(self, computed: dict[str, str] | None) -> dict[str, Any]:
        """Return it as it is shown; `computed` are the labels of the grade as computed."""
        zh, en = BASES[self.basis]
        return {
            "outcome": self.outcome, "grade": self.grade,
            "grade_labels": computed if self.grade == self.before else self.labels,
            "basis": self.basis, "basis_labels": {"zh": zh, "en": en}, "before": self.before,
            "ruling_id": self.decision, "reason": self.reason, "decided_at": self.decided_at,
            "recomputation_id": self.recomputation,
            "decision_labels": None if self.why is None else dict(zip(("zh", "en"), RECOMPUTED[self.why], strict=True)),
        }  # fmt: skip


_ALLOTTED = sa.select(
    Allotment.cycle_id, Allotment.revision, Allotment.subject_id, Allotment.grade, Allotment.grade_labels,
    Allotment.decision,
)  # fmt: skip
_RULED = sa.select(
    Ruling.id, Ruling.cycle_id, Ruling.revision, Ruling.subject_id, Ruling.kind, Ruling.outcome, Ruling.grade,
    Ruling.grade_labels, Ruling.reason, Ruling.decided_at,
).where(Ruling.state == "confirmed").order_by(Ruling.decided_at, Ruling.id)  # fmt: skip


def standing(session: Session, cycle_id: UUID, subjects: Collection[UUID] | None = None) -> dict[UUID, Standing]:
    """Return what stands now for the subjects of a cycle, all of them or these; a few statements."""
    statement = (
        sa.select(Assessment.cycle_id, Assessment.revision, Assessment.subject_id, Assessment.outcome, Assessment.grade)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .where(Assessment.cycle_id == cycle_id, stands())
    )
    if subjects is None:
        rows = session.rows(statement)
    else:
        rows = [row for some in batched(subjects) for row in session.rows(statement.where(_in(Assessment, some)))]
    return dict(zip((row.subject_id for row in rows), of_rows(session, _mapped(rows)), strict=True))


def of_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Standing]:
    """Return what stands for each of these assessments, in their order.

    Each has cycle_id, revision, subject_id, outcome and grade. A quota's answer and a ruling count for the revision
    that they are about, so that a computation anew begins without them.
    """
    cycles = sorted({row["cycle_id"] for row in rows})
    allotted: dict[Key, Any] = {}
    ruled: dict[Key, Any] = {}
    for some in batched(row["subject_id"] for row in rows):
        allotted |= _keyed(session, _ALLOTTED.where(Allotment.cycle_id.in_(cycles), _in(Allotment, some)))
        ruled |= _keyed(session, _RULED.where(Ruling.cycle_id.in_(cycles), _in(Ruling, some)))
    again = _recomputed(session, cycles)
    keys = [(row["cycle_id"], row["revision"], row["subject_id"]) for row in rows]
    return [
        _stands(row, allotted.get(key), ruled.get(key), again.get(key[:2])) for row, key in zip(rows, keys, strict=True)
    ]


def decisions_digest(session: Session, cycle_id: UUID, revision: int) -> str:
    """Return SHA-256 over what quotas and people made of the grades of a computation, until it became final.

    A canonical line for each subject whose grade is not as computed: kind, key, basis, outcome and grade, in the order
    of kinds and keys, the same on every database.
    """
    statement = sa.select(
        Assessment.cycle_id, Assessment.revision, Assessment.subject_id, Assessment.outcome, Assessment.grade,
        Assessment.subject_kind, Assessment.subject_key,
    ).where(Assessment.cycle_id == cycle_id, Assessment.revision == revision)  # fmt: skip
    touched = _touched(session, cycle_id, revision)
    rows = [row for some in batched(touched) for row in session.rows(statement.where(_in(Assessment, some)))]
    lines = [
        [row.subject_kind, row.subject_key, each.basis, each.outcome, each.grade or ""]
        for row, each in zip(rows, of_rows(session, _mapped(rows)), strict=True)
        if each.basis != "assessment"
    ]
    whole = sha256()
    for line in sorted(lines):
        whole.update(canonical_bytes(line) + b"\n")
    return whole.hexdigest()


def _mapped(rows: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [row._mapping for row in rows]


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


def _keyed(session: Session, statement: Any) -> dict[Key, Any]:
    return {(row.cycle_id, row.revision, row.subject_id): row for row in session.rows(statement)}


def _recomputed(session: Session, cycles: Sequence[UUID]) -> dict[tuple[UUID, int], tuple[Any, set[UUID]]]:
    """Return the adopted recomputations of these cycles, each with the subjects for whom it was made."""
    adopted = sa.select(
        Recomputation.id, Recomputation.cycle_id, Recomputation.revision, Recomputation.kind,
        Recomputation.decided_at, Recomputation.assessment_ids,
    ).where(Recomputation.cycle_id.in_(cycles), Recomputation.state == "adopted")  # fmt: skip
    rows = session.rows(adopted)
    named = {UUID(each) for row in rows for each in row.assessment_ids}
    of = sa.select(Assessment.id, Assessment.subject_id)
    subjects = {row.id: row.subject_id for some in batched(named) for row in session.rows(of.where(_id_in(some)))}
    return {(row.cycle_id, row.revision): (row, {subjects[UUID(each)] for each in row.assessment_ids}) for row in rows}


def _id_in(some: list[UUID]) -> Any:
    return Assessment.id.in_(some)


def _stands(row: Mapping[str, Any], allotted: Any, ruled: Any, again: tuple[Any, set[UUID]] | None) -> Standing:
    if ruled is not None:
        return Standing(
            ruled.outcome, ruled.grade, ruled.kind, row["grade"], ruled.grade_labels, ruled.id, ruled.reason,
            ruled.decided_at,
        )  # fmt: skip
    if allotted is not None and allotted.decision == "needs_decision":
        return Standing("undecided", None, "undecided", row["grade"])
    if allotted is not None and allotted.decision == "lowered":
        return Standing(row["outcome"], allotted.grade, "quota", row["grade"], allotted.grade_labels)
    if again is None:
        return Standing(row["outcome"], row["grade"], "assessment", row["grade"])
    made, named = again
    basis = "amendment" if made.kind == "amendment" else "appeal"
    why = f"{basis}_own" if row["subject_id"] in named else f"{basis}_around"
    return Standing(
        row["outcome"], row["grade"], basis, row["grade"], decided_at=made.decided_at, recomputation=made.id, why=why
    )
