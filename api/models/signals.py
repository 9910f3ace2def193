"""线索 and 处置: what figures say of how an activity was run, who judged it, and what followed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, json_field, one_of, partial_unique, ref, sealed
from api.models.personal import MENTIONED, Personal

_JUDGED = Personal("free_text", MENTIONED, "accountability")


class Signal(Changing, table=True):
    """Something in the figures of a shift, an activity or an organiser that a person should look at; no verdict.

    `facts` are the ids of what it was computed from, `source` names rule, subject and period, so that it is told once.
    """

    __tablename__ = "signals"
    __table_args__ = (
        one_of("subject_kind", "shift", "activity", "organization"),
        one_of("state", "open", "explained", "founded", "dismissed"),
        sa.UniqueConstraint("tenant_id", "source"),
        sa.Index("ix_signals_list", "tenant_id", "state", "id"),
        sa.Index("ix_signals_community", "tenant_id", "community_id", "id"),
        sa.Index("ix_signals_organizer", "tenant_id", "organizer_id", "id"),
    )
    kind: str
    state: str = "open"
    community_id: UUID = ref("organizations.id")
    organizer_id: UUID = ref("organizations.id")
    leader_id: UUID | None = None
    subject_kind: str
    subject_id: UUID
    since: date
    until: date
    figures: dict[str, Any] = json_field()
    fact_ids: list[str] = json_field(list)
    rules_version: str
    source: str
    reply: str | None = sealed("signals.reply", _JUDGED, optional=True)
    replied_by: UUID | None = None
    judgement: str | None = sealed("signals.judgement", _JUDGED, optional=True)
    judged_by: UUID | None = None
    judged_at: datetime | None = instant(optional=True)


class SignalRun(Row, table=True):
    """Up to which day, not included, the figures of a community were looked at."""

    __tablename__ = "signal_runs"
    community_id: UUID = Field(foreign_key="organizations.id", unique=True)
    until: date


class Sanction(Changing, table=True):
    """What two people decided after a founded signal, of an organiser, or after a false claim, of a person.

    It says where it holds and what ends it.
    """

    __tablename__ = "sanctions"
    __table_args__ = (
        one_of("kind", "warned", "second_roll_call", "no_new_activities", "make_up_suspended"),
        one_of("state", "proposed", "imposed", "declined", "released", "lifted"),
        partial_unique("uq_sanctions_live", "signal_id", "kind", where="state IN ('proposed', 'imposed')"),
        partial_unique("uq_sanctions_live_case", "case_id", "kind", where="state IN ('proposed', 'imposed')"),
        sa.Index("ix_sanctions_organizer", "tenant_id", "organizer_id", "state"),
        sa.Index("ix_sanctions_person", "tenant_id", "person_id", "state"),
        sa.Index("ix_sanctions_list", "tenant_id", "id"),
    )
    kind: str
    state: str = "proposed"
    signal_id: UUID | None = ref("signals.id", index=True, optional=True)
    organizer_id: UUID | None = ref("organizations.id", optional=True)
    person_id: UUID | None = ref("people.id", optional=True)
    case_id: UUID | None = ref("cases.id", optional=True)  # the claim that was found false
    organization_id: UUID = ref("organizations.id")  # at and below which it holds
    reason: str = sealed("sanctions.reason", _JUDGED)
    rules_version: str
    ends_on: date  # not included; none holds for ever
    after_shifts: int | None = None  # it ends before, when recipients have confirmed as many shifts
    after_minutes: int | None = None  # it goes on after its day until as many are served
    proposed_by: UUID
    confirmed_by: UUID | None = None
    imposed_at: datetime | None = instant(optional=True)
    ended_at: datetime | None = instant(optional=True)
