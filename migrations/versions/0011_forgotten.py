"""Check-outs that somebody forgot"""

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take up what this version adds."""


def downgrade() -> None:
    """Take it back."""
