"""Devices and lists kept offline"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active', 'ended')", name=op.f("ck_devices_state")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_devices_person_id_people")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_devices_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index("ix_devices_person_id", "devices", ["tenant_id", "person_id", "id"])
    alive = sa.text("state = 'active'")
    op.create_index(
        "uq_devices_sign_in_id", "devices", ["sign_in_id"], unique=True, sqlite_where=alive, postgresql_where=alive
    )
    op.create_table(
        "offline_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("pair", sa.Integer(), nullable=False),
        sa.Column("code_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("clock_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("skew_seconds", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("received_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_offline_items_device_id_devices")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_offline_items_person_id_people")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_offline_items_shift_id_shifts")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_offline_items_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_items")),
        sa.UniqueConstraint(
            "tenant_id", "recorded_by", "item_id", name=op.f("uq_offline_items_tenant_id_recorded_by_item_id")
        ),
    )
    op.create_index("ix_offline_items_person_id", "offline_items", ["tenant_id", "person_id", "shift_id"])
    op.create_index("ix_offline_items_device_id", "offline_items", ["device_id", "sequence"])
    waiting = sa.text("waiting")
    op.create_index(
        "ix_offline_items_waiting", "offline_items", ["tenant_id", "received_at"],
        sqlite_where=waiting, postgresql_where=waiting,
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        for table in ("devices", "offline_items"):
            for statement in protect(table):
                op.execute(statement)


def downgrade() -> None:
    op.drop_table("offline_items")
    op.drop_table("devices")
