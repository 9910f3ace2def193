"""Long work and the files it reads and writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import Changing, Row, instant, json_field, sealed
from api.models.personal import MENTIONED, Personal

_WORKED = Personal("job", MENTIONED, "accountability")
_KEPT = Personal("file", MENTIONED, "accountability")


class Job(Changing, table=True):
    """Durable work: its row commits with the 202; a leased loop runs it; progress and cancel are its columns."""

    __tablename__ = "jobs"
    __table_args__ = (sa.Index("ix_jobs_due", "state", "lease_until"), sa.Index("ix_jobs_tenant", "tenant_id", "id"))
    kind: str
    state: str = "queued"
    input: dict[str, Any] = sealed("jobs.input", _WORKED, kind="dict")
    progress: int = 0
    counts: dict[str, Any] = json_field()
    result: dict[str, Any] = sealed("jobs.result", _WORKED, kind="dict")
    actor_id: UUID
    organization_id: UUID | None = None
    attempt: int = 0
    lease_until: datetime | None = instant(optional=True)
    cancel_requested: bool = False
    finished_at: datetime | None = instant(optional=True)


class File(Row, table=True):
    """An uploaded or generated file; its content is encrypted at rest."""

    __tablename__ = "files"
    name: str = sealed("files.name", _KEPT)
    media_type: str
    size: int
    digest: str
    content: bytes = sealed("files.content", _KEPT, kind="bytes")
    owner_id: UUID
    created_at: datetime = instant()


class VaultKey(SQLModel, table=True):
    """A root key of the vault, wrapped by the key-encryption key; of the installation, not of a tenant."""

    __tablename__ = "vault_keys"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    wrapped: bytes = Field(sa_type=sa.LargeBinary)
