"""Devices and lists kept offline"""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take up what this version adds."""


def downgrade() -> None:
    """Take it back."""
