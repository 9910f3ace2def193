"""Ways in of our own: passwords of staff, API clients with their keys, and how often somebody has tried."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import Changing, instant, one_of, ref, sealed
from api.models.personal import Personal, info


def _secret(name: str, kind: str = "text") -> Any:
    return sealed(f"credentials.{name}", Personal("way_in", "person_id", "signing_in"), kind=kind, optional=True)


class Credential(Changing, table=True):
    """A person's password and second factor; usable once its holder has confirmed both with the code of set-up."""

    __tablename__ = "credentials"
    __table_args__ = (
        one_of("state", "invited", "active", "ended"),
        sa.UniqueConstraint("tenant_id", "account"),
        sa.Index("uq_credentials_person_id", "person_id", unique=True),
    )
    person_id: UUID = ref("people.id")
    account: str = Field(sa_column_kwargs=info("way_in", "person_id", "signing_in", "plain"))
    state: str = "invited"
    set_up_hash: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    set_up_until: datetime | None = instant(optional=True)
    password: str | None = _secret("password")  # argon2id, in its own notation
    totp: str | None = _secret("totp")  # the secret, base32
    totp_step: int | None = None  # the last step whose code was used: each is good once
    recovery: list[str] | None = _secret("recovery", "list")  # hashes


class ApiClient(Changing, table=True):
    """Somebody's system that acts under roles and steps of its own; it belongs to an organisation."""

    __tablename__ = "api_clients"
    __table_args__ = (
        one_of("state", "active", "ended"),
        sa.Index("ix_api_clients_organization_id", "tenant_id", "organization_id"),
    )
    name: str
    organization_id: UUID = ref("organizations.id")
    state: str = "active"
    scope: str  # the steps that it may take at most, with spaces between


class ApiKey(Changing, table=True):
    """A secret of an API client, by its hash alone; several are alive while one takes the place of another."""

    __tablename__ = "api_keys"
    __table_args__ = (
        one_of("state", "active", "ended"),
        sa.Index("ix_api_keys_client_id", "client_id"),
    )
    client_id: UUID = ref("api_clients.id")
    label: str
    state: str = "active"
    hash: bytes = Field(sa_type=sa.LargeBinary, nullable=False, unique=True)
    valid_to: datetime | None = instant(optional=True)


class Trial(SQLModel, table=True):
    """How often something was tried lately; `key` is a keyed hash of what and by whom, and belongs to no tenant."""

    __tablename__ = "trials"
    key: str = Field(primary_key=True)
    begins_at: datetime = instant(index=True)
    count: int
    before: int  # the count of the window before
    locked_until: datetime | None = instant(optional=True)
    locks: int
