"""Opinions, and who is named to read them"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATES = "'asked', 'drafted', 'issued', 'not_quorate', 'declined', 'withdrawn'"


def upgrade() -> None:
    opinions()
    readers()
    if op.get_bind().dialect.name == "postgresql":
        for statement in (*protect("opinions"), *protect("opinion_readers")):
            op.execute(statement)


def opinions() -> None:
    op.create_table(
        "opinions",
        *of_tenant("opinions"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asker_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("heard", api.models.base.Json, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.Column("ground", sa.LargeBinary(), nullable=False),
        sa.Column("disclosed", sa.Boolean(), nullable=False),
        sa.Column("speak_until", sa.Date(), nullable=False),
        sa.Column("reply_until", sa.Date(), nullable=True),
        sa.Column("vote_until", sa.Date(), nullable=True),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.Column("drafted_by", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_opinions_state")),
        sa.CheckConstraint("(person_id IS NULL) <> (unit_id IS NULL)", name=op.f("ck_opinions_subject")),
        refers("opinions", "case_id", "cases"),
        refers("opinions", "asker_id", "organizations"),
        refers("opinions", "organization_id", "organizations"),
        refers("opinions", "person_id", "people"),
        refers("opinions", "unit_id", "organizations"),
        refers("opinions", "document_id", "documents"),
        sa.UniqueConstraint("case_id", name=op.f("uq_opinions_case_id")),
    )
    for name in ("person", "unit", "asker"):
        op.create_index(f"ix_opinions_{name}", "opinions", ["tenant_id", f"{name}_id", "id"])


def readers() -> None:
    op.create_table(
        "opinion_readers",
        *of_tenant("opinion_readers"),
        sa.Column("opinion_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("capacity", sa.String(), nullable=False),
        sa.CheckConstraint("capacity IN ('asks', 'hears', 'reads')", name=op.f("ck_opinion_readers_capacity")),
        sa.CheckConstraint("(person_id IS NULL) <> (organization_id IS NULL)", name=op.f("ck_opinion_readers_reader")),
        refers("opinion_readers", "opinion_id", "opinions"),
        refers("opinion_readers", "person_id", "people"),
        refers("opinion_readers", "organization_id", "organizations"),
    )
    op.create_index("ix_opinion_readers_opinion", "opinion_readers", ["opinion_id"])
    for name in ("person", "organization"):
        op.create_index(f"ix_opinion_readers_{name}", "opinion_readers", ["tenant_id", f"{name}_id"])


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
    op.drop_table("opinion_readers")
    op.drop_table("opinions")
