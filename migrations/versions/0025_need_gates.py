"""What a need asks of whoever serves, who claimed it, and the stories that came of needs"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

LIVE = "state IN ('told', 'published')"


def _columns() -> list[sa.Column]:
    instant = api.models.base.UtcDateTime(timezone=True)
    return [
        sa.Column("gates", api.models.base.Json, nullable=False, server_default="{}"),
        sa.Column("risks", sa.LargeBinary(), nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=True),
        sa.Column("recipient", sa.LargeBinary(), nullable=True),
        sa.Column("attachments", api.models.base.Json, nullable=False, server_default="[]"),
        sa.Column("verify_by", sa.Date(), nullable=True),
        sa.Column("escalated_at", instant, nullable=True),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_for", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", instant, nullable=True),
        sa.Column("thanks", sa.LargeBinary(), nullable=True),
        sa.Column("for_month", sa.Date(), nullable=True),
    ]


def upgrade() -> None:
    for column in _columns():
        op.add_column("needs", column)
    op.create_table(
        "stories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("published_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('told', 'published', 'declined', 'retracted')", name=op.f("ck_stories_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_stories_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f("fk_stories_need_id_needs")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["organizations.id"], name=op.f("fk_stories_community_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
    )
    op.create_index("ix_stories_list", "stories", ["tenant_id", "state", "id"])
    op.create_index(
        "uq_stories_live", "stories", ["need_id"], unique=True, sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )  # fmt: skip
    op.create_table(
        "story_voices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("story_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("spoken_at", api.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("side IN ('asked', 'served')", name=op.f("ck_story_voices_side")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_story_voices_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_story_voices_story_id_stories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_voices")),
    )
    op.create_index("ix_story_voices_story_id", "story_voices", ["story_id"])
    op.create_index("ix_story_voices_person_id", "story_voices", ["person_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in ("stories", "story_voices"):
            for statement in protect(table):
                op.execute(statement)


def downgrade() -> None:
    op.drop_table("story_voices")
    op.drop_table("stories")
    for column in reversed(_columns()):
        op.drop_column("needs", column.name)
