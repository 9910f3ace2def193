"""Confirmations of recipients, signals and sanctions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import api.models.base
from api.wall import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("confirmation_slips", "signals", "signal_runs", "sanctions")
STATES = {
    "confirmation_slips": "'issued', 'confirmed', 'denied', 'revoked'",
    "signals": "'open', 'explained', 'founded', 'dismissed'",
    "sanctions": "'proposed', 'imposed', 'declined', 'released', 'lifted'",
}


def upgrade() -> None:
    slips()
    signals()
    sanctions()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in protect(table):
                op.execute(statement)


def slips() -> None:
    op.create_table(
        "confirmation_slips",
        *changing("confirmation_slips"),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("pair", sa.Integer(), nullable=False),
        sa.Column("volunteer", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        refers("confirmation_slips", "shift_id", "shifts"),
        refers("confirmation_slips", "community_id", "organizations"),
        refers("confirmation_slips", "person_id", "people"),
        sa.UniqueConstraint("code_hash", name=op.f("uq_confirmation_slips_code_hash")),
    )
    op.create_index("ix_confirmation_slips_person", "confirmation_slips", ["tenant_id", "person_id", "id"])
    live("uq_confirmation_slips_live", "confirmation_slips", ["shift_id", "person_id", "pair"], "state = 'issued'")


def signals() -> None:
    op.create_table(
        "signals",
        *changing("signals"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("figures", json(), nullable=False),
        sa.Column("fact_ids", json(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("replied_by", sa.Uuid(), nullable=True),
        sa.Column("judgement", sa.LargeBinary(), nullable=True),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("judged_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        refers("signals", "community_id", "organizations"),
        refers("signals", "organizer_id", "organizations"),
        sa.CheckConstraint(
            "subject_kind IN ('shift', 'activity', 'organization')", name=op.f("ck_signals_subject_kind")
        ),
        sa.UniqueConstraint("tenant_id", "source", name=op.f("uq_signals_tenant_id_source")),
    )
    op.create_index("ix_signals_list", "signals", ["tenant_id", "state", "id"])
    op.create_index("ix_signals_community", "signals", ["tenant_id", "community_id", "id"])
    op.create_index("ix_signals_organizer", "signals", ["tenant_id", "organizer_id", "id"])
    op.create_table(
        "signal_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        refers("signal_runs", "tenant_id", "tenants"),
        refers("signal_runs", "community_id", "organizations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_runs")),
        sa.UniqueConstraint("community_id", name=op.f("uq_signal_runs_community_id")),
    )


def sanctions() -> None:
    op.create_table(
        "sanctions",
        *changing("sanctions"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("after_shifts", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("imposed_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        refers("sanctions", "signal_id", "signals"),
        refers("sanctions", "organizer_id", "organizations"),
        refers("sanctions", "organization_id", "organizations"),
        sa.CheckConstraint(
            "kind IN ('warned', 'second_roll_call', 'no_new_activities')", name=op.f("ck_sanctions_kind")
        ),
    )
    op.create_index("ix_sanctions_organizer", "sanctions", ["tenant_id", "organizer_id", "state"])
    op.create_index("ix_sanctions_list", "sanctions", ["tenant_id", "id"])
    op.create_index("ix_sanctions_signal_id", "sanctions", ["signal_id"])
    live("uq_sanctions_live", "sanctions", ["signal_id", "kind"], "state IN ('proposed', 'imposed')")


def changing(table: str) -> list[sa.schema.SchemaItem]:
    """What every row has that can change."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        refers(table, "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.CheckConstraint(f"state IN ({STATES[table]})", name=op.f(f"ck_{table}_state")),
    ]


def refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def live(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
