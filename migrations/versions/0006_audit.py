"""Who looked, switches and emergencies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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
    measures()


def measures() -> None:
    """Switches of districts, emergencies, and what leads back to a complaint filed without an account."""
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.create_table(
        "switch_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('on', 'off', 'inherit')", name=op.f("ck_switch_settings_mode")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_switch_settings_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_switch_settings_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switch_settings")),
    )
    op.create_index("ix_switch_settings_list", "switch_settings", ["tenant_id", "id"], unique=False)
    op.create_table(
        "emergencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("decision_number", sa.String(), nullable=False),
        sa.Column("permits", json, nullable=False),
        sa.Column("starts_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_emergencies_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_emergencies_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
    )
    op.create_index("ix_emergencies_list", "emergencies", ["tenant_id", "id"], unique=False)
    op.create_table(
        "complaint_tickets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_complaint_tickets_case_id_cases")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_complaint_tickets_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_tickets")),
        sa.UniqueConstraint("case_id", name=op.f("uq_complaint_tickets_case_id")),
        sa.UniqueConstraint("number", name=op.f("uq_complaint_tickets_number")),
    )


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
MEASURES = ("switch_settings", "emergencies", "complaint_tickets")


def downgrade() -> None:
    for table in reversed((*LOGS, *MEASURES)):
        op.drop_table(table)
