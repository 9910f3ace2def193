"""Checkpoints sent out"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "witnesses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("jwk", api.models.base.Json, nullable=False),
        sa.CheckConstraint("state IN ('active', 'ended')", name=op.f("ck_witnesses_state")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_witnesses_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_witnesses_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnesses")),
    )
    op.create_index("ix_witnesses_organization_id", "witnesses", ["tenant_id", "organization_id"])
    op.create_table(
        "witnessed_checkpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("witness_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("signed", sa.String(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_witnessed_checkpoints_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["witness_id"], ["witnesses.id"], name=op.f("fk_witnessed_checkpoints_witness_id_witnesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnessed_checkpoints")),
        sa.UniqueConstraint("witness_id", "size", "root", name=op.f("uq_witnessed_checkpoints_witness_id_size_root")),
    )
    op.create_index("ix_witnessed_checkpoints_list", "witnessed_checkpoints", ["tenant_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER witnessed_checkpoints_refuse_{act.lower()} BEFORE {act} ON witnessed_checkpoints "
                "BEGIN SELECT RAISE(ABORT, 'witnessed_checkpoints is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER witnessed_checkpoints_refuse_change BEFORE UPDATE OR DELETE ON witnessed_checkpoints "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    for statement in (*protect("witnesses"), *protect("witnessed_checkpoints", appended=True)):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("witnessed_checkpoints")
    op.drop_table("witnesses")
