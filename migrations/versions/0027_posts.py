"""People who take part in projects, households that are paired, and when what is published takes place"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import api.models.base
from api.wall import HOUSE_ROLE, protect

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

PLACES = "taken >= 0 AND (headcount IS NULL OR taken <= headcount)"
CIRCLES = "circle IN ('public', 'parties')"
NEW = ("project_people", "households", "visits", "search_windows")


def upgrade() -> None:
    # Each check stands in its column's definition: SQLite adds no other, and need not write the table anew for it.
    for column in (
        "headcount INTEGER",
        f"taken INTEGER NOT NULL DEFAULT 0 CONSTRAINT ck_projects_taken CHECK ({PLACES})",
        f"circle VARCHAR NOT NULL DEFAULT 'public' CONSTRAINT ck_projects_circle CHECK ({CIRCLES})",
    ):
        op.execute(f"ALTER TABLE projects ADD COLUMN {column}")
    op.add_column("projects", sa.Column("terms", json(), nullable=True))
    open_listed_posts()
    people()
    op.create_table(
        "households",
        *own(),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("consented_on", sa.Date(), nullable=True),
        sa.Column("consent", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        *keys("households", ("project_id", "projects")),
        sa.UniqueConstraint("project_id", name=op.f("uq_households_project_id")),
    )
    op.create_table(
        "visits",
        *own(),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("wishes", sa.LargeBinary(), nullable=True),
        *keys("visits", ("project_id", "projects"), ("person_id", "people"), ("fact_id", "facts")),
        sa.UniqueConstraint(
            "project_id", "person_id", "visited_on", name=op.f("uq_visits_project_id_person_id_visited_on")
        ),
    )
    op.create_index(op.f("ix_visits_person_id"), "visits", ["person_id"])
    op.create_table(
        "search_windows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("every", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_search_windows_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "noun", "subject_id", "number", name=op.f("pk_search_windows")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in NEW:
            for statement in protect(table):
                op.execute(statement)


def open_listed_posts() -> None:
    """Posts that came with a list waited as proposals that nobody could agree to; now they can be claimed."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(f"SET LOCAL ROLE {HOUSE_ROLE}")
    op.execute(
        "UPDATE projects SET state = 'open' WHERE kind = 'duty_post' AND state = 'proposed' AND source LIKE 'list:%'"
    )
    if postgresql:
        op.execute("RESET ROLE")


def people() -> None:
    op.create_table(
        "project_people",
        *own(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("agreed_at", instant(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", instant(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("marked_on", sa.Date(), nullable=True),
        sa.Column("mark_reason", sa.LargeBinary(), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("side IN ('asks', 'offers', 'joins')", name=op.f("ck_project_people_side")),
        sa.CheckConstraint("state IN ('claimed', 'agreed', 'declined', 'ended')", name=op.f("ck_project_people_state")),
        *keys("project_people", ("project_id", "projects"), ("person_id", "people")),
    )
    op.create_index("ix_project_people_project", "project_people", ["project_id", "state", "id"])
    op.create_index("ix_project_people_person", "project_people", ["tenant_id", "person_id", "id"])
    live = sa.text("state IN ('claimed', 'agreed')")
    op.create_index(
        "uq_project_people_live", "project_people", ["project_id", "person_id"], unique=True, sqlite_where=live,
        postgresql_where=live,
    )  # fmt: skip


def own() -> Iterator[sa.Column]:
    yield sa.Column("id", sa.Uuid(), nullable=False)
    yield sa.Column("tenant_id", sa.Uuid(), nullable=False)


def keys(table: str, *references: tuple[str, str]) -> Iterator[sa.Constraint]:
    yield sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
    for column, other in (("tenant_id", "tenants"), *references):
        yield sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def instant() -> sa.types.TypeEngine:
    return api.models.base.UtcDateTime(timezone=True)


def json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(f"SET LOCAL ROLE {HOUSE_ROLE}")
    op.execute("UPDATE projects SET state = 'proposed' WHERE kind = 'duty_post' AND state = 'open'")
    if postgresql:
        op.execute("RESET ROLE")
    for table in reversed(NEW):
        op.drop_table(table)
    for column in ("terms", "circle", "taken", "headcount"):
        op.execute(f"ALTER TABLE projects DROP COLUMN {column}")
