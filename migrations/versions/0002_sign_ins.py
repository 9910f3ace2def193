"""Sign-ins, credentials and API clients"""

import sqlalchemy as sa
from alembic import op

import api.models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.Column("last_used_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'ended')", name=op.f("ck_sign_ins_state")),
        sa.CheckConstraint(
            "end_reason IN ('logged_out', 'ended', 'theft', 'expired', 'credential_changed')",
            name=op.f("ck_sign_ins_end_reason"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id_people")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sign_ins_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_person_id", "sign_ins", ["tenant_id", "person_id", "id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_ins.id"], name=op.f("fk_refresh_tokens_sign_in_id_sign_ins")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_refresh_tokens_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_refresh_tokens_hash")),
    )
    op.create_index("ix_refresh_tokens_sign_in_id", "refresh_tokens", ["sign_in_id"])
    op.create_table(
        "spent_tickets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_spent_tickets_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_tickets")),
    )
    op.create_index("ix_spent_tickets_expires_at", "spent_tickets", ["tenant_id", "expires_at"])


def downgrade() -> None:
    op.drop_table("spent_tickets")
    op.drop_table("refresh_tokens")
    op.drop_table("sign_ins")
