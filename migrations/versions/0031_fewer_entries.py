"""Indexes of proposals over the rows that have what they are asked for by, and one of when something begins"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BEFORE = {
    "person": ["tenant_id", "person_id", "id"],
    "unit": ["tenant_id", "organization_id", "id"],
    "need": ["need_id", "state"],
    "due": ["tenant_id", "state", "answer_by"],
    "team": ["team_id"],
    "shift_id": ["shift_id"],
}
AFTER = {
    "person": (["person_id", "id"], "person_id IS NOT NULL"),
    "unit": (["organization_id", "id"], "organization_id IS NOT NULL"),
    "need": (["need_id"], None),
    "waiting": (["id"], "state = 'proposed'"),
    "team": (["team_id"], "team_id IS NOT NULL"),
    "shift_id": (["shift_id"], "shift_id IS NOT NULL"),
}
BEGINS = ["tenant_id", "noun", "every", "starts", "before", "subject_id"]


def upgrade() -> None:
    for name in BEFORE:
        op.drop_index(f"ix_match_proposals_{name}", "match_proposals")
    for name, (columns, where) in AFTER.items():
        only = None if where is None else sa.text(where)
        op.create_index(
            f"ix_match_proposals_{name}", "match_proposals", columns, sqlite_where=only, postgresql_where=only
        )
    op.create_index("ix_search_windows_begins", "search_windows", BEGINS)


def downgrade() -> None:
    op.drop_index("ix_search_windows_begins", "search_windows")
    for name in AFTER:
        op.drop_index(f"ix_match_proposals_{name}", "match_proposals")
    for name, columns in BEFORE.items():
        op.create_index(f"ix_match_proposals_{name}", "match_proposals", columns)
