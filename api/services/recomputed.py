"""What a recomputation would change, for whom it was made, for their units and for others: shown before it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.appeals import OTHERS_KEEP, RULES, compared
from api.models import Assessment, Cycle
from api.services import judging
from api.visibility.judged import stands

_COLUMNS = (
    Assessment.id, Assessment.subject_id, Assessment.subject_kind, Assessment.subject_key, Assessment.judgement,
)  # fmt: skip


def effects(session: Session, _actor: Actor, plan: judging.Plan, named: Sequence[UUID]) -> dict[str, Any]:
    """Return the effects of what was computed: each result with what it was, and the rule that others keep theirs.

    `named` are the assessments for which it was made; the other results are of units that contain them. `unchanged`
    counts the subjects of the cycle that nobody touched.
    """
    joined = sa.select(*_COLUMNS).join(Cycle, Cycle.id == Assessment.cycle_id)
    of_cycle = joined.where(Assessment.cycle_id == plan.cycle_id)
    made = session.rows(of_cycle.where(Assessment.revision == plan.revision))
    subjects = {row.subject_id for row in made}
    former = {
        row.subject_id: row for row in session.rows(of_cycle.where(Assessment.subject_id.in_(subjects), stands()))
    }
    standing = sa.select(sa.func.count()).select_from(of_cycle.where(stands()).subquery())
    zh, en = RULES[OTHERS_KEEP]
    return {
        "results": [_result(row, former.get(row.subject_id), named) for row in sorted(made, key=_order)],
        "unchanged": session.scalar(standing) - len(former),
        "rule": {"code": OTHERS_KEEP, "zh": zh, "en": en},
    }


def _order(row: Any) -> tuple[str, str]:
    return row.subject_kind, row.subject_key


def _result(row: Any, before: Any, named: Sequence[UUID]) -> dict[str, Any]:
    return {
        "assessmentId": str(row.id), "formerId": None if before is None else str(before.id),
        "subjectKind": row.subject_kind, "subjectKey": row.subject_key,
        "named": before is not None and before.id in named,
        **compared(None if before is None else before.judgement, row.judgement),
    }  # fmt: skip
