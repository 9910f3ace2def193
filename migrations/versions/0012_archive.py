"""The personal archive and records from elsewhere"""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take up what this version adds."""


def downgrade() -> None:
    """Take it back."""
