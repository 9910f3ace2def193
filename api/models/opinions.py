"""征求意见: the round of hearing behind a case of kind `opinion`, and who is named to read it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, json_field, one_of, ref, sealed
from api.models.personal import Personal

_OPINION = Personal("opinion", "person_id", "assessment")


class Opinion(Changing, table=True):
    """One asking for an opinion on a person or on a unit: by whom, why, on what ground, who is heard until when.

    Its voices are reviews of the round `opinion` whose id is the case's. `heard` lists organisations by level and role,
    with the code of why one stays out. `draft` is the frozen record with the text that the person was told.
    """

    __tablename__ = "opinions"
    __table_args__ = (
        one_of("state", "asked", "drafted", "issued", "not_quorate", "declined", "withdrawn"),
        sa.CheckConstraint("(person_id IS NULL) <> (unit_id IS NULL)", name="subject"),
        sa.Index("ix_opinions_person", "tenant_id", "person_id", "id"),
        sa.Index("ix_opinions_unit", "tenant_id", "unit_id", "id"),
        sa.Index("ix_opinions_asker", "tenant_id", "asker_id", "id"),
    )
    case_id: UUID = ref("cases.id", unique=True)
    procedure: str
    edition: str  # of the declared procedures, by which the round runs to its end
    state: str = "asked"
    asker_id: UUID = ref("organizations.id")
    organization_id: UUID = ref("organizations.id")  # who leads and issues
    person_id: UUID | None = ref("people.id", optional=True)
    unit_id: UUID | None = ref("organizations.id", optional=True)
    heard: list[dict[str, Any]] = json_field(list)
    since: date
    until: date  # half-open: the first day after the period of the record
    purpose: str = sealed("opinions.purpose", _OPINION)
    ground: str = sealed("opinions.ground", _OPINION)
    disclosed: bool
    speak_until: date
    reply_until: date | None = None
    vote_until: date | None = None
    draft: dict[str, Any] | None = sealed("opinions.draft", _OPINION, kind="dict", optional=True)
    drafted_by: UUID | None = None
    position: int | None = Field(default=None, sa_type=sa.BigInteger)  # as of which the record in the draft stands
    document_id: UUID | None = ref("documents.id", optional=True)


class OpinionReader(Row, table=True):
    """Who may read an opinion: a person, or at one organisation whoever holds a role there.

    `capacity` is asks, hears or reads: who asked for it, who speaks to it, who reads what was issued.
    """

    __tablename__ = "opinion_readers"
    __table_args__ = (
        one_of("capacity", "asks", "hears", "reads"),
        sa.CheckConstraint("(person_id IS NULL) <> (organization_id IS NULL)", name="reader"),
        sa.Index("ix_opinion_readers_opinion", "opinion_id"),
        sa.Index("ix_opinion_readers_person", "tenant_id", "person_id"),
        sa.Index("ix_opinion_readers_organization", "tenant_id", "organization_id"),
    )
    opinion_id: UUID = ref("opinions.id")
    person_id: UUID | None = ref("people.id", optional=True)
    organization_id: UUID | None = ref("organizations.id", optional=True)
    role: str | None = None  # at the organisation; empty: any that reads opinions
    capacity: str
