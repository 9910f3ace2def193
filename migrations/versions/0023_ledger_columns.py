"""The sealed entries by columns"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ARRAYS = ("accounts", "occasions", "months", "wide", "account", "day", "amount", "count", "code", "occasion")


def upgrade() -> None:
    op.create_table(
        "ledger_columns",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("codes", api.models.base.Json, nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in _ARRAYS),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_ledger_columns_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "level", "place", name=op.f("pk_ledger_columns")),
    )
    where = sa.text("kind NOT IN ('check_in', 'check_out')")
    columns = ["tenant_id", "kind", "served_on", "account_id"]
    op.create_index("ix_facts_stated", "facts", columns, sqlite_where=where, postgresql_where=where)
    if op.get_bind().dialect.name == "postgresql":
        for name in _ARRAYS:  # to compress and open again takes longer than to read
            op.execute(f"ALTER TABLE ledger_columns ALTER COLUMN {name} SET STORAGE EXTERNAL")
        for statement in protect("ledger_columns"):
            op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_facts_stated", "facts")
    op.drop_table("ledger_columns")
