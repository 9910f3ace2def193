"""Sign-ins: one row for each device that somebody signed in on, and the refresh tokens it has had."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, one_of, ref
from api.models.personal import info

END_REASONS = ("logged_out", "ended", "theft", "expired", "credential_changed")


class SignIn(Changing, table=True):
    """One device of a person, from its log-in to its end; an ended one is refused at the next request.

    A refresh moves `last_used_at` alone: it changes nothing that somebody decides by, and leaves no event.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        one_of("state", "active", "ended"),
        one_of("end_reason", *END_REASONS),
        sa.Index("ix_sign_ins_person_id", "tenant_id", "person_id", "id"),
    )
    person_id: UUID = ref("people.id")
    state: str = "active"
    provider: str  # the way in: demo, password, or a provider's own code
    device: bytes | None = Field(  # what the device calls itself, so that its owner knows it again in the list
        default=None, sa_type=sa.LargeBinary, sa_column_kwargs=info("device", "person_id", "signing_in")
    )
    last_used_at: datetime = instant()
    expires_at: datetime = instant()  # whatever its use, it ends then
    ended_at: datetime | None = instant(optional=True)
    end_reason: str | None = None


class RefreshToken(Row, table=True):
    """A refresh token by its hash alone. `salt` stands once it was used: with the token itself it gives the successor.

    So the successor can be told again to who lost the answer, and nobody reads it from the database.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (sa.Index("ix_refresh_tokens_sign_in_id", "sign_in_id"),)
    sign_in_id: UUID = ref("sign_ins.id")
    hash: bytes = Field(sa_type=sa.LargeBinary, nullable=False, unique=True)
    created_at: datetime = instant()
    salt: bytes | None = Field(default=None, sa_type=sa.LargeBinary, nullable=True)
    successor_id: UUID | None = None
