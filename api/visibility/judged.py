"""Which assessments stand: those of a cycle's computation, but for subjects judged anew by an adopted recomputation."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.models import Assessment, Cycle, Recomputation

_adopted = aliased(Recomputation, name="adopted_recomputation")
_later = aliased(Assessment, name="later_assessment")


def stood(row: Any = Assessment, cycle: Any = Cycle) -> sa.ColumnElement[bool]:
    """Return the condition that an assessment stands or once stood, for a statement that joins its cycle."""
    return sa.and_(row.cycle_id == cycle.id, sa.or_(row.revision == cycle.revision, _was_adopted(row)))


def stands(row: Any = Assessment, cycle: Any = Cycle, proposed: int | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that an assessment stands now, for a statement that joins its cycle.

    `proposed` names a revision that is looked at as if it had been adopted.
    """
    replaced = (
        sa.exists()
        .where(
            _later.cycle_id == row.cycle_id, _later.subject_id == row.subject_id, _later.revision > row.revision,
            _counts(_later, proposed),
        )
        .correlate(row)
    )  # fmt: skip
    current = sa.or_(row.revision == cycle.revision, _counts(row, proposed))
    return sa.and_(row.cycle_id == cycle.id, current, ~replaced)


def _counts(row: Any, proposed: int | None) -> sa.ColumnElement[bool]:
    return _was_adopted(row) if proposed is None else sa.or_(row.revision == proposed, _was_adopted(row))


def _was_adopted(row: Any) -> sa.ColumnElement[bool]:
    revisions = sa.select(_adopted.revision).where(_adopted.cycle_id == row.cycle_id, _adopted.state == "adopted")
    return row.revision.in_(revisions.correlate(row))
