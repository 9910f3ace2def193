"""Where a shift stands, and how people show that they are there"""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take up what this version adds."""


def downgrade() -> None:
    """Take it back."""
