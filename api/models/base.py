"""Column kinds and the two kinds of rows: those that can change and those that are only appended."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from api.models.personal import Personal
from api.security import Sealed

SQLModel.metadata.naming_convention = {  # without it SQLite's batch migrations cannot name what they drop
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

NOBODY = UUID(int=0)  # stands where a key column must not be NULL: no employer, no community, the system itself


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database; a naive value is a programming error."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware instant into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no meaning here")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn what the database keeps into an aware instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON().with_variant(JSONB(), "postgresql")
# Paths are compared by prefix as byte ranges; a database's own language order would break that.
BytewiseText = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def ref(target: str, *, index: bool = False, optional: bool = False, unique: bool = False) -> Any:
    """Return a field that refers to `table.id`."""
    more: dict[str, Any] = {"default": None} if optional else {}
    return Field(foreign_key=target, index=index, nullable=optional, unique=unique, **more)


def instant(*, optional: bool = False, index: bool = False) -> Any:
    """Return a field for an instant."""
    more: dict[str, Any] = {"default": None} if optional else {}
    return Field(sa_type=UtcDateTime, nullable=optional, index=index, **more)


def json_field(kind: type = dict) -> Any:
    """Return a field for plain data that nobody searches by."""
    return Field(default_factory=kind, sa_type=Json, nullable=False)


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Return a check that a text column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def sealed(name: str, personal: Personal, *, kind: str = "text", optional: bool = False, indexed: bool = False) -> Any:
    """Return the column `name` ("table.column") that the vault seals for its row; plain to whoever reads and writes."""
    more: dict[str, Any] = {"default": None} if optional else {}
    column: dict[str, Any] = {"info": {"personal": personal}}
    if not optional and kind in ("dict", "list"):
        column["default"] = dict if kind == "dict" else list  # what is empty is kept as no bytes and needs no seal
    return Field(sa_type=Sealed(name, kind, indexed), nullable=optional, sa_column_kwargs=column, **more)


class Row(SQLModel):
    """What every row has: an id that sorts by time, and the tenant that controls it."""

    id: UUID = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id", nullable=False)


class Changing(Row):
    """A row that can change: its version is the ETag; each change leaves one Event."""

    version: int = 1
    created_at: datetime = instant()


class Dated(Changing):
    """A row that holds from a day until, not including, another; open while `valid_to` is empty."""

    valid_from: date
    valid_to: date | None = None


class Appended(Row):
    """A row that is only ever appended; the database refuses to edit or delete it.

    `request_key` is the Idempotency-Key of the request whose first row this is, `fingerprint` the hash of that request.
    """

    recorded_at: datetime = instant()
    actor_id: UUID
    grant_id: UUID | None = None
    request_key: str | None = None
    fingerprint: str | None = None


def appended_args(table: str, *more: Any) -> tuple[Any, ...]:
    """Return the indexes of an append-only table: one key per actor for ever, and the sealer's way in."""
    return (
        sa.Index(
            f"uq_{table}_request",
            "tenant_id",
            "actor_id",
            "request_key",
            unique=True,
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        ),
        sa.Index(f"ix_{table}_recorded", "tenant_id", "recorded_at"),
        *more,
    )


def partial_unique(name: str, *columns: str, where: str) -> sa.Index:
    """Return a unique index over the rows that `where` selects, alike on both databases."""
    return partial_index(name, *columns, where=where, unique=True)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Return an index over the rows that `where` selects, alike on both databases."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
