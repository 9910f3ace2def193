"""Grants and who gives them"""

import sqlalchemy as sa
from alembic import op

import api.models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("grants") as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(), nullable=False, server_default="active"))
        batch_op.add_column(sa.Column("given_under", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("confirm_until", api.models.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(), nullable=True))
        batch_op.create_index("ix_grants_organization_id", ["tenant_id", "organization_id"])
        batch_op.create_index("ix_grants_given_under", ["given_under"])
        batch_op.create_index("ix_grants_affiliation_id", ["affiliation_id"])
    with op.batch_alter_table("grants") as batch_op:
        batch_op.alter_column("state", server_default=None)  # what stood was in force; what comes says its own


def downgrade() -> None:
    with op.batch_alter_table("grants") as batch_op:
        batch_op.drop_index("ix_grants_affiliation_id")
        batch_op.drop_index("ix_grants_given_under")
        batch_op.drop_index("ix_grants_organization_id")
        for name in ("reason", "confirm_until", "confirmed_by", "given_under", "state"):
            batch_op.drop_column(name)
