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
from api.models.base import Json, UtcDateTime
from api.services.subjects import batched
from api.visibility.judged import stands

Key = tuple[UUID, int, UUID | None]  # cycle, revision, subject: none for what concerns a whole revision


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


# Written out: a value bound where an index holds some states alone makes SQLite plan the statement anew at every call.
_CONFIRMED, _ADOPTED = sa.literal_column("'confirmed'"), sa.literal_column("'adopted'")
_AT_ONCE = 4_000  # subjects of one statement, which names each of them twice
_TOLD: dict[str, Any] = {
    "subject_id": sa.Uuid(), "id": sa.Uuid(), "kind": sa.String(), "outcome": sa.String(), "grade": sa.String(),
    "grade_labels": Json, "reason": sa.LargeBinary(), "decided_at": UtcDateTime(), "assessment_ids": Json,
}  # fmt: skip


def _told(what: str, table: Any, **columns: Any) -> sa.Select[Any]:
    """Select one kind of what was decided on results; each fills some columns of the union, the others are null."""
    filled = [columns.get(name, sa.cast(sa.null(), kind).label(name)) for name, kind in _TOLD.items()]
    cycles = table.cycle_id.in_(sa.bindparam("cycles", expanding=True))
    return sa.select(sa.literal_column(f"'{what}'").label("what"), table.cycle_id, table.revision, *filled).where(
        cycles
    )


def _theirs(table: Any) -> Any:
    return table.subject_id.in_(sa.bindparam("subjects", expanding=True))


_DECIDED = sa.union_all(
    _told(
        "ruled", Ruling, subject_id=Ruling.subject_id, id=Ruling.id, kind=Ruling.kind, outcome=Ruling.outcome,
        grade=Ruling.grade, grade_labels=Ruling.grade_labels, reason=Ruling.reason, decided_at=Ruling.decided_at,
    ).where(Ruling.state == _CONFIRMED, _theirs(Ruling)),
    _told(
        "allotted", Allotment, subject_id=Allotment.subject_id, kind=Allotment.decision, grade=Allotment.grade,
        grade_labels=Allotment.grade_labels,
    ).where(_theirs(Allotment)),
    _told(
        "again", Recomputation, id=Recomputation.id, kind=Recomputation.kind, decided_at=Recomputation.decided_at,
        assessment_ids=Recomputation.assessment_ids,
    ).where(Recomputation.state == _ADOPTED),
)  # fmt: skip


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
    that they are about, so that a computation anew begins without them. Where the rows say by `decided_on` that
    nothing was decided on any of them, no statement is needed.
    """
    decided: dict[str, dict[Key, Any]] = {"ruled": {}, "allotted": {}, "again": {}}
    asked = [row for row in rows if row.get("decided_on", True)]
    cycles = sorted({row["cycle_id"] for row in asked})
    for some in batched((row["subject_id"] for row in asked), _AT_ONCE):
        for row in session.rows(_DECIDED, {"cycles": cycles, "subjects": some}):
            key = row.cycle_id, row.revision, row.subject_id
            former = decided[row.what].get(key)
            if former is None or (former.decided_at, former.id) < (row.decided_at, row.id):
                decided[row.what][key] = row
    named = _named(session, decided["again"].values())
    keys = [(row["cycle_id"], row["revision"], row["subject_id"]) for row in rows]
    return [
        _stands(
            row, decided["allotted"].get(key), decided["ruled"].get(key), decided["again"].get((*key[:2], None)), named
        )
        for row, key in zip(rows, keys, strict=True)
    ]  # fmt: skip


def decided_on() -> sa.Label[bool]:
    """Return a column for a statement on assessments: whether a quota, people or a recomputation decided on each."""
    ruled = (
        sa.exists()
        .where(
            Ruling.cycle_id == Assessment.cycle_id, Ruling.revision == Assessment.revision,
            Ruling.subject_id == Assessment.subject_id, Ruling.state == _CONFIRMED,
        )
    )  # fmt: skip
    allotted = (
        sa.exists()
        .where(
            Allotment.cycle_id == Assessment.cycle_id, Allotment.revision == Assessment.revision,
            Allotment.subject_id == Assessment.subject_id, Allotment.decision != "kept",
        )
    )  # fmt: skip
    again = (
        sa.exists()
        .where(
            Recomputation.cycle_id == Assessment.cycle_id, Recomputation.revision == Assessment.revision,
            Recomputation.state == _ADOPTED,
        )
    )  # fmt: skip
    each = (decision.correlate(Assessment) for decision in (ruled, allotted, again))
    return sa.or_(*each).label("decided_on")


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


def _named(session: Session, recomputations: Iterable[Any]) -> dict[UUID, UUID]:
    """Return the subject of each assessment for which some recomputations were made."""
    named = {UUID(each) for row in recomputations for each in row.assessment_ids}
    of = sa.select(Assessment.id, Assessment.subject_id)
    return {row.id: row.subject_id for some in batched(named) for row in session.rows(of.where(_id_in(some)))}


def _id_in(some: list[UUID]) -> Any:
    return Assessment.id.in_(some)


def _stands(row: Mapping[str, Any], allotted: Any, ruled: Any, again: Any, named: Mapping[UUID, UUID]) -> Standing:
    if ruled is not None:
        return Standing(
            ruled.outcome, ruled.grade, ruled.kind, row["grade"], ruled.grade_labels, ruled.id, ruled.reason,
            ruled.decided_at,
        )  # fmt: skip
    if allotted is not None and allotted.kind == "needs_decision":
        return Standing("undecided", None, "undecided", row["grade"])
    if allotted is not None and allotted.kind == "lowered":
        return Standing(row["outcome"], allotted.grade, "quota", row["grade"], allotted.grade_labels)
    if again is None:
        return Standing(row["outcome"], row["grade"], "assessment", row["grade"])
    basis = "amendment" if again.kind == "amendment" else "appeal"
    own = any(named[UUID(each)] == row["subject_id"] for each in again.assessment_ids)
    return Standing(
        row["outcome"], row["grade"], basis, row["grade"], decided_at=again.decided_at, recomputation=again.id,
        why=f"{basis}_own" if own else f"{basis}_around",
    )  # fmt: skip
