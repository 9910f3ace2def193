"""Matching: declared free time, rules, runs, proposals and gaps; windows of needs and where organisations are met"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("availabilities", "match_rules", "match_runs", "match_proposals", "match_gaps")


def upgrade() -> None:
    op.add_column("needs", sa.Column("windows", api.models.base.Json, nullable=True))
    op.add_column("organizations", sa.Column("point", api.models.base.Json, nullable=True))
    availabilities()
    rules()
    runs()
    proposals()
    gaps()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in protect(table):
                op.execute(statement)


def availabilities() -> None:
    op.create_table(
        "availabilities",
        *changing("availabilities", state=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        refers("availabilities", "person_id", "people"),
        sa.UniqueConstraint("person_id", name=op.f("uq_availabilities_person_id")),
    )


def rules() -> None:
    op.create_table(
        "match_rules",
        *row("match_rules"),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("content", api.models.base.Json, nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        moment("set_at"),
        refers("match_rules", "organization_id", "organizations"),
        sa.UniqueConstraint("organization_id", "edition", name=op.f("uq_match_rules_organization_id_edition")),
    )


def runs() -> None:
    op.create_table(
        "match_runs",
        *changing("match_runs"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        moment("as_of", nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("inputs", sa.LargeBinary(), nullable=True),
        sa.Column("inputs_hash", sa.String(), nullable=True),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("result_hash", sa.String(), nullable=True),
        sa.Column("figures", api.models.base.Json, nullable=False),
        moment("finished_at", nullable=True),
        refers("match_runs", "organization_id", "organizations"),
        refers("match_runs", "rule_id", "match_rules"),
        one_of("match_runs", "kind", "people", "units"),
        one_of("match_runs", "state", "requested", "prepared", "done"),
    )
    op.create_index("ix_match_runs_list", "match_runs", ["tenant_id", "organization_id", "id"])


def proposals() -> None:
    table = "match_proposals"
    op.create_table(
        table,
        *changing(table),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("person_id", "organization_id", "resource_id")),
        moment("starts_at", nullable=True),
        moment("ends_at", nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        moment("answer_by"),
        moment("answered_at", nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("shift_id", "project_id")),
        sa.Column("rating", sa.Integer(), nullable=True),
        *(
            refers(table, column, other)
            for column, other in (
                ("run_id", "match_runs"), ("need_id", "needs"), ("community_id", "organizations"),
                ("person_id", "people"), ("organization_id", "organizations"), ("resource_id", "resources"),
                ("shift_id", "shifts"), ("project_id", "projects"),
            )
        ),
        one_of(table, "state", "prepared", "proposed", "accepted", "declined", "lapsed"),
        sa.CheckConstraint("rating IS NULL OR rating BETWEEN 1 AND 5", name=op.f("ck_match_proposals_rating")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_match_proposals_run_id_number")),
    )  # fmt: skip
    op.create_index("ix_match_proposals_person", table, ["tenant_id", "person_id", "id"])
    op.create_index("ix_match_proposals_unit", table, ["tenant_id", "organization_id", "id"])
    op.create_index("ix_match_proposals_need", table, ["need_id", "state"])
    op.create_index("ix_match_proposals_due", table, ["tenant_id", "state", "answer_by"])
    op.create_index(op.f("ix_match_proposals_shift_id"), table, ["shift_id"])


def gaps() -> None:
    op.create_table(
        "match_gaps",
        *row("match_gaps"),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("details", api.models.base.Json, nullable=False),
        refers("match_gaps", "run_id", "match_runs"),
        refers("match_gaps", "need_id", "needs"),
        sa.UniqueConstraint("need_id", "run_id", name=op.f("uq_match_gaps_need_id_run_id")),
    )
    op.create_index(op.f("ix_match_gaps_run_id"), "match_gaps", ["run_id"])


def row(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        refers(table, "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def changing(table: str, *, state: bool = True) -> list[sa.schema.SchemaItem]:
    more = [sa.Column("state", sa.String(), nullable=False)] if state else []
    return [*row(table), sa.Column("version", sa.Integer(), nullable=False), moment("created_at"), *more]


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, api.models.base.UtcDateTime(timezone=True), nullable=nullable)


def refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("organizations", "point")
    op.drop_column("needs", "windows")
