"""资金: payments into and out of accounts of funds and projects, and the rules that a district declares for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, json_field, one_of, ref, sealed
from api.models.personal import MENTIONED, Personal

_GAVE = Personal("donation", "person_id", "request")
_REMARKED = Personal("free_text", MENTIONED, "accountability")


class Payment(Changing, table=True):
    """Money that one person says has moved and another confirms; the entries that follow are what counts.

    `resource_id` is the fund, `project_id` the project whose account it concerns. Who gave is a unit, a person of the
    platform or somebody outside, of whom `shown_as` is all that is known.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("kind", "allocation", "donation", "allotment", "spending", "refund"),
        one_of("state", "proposed", "confirmed", "declined", "withdrawn", "reversed"),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
        # every kind names the accounts that it moves money between (api/domain/funds.py)
        sa.CheckConstraint("(kind = 'spending') = (resource_id IS NULL)", name="fund"),
        sa.CheckConstraint("(kind IN ('allocation', 'donation')) = (project_id IS NULL)", name="project"),
        sa.Index("ix_payments_list", "tenant_id", "state", "id"),
        sa.Index("ix_payments_fund", "tenant_id", "resource_id", "id"),
        sa.Index("ix_payments_project", "tenant_id", "project_id", "id"),
    )
    kind: str
    state: str = "proposed"
    amount_fen: int = Field(sa_type=sa.BigInteger)
    paid_on: date
    organization_id: UUID = ref("organizations.id")  # who holds the fund, or the community that spends
    resource_id: UUID | None = ref("resources.id", optional=True)
    project_id: UUID | None = ref("projects.id", optional=True)
    donor_id: UUID | None = ref("organizations.id", optional=True)
    person_id: UUID | None = ref("people.id", optional=True, index=True)
    anonymous: bool = False
    shown_as: str | None = sealed("payments.shown_as", _GAVE, optional=True)
    payee: str | None = sealed("payments.payee", _REMARKED, optional=True)
    purpose: str = sealed("payments.purpose", _REMARKED)
    reason: str | None = sealed("payments.reason", _REMARKED, optional=True)
    file_ids: list[str] = json_field(list)
    document_id: UUID | None = ref("documents.id", optional=True)
    proposed_by: UUID
    confirmed_by: UUID | None = None
    decided_at: datetime | None = instant(optional=True)


class FundingRule(Row, table=True):
    """Limits and conditions of livelihood projects as an office declared them, for itself and below; never edited."""

    __tablename__ = "funding_rules"
    __table_args__ = (sa.UniqueConstraint("organization_id", "edition"),)
    organization_id: UUID = ref("organizations.id")
    edition: int
    content: dict[str, Any] = json_field()
    basis: str
    set_by: UUID
    set_at: datetime = instant()
