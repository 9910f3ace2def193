"""The terms under which published text is found"""

import sqlalchemy as sa
from alembic import op

from api.wall import protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_terms",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_search_terms_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "noun", "term", "subject_id", name=op.f("pk_search_terms")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("search_terms"):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("search_terms")
