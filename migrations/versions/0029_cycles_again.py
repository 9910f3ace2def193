"""Suspensions of making up hours, and staff among the head-counts"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from api.wall import HOUSE_ROLE

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

COUNTS = ("households", "residents", "members", "in_service_members")
SANCTIONS = ("warned", "second_roll_call", "no_new_activities")
LIVE = "state IN ('proposed', 'imposed')"
OF_A_SIGNAL = ("signal_id", "organizer_id")


# Neither table has triggers, which a table made anew on SQLite would lose.
def upgrade() -> None:
    with op.batch_alter_table("organization_counts") as counts:
        kinds(counts, "organization_counts", (*COUNTS, "staff"))
    with op.batch_alter_table("sanctions") as sanctions:
        kinds(sanctions, "sanctions", (*SANCTIONS, "make_up_suspended"))
        for column in OF_A_SIGNAL:
            sanctions.alter_column(column, existing_type=sa.Uuid(), nullable=True)
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
    whole_house = op.get_bind().dialect.name == "postgresql"
    if whole_house:
        op.execute(f"SET LOCAL ROLE {HOUSE_ROLE}")
    op.execute("DELETE FROM sanctions WHERE kind = 'make_up_suspended'")
    op.execute("DELETE FROM organization_counts WHERE kind = 'staff'")
    if whole_house:
        op.execute("RESET ROLE")
    op.drop_index("uq_sanctions_live_case", "sanctions")
    op.drop_index("ix_sanctions_person", "sanctions")
    with op.batch_alter_table("sanctions") as sanctions:
        sanctions.drop_constraint(op.f("fk_sanctions_person_id_people"), type_="foreignkey")
        sanctions.drop_constraint(op.f("fk_sanctions_case_id_cases"), type_="foreignkey")
        for column in ("person_id", "case_id", "after_minutes"):
            sanctions.drop_column(column)
        for column in OF_A_SIGNAL:
            sanctions.alter_column(column, existing_type=sa.Uuid(), nullable=False)
        kinds(sanctions, "sanctions", SANCTIONS)
    with op.batch_alter_table("organization_counts") as counts:
        kinds(counts, "organization_counts", COUNTS)


def kinds(batch: Any, table: str, allowed: tuple[str, ...]) -> None:
    batch.drop_constraint(op.f(f"ck_{table}_kind"), type_="check")
    listed = ", ".join(f"'{each}'" for each in allowed)
    batch.create_check_constraint(op.f(f"ck_{table}_kind"), f"kind IN ({listed})")
