"""评议: one voice on one subject in one round, and the residents' panels that give voices with a quorum."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.models.base import NOBODY, Changing, Row, instant, one_of, ref, sealed
from api.models.personal import Personal

_SAID = Personal("review", "subject_id", "assessment")


class Review(Row, table=True):
    """One voice, never edited: what somebody, or somebody for an organisation, says of a subject in a round."""

    __tablename__ = "reviews"
    __table_args__ = (
        one_of("round_kind", "cycle", "opinion", "project"),
        one_of("party", "self", "community", "street", "resident", "member"),
        one_of("kind", "rating", "vote", "support", "reply", "confirmation", "recusal"),
        sa.UniqueConstraint(
            "round_kind",
            "round_id",
            "subject_id",
            "party",
            "kind",
            "reviewer_id",
            "answers_id",
            name="uq_reviews_voice",
        ),
        sa.Index("ix_reviews_subject", "tenant_id", "subject_id", "id"),
    )
    round_kind: str
    round_id: UUID  # the cycle, the case of an opinion, the project
    subject_kind: str
    subject_id: UUID  # the account of a person, or an organisation
    party: str
    kind: str
    reviewer_id: UUID  # the account whose voice it is: a person's, an organisation's, or that of a slip without account
    recorded_by: UUID  # the person who gave it; nobody where the bearer of a slip did
    organization_id: UUID | None = ref("organizations.id", optional=True)  # for which it speaks
    panel_id: UUID | None = ref("panels.id", optional=True)  # of whose roster it is
    answers_id: UUID = NOBODY  # the voice that a reply answers
    rubric: str | None = None
    marks: dict[str, Any] = sealed("reviews.marks", _SAID, kind="dict")  # criterion → level
    amount: str | None = None  # exact
    comment: str | None = sealed("reviews.comment", _SAID, optional=True)
    given_on: date
    created_at: datetime = instant()


class Panel(Changing, table=True):
    """A residents' panel of an organisation for one round: without its quorum nothing that it says counts."""

    __tablename__ = "panels"
    __table_args__ = (
        one_of("round_kind", "cycle", "opinion", "project"),
        one_of("state", "drafted", "fixed"),
        sa.UniqueConstraint("round_kind", "round_id", "organization_id"),
    )
    organization_id: UUID = ref("organizations.id")
    round_kind: str
    round_id: UUID
    quorum: int
    state: str = "drafted"


class PanelMember(Row, table=True):
    """Somebody on the roster of a panel; the roster stands from the moment the panel is fixed."""

    __tablename__ = "panel_members"
    __table_args__ = (sa.UniqueConstraint("panel_id", "person_id"),)
    panel_id: UUID = ref("panels.id")
    person_id: UUID = ref("people.id", index=True)
