"""确认单: the slips by which recipients say whether somebody came."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, instant, one_of, partial_unique, ref, sealed
from api.models.personal import Personal

_SERVED = Personal("name", "person_id", "service_record")


class ConfirmationSlip(Changing, table=True):
    """A one-time code bound to one pair of one person at one shift; of the code only a keyed hash is kept."""

    __tablename__ = "confirmation_slips"
    __table_args__ = (
        one_of("state", "issued", "confirmed", "denied", "revoked"),
        partial_unique("uq_confirmation_slips_live", "shift_id", "person_id", "pair", where="state = 'issued'"),
        sa.Index("ix_confirmation_slips_person", "tenant_id", "person_id", "id"),
    )
    shift_id: UUID = ref("shifts.id")
    community_id: UUID = ref("organizations.id")
    person_id: UUID = ref("people.id")
    pair: int
    state: str = "issued"
    volunteer: str = sealed("confirmation_slips.volunteer", _SERVED)  # 王*, all that the recipient is shown
    code_hash: str = Field(unique=True)
    issued_by: UUID
    expires_at: datetime = instant()
    answered_at: datetime | None = instant(optional=True)
