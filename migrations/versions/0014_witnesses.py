"""Checkpoints sent out"""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take up what this version adds."""


def downgrade() -> None:
    """Take it back."""
