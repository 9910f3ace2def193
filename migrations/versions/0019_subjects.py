"""Rulebooks of a cycle by kind and class of subject"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DEFAULTS = ("member_rulebook_id", "unit_rulebook_id")


def upgrade() -> None:
    op.create_table(
        "cycle_rulebooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("organization_kinds", api.models.base.Json, nullable=False),
        sa.Column("community_classes", api.models.base.Json, nullable=False),
        sa.Column("larger_than", sa.Integer(), nullable=True),
        sa.Column("rulebook_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.id"], name=op.f("fk_cycle_rulebooks_cycle_id_cycles")),
        sa.ForeignKeyConstraint(
            ["rulebook_id"], ["rulebooks.id"], name=op.f("fk_cycle_rulebooks_rulebook_id_rulebooks")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_cycle_rulebooks_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle_rulebooks")),
    )
    op.create_index("ix_cycle_rulebooks_cycle", "cycle_rulebooks", ["tenant_id", "cycle_id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("cycle_rulebooks"):
            op.execute(statement)
    # `cycles` has neither triggers nor checks that a table made anew would lose
    with op.batch_alter_table("cycles") as cycles:
        for column in DEFAULTS:
            cycles.alter_column(column, existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    with op.batch_alter_table("cycles") as cycles:
        for column in DEFAULTS:
            cycles.alter_column(column, existing_type=sa.Uuid(), nullable=False)
    op.drop_table("cycle_rulebooks")
