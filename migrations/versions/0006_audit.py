"""Who looked, switches and emergencies"""

import sqlalchemy as sa
from alembic import op

import api.models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_access_logs_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_logs")),
    )
    with op.batch_alter_table("access_logs", schema=None) as batch_op:
        batch_op.create_index("ix_access_logs_list", ["tenant_id", "id"], unique=False)
        batch_op.create_index("ix_access_logs_actor", ["tenant_id", "actor_id", "id"], unique=False)
        batch_op.create_index("ix_access_logs_at", ["at"], unique=False)
    op.create_table(
        "access_log_subjects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["access_logs.id"], name=op.f("fk_access_log_subjects_log_id_access_logs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_access_log_subjects_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log_subjects")),
    )
    with op.batch_alter_table("access_log_subjects", schema=None) as batch_op:
        batch_op.create_index("ix_access_log_subjects_log_id", ["log_id"], unique=False)
        batch_op.create_index("ix_access_log_subjects_person", ["tenant_id", "person_id", "id"], unique=False)
    guard()


def guard() -> None:
    """Let the database refuse to edit what was logged; retention may drop it."""
    for table in LOGS:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )


LOGS = ("access_logs", "access_log_subjects")


def downgrade() -> None:
    for table in reversed(LOGS):
        op.drop_table(table)
