"""Where an activity takes place, a shift's breaks, and when a shift was called off"""

import sqlalchemy as sa
from alembic import op

import api.models.base

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activities", sa.Column("point", api.models.base.Json, nullable=True))
    op.add_column("shifts", sa.Column("breaks", api.models.base.Json, nullable=False, server_default="[]"))
    op.add_column("shifts", sa.Column("cancelled_at", api.models.base.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # Plain ALTERs: a batch would rebuild the tables on SQLite, and lose their checks.
    op.drop_column("shifts", "cancelled_at")
    op.drop_column("shifts", "breaks")
    op.drop_column("activities", "point")
