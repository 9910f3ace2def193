"""记实: what only appends (facts, entries, events), its gapless order, and the sums kept beside it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import Appended, Row, appended_args, instant, json_field, one_of, partial_unique, sealed
from api.models.personal import MENTIONED, Personal, info

_STATED = Personal("fact", "account_id", "service_record")
_TOLD = Personal("event", MENTIONED, "accountability")

ACCOUNT_KINDS = ("person", "organization", "fund")
STATED = sa.text("kind NOT IN ('check_in', 'check_out')")  # facts that are looked for by their kind
UNITS = ("volunteer_minutes", "participation", "points", "fen")


def _column() -> Any:
    """Return the field of one column of a block: of many people, each by the pseudonym of an account."""
    return Field(sa_type=sa.LargeBinary, sa_column_kwargs=info("ledger_columns", MENTIONED, "service_record", "plain"))


class Fact(Appended, table=True):
    """A dated, typed thing about a person or unit; reversed by another fact, never edited."""

    __tablename__ = "facts"
    __table_args__ = appended_args(
        "facts",
        one_of("account_kind", *ACCOUNT_KINDS),
        # the natural key of a presence: a double of any kind meets it
        partial_unique(
            "uq_facts_presence",
            "shift_id",
            "account_id",
            "pair",
            "kind",
            "revision",
            where="shift_id IS NOT NULL AND reverses_id IS NULL",
        ),
        partial_unique("uq_facts_reverses", "reverses_id", where="reverses_id IS NOT NULL"),
        sa.Index("ix_facts_account", "tenant_id", "account_id", "occurred_at"),
        sa.Index(
            "ix_facts_stated", "tenant_id", "kind", "served_on", "account_id",
            sqlite_where=STATED, postgresql_where=STATED,
        ),
    )  # fmt: skip
    kind: str
    account_kind: str
    account_id: UUID
    occurred_at: datetime = instant()
    served_on: date
    provenance: str
    shift_id: UUID | None = Field(default=None, foreign_key="shifts.id")
    pair: int | None = None
    revision: int = 0
    community_id: UUID | None = None
    employer_id: UUID | None = None
    reverses_id: UUID | None = None
    details: dict[str, Any] = sealed("facts.details", _STATED, kind="dict")


class Entry(Appended, table=True):
    """An append-only posting to an account; a correction is a reversal and a new entry."""

    __tablename__ = "entries"
    __table_args__ = appended_args(
        "entries",
        one_of("account_kind", *ACCOUNT_KINDS),
        one_of("unit", *UNITS),
        partial_unique("uq_entries_source", "source_id", "unit", "revision", where="reverses_id IS NULL"),
        partial_unique("uq_entries_reverses", "reverses_id", where="reverses_id IS NOT NULL"),
        sa.Index("ix_entries_account", "tenant_id", "account_id", "served_on"),
        sa.Index("ix_entries_community", "tenant_id", "community_id", "served_on"),
        sa.Index("ix_entries_employer", "tenant_id", "employer_id", "served_on"),
    )
    account_kind: str
    account_id: UUID
    unit: str
    amount: int = Field(sa_type=sa.BigInteger)
    kind: str
    nature: str | None = None
    served_on: date
    started_at: datetime | None = instant(optional=True)
    ended_at: datetime | None = instant(optional=True)
    provenance: str
    source_id: UUID  # the fact that it follows from
    revision: int = 0
    reverses_id: UUID | None = None
    activity_id: UUID | None = None
    shift_id: UUID | None = None
    community_id: UUID | None = None
    employer_id: UUID | None = None


class Event(Appended, table=True):
    """Which step was taken on a row that can change; audit and outbox at once. `details` holds no personal data."""

    __tablename__ = "events"
    __table_args__ = appended_args("events", sa.Index("ix_events_subject", "tenant_id", "subject_id", "id"))
    kind: str
    subject_kind: str
    subject_id: UUID
    organization_id: UUID | None = None
    content_hash: str
    details: dict[str, Any] = sealed("events.details", _TOLD, kind="dict")


class Position(SQLModel, table=True):
    """The one gapless order of facts, entries and events of a tenant, given by the sealer after their commit."""

    __tablename__ = "positions"
    __table_args__ = (one_of("kind", "fact", "entry", "event"),)
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    position: int = Field(primary_key=True, sa_type=sa.BigInteger)
    kind: str
    row_id: UUID = Field(unique=True)
    leaf: bytes = Field(sa_type=sa.LargeBinary)
    sealed_at: datetime = instant()


class TreeNode(SQLModel, table=True):
    """The hash of a complete subtree over the sealed leaves, from blocks of 256 upwards; the rest is computed."""

    __tablename__ = "tree_nodes"
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    level: int = Field(primary_key=True)
    place: int = Field(primary_key=True, sa_type=sa.BigInteger)
    hash: bytes = Field(sa_type=sa.LargeBinary)


class Checkpoint(Row, table=True):
    """The root over the first `size` positions, signed: what the outside keeps and later measures us by."""

    __tablename__ = "checkpoints"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "size"),)
    size: int = Field(sa_type=sa.BigInteger)
    root: str
    signed: str  # a compact JWS of {tenant, size, root, at}
    jwk: dict[str, Any] = json_field()  # the public key that verifies it, kept beyond its rotation
    created_at: datetime = instant()


class MonthlyTotal(SQLModel, table=True):
    """Sums of sealed entries by month, kept by the sealer; the ledger stays the truth and is checked against it."""

    __tablename__ = "monthly_totals"
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    account_id: UUID = Field(primary_key=True)
    month: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    nature: str = Field(primary_key=True)
    community_id: UUID = Field(primary_key=True)
    employer_id: UUID = Field(primary_key=True)
    amount: int = Field(sa_type=sa.BigInteger)
    entries: int


class LedgerColumns(SQLModel, table=True):
    """A block of the sealed entries by columns (api.domain.columns), kept beside them for sums over many accounts.

    `level` 0 holds postings, each level above the monthly sums of eight blocks below; `first` and `last` are positions.
    It can be thrown away and packed again: the ledger stays the truth.
    """

    __tablename__ = "ledger_columns"
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    level: int = Field(primary_key=True, sa_type=sa.Integer)
    place: int = Field(primary_key=True, sa_type=sa.Integer)
    first: int = Field(sa_type=sa.BigInteger)
    last: int = Field(sa_type=sa.BigInteger)
    codes: list[Any] = json_field(list)
    accounts: bytes = _column()
    occasions: bytes = _column()
    months: bytes = _column()
    wide: bytes = _column()
    account: bytes = _column()
    day: bytes = _column()
    amount: bytes = _column()
    count: bytes = _column()
    code: bytes = _column()
    occasion: bytes = _column()
