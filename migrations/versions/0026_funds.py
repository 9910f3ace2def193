"""Payments of funds, and the rules of livelihood projects"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import api.models.base
from api.wall import protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KINDS = "'allocation', 'donation', 'allotment', 'spending', 'refund'"
STATES = "'proposed', 'confirmed', 'declined', 'withdrawn', 'reversed'"


def upgrade() -> None:
    payments()
    rules()
    if op.get_bind().dialect.name == "postgresql":
        for statement in (*protect("payments"), *protect("funding_rules")):
            op.execute(statement)


def payments() -> None:
    op.create_table(
        "payments",
        *of_tenant("payments"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("donor_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("shown_as", sa.LargeBinary(), nullable=True),
        sa.Column("payee", sa.LargeBinary(), nullable=True),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("file_ids", json(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_payments_kind")),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_payments_state")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("(kind = 'spending') = (resource_id IS NULL)", name=op.f("ck_payments_fund")),
        sa.CheckConstraint(
            "(kind IN ('allocation', 'donation')) = (project_id IS NULL)", name=op.f("ck_payments_project")
        ),
        refers("payments", "organization_id", "organizations"),
        refers("payments", "resource_id", "resources"),
        refers("payments", "project_id", "projects"),
        refers("payments", "donor_id", "organizations"),
        refers("payments", "person_id", "people"),
        refers("payments", "document_id", "documents"),
    )
    op.create_index("ix_payments_person_id", "payments", ["person_id"])
    op.create_index("ix_payments_list", "payments", ["tenant_id", "state", "id"])
    op.create_index("ix_payments_fund", "payments", ["tenant_id", "resource_id", "id"])
    op.create_index("ix_payments_project", "payments", ["tenant_id", "project_id", "id"])


def rules() -> None:
    op.create_table(
        "funding_rules",
        *of_tenant("funding_rules"),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("content", json(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        refers("funding_rules", "organization_id", "organizations"),
        sa.UniqueConstraint("organization_id", "edition", name=op.f("uq_funding_rules_organization_id_edition")),
    )


def json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def of_tenant(table: str) -> tuple[sa.Column | sa.Constraint, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        refers(table, "tenant_id", "tenants"),
    )


def refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def downgrade() -> None:
    op.drop_table("funding_rules")
    op.drop_table("payments")
