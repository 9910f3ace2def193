"""Claims and merges of people"""

import sqlalchemy as sa
from alembic import op

import api.models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_state", sa.String(), nullable=False, server_default="listed"))
        batch_op.add_column(sa.Column("merged_into", sa.Uuid(), nullable=True))
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.alter_column("phone_state", existing_type=sa.String(), server_default=None)
        batch_op.create_index("ix_people_merged_into", ["merged_into"])
    _claims()
    _merges()


def _claims() -> None:
    op.create_table(
        "claim_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("selector", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'used', 'revoked', 'locked')", name=op.f("ck_claim_codes_state")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claim_codes_person_id_people")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_claim_codes_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_claim_codes_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_codes")),
    )
    live = sa.text("state = 'active'")
    for name, columns in (
        ("uq_claim_codes_selector", ["tenant_id", "selector"]), ("uq_claim_codes_person", ["person_id"]),
    ):  # fmt: skip
        op.create_index(name, "claim_codes", columns, unique=True, sqlite_where=live, postgresql_where=live)
    op.create_index("ix_claim_codes_organization", "claim_codes", ["tenant_id", "organization_id", "id"])


def _merges() -> None:
    op.create_table(
        "person_merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("done_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("record", api.models.base.Json, nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'done', 'declined', 'undone')", name=op.f("ck_person_merges_state")),
        sa.ForeignKeyConstraint(["survivor_id"], ["people.id"], name=op.f("fk_person_merges_survivor_id_people")),
        sa.ForeignKeyConstraint(["merged_id"], ["people.id"], name=op.f("fk_person_merges_merged_id_people")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_person_merges_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_person_merges_case_id_cases")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_person_merges_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merges")),
    )
    live = sa.text("state IN ('proposed', 'done')")
    op.create_index(
        "uq_person_merges_merged", "person_merges", ["merged_id"], unique=True, sqlite_where=live,
        postgresql_where=live,
    )  # fmt: skip
    op.create_index("ix_person_merges_survivor", "person_merges", ["tenant_id", "survivor_id"])
    op.create_index("ix_person_merges_case", "person_merges", ["case_id"])


def downgrade() -> None:
    for table in ("person_merges", "claim_codes"):
        op.drop_table(table)
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index("ix_people_merged_into")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("phone_state")
