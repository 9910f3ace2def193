"""Suspensions of making up hours, and staff among the head-counts"""

import sqlalchemy as sa
from alembic import op

from api.wall import HOUSE_ROLE

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

COUNTS = ("households", "residents", "members", "in_service_members")
SANCTIONS = ("warned", "second_roll_call", "no_new_activities")
STATES = "state IN ('proposed', 'imposed', 'declined', 'released', 'lifted')"
LIVE = "state IN ('proposed', 'imposed')"
OF_A_SIGNAL = ("signal_id", "organizer_id")


def upgrade() -> None:
    kinds("organization_counts", (*COUNTS, "staff"))
    kinds("sanctions", (*SANCTIONS, "make_up_suspended"), nullable=True)
    with op.batch_alter_table("sanctions", table_args=checks((*SANCTIONS, "make_up_suspended"))) as sanctions:
        sanctions.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        sanctions.add_column(sa.Column("case_id", sa.Uuid(), nullable=True))
        sanctions.add_column(sa.Column("after_minutes", sa.Integer(), nullable=True))
        sanctions.create_foreign_key(op.f("fk_sanctions_person_id_people"), "people", ["person_id"], ["id"])
        sanctions.create_foreign_key(op.f("fk_sanctions_case_id_cases"), "cases", ["case_id"], ["id"])
    op.create_index("ix_sanctions_person", "sanctions", ["tenant_id", "person_id", "state"])
    op.create_index(
        "uq_sanctions_live_case", "sanctions", ["case_id", "kind"], unique=True, sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )  # fmt: skip


def downgrade() -> None:
    if postgresql():
        op.execute(f"SET LOCAL ROLE {HOUSE_ROLE}")
    op.execute("DELETE FROM sanctions WHERE kind = 'make_up_suspended'")
    op.execute("DELETE FROM organization_counts WHERE kind = 'staff'")
    if postgresql():
        op.execute("RESET ROLE")
    op.drop_index("uq_sanctions_live_case", "sanctions")
    op.drop_index("ix_sanctions_person", "sanctions")
    with op.batch_alter_table("sanctions", table_args=checks(SANCTIONS)) as sanctions:
        sanctions.drop_constraint("fk_sanctions_person_id_people", type_="foreignkey")
        sanctions.drop_constraint("fk_sanctions_case_id_cases", type_="foreignkey")
        for column in ("person_id", "case_id", "after_minutes"):
            sanctions.drop_column(column)
    kinds("sanctions", SANCTIONS, nullable=False)
    kinds("organization_counts", COUNTS)


def kinds(table: str, allowed: tuple[str, ...], *, nullable: bool | None = None) -> None:
    """Let a table hold these kinds; neither has triggers. SQLite makes it anew and is told the checks it had."""
    if postgresql():
        op.drop_constraint(f"ck_{table}_kind", table)
        op.create_check_constraint(op.f(f"ck_{table}_kind"), table, one_of(allowed))
    args = checks(allowed) if table == "sanctions" else checks(allowed, table)[:1]
    with op.batch_alter_table(table, recreate="auto" if postgresql() else "always", table_args=args) as anew:
        for column in OF_A_SIGNAL if nullable is not None else ():
            anew.alter_column(column, existing_type=sa.Uuid(), nullable=nullable)


def checks(allowed: tuple[str, ...], table: str = "sanctions") -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(one_of(allowed), name=op.f(f"ck_{table}_kind")),
        sa.CheckConstraint(STATES, name=op.f(f"ck_{table}_state")),
    )


def one_of(allowed: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(repr(each) for each in allowed)})"


def postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
