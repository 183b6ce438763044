"""What came of playing some of a camera's recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.add_column("recordings", sa.Column("proof", sa.LargeBinary(), nullable=True))
