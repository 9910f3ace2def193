"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import api.models.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("facts", "entries", "events", "positions")
# What an issued document says; its state, reason and version still move.
FROZEN = (
    "number", "kind", "issuer_id", "recipient_id", "circle", "title", "template", "template_version", "content",
    "content_hash", "issued_at", "valid_to", "supersedes_id", "source",
)  # fmt: skip


def guard() -> None:
    """Let the database itself refuse to edit or delete what only appends."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuse_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        freeze("IS NOT", "BEGIN SELECT RAISE(ABORT, 'an issued document is frozen'); END")
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE FUNCTION refuse_thaw() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'an issued document is frozen' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    freeze("IS DISTINCT FROM", "EXECUTE FUNCTION refuse_thaw()")


def freeze(differs: str, refuse: str) -> None:
    """Let the database refuse to rewrite or delete a document once it is issued."""
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in FROZEN)
    op.execute(
        "CREATE TRIGGER documents_refuse_rewrite BEFORE UPDATE ON documents FOR EACH ROW "
        f"WHEN (OLD.state <> 'drafted' AND (NEW.state = 'drafted' OR {changed})) {refuse}"
    )
    op.execute(
        "CREATE TRIGGER documents_refuse_delete BEFORE DELETE ON documents FOR EACH ROW "
        f"WHEN (OLD.state <> 'drafted') {refuse}"
    )


def unguard() -> None:
    """Take the guards away, so that the tables can be dropped."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for act in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_refuse_{act}")
        for act in ("rewrite", "delete"):
            op.execute(f"DROP TRIGGER documents_refuse_{act}")
        return
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_refuse_change ON {table}")
        op.execute(f"DROP TRIGGER {table}_refuse_truncate ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
    for act in ("rewrite", "delete"):
        op.execute(f"DROP TRIGGER documents_refuse_{act} ON documents")
    op.execute("DROP FUNCTION refuse_thaw()")


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("code", name=op.f("uq_tenants_code")),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("account_kind", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("started_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("shift_id", sa.Uuid(), nullable=True),
        sa.Column("community_id", sa.Uuid(), nullable=True),
        sa.Column("employer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("account_kind IN ('person', 'organization', 'fund')", name=op.f("ck_entries_account_kind")),
        sa.CheckConstraint(
            "unit IN ('volunteer_minutes', 'participation', 'points', 'fen')", name=op.f("ck_entries_unit")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_entries_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("ix_entries_account", ["tenant_id", "account_id", "served_on"], unique=False)
        batch_op.create_index("ix_entries_community", ["tenant_id", "community_id", "served_on"], unique=False)
        batch_op.create_index("ix_entries_employer", ["tenant_id", "employer_id", "served_on"], unique=False)
        batch_op.create_index("ix_entries_recorded", ["tenant_id", "recorded_at"], unique=False)
        batch_op.create_index(
            "uq_entries_request",
            ["tenant_id", "actor_id", "request_key"],
            unique=True,
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_entries_reverses",
            ["reverses_id"],
            unique=True,
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_entries_source",
            ["source_id", "unit", "revision"],
            unique=True,
            sqlite_where=sa.text("reverses_id IS NULL"),
            postgresql_where=sa.text("reverses_id IS NULL"),
        )

    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_events_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_recorded", ["tenant_id", "recorded_at"], unique=False)
        batch_op.create_index("ix_events_subject", ["tenant_id", "subject_id", "id"], unique=False)
        batch_op.create_index(
            "uq_events_request",
            ["tenant_id", "actor_id", "request_key"],
            unique=True,
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        )

    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_files_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column(
            "input", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "result", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("finished_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_jobs_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_due", ["state", "lease_until"], unique=False)
        batch_op.create_index("ix_jobs_tenant", ["tenant_id", "id"], unique=False)

    op.create_table(
        "monthly_totals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_monthly_totals_tenant_id_tenants")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "account_id",
            "month",
            "unit",
            "kind",
            "nature",
            "community_id",
            "employer_id",
            name=op.f("pk_monthly_totals"),
        ),
    )
    op.create_table(
        "number_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_number_series_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("tenant_id", "series", name=op.f("uq_number_series_tenant_id_series")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("axis", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("short_code", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("community_class", sa.String(), nullable=True),
        sa.Column("disclosure", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint("axis IN ('territory', 'employer', 'party', 'body')", name=op.f("ck_organizations_axis")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_organizations_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organizations_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_organizations_tenant_id_kind_id", ["tenant_id", "kind", "id"], unique=False)
        batch_op.create_index("ix_organizations_tenant_id_name", ["tenant_id", "name"], unique=False)
        batch_op.create_index("ix_organizations_tenant_id_path", ["tenant_id", "path"], unique=False)
        batch_op.create_index("uq_organizations_tenant_id_short_code", ["tenant_id", "short_code"], unique=True)

    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.String(), nullable=True),
        sa.Column("phone_index", sa.String(), nullable=True),
        sa.Column("id_number_index", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_people_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index("ix_people_id_number_index", ["tenant_id", "id_number_index"], unique=False)
        batch_op.create_index("ix_people_name_index", ["tenant_id", "name_index"], unique=False)
        batch_op.create_index("ix_people_phone_index", ["tenant_id", "phone_index"], unique=False)
        batch_op.create_index("uq_people_account_id", ["account_id"], unique=True)

    op.create_table(
        "positions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('fact', 'entry', 'event')", name=op.f("ck_positions_kind")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_positions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_positions")),
        sa.UniqueConstraint("row_id", name=op.f("uq_positions_row_id")),
    )
    op.create_table(
        "rulebooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column(
            "content", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_rulebooks_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_rulebooks_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebooks")),
        sa.UniqueConstraint(
            "organization_id", "code", "edition", name=op.f("uq_rulebooks_organization_id_code_edition")
        ),
    )
    op.create_table(
        "affiliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("principal", sa.Boolean(), nullable=False),
        sa.Column("roster_number", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('employment', 'party_relation', 'registration', 'secondary_home', 'committee_seat', 'posted', 'seconded', 'staff', 'reserve', 'team', 'contact')",
            name=op.f("ck_affiliations_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_affiliations_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_affiliations_person_id_people")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_affiliations_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliations")),
    )
    with op.batch_alter_table("affiliations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_affiliations_organization_id", ["tenant_id", "organization_id", "kind", "state"], unique=False
        )
        batch_op.create_index("ix_affiliations_person_id", ["tenant_id", "person_id", "kind"], unique=False)
        batch_op.create_index(
            "uq_affiliations_one_home",
            ["tenant_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'registration' AND principal AND state = 'accepted'"),
            postgresql_where=sa.text("kind = 'registration' AND principal AND state = 'accepted'"),
        )
        batch_op.create_index(
            "uq_affiliations_roster",
            ["tenant_id", "organization_id", "roster_number"],
            unique=True,
            sqlite_where=sa.text("roster_number IS NOT NULL AND valid_to IS NULL"),
            postgresql_where=sa.text("roster_number IS NOT NULL AND valid_to IS NULL"),
        )

    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_cases_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_cases_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_inbox", ["tenant_id", "organization_id", "state", "due_on"], unique=False)
        batch_op.create_index("ix_cases_subject", ["tenant_id", "subject_id"], unique=False)
        batch_op.create_index("uq_cases_source", ["tenant_id", "source"], unique=True)

    op.create_table(
        "cycles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("cut_off", sa.Date(), nullable=False),
        sa.Column("member_rulebook_id", sa.Uuid(), nullable=False),
        sa.Column("unit_rulebook_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_rulebook_id"], ["rulebooks.id"], name=op.f("fk_cycles_member_rulebook_id_rulebooks")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_cycles_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_cycles_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["unit_rulebook_id"], ["rulebooks.id"], name=op.f("fk_cycles_unit_rulebook_id_rulebooks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycles")),
    )
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.create_index("ix_cycles_list", ["tenant_id", "id"], unique=False)

    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("circle", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("template_version", sa.String(), nullable=False),
        sa.Column(
            "content", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("issued_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ended_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["organizations.id"], name=op.f("fk_documents_issuer_id_organizations")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_documents_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("number", name=op.f("uq_documents_number")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index("ix_documents_issuer", ["tenant_id", "issuer_id", "id"], unique=False)
        batch_op.create_index("ix_documents_recipient", ["tenant_id", "recipient_id", "id"], unique=False)
        batch_op.create_index("ix_documents_supersedes", ["supersedes_id"], unique=False)
        batch_op.create_index("uq_documents_source", ["tenant_id", "source"], unique=True)

    op.create_table(
        "grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("affiliation_id", sa.Uuid(), nullable=True),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_grants_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_grants_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index("ix_grants_client_id", ["client_id"], unique=False)
        batch_op.create_index("ix_grants_person_id", ["person_id"], unique=False)

    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_identities_person_id_people")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_identities_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("tenant_id", "provider", "subject", name=op.f("uq_identities_tenant_id_provider_subject")),
    )
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identities_person_id"), ["person_id"], unique=False)

    op.create_table(
        "needs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("target_group", sa.String(), nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.String(), nullable=True),
        sa.Column("when_text", sa.String(), nullable=True),
        sa.Column("budget_fen", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("published_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('need', 'micro_wish', 'livelihood_project', 'proposal')", name=op.f("ck_needs_kind")
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["organizations.id"], name=op.f("fk_needs_community_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_needs_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs")),
    )
    with op.batch_alter_table("needs", schema=None) as batch_op:
        batch_op.create_index("ix_needs_community", ["tenant_id", "community_id", "state", "id"], unique=False)
        batch_op.create_index("ix_needs_list", ["tenant_id", "state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_needs_source"), ["source"], unique=False)

    op.create_table(
        "organization_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_codes_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_organization_codes_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_codes")),
    )
    with op.batch_alter_table("organization_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organization_codes_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index("ix_organization_codes_scheme_code", ["tenant_id", "scheme", "code"], unique=False)

    op.create_table(
        "organization_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('households', 'residents', 'members', 'in_service_members')",
            name=op.f("ck_organization_counts_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_counts_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_organization_counts_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_counts")),
        sa.UniqueConstraint(
            "organization_id", "kind", "as_of", name=op.f("uq_organization_counts_organization_id_kind_as_of")
        ),
    )
    op.create_table(
        "organization_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('part_of', 'superior_party_org', 'administrative_superior', 'covers', 'located_in', 'registration', 'member_of_body', 'contact', 'succeeds')",
            name=op.f("ck_organization_links_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["organizations.id"], name=op.f("fk_organization_links_from_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_organization_links_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["to_id"], ["organizations.id"], name=op.f("fk_organization_links_to_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_links")),
    )
    with op.batch_alter_table("organization_links", schema=None) as batch_op:
        batch_op.create_index("ix_organization_links_from", ["tenant_id", "from_id", "kind"], unique=False)
        batch_op.create_index("ix_organization_links_to", ["tenant_id", "to_id", "kind"], unique=False)

    op.create_table(
        "person_statuses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('political_status', 'member_class')", name=op.f("ck_person_statuses_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_statuses_person_id_people")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_person_statuses_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_statuses")),
    )
    with op.batch_alter_table("person_statuses", schema=None) as batch_op:
        batch_op.create_index("ix_person_statuses_person_id", ["person_id", "kind"], unique=False)

    op.create_table(
        "resources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("promised", sa.BigInteger(), nullable=False),
        sa.Column("quantity_text", sa.String(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("published_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('venue', 'fund', 'skill', 'service', 'goods', 'information')", name=op.f("ck_resources_kind")
        ),
        sa.CheckConstraint(
            "promised >= 0 AND (quantity IS NULL OR promised <= quantity)", name=op.f("ck_resources_promised")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_resources_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_resources_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
    )
    with op.batch_alter_table("resources", schema=None) as batch_op:
        batch_op.create_index("ix_resources_list", ["tenant_id", "state", "id"], unique=False)
        batch_op.create_index(
            "ix_resources_organization", ["tenant_id", "organization_id", "state", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_resources_source"), ["source"], unique=False)

    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_key", sa.String(), nullable=False),
        sa.Column("employer_id", sa.Uuid(), nullable=True),
        sa.Column("community_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("points", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("services", sa.Integer(), nullable=True),
        sa.Column(
            "bundle", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("bundle_hash", sa.String(), nullable=False),
        sa.Column(
            "judgement", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("judgement_hash", sa.String(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.id"], name=op.f("fk_assessments_cycle_id_cycles")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_assessments_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint(
            "cycle_id", "subject_id", "revision", name=op.f("uq_assessments_cycle_id_subject_id_revision")
        ),
    )
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.create_index("ix_assessments_employer", ["cycle_id", "employer_id"], unique=False)
        batch_op.create_index("ix_assessments_subject", ["tenant_id", "subject_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sent_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_deliveries_document_id_documents")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_deliveries_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "document_id", "recipient_id", "channel", name=op.f("uq_deliveries_document_id_recipient_id_channel")
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_recipient", ["tenant_id", "recipient_id", "id"], unique=False)

    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("budget_fen", sa.BigInteger(), nullable=True),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column(
            "result", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint("category IN ('party_building', 'livelihood')", name=op.f("ck_projects_category")),
        sa.CheckConstraint(
            "kind IN ('project', 'pairing', 'duty_post', 'pledge', 'booking', 'purchase')",
            name=op.f("ck_projects_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["organizations.id"], name=op.f("fk_projects_community_id_organizations")
        ),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f("fk_projects_need_id_needs")),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("fk_projects_resource_id_resources")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_projects_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index("ix_projects_community", ["tenant_id", "community_id", "id"], unique=False)
        batch_op.create_index("ix_projects_list", ["tenant_id", "state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_projects_resource_id"), ["resource_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_projects_source"), ["source"], unique=False)
        batch_op.create_index(
            "uq_projects_live_claim",
            ["need_id"],
            unique=True,
            sqlite_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
            postgresql_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
        )

    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("voluntary", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("risks", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column(
            "policy", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('service', 'visit', 'meeting', 'training', 'forum', 'reception')", name=op.f("ck_activities_kind")
        ),
        sa.CheckConstraint(
            "nature IN ('volunteer_service', 'party_duty', 'organizational_life', 'training', 'paid_work')",
            name=op.f("ck_activities_nature"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["organizations.id"], name=op.f("fk_activities_community_id_organizations")
        ),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizations.id"], name=op.f("fk_activities_organizer_id_organizations")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_activities_project_id_projects")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_activities_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.create_index("ix_activities_community", ["tenant_id", "community_id", "id"], unique=False)
        batch_op.create_index("ix_activities_list", ["tenant_id", "state", "id"], unique=False)

    op.create_table(
        "project_parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column(
            "duties", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("confirmed_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("side IN ('asks', 'offers', 'joins')", name=op.f("ck_project_parties_side")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_project_parties_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_parties_project_id_projects")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_project_parties_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_parties")),
        sa.UniqueConstraint(
            "project_id", "organization_id", name=op.f("uq_project_parties_project_id_organization_id")
        ),
    )
    with op.batch_alter_table("project_parties", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_parties_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("short_code", sa.String(), nullable=False),
        sa.Column("starts_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("confirmed <= capacity OR imported", name=op.f("ck_shifts_within_capacity")),
        sa.CheckConstraint("ends_at > starts_at OR imported", name=op.f("ck_shifts_ends_after_start")),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_shifts_activity_id_activities")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["organizations.id"], name=op.f("fk_shifts_community_id_organizations")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_shifts_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("short_code", name=op.f("uq_shifts_short_code")),
    )
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index("ix_shifts_activity", ["activity_id", "starts_at"], unique=False)
        batch_op.create_index("ix_shifts_list", ["tenant_id", "starts_at", "id"], unique=False)

    op.create_table(
        "facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_kind", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=True),
        sa.Column("pair", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=True),
        sa.Column("employer_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint("account_kind IN ('person', 'organization', 'fund')", name=op.f("ck_facts_account_kind")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_facts_shift_id_shifts")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_facts_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.create_index("ix_facts_account", ["tenant_id", "account_id", "occurred_at"], unique=False)
        batch_op.create_index("ix_facts_recorded", ["tenant_id", "recorded_at"], unique=False)
        batch_op.create_index(
            "uq_facts_presence",
            ["shift_id", "account_id", "pair", "kind", "revision"],
            unique=True,
            sqlite_where=sa.text("shift_id IS NOT NULL AND reverses_id IS NULL"),
            postgresql_where=sa.text("shift_id IS NOT NULL AND reverses_id IS NULL"),
        )
        batch_op.create_index(
            "uq_facts_request",
            ["tenant_id", "actor_id", "request_key"],
            unique=True,
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_facts_reverses",
            ["reverses_id"],
            unique=True,
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )

    op.create_table(
        "signups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("queued_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_signups_person_id_people")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_signups_shift_id_shifts")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_signups_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signups")),
        sa.UniqueConstraint("shift_id", "person_id", name=op.f("uq_signups_shift_id_person_id")),
    )
    with op.batch_alter_table("signups", schema=None) as batch_op:
        batch_op.create_index("ix_signups_person_id", ["person_id", "state"], unique=False)
        batch_op.create_index("ix_signups_shift", ["shift_id", "state", "queued_at", "id"], unique=False)
    guard()


def downgrade() -> None:
    unguard()
    with op.batch_alter_table("signups", schema=None) as batch_op:
        batch_op.drop_index("ix_signups_shift")
        batch_op.drop_index("ix_signups_person_id")

    op.drop_table("signups")
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_facts_reverses",
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_facts_request",
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_facts_presence",
            sqlite_where=sa.text("shift_id IS NOT NULL AND reverses_id IS NULL"),
            postgresql_where=sa.text("shift_id IS NOT NULL AND reverses_id IS NULL"),
        )
        batch_op.drop_index("ix_facts_recorded")
        batch_op.drop_index("ix_facts_account")

    op.drop_table("facts")
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.drop_index("ix_shifts_list")
        batch_op.drop_index("ix_shifts_activity")

    op.drop_table("shifts")
    with op.batch_alter_table("project_parties", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_parties_organization_id"))

    op.drop_table("project_parties")
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_list")
        batch_op.drop_index("ix_activities_community")

    op.drop_table("activities")
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_projects_live_claim",
            sqlite_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
            postgresql_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
        )
        batch_op.drop_index(batch_op.f("ix_projects_source"))
        batch_op.drop_index(batch_op.f("ix_projects_resource_id"))
        batch_op.drop_index("ix_projects_list")
        batch_op.drop_index("ix_projects_community")

    op.drop_table("projects")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_recipient")

    op.drop_table("deliveries")
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.drop_index("ix_assessments_subject")
        batch_op.drop_index("ix_assessments_employer")

    op.drop_table("assessments")
    with op.batch_alter_table("resources", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resources_source"))
        batch_op.drop_index("ix_resources_organization")
        batch_op.drop_index("ix_resources_list")

    op.drop_table("resources")
    with op.batch_alter_table("person_statuses", schema=None) as batch_op:
        batch_op.drop_index("ix_person_statuses_person_id")

    op.drop_table("person_statuses")
    with op.batch_alter_table("organization_links", schema=None) as batch_op:
        batch_op.drop_index("ix_organization_links_to")
        batch_op.drop_index("ix_organization_links_from")

    op.drop_table("organization_links")
    op.drop_table("organization_counts")
    with op.batch_alter_table("organization_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_organization_codes_scheme_code")
        batch_op.drop_index(batch_op.f("ix_organization_codes_organization_id"))

    op.drop_table("organization_codes")
    with op.batch_alter_table("needs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_needs_source"))
        batch_op.drop_index("ix_needs_list")
        batch_op.drop_index("ix_needs_community")

    op.drop_table("needs")
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identities_person_id"))

    op.drop_table("identities")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index("ix_grants_person_id")
        batch_op.drop_index("ix_grants_client_id")

    op.drop_table("grants")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("uq_documents_source")
        batch_op.drop_index("ix_documents_supersedes")
        batch_op.drop_index("ix_documents_recipient")
        batch_op.drop_index("ix_documents_issuer")

    op.drop_table("documents")
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.drop_index("ix_cycles_list")

    op.drop_table("cycles")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("uq_cases_source")
        batch_op.drop_index("ix_cases_subject")
        batch_op.drop_index("ix_cases_inbox")

    op.drop_table("cases")
    with op.batch_alter_table("affiliations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_affiliations_roster",
            sqlite_where=sa.text("roster_number IS NOT NULL AND valid_to IS NULL"),
            postgresql_where=sa.text("roster_number IS NOT NULL AND valid_to IS NULL"),
        )
        batch_op.drop_index(
            "uq_affiliations_one_home",
            sqlite_where=sa.text("kind = 'registration' AND principal AND state = 'accepted'"),
            postgresql_where=sa.text("kind = 'registration' AND principal AND state = 'accepted'"),
        )
        batch_op.drop_index("ix_affiliations_person_id")
        batch_op.drop_index("ix_affiliations_organization_id")

    op.drop_table("affiliations")
    op.drop_table("rulebooks")
    op.drop_table("positions")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index("uq_people_account_id")
        batch_op.drop_index("ix_people_phone_index")
        batch_op.drop_index("ix_people_name_index")
        batch_op.drop_index("ix_people_id_number_index")

    op.drop_table("people")
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_index("uq_organizations_tenant_id_short_code")
        batch_op.drop_index("ix_organizations_tenant_id_path")
        batch_op.drop_index("ix_organizations_tenant_id_name")
        batch_op.drop_index("ix_organizations_tenant_id_kind_id")
        batch_op.drop_index(batch_op.f("ix_organizations_parent_id"))

    op.drop_table("organizations")
    op.drop_table("number_series")
    op.drop_table("monthly_totals")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_tenant")
        batch_op.drop_index("ix_jobs_due")

    op.drop_table("jobs")
    op.drop_table("files")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_events_request",
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        )
        batch_op.drop_index("ix_events_subject")
        batch_op.drop_index("ix_events_recorded")

    op.drop_table("events")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_entries_source",
            sqlite_where=sa.text("reverses_id IS NULL"),
            postgresql_where=sa.text("reverses_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_entries_reverses",
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_entries_request",
            sqlite_where=sa.text("request_key IS NOT NULL"),
            postgresql_where=sa.text("request_key IS NOT NULL"),
        )
        batch_op.drop_index("ix_entries_recorded")
        batch_op.drop_index("ix_entries_employer")
        batch_op.drop_index("ix_entries_community")
        batch_op.drop_index("ix_entries_account")

    op.drop_table("entries")
    op.drop_table("tenants")
