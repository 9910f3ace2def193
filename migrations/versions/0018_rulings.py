"""Calendars of cycles, quotas and rulings"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("allotments", "quota_groups", "rulings")
ON_CYCLES = (
    ("self_review_until", sa.Date()),
    ("public_review_until", sa.Date()),
    ("publish_by", sa.Date()),
    ("appeal_days", sa.Integer()),
    ("appeals_until", sa.Date()),
    ("decisions_digest", sa.String()),
)


def upgrade() -> None:
    for name, kind in ON_CYCLES:
        op.add_column("cycles", sa.Column(name, kind, nullable=True))
    quotas()
    rulings()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in protect(table):
                op.execute(statement)


def quotas() -> None:
    op.create_table(
        "allotments",
        *of_cycle("allotments"),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("rulebook", sa.String(), nullable=False),
        sa.Column("quota", sa.String(), nullable=True),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("grade_labels", api.models.base.Json, nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        one_of("allotments", "decision", "kept", "lowered", "needs_decision"),
        sa.UniqueConstraint(
            "cycle_id", "revision", "subject_id", name=op.f("uq_allotments_cycle_id_revision_subject_id")
        ),
    )
    op.create_table(
        "quota_groups",
        *of_cycle("quota_groups"),
        sa.Column("rulebook", sa.String(), nullable=False),
        sa.Column("quota", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "cycle_id", "revision", "rulebook", "quota", "group_id",
            name=op.f("uq_quota_groups_cycle_id_revision_rulebook_quota_group_id"),
        ),
    )  # fmt: skip


def rulings() -> None:
    op.create_table(
        "rulings",
        *of_cycle("rulings"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("grade_labels", api.models.base.Json, nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        one_of("rulings", "kind", "quota_choice", "override", "appeal", "amendment"),
        one_of("rulings", "state", "proposed", "confirmed", "declined"),
    )
    op.create_index("ix_rulings_cycle", "rulings", ["cycle_id", "subject_id"])
    op.create_index("ix_rulings_subject", "rulings", ["tenant_id", "subject_id"])
    proposed = sa.text("state = 'proposed'")
    op.create_index(
        "uq_rulings_proposed", "rulings", ["cycle_id", "subject_id"], unique=True,
        sqlite_where=proposed, postgresql_where=proposed,
    )  # fmt: skip


def of_cycle(table: str) -> list[sa.schema.SchemaItem]:
    """What every row about subjects of a cycle has."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.id"], name=op.f(f"fk_{table}_cycle_id_cycles")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for name, _ in reversed(ON_CYCLES):
        op.drop_column("cycles", name)
