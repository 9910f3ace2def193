"""申诉复算与更正: results of some subjects computed again, proposed by one person and adopted by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, instant, json_field, one_of, partial_unique, ref, sealed
from api.models.personal import MENTIONED, Personal

_WHY = Personal("free_text", MENTIONED, "assessment")
_EFFECTS = Personal("assessment", MENTIONED, "assessment")


class Recomputation(Changing, table=True):
    """Assessments of a `revision` that stand once somebody else adopts them; those of all others stay what they were.

    A `recomputation` follows appeals, an `amendment` changes what is sealed.
    """

    __tablename__ = "recomputations"
    __table_args__ = (
        one_of("kind", "recomputation", "amendment"),
        one_of("state", "computing", "proposed", "adopted", "dropped"),
        sa.UniqueConstraint("cycle_id", "revision"),
        partial_unique("uq_recomputations_live", "cycle_id", where="state IN ('computing', 'proposed')"),
        sa.Index("ix_recomputations_list", "tenant_id", "id"),
    )
    kind: str
    state: str = "computing"
    organization_id: UUID = ref("organizations.id")  # the authority of the cycle
    cycle_id: UUID = ref("cycles.id")
    revision: int
    reason: str = sealed("recomputations.reason", _WHY)
    case_ids: list[str] = json_field(list)  # the appeals that it follows from
    assessment_ids: list[str] = json_field(list)  # the assessments, as they stood, that are computed again
    position: int | None = Field(default=None, sa_type=sa.BigInteger)  # what it is as of
    effects: dict[str, Any] = sealed("recomputations.effects", _EFFECTS, kind="dict")
    digest_before: str | None = None
    digest: str | None = None  # of the results with this revision, chained to the digest before
    proposed_by: UUID
    confirmed_by: UUID | None = None  # who adopted or dropped it
    decided_at: datetime | None = instant(optional=True)
