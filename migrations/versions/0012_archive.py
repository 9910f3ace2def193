"""The personal archive and records from elsewhere"""

import sqlalchemy as sa
from alembic import op

from api.models.base import UtcDateTime
from api.wall import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEW = ("profiles", "outside_records", "certified_entries")


def upgrade() -> None:
    _profiles()
    _outside_records()
    _certified_entries()
    op.add_column("consents", sa.Column("guardian", sa.LargeBinary(), nullable=True))
    op.add_column("consents", sa.Column("recorded_by", sa.Uuid(), nullable=True))
    op.add_column("documents", sa.Column("proposed_by", sa.Uuid(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table in NEW:
            for statement in protect(table):
                op.execute(statement)


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, sa.LargeBinary(), nullable=True)
            for name in ("sex", "birth_date", "residence", "contact", "national_number")
        ),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("skills", "service_kinds")),
        sa.Column("national_number_index", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_profiles_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_profiles_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("person_id", name=op.f("uq_profiles_person_id")),
    )
    known = sa.text("national_number_index IS NOT NULL")
    op.create_index(
        "uq_profiles_national_number", "profiles", ["tenant_id", "national_number_index"], unique=True,
        sqlite_where=known, postgresql_where=known,
    )  # fmt: skip


def _outside_records() -> None:
    op.create_table(
        "outside_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("record_number", sa.LargeBinary(), nullable=False),
        sa.Column("record_number_index", sa.String(), nullable=False),
        sa.Column("content_index", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("stated_minutes", sa.Integer(), nullable=True),
        sa.Column("credited_minutes", sa.Integer(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("imported_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state IN ('credited', 'covered', 'in_review')", name=op.f("ck_outside_records_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_outside_records_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outside_records_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_records")),
        sa.UniqueConstraint(
            "tenant_id", "platform", "record_number_index",
            name=op.f("uq_outside_records_tenant_id_platform_record_number_index"),
        ),
    )  # fmt: skip
    op.create_index("ix_outside_records_person", "outside_records", ["tenant_id", "person_id", "served_on"])


def _certified_entries() -> None:
    op.create_table(
        "certified_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_certified_entries_{column}_{table}"))
            for column, table in (
                ("tenant_id", "tenants"), ("document_id", "documents"), ("entry_id", "entries"), ("person_id", "people")
            )
        ),
        sa.PrimaryKeyConstraint("document_id", "entry_id", name=op.f("pk_certified_entries")),
    )  # fmt: skip
    op.create_index("ix_certified_entries_entry", "certified_entries", ["entry_id"])
    op.create_index("ix_certified_entries_person", "certified_entries", ["tenant_id", "person_id"])


def downgrade() -> None:
    op.drop_column("documents", "proposed_by")  # not by batch: a table made anew has lost the triggers that guard it
    op.drop_column("consents", "recorded_by")
    op.drop_column("consents", "guardian")
    for table in reversed(NEW):
        op.drop_table(table)
