"""Who keeps our checkpoints outside, and what they signed of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, json_field, one_of, ref


class Witness(Changing, table=True):
    """A body outside that keeps checkpoints and signs them with a key of its own; it belongs to an organisation."""

    __tablename__ = "witnesses"
    __table_args__ = (
        one_of("state", "active", "ended"),
        sa.Index("ix_witnesses_organization_id", "tenant_id", "organization_id"),
    )
    name: str
    organization_id: UUID = ref("organizations.id")
    state: str = "active"
    jwk: dict[str, Any] = json_field()  # its public key; its private one never comes here


class WitnessedCheckpoint(Row, table=True):
    """What a witness signed: that it saw this root over the first `size` positions. Kept also where it differs."""

    __tablename__ = "witnessed_checkpoints"
    __table_args__ = (
        sa.UniqueConstraint("witness_id", "size", "root"),
        sa.Index("ix_witnessed_checkpoints_list", "tenant_id", "id"),
    )
    witness_id: UUID = ref("witnesses.id")
    size: int = Field(sa_type=sa.BigInteger)
    root: str
    signed: str  # a compact JWS of {tenant, size, root} by the witness's key
    created_at: datetime = instant()
