"""配额 and 裁定: what a quota makes of computed grades, and what people decide where arithmetic cannot."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import NOBODY, Changing, Json, Row, instant, one_of, partial_unique, ref, sealed
from api.models.personal import Personal

_DECIDED = Personal("ruling", "subject_id", "assessment")


class Allotment(Row, table=True):
    """What a rulebook's quotas make of one computed assessment: kept, lowered, or left for people to decide."""

    __tablename__ = "allotments"
    __table_args__ = (
        one_of("decision", "kept", "lowered", "needs_decision"),
        sa.UniqueConstraint("cycle_id", "revision", "subject_id"),
    )
    cycle_id: UUID = ref("cycles.id")
    revision: int  # of the computation whose assessment it is
    subject_kind: str
    subject_id: UUID  # the account of a person, or an organisation
    branch_id: UUID = NOBODY  # the member's Party branch at the cut-off
    rulebook: str  # the hash of the rule
    quota: str | None = None  # the one that lowered the grade or waits for people
    before: str | None = None
    grade: str | None = None
    grade_labels: dict[str, str] | None = Field(default=None, sa_type=Json)
    decision: str


class QuotaGroup(Row, table=True):
    """One group to which a quota was applied: how many count in it, and how many of them may have the grade."""

    __tablename__ = "quota_groups"
    __table_args__ = (sa.UniqueConstraint("cycle_id", "revision", "rulebook", "quota", "group_id"),)
    cycle_id: UUID = ref("cycles.id")
    revision: int
    subject_kind: str
    rulebook: str
    quota: str
    grade: str
    within: str
    group_id: UUID = NOBODY  # the unit, branch or community; nobody where it is the whole cycle, or none is known
    counted: int
    seats: int  # in any case: several shares may be possible
    words: list[str] | None = Field(default=None, sa_type=Json)  # what may be said of the group, where the share asks


class Ruling(Changing, table=True):
    """A decision of people on the grade of one subject: proposed by one with a reason, confirmed by another."""

    __tablename__ = "rulings"
    __table_args__ = (
        one_of("kind", "quota_choice", "override", "appeal", "amendment"),
        one_of("state", "proposed", "confirmed", "declined"),
        sa.Index("ix_rulings_cycle", "cycle_id", "subject_id"),
        sa.Index("ix_rulings_subject", "tenant_id", "subject_id"),
        partial_unique("uq_rulings_proposed", "cycle_id", "subject_id", where="state = 'proposed'"),
    )
    cycle_id: UUID = ref("cycles.id")
    revision: int  # of the computation that it is about; it says nothing of another one
    subject_kind: str
    subject_id: UUID
    kind: str
    state: str = "proposed"
    outcome: str = "graded"
    grade: str | None = None
    grade_labels: dict[str, str] | None = Field(default=None, sa_type=Json)
    reason: str = sealed("rulings.reason", _DECIDED)
    case_id: UUID | None = None  # the appeal that it follows from
    proposed_by: UUID
    confirmed_by: UUID | None = None
    decided_at: datetime | None = instant(optional=True)
