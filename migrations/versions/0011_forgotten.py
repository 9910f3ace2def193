"""When a shift's hours became final because nobody had confirmed them in time"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import HOUSE_ROLE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A plain ALTER: a batch would rebuild the table on SQLite, and lose its checks.
    op.add_column("shifts", sa.Column("lapsed_at", api.models.base.UtcDateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_shifts_unlapsed",
        "shifts",
        ["tenant_id", "ends_at"],
        unique=False,
        sqlite_where=sa.text("lapsed_at IS NULL"),
        postgresql_where=sa.text("lapsed_at IS NULL"),
    )
    # What was settled before stands as it was posted. The wall hides every row from whoever migrates.
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(f"SET LOCAL ROLE {HOUSE_ROLE}")
    op.execute("UPDATE shifts SET lapsed_at = ends_at WHERE state = 'settled'")
    if postgresql:
        op.execute("RESET ROLE")


def downgrade() -> None:
    op.drop_index("ix_shifts_unlapsed", table_name="shifts")
    op.drop_column("shifts", "lapsed_at")
