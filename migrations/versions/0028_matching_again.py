"""Teams: who answers for one, what it declares, who is in it, and what is proposed to it"""

import sqlalchemy as sa
from alembic import op

import api.models.base
from api.wall import protect

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("told", api.models.base.Json, nullable=False),
        sa.CheckConstraint("state IN ('active', 'ended')", name=op.f("ck_teams_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_teams_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_teams_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_index("ix_teams_organization_id", "teams", ["tenant_id", "organization_id", "id"])
    op.create_index("ix_teams_leader_id", "teams", ["leader_id"])
    op.add_column("affiliations", sa.Column("team_id", sa.Uuid(), nullable=True))
    op.create_index("ix_affiliations_team_id", "affiliations", ["team_id"])
    op.add_column("match_proposals", sa.Column("team_id", sa.Uuid(), nullable=True))
    op.add_column("match_proposals", sa.Column("places", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_match_proposals_team", "match_proposals", ["team_id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("teams"):
            op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_match_proposals_team", "match_proposals")
    op.drop_column("match_proposals", "places")
    op.drop_column("match_proposals", "team_id")
    op.drop_index("ix_affiliations_team_id", "affiliations")
    op.drop_column("affiliations", "team_id")
    op.drop_table("teams")
