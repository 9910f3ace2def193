"""Recomputations after appeals, and amendments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import api.models.base
from api.wall import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LIVE = "state IN ('computing', 'proposed')"


def upgrade() -> None:
    op.create_table(
        "recomputations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("case_ids", json(), nullable=False),
        sa.Column("assessment_ids", json(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("effects", sa.LargeBinary(), nullable=False),
        sa.Column("digest_before", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('recomputation', 'amendment')", name=op.f("ck_recomputations_kind")),
        sa.CheckConstraint(
            "state IN ('computing', 'proposed', 'adopted', 'dropped')", name=op.f("ck_recomputations_state")
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.id"], name=op.f("fk_recomputations_cycle_id_cycles")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_recomputations_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_recomputations_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recomputations")),
        sa.UniqueConstraint("cycle_id", "revision", name=op.f("uq_recomputations_cycle_id_revision")),
    )
    op.create_index("ix_recomputations_list", "recomputations", ["tenant_id", "id"])
    op.create_index(
        "uq_recomputations_live", "recomputations", ["cycle_id"], unique=True, sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("recomputations"):
            op.execute(statement)


def json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def downgrade() -> None:
    op.drop_table("recomputations")
