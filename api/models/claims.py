"""How a way in comes to speak for somebody on a roster, and how two records of one human become one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, instant, json_field, one_of, partial_unique, ref
from api.models.personal import info


class ClaimCode(Changing, table=True):
    """A one-time code that a roster's keeper hands to a person; only a keyed hash of its secret part is kept."""

    __tablename__ = "claim_codes"
    __table_args__ = (
        one_of("state", "active", "used", "revoked", "locked"),
        partial_unique("uq_claim_codes_selector", "tenant_id", "selector", where="state = 'active'"),
        partial_unique("uq_claim_codes_person", "person_id", where="state = 'active'"),
        sa.Index("ix_claim_codes_organization", "tenant_id", "organization_id", "id"),
    )
    person_id: UUID = ref("people.id")
    organization_id: UUID = ref("organizations.id")  # whose roster the person stands on
    state: str
    selector: str  # the first signs of the code, by which it is found
    secret_hash: str
    tries: int = 0
    expires_at: datetime = instant()
    issued_by: UUID


class PersonMerge(Changing, table=True):
    """Two records of one human made one: proposed, decided by somebody else as a case, and undone exactly.

    `record` names each row that was given to the survivor as it stood before and after; it holds ids and dates alone.
    """

    __tablename__ = "person_merges"
    __table_args__ = (
        one_of("state", "proposed", "done", "declined", "undone"),
        partial_unique("uq_person_merges_merged", "merged_id", where="state IN ('proposed', 'done')"),
        sa.Index("ix_person_merges_survivor", "tenant_id", "survivor_id"),
        sa.Index("ix_person_merges_case", "case_id"),
    )
    survivor_id: UUID = ref("people.id")
    merged_id: UUID = ref("people.id")
    organization_id: UUID = ref("organizations.id")  # the office that decides
    case_id: UUID = ref("cases.id")
    state: str
    reason: str = Field(sa_column_kwargs=info("evidence", "survivor_id", "reporting_in", "plain"))
    evidence: bytes | None = Field(
        default=None, sa_type=sa.LargeBinary, sa_column_kwargs=info("evidence", "survivor_id", "reporting_in")
    )
    proposed_by: UUID
    done_at: datetime | None = instant(optional=True)
    undone_at: datetime | None = instant(optional=True)
    record: list[dict[str, Any]] = json_field(list)
