"""设备: phones that keep presences while they have no network, and what each of them told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, one_of, partial_unique, ref, sealed
from api.models.personal import Personal


class Device(Changing, table=True):
    """A phone enrolled while it was online. Its secret shows which phone kept an item, never that somebody was there.

    One is alive for each sign-in: enrolling again ends the one before, and the secret goes with it.
    """

    __tablename__ = "devices"
    __table_args__ = (
        one_of("state", "active", "ended"),
        partial_unique("uq_devices_sign_in_id", "sign_in_id", where="state = 'active'"),
        sa.Index("ix_devices_person_id", "tenant_id", "person_id", "id"),
    )
    person_id: UUID = ref("people.id")
    sign_in_id: UUID
    state: str = "active"
    secret: bytes | None = sealed(
        "devices.secret", Personal("way_in", "person_id", "signing_in"), kind="bytes", optional=True
    )
    ended_at: datetime | None = instant(optional=True)


class OfflineItem(Row, table=True):
    """One item of an offline list as it was first taken: by its id a repeat is recognised, however late.

    `code_at` is the beginning of its code's step, None for a roll call; `clock_at` is the phone's time, corrected by
    `skew_seconds`. One that is `waiting` has come before the check-in that it belongs to.
    """

    __tablename__ = "offline_items"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "recorded_by", "item_id"),
        sa.Index("ix_offline_items_person_id", "tenant_id", "person_id", "shift_id"),
        sa.Index("ix_offline_items_device_id", "device_id", "sequence"),
        sa.Index(
            "ix_offline_items_waiting", "tenant_id", "received_at",
            sqlite_where=sa.text("waiting"), postgresql_where=sa.text("waiting"),
        ),
    )  # fmt: skip
    item_id: UUID
    recorded_by: UUID  # whose device it was: the person's own, or a leader's who called the roll
    person_id: UUID = ref("people.id")
    device_id: UUID = ref("devices.id")
    shift_id: UUID = ref("shifts.id")
    direction: str
    pair: int
    code_at: datetime | None = instant(optional=True)
    clock_at: datetime = instant()
    skew_seconds: int = Field(sa_type=sa.BigInteger)
    sequence: int = Field(sa_type=sa.BigInteger)
    fingerprint: str
    grant_id: UUID | None = None
    waiting: bool = False
    received_at: datetime = instant()
