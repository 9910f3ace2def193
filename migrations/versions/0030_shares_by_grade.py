"""What is said of a quota's group, by which its share was chosen"""

import sqlalchemy as sa
from alembic import op

import api.models.base

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quota_groups", sa.Column("words", api.models.base.Json, nullable=True))


def downgrade() -> None:
    op.drop_column("quota_groups", "words")
