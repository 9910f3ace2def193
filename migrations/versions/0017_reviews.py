"""Reviews, and residents' panels with their rosters"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROUNDS = "'cycle', 'opinion', 'project'"
PARTIES = "'self', 'community', 'street', 'resident', 'member'"
KINDS = "'rating', 'vote', 'support', 'reply', 'confirmation', 'recusal'"


def upgrade() -> None:
    panels()
    reviews()
    op.add_column("cycles", sa.Column("reviews_position", sa.BigInteger(), nullable=True))
    guard()


def panels() -> None:
    op.create_table(
        "panels",
        *of_tenant("panels"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("round_kind", sa.String(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(f"round_kind IN ({ROUNDS})", name=op.f("ck_panels_round_kind")),
        sa.CheckConstraint("state IN ('drafted', 'fixed')", name=op.f("ck_panels_state")),
        refers("panels", "organization_id", "organizations"),
        sa.UniqueConstraint(
            "round_kind", "round_id", "organization_id", name=op.f("uq_panels_round_kind_round_id_organization_id")
        ),
    )
    op.create_table(
        "panel_members",
        *of_tenant("panel_members"),
        sa.Column("panel_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        refers("panel_members", "panel_id", "panels"),
        refers("panel_members", "person_id", "people"),
        sa.UniqueConstraint("panel_id", "person_id", name=op.f("uq_panel_members_panel_id_person_id")),
    )
    op.create_index("ix_panel_members_person_id", "panel_members", ["person_id"])


def reviews() -> None:
    op.create_table(
        "reviews",
        *of_tenant("reviews"),
        sa.Column("round_kind", sa.String(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("panel_id", sa.Uuid(), nullable=True),
        sa.Column("answers_id", sa.Uuid(), nullable=False),
        sa.Column("rubric", sa.String(), nullable=True),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.String(), nullable=True),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"round_kind IN ({ROUNDS})", name=op.f("ck_reviews_round_kind")),
        sa.CheckConstraint(f"party IN ({PARTIES})", name=op.f("ck_reviews_party")),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_reviews_kind")),
        refers("reviews", "organization_id", "organizations"),
        refers("reviews", "panel_id", "panels"),
        sa.UniqueConstraint(
            "round_kind",
            "round_id",
            "subject_id",
            "party",
            "kind",
            "reviewer_id",
            "answers_id",
            name="uq_reviews_voice",
        ),
    )
    op.create_index("ix_reviews_subject", "reviews", ["tenant_id", "subject_id", "id"])


def guard() -> None:
    """Let the database itself refuse to edit or delete a voice, and put the tables behind the wall."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER reviews_refuse_{act.lower()} BEFORE {act} ON reviews "
                "BEGIN SELECT RAISE(ABORT, 'reviews is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER reviews_refuse_change BEFORE UPDATE OR DELETE ON reviews "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    walls = (*protect("panels"), *protect("panel_members"), *protect("reviews", appended=True))
    for statement in walls:
        op.execute(statement)


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
    op.drop_column("cycles", "reviews_position")
    op.drop_table("reviews")
    op.drop_table("panel_members")
    op.drop_table("panels")
